// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/common/crc32c.h"

#include "common/bytes.h"

#define POLYNOMIAL 0x82f63b78u /* reflected */
#define WORTH	   1024u       /* bytes that pay for the tables */

static uint32_t shift_byte(uint32_t crc)
{
	for (int bit = 0; bit < 8; bit++)
		crc = crc >> 1 ^ (POLYNOMIAL & -(crc & 1));
	return crc;
}

/*
 * What each byte, with 0 to 3 bytes behind it, adds to the checksum. Made when needed: 4 KiB of
 * stack for a moment cost less than 4 KiB of a program in memory.
 */
static void make_tables(uint32_t (*t)[256])
{
	for (uint32_t i = 0; i < 256; i++)
		t[0][i] = shift_byte(i);
	for (int k = 1; k < 4; k++) {
		for (uint32_t i = 0; i < 256; i++)
			t[k][i] = t[k - 1][i] >> 8 ^ t[0][t[k - 1][i] & 0xff];
	}
}

/* Four bytes at a time. Returns how many of the n were done. */
static size_t by_tables(uint32_t *crc, const uint8_t *p, size_t n)
{
	uint32_t t[4][256];
	size_t i;

	make_tables(t);
	for (i = 0; i + 4 <= n; i += 4) {
		uint32_t x = *crc ^ get_le32(p + i);

		*crc = t[3][x & 0xff] ^ t[2][x >> 8 & 0xff] ^ t[1][x >> 16 & 0xff] ^ t[0][x >> 24];
	}
	return i;
}

uint32_t crc32c(uint32_t crc, const void *data, size_t n)
{
	const uint8_t *p = data;
	size_t i;

	crc = ~crc;
	i = n >= WORTH ? by_tables(&crc, p, n) : 0;
	for (; i < n; i++)
		crc = shift_byte(crc ^ p[i]);
	return ~crc;
}
