// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts of programs and scripts; damaged ones are refused, never followed out of the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "builder/resolve/elf.h"
#include "builder/resolve/module/inflate.h"

/* A path to `len` bytes in memory. */
static const char *file_of(const void *data, size_t len)
{
	static char path[64];
	int fd = memfd_create("elf", 0);

	assert_int_equal(write(fd, data, len), len);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	return path;
}

static void our_own_program(void **state)
{
	struct elf_facts facts;
	struct error *err = NULL;
	bool libc = false;
	const char *name;

	assert_int_equal(elf_read("/proc/self/exe", &facts, &err), 0);
	assert_true(facts.is_elf);
	assert_non_null(strstr(facts.interpreter, "/ld"));
	vec_foreach(i, name, &facts.needed)
		libc |= strncmp(name, "libc.", 5) == 0;
	assert_true(libc);
	elf_facts_release(&facts);
}

static void scripts(void **state)
{
	struct elf_facts facts;

	assert_int_equal(elf_read(file_of("#! /bin/sh -e\nx", 15), &facts, NULL), 0);
	assert_string_equal(facts.interpreter, "/bin/sh");
	assert_string_equal(facts.argument, "-e");
	elf_facts_release(&facts);
	assert_int_equal(elf_read(file_of("#!/usr/bin/env python3", 22), &facts, NULL), 0);
	assert_string_equal(facts.argument, "python3");
	elf_facts_release(&facts);
	assert_int_equal(elf_read(file_of("#!\n", 3), &facts, NULL), 0);
	assert_null(facts.interpreter);
	assert_int_equal(elf_read(file_of("plain text", 10), &facts, NULL), 0);
	assert_false(facts.is_elf);
	assert_null(facts.interpreter);
	assert_int_equal(elf_read(file_of("", 0), &facts, NULL), 0);
}

/* A file with one program header of type PT_INTERP that says `offset`. */
static void interpreter_at(uint64_t offset, uint64_t size, int expected)
{
	struct {
		Elf64_Ehdr ehdr;
		Elf64_Phdr phdr;
		char name[16];
	} file = { .name = "/lib/ld.so" };
	struct elf_facts facts;
	struct error *err = NULL;

	memcpy(file.ehdr.e_ident, ELFMAG, SELFMAG);
	file.ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	file.ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	file.ehdr.e_ident[EI_VERSION] = EV_CURRENT;
	file.ehdr.e_version = EV_CURRENT;
	file.ehdr.e_ehsize = sizeof(file.ehdr);
	file.ehdr.e_phoff = sizeof(file.ehdr);
	file.ehdr.e_phentsize = sizeof(file.phdr);
	file.ehdr.e_phnum = 1;
	file.phdr = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = offset, .p_filesz = size };
	assert_int_equal(elf_read(file_of(&file, sizeof(file)), &facts, &err), expected);
	if (expected == 0) {
		assert_string_equal(facts.interpreter, "/lib/ld.so");
		elf_facts_release(&facts);
	}
	error_release(&err);
}

static void names_outside_of_the_file(void **state)
{
	uint64_t name = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);

	interpreter_at(name, 11, 0);
	interpreter_at(name, 5, -EBADMSG);
	interpreter_at(1 << 20, 11, -EBADMSG);
	interpreter_at(UINT64_MAX - 3, 11, -EBADMSG);
}

static void every_cut_of_a_program_ends_well(void **state)
{
	FILE *self = fopen("/proc/self/exe", "rb");
	static char data[1 << 20];
	size_t len = fread(data, 1, sizeof(data), self);

	fclose(self);
	for (size_t cut = 0; cut < len; cut += 1 + cut / 3) {
		struct elf_facts facts = { 0 };
		const char *path = file_of(data, cut);

		if (elf_read(path, &facts, NULL) == 0)
			elf_facts_release(&facts);
		close(atoi(strrchr(path, '/') + 1));
	}
}

static void inflates_gzip_by_its_name(void **state)
{
	char path[] = "/tmp/test_elf.XXXXXX", named[64], *data;
	struct error *err = NULL;
	size_t len;
	gzFile gz;

	assert_int_not_equal(mkstemp(path), -1);
	snprintf(named, sizeof(named), "%s.ko.gz", path);
	assert_int_equal(rename(path, named), 0);
	gz = gzopen(named, "wb");
	gzwrite(gz, "module", 6);
	gzclose(gz);
	assert_string_equal(inflate_codec(named), "gz");
	assert_null(inflate_codec("a.ko"));
	assert_int_equal(inflate_file(named, &data, &len, &err), 0);
	assert_int_equal(len, 6);
	assert_memory_equal(data, "module", 6);
	free(data);
	assert_int_equal(truncate(named, 15), 0);
	assert_int_equal(inflate_file(named, &data, &len, &err), -EBADMSG);
	error_release(&err);
	unlink(named);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_program),
		cmocka_unit_test(scripts),
		cmocka_unit_test(names_outside_of_the_file),
		cmocka_unit_test(every_cut_of_a_program_ends_well),
		cmocka_unit_test(inflates_gzip_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
