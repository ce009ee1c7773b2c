/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Microcode for the processors, as the kernel wants it in the first, uncompressed archive.
 * Source: Documentation/arch/x86/microcode.rst.
 */
#ifndef BUILDER_RESOLVE_MICROCODE_H
#define BUILDER_RESOLVE_MICROCODE_H

#include "builder/host/host.h"
#include "builder/util/strbuf.h"

struct microcode {
	struct strbuf intel, amd; /* the files one behind the other */
};

/* Adds what the target has in lib/firmware/intel-ucode and amd-ucode; nothing there is no error. */
int microcode_add_auto(struct microcode *microcode, const struct host *host,
		       struct error **err) _must_check_;

/* Adds a file of this machine, or all files of a directory. The vendor is detected by content.
 * -EINVAL: no microcode. */
int microcode_add_path(struct microcode *microcode, const char *path,
		       struct error **err) _must_check_;

void microcode_release(struct microcode *microcode);

#endif
