/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that others wrote, for a terminal or for JSON: names in images, labels of disks, what a
 * server answers. Printed as it is, it could hold terminal escapes, or bytes that are not UTF-8.
 */
#ifndef COMMON_PRINT_H
#define COMMON_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "common/macro.h"

/*
 * Bytes of the first character of text, at least 1 unless text is "". *ret_printable: false for
 * control characters (C0, DEL, C1), marks that change the direction of writing, and what is not
 * UTF-8 (RFC 3629), of which one byte is taken at a time.
 */
size_t print_character(const char *text, bool *ret_printable) _nonnull_(1, 2);

/* Writes what can be printed as it is, other bytes as \ooo in octal, as ls -b does. */
void print_text(FILE *to, const char *text) _nonnull_(1, 2);

/* The same into a buffer of size bytes, which is always terminated. Returns its length. */
size_t print_to_buffer(char *buf, size_t size, const char *text) _nonnull_(1, 3);

/* Writes a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD (RFC 8259). */
void print_json_text(FILE *to, const char *text) _nonnull_(1, 2);

#endif
