/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of modules, in the two spellings that libkmod gives them (libkmod/libkmod.c and
 * shared/util.c: path_to_modname, alias_normalize).
 */
#ifndef COMMON_MODULES_NAME_H
#define COMMON_MODULES_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Space for a name with its NUL; the kernel's own limit is MODULE_NAME_LEN, 56. */
#define MODULE_NAME_SIZE 256

/*
 * Writes the module name of a path or file name into buf: the part after the last '/' up to the
 * first '.', with '_' for '-'. So "kernel/net/virtio-net.ko.xz" is virtio_net. False when there is
 * none or it does not fit.
 */
bool module_name(const char *path, size_t len, char *buf, size_t size);

/*
 * Folds a name or an alias in place: '-' becomes '_', but not inside of [brackets], where it is a
 * range.
 */
void module_name_fold(char *name);

#endif
