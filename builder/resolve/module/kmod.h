/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and aliases of kernel modules, through libkmod's binary indexes of one module directory. */
#ifndef BUILDER_RESOLVE_MODULE_KMOD_H
#define BUILDER_RESOLVE_MODULE_KMOD_H

#include "builder/util/vec.h"
#include "common/error.h"

struct kmod_lookup;

/*
 * Opens the indexes of modules_dir (".../lib/modules/KVER"). No modprobe.d is read: the image is
 * for another boot, often for another machine. -ENOENT: the indexes are missing; the message gives
 * the depmod command. Close with kmod_lookup_close.
 */
int kmod_lookup_open(const char *modules_dir, struct kmod_lookup **ret,
		     struct error **err) _must_check_;

/*
 * The modules that `name` stands for, as modprobe sees it: a module's own name, an alias
 * ("fs-ext4"), or a modalias
 * ("pci:v00001AF4d00001000..."). Appends their names (char *, '_' for '-', owned by the caller) to
 * *names; none is no error. A module that is built into the kernel is listed too.
 */
int kmod_lookup_name(struct kmod_lookup *lookup, const char *name, struct vec *names,
		     struct error **err) _must_check_;

/* NULL-safe. */
void kmod_lookup_close(struct kmod_lookup *lookup);

#endif
