/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ELF program or a script needs to be run: facts of one file, read with libelf, never by
 * running it. */
#ifndef BUILDER_RESOLVE_ELF_H
#define BUILDER_RESOLVE_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "builder/util/vec.h"
#include "common/error.h"

struct elf_facts {
	bool is_elf;
	uint8_t class;	   /* ELFCLASS32, ELFCLASS64 */
	uint16_t machine;  /* EM_X86_64, ... */
	char *interpreter; /* of PT_INTERP or of a script's "#!" line; NULL: none */
	char *argument;	   /* of a script's "#!" line: "python3" of "#!/usr/bin/env python3" */
	struct vec needed; /* of char *: DT_NEEDED in order */
	char *rpath, *runpath;
};

/* Reads path. A file that is neither ELF nor a script is no error: all fields stay empty. -EBADMSG:
 * damaged ELF. */
int elf_read(const char *path, struct elf_facts *ret, struct error **err) _must_check_;

void elf_facts_release(struct elf_facts *facts);

#endif
