// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/image/pe.h"

#include <errno.h>
#include <string.h>

#include "common/bytes.h"

#define HEADER_POINTER	  0x3c
#define COFF_SIZE	  20
#define MAGIC_32	  0x10b
#define MAGIC_64	  0x20b
#define DIRECTORIES_32	  96 /* of the optional header */
#define DIRECTORIES_64	  112
#define CERTIFICATE_INDEX 4
/* 64 KiB by the format; of sections none, but nothing uses more than a large page */
#define FILE_ALIGNMENT_MAX    (64 * KIB)
#define SECTION_ALIGNMENT_MAX (4 * MIB)

/* Offset of the signature "PE\0\0", or 0. */
static size_t find_signature(const uint8_t *data, size_t len)
{
	size_t at;

	if (len < HEADER_POINTER + 4 || memcmp(data, "MZ", 2) != 0)
		return 0;
	at = get_le32(data + HEADER_POINTER);
	if (at < 4 || at > len || len - at < 4 + COFF_SIZE || memcmp(data + at, "PE\0", 4) != 0)
		return 0;
	return at;
}

bool pe_detect(const uint8_t *data, size_t len)
{
	return find_signature(data, len) != 0;
}

static bool is_power_of_2(uint32_t n)
{
	return n && !(n & (n - 1));
}

static int read_optional(struct pe *pe, size_t size, struct error **err)
{
	const uint8_t *optional = pe->data + pe->optional;
	size_t directories, entry;
	uint16_t magic;

	if (size < DIRECTORIES_32)
		return error_make(err, EBADMSG, "its optional header has only %zu bytes", size);
	magic = get_le16(optional);
	if (magic != MAGIC_32 && magic != MAGIC_64)
		return error_make(err, EBADMSG, "its optional header is of unknown kind 0x%x",
				  magic);
	pe->section_alignment = get_le32(optional + PE_SECTION_ALIGNMENT);
	pe->file_alignment = get_le32(optional + PE_FILE_ALIGNMENT);
	pe->image_size = get_le32(optional + PE_IMAGE_SIZE);
	pe->headers_size = get_le32(optional + PE_HEADERS_SIZE);
	if (!is_power_of_2(pe->section_alignment) || !is_power_of_2(pe->file_alignment) ||
	    pe->section_alignment > SECTION_ALIGNMENT_MAX ||
	    pe->file_alignment > FILE_ALIGNMENT_MAX)
		return error_make(err, EBADMSG,
				  "it aligns sections to %u bytes in memory, %u in the file",
				  pe->section_alignment, pe->file_alignment);
	directories = magic == MAGIC_64 ? DIRECTORIES_64 : DIRECTORIES_32;
	entry = directories + 8 * CERTIFICATE_INDEX;
	if (entry + 8 <= size && get_le32(optional + directories - 4) > CERTIFICATE_INDEX)
		pe->certificates = pe->optional + entry;
	return 0;
}

int pe_open(const uint8_t *data, size_t len, struct pe *ret, struct error **err)
{
	size_t signature = find_signature(data, len), optional_size;
	int r;

	*ret = (struct pe){ .data = data, .len = len };
	if (!signature)
		return error_make(err, EBADMSG, "not an EFI program (it has no PE header)");
	ret->coff = signature + 4;
	ret->optional = ret->coff + COFF_SIZE;
	ret->machine = get_le16(data + ret->coff);
	ret->sections = get_le16(data + ret->coff + 2);
	optional_size = get_le16(data + ret->coff + 16);
	ret->table = ret->optional + optional_size;
	if (ret->sections > PE_SECTIONS_MAX || ret->table > len ||
	    len - ret->table < (size_t)ret->sections * PE_SECTION_ENTRY_SIZE)
		return error_make(err, EBADMSG,
				  "damaged EFI program: a table of %u sections at offset 0x%zx"
				  " is not in its %zu bytes",
				  ret->sections, ret->table, len);
	r = read_optional(ret, optional_size, err);
	return r < 0 ? error_wrap(err, "damaged EFI program") : 0;
}

int pe_section(const struct pe *pe, unsigned i, struct pe_section *ret, struct error **err)
{
	const uint8_t *entry = pe->data + pe->table + (size_t)i * PE_SECTION_ENTRY_SIZE;
	uint32_t raw = get_le32(entry + 16);

	*ret = (struct pe_section){ .virtual_size = get_le32(entry + 8),
				    .address = get_le32(entry + 12),
				    .offset = get_le32(entry + 20) };
	memcpy(ret->name, entry, PE_NAME_SIZE);
	ret->len = MIN(raw, ret->virtual_size ? ret->virtual_size : raw);
	if (ret->len && (ret->offset > pe->len || raw > pe->len - ret->offset))
		return error_make(err, EBADMSG,
				  "damaged EFI program: section %u ends at 0x%zx, the file"
				  " at 0x%zx",
				  i, ret->offset + raw, pe->len);
	ret->data = pe->data + (ret->len ? ret->offset : 0);
	return 0;
}

bool pe_find(const struct pe *pe, const char *name, struct pe_section *ret)
{
	for (unsigned i = 0; i < pe->sections; i++)
		if (pe_section(pe, i, ret, NULL) == 0 && strcmp(ret->name, name) == 0)
			return true;
	return false;
}

const char *pe_machine_name(uint16_t machine)
{
	switch (machine) {
	case PE_MACHINE_X64:
		return "amd64";
	case PE_MACHINE_ARM64:
		return "arm64";
	case PE_MACHINE_IA32:
		return "i386";
	default:
		return "another machine";
	}
}
