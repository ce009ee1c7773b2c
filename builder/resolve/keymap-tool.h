/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program that filters text. */
#ifndef BUILDER_RESOLVE_KEYMAP_TOOL_H
#define BUILDER_RESOLVE_KEYMAP_TOOL_H

#include <stddef.h>

#include "common/error.h"

/*
 * Runs argv[0], found by PATH, with input on its standard input; *ret (owned by the caller) is what
 * it printed. Its messages are dropped, and one with the text failure in it (NULL: none) means that
 * it failed, whatever its status. -ENOENT: not installed; -EIO: it failed.
 */
int keymap_run(char *const argv[], const char *input, size_t input_len, const char *failure,
	       char **ret, size_t *ret_len, struct error **err) _must_check_;

#endif
