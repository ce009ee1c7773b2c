/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EFI programs: the sections of a PE file. Source: Microsoft's "PE Format". */
#ifndef BUILDER_IMAGE_PE_H
#define BUILDER_IMAGE_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define PE_SECTIONS_MAX	 96
#define PE_NAME_SIZE	 8
#define PE_MACHINE_X64	 0x8664
#define PE_MACHINE_IA32	 0x014c
#define PE_MACHINE_ARM64 0xaa64
/* of the optional header */
#define PE_INITIALIZED_SIZE   8
#define PE_SECTION_ALIGNMENT  32
#define PE_FILE_ALIGNMENT     36
#define PE_IMAGE_SIZE	      56
#define PE_HEADERS_SIZE	      60
#define PE_CHECKSUM	      64
#define PE_SECTION_ENTRY_SIZE 40

struct pe {
	const uint8_t *data; /* not owned */
	size_t len;
	uint16_t machine;
	size_t coff, optional,
		table; /* offsets of the COFF header, optional header, section table */
	unsigned sections;
	uint32_t section_alignment, file_alignment; /* powers of 2 */
	uint32_t headers_size, image_size;
	size_t certificates; /* offset of the directory entry of signatures, 0: there is none */
};

struct pe_section {
	char name[PE_NAME_SIZE + 1];
	uint32_t address, virtual_size;
	const uint8_t *data; /* into the file */
	size_t len;	     /* in the file, without padding behind virtual_size */
	size_t offset;
};

/* Whether these bytes start as a PE file does. */
bool pe_detect(const uint8_t *data, size_t len);

/* Reads the headers. -EBADMSG: no PE file, or a damaged one. */
int pe_open(const uint8_t *data, size_t len, struct pe *ret, struct error **err) _must_check_;

/* The i-th section. -EBADMSG: it is not in the file. */
int pe_section(const struct pe *pe, unsigned i, struct pe_section *ret,
	       struct error **err) _must_check_;

/* The first section of that name; false if there is none that can be read. */
bool pe_find(const struct pe *pe, const char *name, struct pe_section *ret);

/* The architecture as --arch and Debian name it: "amd64". */
const char *pe_machine_name(uint16_t machine);

#endif
