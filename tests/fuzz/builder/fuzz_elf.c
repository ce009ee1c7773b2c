// SPDX-License-Identifier: GPL-2.0-or-later
/* ELF facts of a program, .modinfo of a module, and a module index: whatever the bytes, no crash
 * and no leak. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "builder/resolve/elf.h"
#include "builder/resolve/module/dependencies.h"
#include "builder/resolve/module/modinfo.h"

static int ignore(void *context, const char *value)
{
	return strlen(value) > 100000;
}

static void read_as_program(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", 0);
	struct elf_facts facts;
	char path[64];

	if (write(fd, data, size) == (ssize_t)size) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (elf_read(path, &facts, NULL) == 0)
			elf_facts_release(&facts);
	}
	close(fd);
}

static void read_as_module(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);

	memcpy(copy, data, size);
	modinfo_values(copy, size, "firmware", ignore, NULL);
	free(copy);
}

static void read_as_index(const uint8_t *data, size_t size)
{
	struct module_table table = { 0 };
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	if (modindex_parse(&table.index, text, size, NULL) == 0)
		(void)!module_table_fill(&table, NULL);
	module_table_release(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_as_program(data, size);
	read_as_module(data, size);
	read_as_index(data, size);
	return 0;
}
