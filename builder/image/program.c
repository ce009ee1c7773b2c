// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/image/program.h"

#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <string.h>

#define SCRIPT_LINE_MAX 255 /* BINPRM_BUF_SIZE less its NUL */
#define DYNAMIC_MAX	4096

void program_free(void *program)
{
	struct program *p = program;

	if (!p)
		return;
	free(p->interpreter);
	free(p->run_path);
	vec_clear(&p->needed, free);
	free(p);
}

/* "#!", blanks, the interpreter, and what follows a blank is an argument: fs/binfmt_script.c */
static struct program *read_script(const uint8_t *data, size_t size)
{
	size_t end = MIN(size, SCRIPT_LINE_MAX), pos = 2, start;
	struct program *p;

	while (pos < end && (data[pos] == ' ' || data[pos] == '\t'))
		pos++;
	start = pos;
	while (pos < end && !strchr(" \t\n", data[pos]))
		pos++;
	if (pos == start)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->kind = PROGRAM_SCRIPT;
	p->interpreter = strndup((const char *)data + start, pos - start);
	return p;
}

/* File offset of a virtual address, or size when no segment has it. */
static size_t offset_of(Elf *elf, size_t headers, uint64_t address, size_t size)
{
	for (size_t i = 0; i < headers; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		if (address >= header.p_vaddr && address - header.p_vaddr < header.p_filesz &&
		    header.p_offset < size && address - header.p_vaddr < size - header.p_offset)
			return (size_t)(header.p_offset + (address - header.p_vaddr));
	}
	return size;
}

/* A copy of the NUL-terminated text at offset, NULL when it is not one. */
static char *text_at(const uint8_t *data, size_t size, uint64_t base, uint64_t offset)
{
	uint64_t start;

	if (!add_u64(base, offset, &start) || start >= size ||
	    !memchr(data + start, '\0', size - (size_t)start))
		return NULL;
	return strdup((const char *)data + start);
}

static void add_needed(struct program *p, char *name)
{
	if (name && vec_push(&p->needed, name) < 0)
		free(name);
}

static void read_dynamic(struct program *p, Elf *elf, const GElf_Phdr *dynamic, size_t headers,
			 const uint8_t *data, size_t size)
{
	Elf_Data *raw = elf_getdata_rawchunk(elf, (int64_t)dynamic->p_offset,
					     (size_t)dynamic->p_filesz, ELF_T_DYN);
	size_t strings = size;
	bool runpath = false;
	GElf_Dyn entry;

	for (int i = 0; raw && i < DYNAMIC_MAX && gelf_getdyn(raw, i, &entry); i++)
		if (entry.d_tag == DT_STRTAB)
			strings = offset_of(elf, headers, entry.d_un.d_ptr, size);
	for (int i = 0; raw && i < DYNAMIC_MAX && gelf_getdyn(raw, i, &entry); i++) {
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_NEEDED)
			add_needed(p, text_at(data, size, strings, entry.d_un.d_val));
		if (entry.d_tag == DT_RUNPATH || (entry.d_tag == DT_RPATH && !runpath)) {
			free(p->run_path);
			p->run_path = text_at(data, size, strings, entry.d_un.d_val);
			runpath = entry.d_tag == DT_RUNPATH;
		}
	}
}

static void read_headers(struct program *p, Elf *elf, const uint8_t *data, size_t size)
{
	size_t headers = 0;

	if (elf_getphdrnum(elf, &headers) < 0)
		return;
	for (size_t i = 0; i < headers; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_offset >= size)
			continue;
		if (header.p_type == PT_INTERP && !p->interpreter)
			p->interpreter = text_at(data, size, header.p_offset, 0);
		if (header.p_type == PT_DYNAMIC && header.p_filesz <= size - header.p_offset)
			read_dynamic(p, elf, &header, headers, data, size);
	}
}

static struct program *read_elf(const uint8_t *data, size_t size)
{
	struct program *p = NULL;
	GElf_Ehdr header;
	Elf *elf;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	/* libelf takes a pointer to non-const, but only reads */
	elf = elf_memory((char *)(uintptr_t)data, size);
	if (elf && gelf_getehdr(elf, &header) &&
	    (header.e_type == ET_EXEC || header.e_type == ET_DYN))
		p = calloc(1, sizeof(*p));
	if (p) {
		p->kind = PROGRAM_ELF;
		p->machine = header.e_machine;
		read_headers(p, elf, data, size);
	}
	elf_end(elf);
	return p;
}

struct program *program_read(const uint8_t *data, size_t size)
{
	if (size > 2 && data[0] == '#' && data[1] == '!')
		return read_script(data, size);
	if (size > SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0)
		return read_elf(data, size);
	return NULL;
}
