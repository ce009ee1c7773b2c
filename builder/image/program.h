/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a member of an image needs to be started. */
#ifndef BUILDER_IMAGE_PROGRAM_H
#define BUILDER_IMAGE_PROGRAM_H

#include "builder/util/vec.h"

enum program_kind { PROGRAM_SCRIPT, PROGRAM_ELF };

struct program {
	enum program_kind kind;
	uint16_t machine;  /* e_machine of an ELF file */
	char *interpreter; /* of the script, or the dynamic linker; NULL: started without one */
	char *run_path;	   /* DT_RUNPATH, or DT_RPATH; or NULL */
	struct vec needed; /* DT_NEEDED: char *, owned */
};

/* Reads content. NULL: neither a script nor an ELF program or library, or memory is out. */
struct program *program_read(const uint8_t *data, size_t size);

/* NULL-safe. */
void program_free(void *program);

#endif
