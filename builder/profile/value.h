/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spellings of values in profiles. Each *_problem function returns NULL for a good value, else a
 * static text that completes the sentence "'VALUE' ...".
 */
#ifndef BUILDER_PROFILE_VALUE_H
#define BUILDER_PROFILE_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The rest of text behind prefix, or NULL when it does not begin so. */
const char *after_prefix(const char *text, const char *prefix);

/* Decimal digits only, at most max. */
bool parse_number(const char *text, uint64_t max, uint64_t *ret);

/* Permission bits in octal, at most 07777. */
bool parse_mode(const char *text, mode_t *ret);

/* "75%" (1..100) sets *ret_percent, "1500m" (1024-based, k m g t in either case) sets *ret_bytes,
 * the other is 0. */
bool parse_size(const char *text, uint64_t *ret_bytes, unsigned *ret_percent);

/* Hexadecimal digits only, and exactly len of them. */
bool is_hex(const char *text, size_t len);

/* UUID of a file system as blkid prints it: RFC 4122, FAT serial, NTFS serial, ISO 9660 date. */
bool is_fs_uuid(const char *text);

/* any, cdrom, usb, /dev/..., UUID=... LABEL=... PARTUUID=... PARTLABEL=... */
const char *host_spec_problem(const char *text);

/* [HOST:]/path as in `persist dir:`. */
const char *host_path_problem(const char *text);

/* An absolute path in the image: no "." or ".." or empty component, not "/" itself. */
const char *image_path_problem(const char *text);

#endif
