/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware: which names the chosen modules may ask for, and the files behind names. */
#ifndef BUILDER_RESOLVE_FIRMWARE_H
#define BUILDER_RESOLVE_FIRMWARE_H

#include "builder/host/host.h"
#include "builder/resolve/module/dependencies.h"

struct firmware_want {
	char *name; /* as in .modinfo: "rtl_nic/rtl8168g-2.fw", may be a glob */
	const struct module *module;
};

/*
 * What the chosen modules name, in the order of the table. Decoding compressed modules is slow, so
 * the names of each module are kept in host->cache_dir by its path, size and time. Appends struct
 * firmware_want * (owned, firmware_want_free) to *wants.
 */
int firmware_wants(const struct host *host, const struct module_table *table, struct vec *wants,
		   struct error **err) _must_check_;

struct firmware_file {
	char *path;   /* in the target: "/lib/firmware/rtl_nic/rtl8168g-2.fw.zst" */
	char *source; /* host path; NULL for a symlink */
	char *target; /* of a symlink */
	uint64_t size;
};

/* Whether the target has a directory lib/firmware at all. */
bool firmware_tree(const struct host *host);

/*
 * The files for a name, in the directories and with the endings that the kernel tries
 * (drivers/base/firmware_loader/main.c): for a directory all that is in it. Appends struct
 * firmware_file * (owned, firmware_file_free). -ENOENT, without *err: none.
 */
int firmware_find(const struct host *host, const char *name, struct vec *files,
		  struct error **err) _must_check_;

/* For vec_clear. */
void firmware_want_free(void *want);
void firmware_file_free(void *file);

#endif
