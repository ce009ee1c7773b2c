// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/write/pe-join.h"

#include <errno.h>
#include <string.h>

#include "common/bytes.h"

/* What stubs and kernels are happy with, whatever the stub is aligned to */
#define PAGE 4096
/* IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ */
#define CHARACTERISTICS 0x40000040

struct join {
	struct pe pe;	   /* of the stub */
	size_t stub_end;   /* of what is copied */
	uint64_t headers;  /* bytes of the new headers */
	uint64_t shift;	   /* of the stub's sections, to make room for a longer table */
	uint64_t address;  /* in memory, behind the last section */
	uint64_t raw_size; /* of new sections */
};

static uint64_t align_up(uint64_t n, uint64_t alignment)
{
	return (n + alignment - 1) & ~(alignment - 1);
}

/*
 * The end of the last section. What else a stub has behind it, symbols and signatures, is left out:
 * firmware computes hashes over a file without gaps.
 */
static size_t end_of_sections(const struct pe *pe)
{
	size_t end = pe->headers_size;

	for (unsigned i = 0; i < pe->sections; i++) {
		const uint8_t *entry = pe->data + pe->table + (size_t)i * PE_SECTION_ENTRY_SIZE;
		size_t at = get_le32(entry + 20), size = get_le32(entry + 16);

		if (at && size && at <= pe->len && size <= pe->len - at)
			end = MAX(end, at + size);
	}
	return end;
}

static int plan_join(struct join *join, size_t count, struct error **err)
{
	const struct pe *pe = &join->pe;
	struct pe_section section;
	uint32_t first = UINT32_MAX;
	int r;

	for (unsigned i = 0; i < pe->sections; i++) {
		r = pe_section(pe, i, &section, err);
		if (r < 0)
			return r;
		first = MIN(first, section.address);
		join->address =
			MAX(join->address, (uint64_t)section.address + section.virtual_size);
	}
	join->stub_end = end_of_sections(pe);
	join->headers = pe->table + (pe->sections + count) * PE_SECTION_ENTRY_SIZE;
	join->headers = MAX(align_up(join->headers, pe->file_alignment), pe->headers_size);
	if (pe->headers_size > pe->len || pe->headers_size < pe->table)
		return error_make(err, EBADMSG, "damaged EFI program: headers of %u bytes",
				  pe->headers_size);
	join->shift = join->headers - pe->headers_size;
	if (pe->sections + count > PE_SECTIONS_MAX || join->headers > first)
		return error_make(err, EFBIG,
				  "%zu sections do not fit into the headers of the stub", count);
	return 0;
}

/* The headers, with room for the new entries, and the sections of the stub behind them. */
static void copy_stub(const struct join *join, struct strbuf *out)
{
	static const uint8_t zeros[4096];
	const struct pe *pe = &join->pe;
	size_t table_end = pe->table + (size_t)pe->sections * PE_SECTION_ENTRY_SIZE;

	strbuf_add_mem(out, pe->data, table_end);
	while (out->len < join->headers && !out->failed)
		strbuf_add_mem(out, zeros, MIN(sizeof(zeros), join->headers - out->len));
	strbuf_add_mem(out, pe->data + pe->headers_size, join->stub_end - pe->headers_size);
}

static void pad_file(const struct join *join, struct strbuf *out)
{
	while (out->len & (join->pe.file_alignment - 1) && !out->failed)
		strbuf_add_mem(out, "", 1);
}

/* One section at the end of the file, and its line of the table. */
static void append_section(struct join *join, const struct pe_join_section *section, size_t index,
			   struct strbuf *out)
{
	uint8_t entry[PE_SECTION_ENTRY_SIZE] = { 0 };
	size_t at;

	pad_file(join, out);
	at = out->len;
	strbuf_add_mem(out, section->data, section->len);
	pad_file(join, out);
	join->address = align_up(join->address, MAX(join->pe.section_alignment, PAGE));
	memcpy(entry, section->name, strnlen(section->name, PE_NAME_SIZE));
	put_le32(entry + 8, (uint32_t)section->len);
	put_le32(entry + 12, (uint32_t)join->address);
	put_le32(entry + 16, (uint32_t)(out->len - at));
	put_le32(entry + 20, (uint32_t)at);
	put_le32(entry + 36, CHARACTERISTICS);
	if (out->failed)
		return;
	memcpy(out->text + join->pe.table + (join->pe.sections + index) * sizeof(entry), entry,
	       sizeof(entry));
	join->address += section->len;
	join->raw_size += out->len - at;
}

static void move_stub_sections(const struct join *join, uint8_t *file)
{
	uint8_t *entry = file + join->pe.table;

	for (unsigned i = 0; i < join->pe.sections; i++, entry += PE_SECTION_ENTRY_SIZE)
		if (get_le32(entry + 20))
			put_le32(entry + 20, get_le32(entry + 20) + (uint32_t)join->shift);
}

/* Source: the checksum of ImageHlp's MapFileAndCheckSum: 16-bit words with end-around carry. */
static uint32_t pe_checksum(const uint8_t *file, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get_le16(file + i);
	if (len & 1)
		sum += file[len - 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)(sum + len);
}

static void finish_headers(const struct join *join, size_t count, struct strbuf *out)
{
	uint8_t *file = (uint8_t *)out->text, *optional = file + join->pe.optional;

	move_stub_sections(join, file);
	put_le16(file + join->pe.coff + 2, (uint16_t)(join->pe.sections + count));
	put_le32(optional + PE_INITIALIZED_SIZE,
		 get_le32(optional + PE_INITIALIZED_SIZE) + (uint32_t)join->raw_size);
	put_le32(optional + PE_IMAGE_SIZE,
		 (uint32_t)align_up(join->address, join->pe.section_alignment));
	put_le32(optional + PE_HEADERS_SIZE, (uint32_t)join->headers);
	put_le64(file + join->pe.coff + 8, 0); /* symbols */
	if (join->pe.certificates)
		put_le64(file + join->pe.certificates, 0);
	put_le32(optional + PE_CHECKSUM, 0);
	put_le32(optional + PE_CHECKSUM, pe_checksum(file, out->len));
}

int pe_join(const uint8_t *stub, size_t stub_len, const struct pe_join_section *sections,
	    size_t count, struct strbuf *out, struct error **err)
{
	struct join join = { 0 };
	uint64_t total = stub_len;
	int r = pe_open(stub, stub_len, &join.pe, err);

	if (r >= 0)
		r = plan_join(&join, count, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		total += sections[i].len + PAGE + 2ULL * join.pe.section_alignment;
	if (total + join.shift + join.address > UINT32_MAX)
		return error_make(err, EFBIG,
				  "the sections have %llu MiB, an EFI program ends at 4 GiB",
				  (unsigned long long)(total / MIB));
	copy_stub(&join, out);
	for (size_t i = 0; i < count; i++)
		append_section(&join, &sections[i], i, out);
	if (out->failed)
		return error_no_memory(err);
	finish_headers(&join, count, out);
	return 0;
}
