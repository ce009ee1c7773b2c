// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "builder/check/internal.h"

/* The kernel's version as 6012 for 6.12; 0 = not known. */
static unsigned check_kernel_version(const struct check *check)
{
	unsigned major, minor;

	if (!check->host || !check->host->kver ||
	    sscanf(check->host->kver, "%u.%u", &major, &minor) != 2)
		return 0;
	return major * 1000 + minor;
}

static char config_of(const struct check *check, const char *name)
{
	return check->host ? host_kernel_config(check->host, name) : '?';
}

/* First kernel that has the option; older than anything in use: 0. */
static unsigned first_version(const char *config)
{
	static const struct {
		const char *config;
		unsigned version;
	} table[] = { { "RD_LZ4", 3011 }, { "RD_ZSTD", 5009 }, { "MODULE_DECOMPRESS", 5017 } };

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(config, table[i].config) == 0)
			return table[i].version;
	return 0;
}

/* Has the kernel this option, by its configuration or else by its age? */
static bool kernel_has(const struct check *check, const char *config)
{
	char value = config_of(check, config);
	unsigned version = check_kernel_version(check);

	if (value != '?')
		return value == 'y';
	return !version || version >= first_version(config);
}

static const char *kernel_name(const struct check *check)
{
	return check->host && check->host->kver ? check->host->kver : "the kernel";
}

static void check_segments(struct check *check)
{
	const struct image_segment *segment;

	vec_foreach(i, segment, &check->segments) {
		if (segment->config && !kernel_has(check, segment->config))
			check_add(check, "unsupported-compressor", segment->offset,
				  "%s is built without CONFIG_%s and cannot unpack %s; choose"
				  " another compressor",
				  kernel_name(check), segment->config, segment->compressor);
		if (segment->filter_config && !kernel_has(check, segment->filter_config))
			check_add(check, "xz-filter", segment->offset,
				  "%s is built without CONFIG_%s, which this xz filter needs;"
				  " compress again without filters",
				  kernel_name(check), segment->filter_config);
	}
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Can something in the image load modules that the kernel does not decompress itself? Ours leaves
 * that to the kernel. */
static bool has_module_tool(const struct check *check)
{
	const struct tree_node *node;

	if (check_is_ours(check))
		return false;
	vec_foreach(i, node, &check->tree.nodes)
		if (ends_with(node->path, "bin/kmod") || ends_with(node->path, "bin/busybox") ||
		    ends_with(node->path, "bin/modprobe"))
			return true;
	return false;
}

static void check_modules(struct check *check)
{
	static const struct {
		const char *suffix, *config;
	} formats[] = { { ".ko.xz", "MODULE_COMPRESS_XZ" },
			{ ".ko.zst", "MODULE_COMPRESS_ZSTD" },
			{ ".ko.gz", "MODULE_COMPRESS_GZIP" } };

	if (has_module_tool(check))
		return;
	for (size_t k = 0; k < ARRAY_SIZE(formats); k++) {
		const struct tree_node *node;

		if (kernel_has(check, "MODULE_DECOMPRESS") && kernel_has(check, formats[k].config))
			continue;
		vec_foreach(i, node, &check->tree.nodes) {
			if (!ends_with(node->path, formats[k].suffix))
				continue;
			check_add(check, "module-compression", node->offset,
				  "'%s' is compressed, but %s cannot load %s modules"
				  " (CONFIG_MODULE_DECOMPRESS, CONFIG_%s); put modules in"
				  " uncompressed",
				  node->path, kernel_name(check), formats[k].suffix,
				  formats[k].config);
			break;
		}
	}
}

/* The version in a path like [usr/]lib/modules/VERSION/kernel/x.ko; false for any other path. */
static bool module_version(const char *path, char *ret, size_t size)
{
	const char *dir = strstr(path, "lib/modules/"), *version;
	size_t len;

	if (!dir || !strstr(path, ".ko") || (dir != path && strncmp(path, "usr/", 4) != 0))
		return false;
	version = dir + strlen("lib/modules/");
	len = strcspn(version, "/");
	return version[len] && snprintf(ret, size, "%.*s", (int)len, version) < (int)size;
}

/* Only a note: a kernel that has all it needs inside starts without them. */
static void note_foreign_modules(struct check *check)
{
	const struct tree_node *node;
	char found[128] = "", version[128];

	if (!check->host || !check->host->kver)
		return;
	vec_foreach(i, node, &check->tree.nodes) {
		if (!module_version(node->path, version, sizeof(version)))
			continue;
		if (strcmp(version, check->host->kver) == 0)
			return;
		memcpy(found, version, sizeof(found));
	}
	if (*found)
		check_note(check, "its modules are for kernel %s; %s can load none of them", found,
			   check->host->kver);
}

void check_kernel(struct check *check)
{
	if (!check->host || (!check->host->kernel_config && !check->host->kver))
		check_note(check, "no kernel is known: its compressors and module support were not"
				  " checked; name it with -k");
	else if (!check->host->kernel_config)
		check_note(check,
			   "the configuration of %s was not found: judged by its version only",
			   kernel_name(check));
	check_segments(check);
	check_modules(check);
	note_foreign_modules(check);
}
