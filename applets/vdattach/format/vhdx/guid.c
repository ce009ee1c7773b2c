// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/format/vhdx/vhdx.h"

bool vhdx_guid_is_zero(const uint8_t *guid)
{
	static const uint8_t zero[VHDX_GUID];

	return memcmp(guid, zero, VHDX_GUID) == 0;
}

void vhdx_guid_text(const uint8_t *g, char ret[VHDX_GUID_TEXT])
{
	snprintf(ret, VHDX_GUID_TEXT, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 get_le32(g), get_le16(g + 4), get_le16(g + 6), g[8], g[9], g[10], g[11], g[12],
		 g[13], g[14], g[15]);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return found ? (int)(found - digits) : -1;
}

bool vhdx_guid_parse(const char *text, size_t n, uint8_t ret[VHDX_GUID])
{
	/* which byte of the GUID each pair of digits is: the first three groups are little-endian
	 */
	static const uint8_t order[VHDX_GUID] = { 3, 2, 1,  0,	5,  4,	7,  6,
						  8, 9, 10, 11, 12, 13, 14, 15 };
	size_t at = 0;

	if (n == VHDX_GUID_TEXT + 1 && text[0] == '{' && text[n - 1] == '}') {
		text++;
		n -= 2;
	}
	if (n != VHDX_GUID_TEXT - 1)
		return false;
	for (size_t i = 0; i < VHDX_GUID; i++) {
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-')
			return false;
		high = hex_digit(text[at++]);
		low = hex_digit(text[at++]);
		if (high < 0 || low < 0)
			return false;
		ret[order[i]] = (uint8_t)(high << 4 | low);
	}
	return true;
}
