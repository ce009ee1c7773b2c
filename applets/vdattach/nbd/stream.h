/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole messages over the socket of an NBD client. */
#ifndef APPLETS_VDATTACH_NBD_STREAM_H
#define APPLETS_VDATTACH_NBD_STREAM_H

#include "applets/vdattach/image/backend.h"

enum nbd_phase { NBD_PHASE_HELLO, NBD_PHASE_OPTIONS, NBD_PHASE_TRANSMIT };

struct nbd_client {
	int fd;	     /* connected stream socket; owned */
	int stop_fd; /* readable = give up waiting for the client; -1 = never */
	struct backend *backend;
	struct source *disk; /* of backend */
	enum nbd_phase phase;
	bool refused;	/* there are too many: each option is answered so */
	bool no_zeroes; /* what the client asked for in its flags */
	uint8_t *buf;	/* payload of the message at hand; owned */
	size_t buf_size;
};

/* Receives exactly n bytes. 1; 0 when the peer hung up before the first; -errno. */
int nbd_recv(const struct nbd_client *client, void *buf, size_t n) _must_check_;

/* Sends exactly n bytes. 1 or -errno. */
int nbd_send(const struct nbd_client *client, const void *buf, size_t n) _must_check_;

/* Makes client->buf hold n bytes at least. 1 or -ENOMEM. */
int nbd_reserve(struct nbd_client *client, size_t n) _must_check_;

/* Negotiation: one option of the client. As nbd_client_step. */
int nbd_take_option(struct nbd_client *client) _must_check_;

/* Transmission: one request of the client. As nbd_client_step. */
int nbd_take_request(struct nbd_client *client) _must_check_;

/* Transmission flags of the export. */
uint16_t nbd_export_flags(const struct nbd_client *client);

#define NBD_OPTION_MAGIC 0x49484156454f5054ULL /* "IHAVEOPT" */
#define NBD_MAX_REQUEST	 (32u << 20)

/* client->buf of the transmission phase: a reply, and the part of its data that is at hand */
#define NBD_REPLY_SIZE	 16u
#define NBD_PAYLOAD_SIZE (1u << 20)
#define NBD_BUFFER_SIZE	 (NBD_REPLY_SIZE + NBD_PAYLOAD_SIZE)

#endif
