/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes EFI programs: a stub and files as its sections. Source: the UAPI group's "Unified Kernel
 * Image". */
#ifndef BUILDER_WRITE_PE_JOIN_H
#define BUILDER_WRITE_PE_JOIN_H

#include "builder/image/pe.h"
#include "builder/util/strbuf.h"

struct pe_join_section {
	char name[PE_NAME_SIZE + 1]; /* ".linux" */
	const uint8_t *data;
	size_t len;
};

/*
 * Appends the stub with these sections behind its own, in this order, to *out, which is empty. Only
 * the stub and the sections decide about the bytes. A signature of the stub is left out. -EBADMSG:
 * the stub is none; -EFBIG: 4 GiB or more, or more sections than fit.
 */
int pe_join(const uint8_t *stub, size_t stub_len, const struct pe_join_section *sections,
	    size_t count, struct strbuf *out, struct error **err) _must_check_;

#endif
