// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/modinfo.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>

static Elf_Data *find_section(Elf *elf, const char *wanted)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && strcmp(name, wanted) == 0)
			return elf_rawdata(section, NULL);
	}
	return NULL;
}

static int modinfo_walk(const char *text, size_t len, const char *tag,
			int (*found)(void *context, const char *value), void *context)
{
	const char *end = text + len;
	size_t tag_len = strlen(tag);

	while (text < end) {
		const char *stop = memchr(text, '\0', (size_t)(end - text));
		int r = 0;

		if (!stop)
			return 0;
		if ((size_t)(stop - text) > tag_len && memcmp(text, tag, tag_len) == 0 &&
		    text[tag_len] == '=')
			r = found(context, text + tag_len + 1);
		if (r != 0)
			return r;
		text = stop + 1;
	}
	return 0;
}

int modinfo_values(char *module, size_t len, const char *tag,
		   int (*found)(void *context, const char *value), void *context)
{
	const Elf_Data *data;
	Elf *elf;
	int r = -EBADMSG;

	elf_version(EV_CURRENT);
	elf = elf_memory(module, len);
	if (!elf)
		return -EBADMSG;
	if (elf_kind(elf) == ELF_K_ELF) {
		data = find_section(elf, ".modinfo");
		r = data && data->d_buf
			    ? modinfo_walk(data->d_buf, data->d_size, tag, found, context)
			    : 0;
	}
	elf_end(elf);
	return r;
}
