// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>

/* The kernel reads as much of a script's first line: include/uapi/linux/binfmts.h, BINPRM_BUF_SIZE.
 */
#define SCRIPT_HEAD 256
/* Bounds of what a program may hold, against files made to waste time or memory. */
#define HEADERS_MAX 1024
#define NEEDED_MAX  512
#define STRING_MAX  (1 * MIB)

static int elf_damaged(const char *path, const char *what, struct error **err)
{
	return error_make(err, EBADMSG, "'%s' is a damaged ELF file: %s", path, what);
}

/* A string of the file, copied; NULL when it does not end within the file. */
static char *copy_string(Elf *elf, uint64_t offset, uint64_t limit)
{
	size_t size;
	const char *raw = elf_rawfile(elf, &size), *end;

	if (!raw || offset >= size)
		return NULL;
	end = memchr(raw + offset, '\0', (size_t)MIN(size - offset, limit));
	return end ? strndup(raw + offset, (size_t)(end - raw) - (size_t)offset) : NULL;
}

/* The place in the file of an address; false when no segment has it. */
static bool file_offset(Elf *elf, size_t headers, uint64_t address, uint64_t *ret)
{
	GElf_Phdr header;

	for (size_t i = 0; i < headers; i++) {
		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		if (address < header.p_vaddr || address - header.p_vaddr >= header.p_filesz)
			continue;
		return add_u64(header.p_offset, address - header.p_vaddr, ret);
	}
	return false;
}

struct dynamic {
	uint64_t strings; /* offset in the file */
	bool has_strings;
	uint64_t needed[NEEDED_MAX];
	size_t count;
	uint64_t rpath, runpath;
	bool has_rpath, has_runpath;
};

static void take_tag(Elf *elf, size_t headers, const GElf_Dyn *dyn, struct dynamic *ret)
{
	switch (dyn->d_tag) {
	case DT_STRTAB:
		ret->has_strings = file_offset(elf, headers, dyn->d_un.d_ptr, &ret->strings);
		break;
	case DT_NEEDED:
		if (ret->count < NEEDED_MAX)
			ret->needed[ret->count++] = dyn->d_un.d_val;
		break;
	case DT_RPATH:
		ret->rpath = dyn->d_un.d_val;
		ret->has_rpath = true;
		break;
	case DT_RUNPATH:
		ret->runpath = dyn->d_un.d_val;
		ret->has_runpath = true;
		break;
	default:
		break;
	}
}

static void read_tags(Elf *elf, size_t headers, const GElf_Phdr *header, struct dynamic *ret)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)header->p_offset,
					      (size_t)header->p_filesz, ELF_T_DYN);
	GElf_Dyn dyn;

	for (int i = 0; data && gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++)
		take_tag(elf, headers, &dyn, ret);
}

static char *dynamic_string(Elf *elf, const struct dynamic *dynamic, uint64_t at)
{
	uint64_t offset;

	if (!dynamic->has_strings || !add_u64(dynamic->strings, at, &offset))
		return NULL;
	return copy_string(elf, offset, STRING_MAX);
}

static int copy_dynamic(Elf *elf, const struct dynamic *dynamic, const char *path,
			struct elf_facts *facts, struct error **err)
{
	for (size_t i = 0; i < dynamic->count; i++) {
		char *name = dynamic_string(elf, dynamic, dynamic->needed[i]);

		if (!name)
			return elf_damaged(path, "the name of a library lies outside of it", err);
		if (vec_push(&facts->needed, name) < 0) {
			free(name);
			return error_no_memory(err);
		}
	}
	if (dynamic->has_rpath)
		facts->rpath = dynamic_string(elf, dynamic, dynamic->rpath);
	if (dynamic->has_runpath)
		facts->runpath = dynamic_string(elf, dynamic, dynamic->runpath);
	return 0;
}

static int read_headers(Elf *elf, const char *path, struct elf_facts *facts, struct error **err)
{
	struct dynamic dynamic = { 0 };
	GElf_Ehdr ehdr;
	GElf_Phdr header;
	size_t headers = 0;

	if (!gelf_getehdr(elf, &ehdr) || elf_getphdrnum(elf, &headers) < 0 || headers > HEADERS_MAX)
		return elf_damaged(path, "its headers cannot be read", err);
	facts->class = ehdr.e_ident[EI_CLASS];
	facts->machine = ehdr.e_machine;
	for (size_t i = 0; i < headers; i++) {
		if (!gelf_getphdr(elf, (int)i, &header))
			return elf_damaged(path, "its program headers cannot be read", err);
		if (header.p_type == PT_DYNAMIC)
			read_tags(elf, headers, &header, &dynamic);
		if (header.p_type != PT_INTERP || facts->interpreter)
			continue;
		facts->interpreter = copy_string(elf, header.p_offset, header.p_filesz);
		if (!facts->interpreter)
			return elf_damaged(path, "the name of its interpreter lies outside of it",
					   err);
	}
	return copy_dynamic(elf, &dynamic, path, facts, err);
}

static int read_elf(int fd, const char *path, struct elf_facts *facts, struct error **err)
{
	Elf *elf;
	int r = 0;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf)
		return elf_damaged(path, elf_errmsg(-1), err);
	facts->is_elf = elf_kind(elf) == ELF_K_ELF;
	if (facts->is_elf)
		r = read_headers(elf, path, facts, err);
	elf_end(elf);
	return r;
}

/* "#! INTERPRETER [ARGUMENT]", as fs/binfmt_script.c reads it. */
static int read_script(char *head, struct elf_facts *facts, struct error **err)
{
	char *line = head + 2, *rest = NULL, *word;

	line[strcspn(line, "\n")] = '\0';
	word = strtok_r(line, " \t\r", &rest);
	if (!word)
		return 0;
	facts->interpreter = strdup(word);
	word = strtok_r(NULL, " \t\r", &rest);
	facts->argument = word ? strdup(word) : NULL;
	if (facts->interpreter && (facts->argument || !word))
		return 0;
	return error_no_memory(err);
}

int elf_read(const char *path, struct elf_facts *ret, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char head[SCRIPT_HEAD + 1] = "";
	struct elf_facts facts = { 0 };
	ssize_t got;
	int r = 0;

	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s'", path);
	got = pread(fd, head, SCRIPT_HEAD, 0);
	if (got < 0)
		return error_sys(err, errno, "cannot read '%s'", path);
	if (got >= SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0)
		r = read_elf(fd, path, &facts, err);
	else if (got > 2 && memcmp(head, "#!", 2) == 0)
		r = read_script(head, &facts, err);
	if (r < 0) {
		elf_facts_release(&facts);
		return r;
	}
	*ret = facts;
	return 0;
}

void elf_facts_release(struct elf_facts *facts)
{
	free(facts->interpreter);
	free(facts->argument);
	vec_clear(&facts->needed, free);
	free(facts->rpath);
	free(facts->runpath);
	*facts = (struct elf_facts){ 0 };
}
