// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/print.h"

#include <stdint.h>
#include <string.h>

/* The code point and its length in bytes, 0 where there is no UTF-8. */
static size_t decode(const unsigned char *p, uint32_t *ret)
{
	size_t n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : *p >= 0xe0 && *p < 0xf0 ? 3 : 4;

	if ((*p >= 0x80 && *p < 0xc2) || *p > 0xf4)
		return 0;
	*ret = n == 1 ? *p : *p & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*ret = *ret << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && *ret < 0x800) || (n == 4 && (*ret < 0x10000 || *ret > 0x10ffff)) ||
	    (*ret >= 0xd800 && *ret < 0xe000))
		return 0;
	return n;
}

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t print_character(const char *text, bool *ret_printable)
{
	uint32_t c = 0;
	size_t n = decode((const unsigned char *)text, &c);

	*ret_printable = n > 0 && !is_control(c);
	if (*text == '\0')
		return 0;
	return n ? n : 1;
}

/* The character of n bytes at text into out, which has room for 4 times as many and the end. */
static size_t escape(char *out, const char *text, size_t n, bool printable)
{
	if (printable) {
		memcpy(out, text, n);
		return n;
	}
	for (size_t i = 0; i < n; i++)
		snprintf(out + 4 * i, 5, "\\%03o", (unsigned char)text[i]);
	return 4 * n;
}

size_t print_to_buffer(char *buf, size_t size, const char *text)
{
	size_t used = 0;

	while (*text) {
		char out[17];
		bool printable;
		size_t n = print_character(text, &printable),
		       length = escape(out, text, n, printable);

		if (used + length >= size)
			break;
		memcpy(buf + used, out, length);
		used += length;
		text += n;
	}
	if (size)
		buf[used] = '\0';
	return used;
}

void print_text(FILE *to, const char *text)
{
	while (*text) {
		char out[17] = "";
		bool printable;
		size_t n = print_character(text, &printable);
		size_t length = escape(out, text, n, printable);

		fwrite(out, 1, length, to);
		text += n;
	}
}

void print_json_text(FILE *to, const char *text)
{
	fputc('"', to);
	while (*text) {
		bool printable;
		size_t n = print_character(text, &printable);

		if (*text == '"' || *text == '\\')
			fprintf(to, "\\%c", *text);
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			fprintf(to, "\\u%04x", (unsigned int)*text);
		else if (printable || n > 1)
			fwrite(text, 1, n, to);
		else
			fputs("\\ufffd", to);
		text += n;
	}
	fputc('"', to);
}
