/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names in GPT entries and in VHDX parent locators are UTF-16; users read UTF-8. */
#ifndef APPLETS_VDATTACH_FORMAT_COMMON_UTF8_H
#define APPLETS_VDATTACH_FORMAT_COMMON_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Writes the code point c as UTF-8 and returns the bytes used, 1 to 4; out has room for 4. Source:
 * RFC 3629. */
static inline size_t utf8_put(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

#endif
