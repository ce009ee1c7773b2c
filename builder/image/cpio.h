/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's cpio state machine (init/initramfs.c): bytes in, members out, in pieces of any size.
 */
#ifndef BUILDER_IMAGE_CPIO_H
#define BUILDER_IMAGE_CPIO_H

#include "builder/image/visitor.h"

enum cpio_state {
	CPIO_START,  /* a header must come */
	CPIO_MEMBER, /* inside a member */
	CPIO_SKIP,   /* in the padding behind a member */
	CPIO_RESET,  /* between members: zeros, or a header */
};

struct cpio_reader {
	const struct image_visitor *visitor;
	struct image_segment segment;
	/* Reports a broken rule, at an offset in the unpacked segment; non-zero stops. */
	int (*violation)(void *context, const char *rule, uint64_t offset, const char *text,
			 struct error **err);
	void *context;
	uint64_t memory; /* largest member to collect when it comes in pieces */
	enum cpio_state state;
	bool raw;     /* not compressed: stop at the end of each archive and let the caller look */
	bool trailer; /* the last member was TRAILER!!! */
	bool stopped; /* stopped by a violation after which nothing can be read */
	uint64_t offset; /* the kernel's this_header: of the next byte */
	unsigned phase;	 /* offset & 3 of a header that has been told to be misaligned */
	uint64_t skip;	 /* CPIO_SKIP: bytes left */
	unsigned link_scope;
	/* a member that came in pieces */
	uint8_t *pending;
	size_t pending_len, pending_cap;
};

/*
 * Takes bytes until all are used, or until one comes that cannot start a member (*ret_used < len,
 * state CPIO_RESET). 0; non-zero from a callback; -EBADMSG with reader->stopped and no *err after a
 * violation after which nothing can be read; -ENOMEM, -EFBIG.
 */
int cpio_read(struct cpio_reader *reader, const uint8_t *data, size_t len, size_t *ret_used,
	      struct error **err) _must_check_;

/* Frees the buffers. */
void cpio_reader_release(struct cpio_reader *reader);

#endif
