/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small text files (indexes, settings) read at once and split in place. */
#ifndef APPLETS_COLDPLUG_TEXTFILE_H
#define APPLETS_COLDPLUG_TEXTFILE_H

#include <stddef.h>
#include <stdint.h>

/* Reads dir/name. *ret is NUL-terminated and the caller's to free. 0, -ENOENT or other -errno. */
int text_read(const char *dir, const char *name, char **ret, size_t *ret_size);

/* The next line of *cursor, NUL-terminated in place, or NULL. A line ending in '\' goes on in the
 * next one. */
char *text_line(char **cursor);

/* The next word of *cursor (blanks and tabs apart; double quotes keep them together and stay), or
 * NULL. */
char *text_word(char **cursor);

/*
 * Folds a module name or alias as the kernel does: '-' becomes '_', but not inside of [brackets],
 * where it is a range.
 */
void name_fold(char *name);

/* FNV-1a */
uint32_t hash_bytes(const void *data, size_t size);

#endif
