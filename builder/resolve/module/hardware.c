// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/hardware.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "builder/util/readfile.h"
#include "common/print.h"

/* A uevent of the kernel, which a modalias is a part of, has 2048 bytes (UEVENT_BUFFER_SIZE). */
#define LONGEST_ALIAS 2048

static bool is_modalias(const char *text)
{
	const char *colon = strchr(text, ':');

	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~' ||
		    (p < colon && !isalnum((unsigned char)*p) && *p != '_' && *p != '-'))
			return false;
	return colon && colon != text && strlen(text) <= LONGEST_ALIAS;
}

static int refuse_line(const char *path, unsigned line, const char *text, struct error **err)
{
	char shown[80];

	print_to_buffer(shown, sizeof(shown), text);
	return error_make(err, EINVAL,
			  "%s:%u: expected a modalias like pci:v00008086d00001533..., as mkvinitrd "
			  "hardware lists them, found '%s'",
			  path, line, shown);
}

int hardware_add(struct hardware *hardware, const char *text, struct error **err)
{
	char *copy = strdup(text);

	if (copy && vec_push(&hardware->aliases, copy) == 0)
		return 0;
	free(copy);
	return error_no_memory(err);
}

int hardware_read(struct hardware *hardware, const char *path, struct error **err)
{
	_cleanup_free_ char *text = NULL;
	size_t before = hardware->aliases.len, len;
	unsigned number = 0;
	int r = read_file(path, &text, &len, err);

	if (r == 0 && strlen(text) != len)
		return error_make(err, EINVAL, "'%s' is no list of hardware: it has NUL bytes",
				  path);
	for (char *line = text, *next; r == 0 && line; line = next) {
		size_t end = strcspn(line, "\n");

		number++;
		next = line[end] ? line + end + 1 : NULL;
		line[end] = '\0';
		if (end && line[end - 1] == '\r')
			line[end - 1] = '\0';
		if (!*line || *line == '#')
			continue;
		r = is_modalias(line) ? hardware_add(hardware, line, err)
				      : refuse_line(path, number, line, err);
	}
	if (r == 0 && hardware->aliases.len == before)
		return error_make(err, EINVAL,
				  "'%s' lists no hardware: expected a file of mkvinitrd hardware",
				  path);
	return r;
}

static int mark_alias(const char *alias, struct module_table *table, struct error **err)
{
	_cleanup_free_ const char **names = NULL;
	size_t count = 0;
	int r = modindex_match(&table->index, alias, &names, &count);

	if (r < 0)
		return error_sys(err, -r, "cannot read modules.alias");
	for (size_t i = 0; i < count; i++) {
		struct module *module = module_table_find(table, names[i]);

		if (module && !module->hardware)
			module->hardware = alias;
	}
	return 0;
}

/* "pci:...", "acpi*:..." are of devices; "fs-ext4", "devname:loop-control" and "symbol:x" are what
 * else the kernel asks modules for. */
static bool is_of_device(const char *pattern)
{
	return strchr(pattern, ':') && strncmp(pattern, "devname:", 8) != 0 &&
	       strncmp(pattern, "symbol:", 7) != 0;
}

int hardware_mark(const struct hardware *hardware, struct module_table *table, struct error **err)
{
	const struct modindex *index = &table->index;
	const char *alias;
	int r = 0;

	vec_foreach(i, alias, &hardware->aliases)
		if (r == 0)
			r = mark_alias(alias, table, err);
	for (size_t i = 0; r == 0 && i < index->alias_count; i++) {
		struct module *module = module_table_find(table, index->aliases[i].module);

		if (!module)
			continue;
		if (is_of_device(index->aliases[i].pattern))
			module->device = true;
		else
			module->software = true;
	}
	return r;
}

/* Libraries of drivers have no alias at all, and come along as dependencies. */
static bool is_library(const struct module *module)
{
	static const char *const places[] = { "kernel/drivers/ata/", "kernel/drivers/mmc/",
					      "kernel/drivers/net/", "kernel/drivers/scsi/",
					      "kernel/drivers/usb/" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strncmp(module->place, places[i], strlen(places[i])) == 0)
			return !module->software;
	return false;
}

bool hardware_lacks(const struct module *module)
{
	if (module->hardware)
		return false;
	return module->device || is_library(module);
}

void hardware_release(struct hardware *hardware)
{
	vec_clear(&hardware->aliases, free);
}
