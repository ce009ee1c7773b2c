// SPDX-License-Identifier: GPL-2.0-or-later
/* The devices of one machine, as its sysfs shows them. */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>

#include "builder/resolve/module/hardware.h"

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

/* A device may be unplugged at any time: what is gone when it is looked at is not there. */
static int scan_entry(struct hardware *hardware, const FTSENT *entry, struct error **err)
{
	char text[4096];

	if (entry->fts_level == FTS_ROOTLEVEL && entry->fts_errno)
		return error_sys(err, entry->fts_errno, "cannot list '%s'", entry->fts_path);
	if (strcmp(entry->fts_name, "modalias") == 0) {
		read_attribute(entry->fts_path, text, sizeof(text));
		return *text ? hardware_add(hardware, text, err) : 0;
	}
	if (strcmp(entry->fts_name, "phy_id") != 0)
		return 0;
	read_attribute(entry->fts_path, text, sizeof(text));
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
	char *directories[2] = { NULL };
	const FTSENT *entry;
	FTS *walk;
	int r = 0;

	if (asprintf(&directories[0], "%s/sys/devices", sysroot) < 0)
		return error_no_memory(err);
	walk = fts_open(directories, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	if (!walk)
		r = error_sys(err, errno, "cannot list '%s'", directories[0]);
	while (r == 0 && (entry = fts_read(walk)))
		r = scan_entry(hardware, entry, err);
	if (walk)
		fts_close(walk);
	free(directories[0]);
	if (r == 0)
		sort_once(&hardware->aliases);
	return r;
}
