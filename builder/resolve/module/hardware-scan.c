// SPDX-License-Identifier: GPL-2.0-or-later
/* The devices of one machine, as its sysfs shows them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/resolve/module/hardware.h"
#include "builder/resolve/tree.h"

/* The first line of a file of sysfs, without its newline; empty when it cannot be read. */
static void read_attribute(const char *path, char *buf, size_t size)
{
	FILE *file = fopen(path, "re");

	if (!file || !fgets(buf, (int)size, file))
		*buf = '\0';
	if (file)
		fclose(file);
	buf[strcspn(buf, "\n")] = '\0';
}

/* phy_id "0x001cc916" as in MDIO_ID_FMT of linux/mod_devicetable.h: "mdio:" and 32 binary digits */
static int add_chip(struct hardware *hardware, const char *id, struct error **err)
{
	char text[5 + 32 + 1] = "mdio:";
	unsigned bits;

	if (sscanf(id, "0x%8x", &bits) != 1)
		return 0;
	for (size_t i = 0; i < 32; i++)
		text[5 + i] = (bits >> (31 - i)) & 1 ? '1' : '0';
	return hardware_add(hardware, text, err);
}

static bool is_named(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, name) == 0;
}

static int add_node(struct hardware *hardware, const struct tree_node *node, struct error **err)
{
	char text[4096];

	if (node->kind != ENTRY_FILE)
		return 0;
	if (is_named(node->path, "modalias")) {
		read_attribute(node->source, text, sizeof(text));
		return *text ? hardware_add(hardware, text, err) : 0;
	}
	if (!is_named(node->path, "phy_id"))
		return 0;
	read_attribute(node->source, text, sizeof(text));
	return add_chip(hardware, text, err);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void sort_once(struct vec *aliases)
{
	size_t kept = 0;

	vec_sort(aliases, compare_texts);
	for (size_t i = 0; i < aliases->len; i++) {
		if (kept && strcmp(aliases->items[kept - 1], aliases->items[i]) == 0)
			free(aliases->items[i]);
		else
			aliases->items[kept++] = aliases->items[i];
	}
	aliases->len = kept;
}

int hardware_scan(struct hardware *hardware, const char *sysroot, struct error **err)
{
	_cleanup_free_ char *directory = NULL;
	const struct tree_node *node;
	struct vec nodes = { 0 };
	int r;

	if (asprintf(&directory, "%s/sys/devices", sysroot) < 0) {
		directory = NULL;
		return error_no_memory(err);
	}
	r = tree_list(directory, &nodes, err);
	vec_foreach(i, node, &nodes)
		if (r == 0)
			r = add_node(hardware, node, err);
	vec_clear(&nodes, tree_node_free);
	if (r == 0)
		sort_once(&hardware->aliases);
	return r;
}
