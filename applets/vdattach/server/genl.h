/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generic netlink: requests to a family of the kernel, by name. */
#ifndef APPLETS_VDATTACH_SERVER_GENL_H
#define APPLETS_VDATTACH_SERVER_GENL_H

#include "common/error.h"
#include "common/macro.h"

#define GENL_MESSAGE_MAX 512u

/* A request being built. */
struct genl_message {
	uint32_t n; /* bytes used */
	uint8_t bytes[GENL_MESSAGE_MAX] __attribute__((aligned(4)));
};

/* Starts a request: netlink header and generic header. */
void genl_begin(struct genl_message *message, uint16_t family, uint8_t command) _nonnull_(1);

/* Appends an attribute. What does not fit is a mistake of the program: it ends. */
void genl_put(struct genl_message *message, uint16_t type, const void *data, size_t n)
	_nonnull_(1, 3);
void genl_put_u32(struct genl_message *message, uint16_t type, uint32_t value) _nonnull_(1);
void genl_put_u64(struct genl_message *message, uint16_t type, uint64_t value) _nonnull_(1);

/* Attributes between the two lie inside one of that type. nest_begin returns what nest_end needs.
 */
uint32_t genl_nest_begin(struct genl_message *message, uint16_t type) _nonnull_(1);
void genl_nest_end(struct genl_message *message, uint32_t nest) _nonnull_(1);

/* Closes the request: writes its length and sequence number into the header. */
void genl_finish(struct genl_message *message, uint32_t sequence) _nonnull_(1);

/*
 * Finds the attribute type in n bytes of attributes. Returns its data and *ret_n, or NULL.
 * Tolerates whatever the bytes are.
 */
const uint8_t *genl_find(const uint8_t *attributes, size_t n, uint16_t type, size_t *ret_n)
	_nonnull_(1, 4);

/* An open connection to one family. */
struct genl {
	int fd;
	uint16_t family;
	uint32_t group; /* the family's first multicast group, 0 = it has none */
	uint32_t sequence;
};

/* Connects to the family called name. 0, -ENOENT (the kernel has none of that name), -errno. */
int genl_open(struct genl *genl, const char *name, struct error **err) _must_check_ _nonnull_(1, 2);

/*
 * Sends the request and waits for the kernel's acknowledgement. *ret_n: in, the size of ret; out,
 * the bytes of attributes that the kernel answered (0: none). ret and ret_n may be NULL. 0 or
 * -errno.
 */
int genl_call(struct genl *genl, struct genl_message *message, uint8_t *ret,
	      size_t *ret_n) _must_check_ _nonnull_(1, 2);

/* From now on genl->fd gets what the kernel tells the family's group. 0 or -errno. */
int genl_listen(const struct genl *genl) _must_check_ _nonnull_(1);

void genl_close(struct genl *genl);

#endif
