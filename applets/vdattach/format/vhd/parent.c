// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vhd/vhd.h"

#define NAME_MAX_BYTES 4096u /* of a locator */

static size_t put_utf8(char *to, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n == 1) {
		to[0] = (char)c;
		return 1;
	}
	for (size_t i = n; i-- > 1; c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)(0xf00 >> n | c);
	return n;
}

/*
 * UTF-16 up to n bytes or its first NUL, as UTF-8. to has room for 3 bytes for each 2, and a NUL.
 * False when it is no UTF-16 or has nothing in it.
 */
static bool utf16_to_utf8(const uint8_t *from, size_t n, bool big_endian, char *to)
{
	size_t length = 0;

	for (size_t i = 0; i + 2 <= n; i += 2) {
		uint32_t c = big_endian ? get_be16(from + i) : get_le16(from + i), low;

		if (c == 0)
			break;
		if (c >= 0xd800 && c < 0xe000) {
			i += 2;
			if (c >= 0xdc00 || i + 2 > n)
				return false;
			low = big_endian ? get_be16(from + i) : get_le16(from + i);
			if (low < 0xdc00 || low >= 0xe000)
				return false;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
		length += put_utf8(to + length, c);
	}
	to[length] = '\0';
	return length > 0;
}

/* One locator: W2ru and W2ku hold a Windows path, relative and absolute, in UTF-16LE. */
static int add_locator(struct vd_image *image, const struct vhd_locator *locator,
		       struct vd_parent_ref *ret, struct error **err)
{
	uint8_t bytes[NAME_MAX_BYTES];
	char name[NAME_MAX_BYTES / 2 * 3 + 1];
	int r;

	if (locator->length == 0 || locator->length > sizeof(bytes) ||
	    locator->offset > image->source->size ||
	    locator->length > image->source->size - locator->offset) {
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VHD parent locator of %u bytes at offset %" PRIu64 " left out",
			     image->source->name, locator->length, locator->offset);
		return 0;
	}
	r = source_pread(image->source, bytes, locator->length, locator->offset, err);
	if (r < 0)
		return error_wrap(err, "%s: VHD parent locator", image->source->name);
	return utf16_to_utf8(bytes, locator->length, false, name)
		       ? vd_parent_ref_add(ret, name, err)
		       : 0;
}

static int add_locators(struct vd_image *image, const char *code, struct vd_parent_ref *ret,
			struct error **err)
{
	const struct vhd *vhd = image->state;
	int r = 0;

	for (size_t i = 0; i < VHD_LOCATORS && r == 0; i++) {
		if (memcmp(vhd->header.locators[i].code, code, 4) == 0)
			r = add_locator(image, vhd->header.locators + i, ret, err);
	}
	return r;
}

int vhd_parent(struct vd_image *image, struct vd_parent_ref *ret, struct error **err)
{
	const struct vhd *vhd = image->state;
	char name[sizeof(vhd->header.parent_name) / 2 * 3 + 1];
	int r;

	if (vhd->footer.type != VHD_DIFFERENCING)
		return 0;
	ret->format = "vhd";
	/* relative first: it stays true when the directory moves */
	r = add_locators(image, "W2ru", ret, err);
	if (r == 0)
		r = add_locators(image, "W2ku", ret, err);
	if (r == 0 &&
	    utf16_to_utf8(vhd->header.parent_name, sizeof(vhd->header.parent_name), true, name))
		r = vd_parent_ref_add(ret, name, err);
	if (r == 0 && !image->parent)
		r = vd_parent_search(image, vhd_has_id, vhd->header.parent_id, ret, err);
	if (r == 0 && ret->n_names == 0)
		r = image->parent ? vd_parent_ref_add(ret, image->parent->source->name, err)
				  : error_make(err, EINVAL,
					       "%s: VHD header: a differencing disk that names no "
					       "parent",
					       image->source->name);
	return r;
}

static void format_id(const uint8_t *id, char *to)
{
	for (size_t i = 0; i < 16; i++)
		snprintf(to + 2 * i, 3, "%02x", id[i]);
}

int vhd_matches_parent(struct vd_image *image, struct vd_image *candidate, struct error **err)
{
	const struct vhd *vhd = image->state, *parent = candidate->state;
	char want[33], got[33];

	if (candidate->format != image->format)
		return error_make(err, ESTALE, "'%s' is %s, expected a VHD",
				  candidate->source->name, candidate->format->name);
	if (memcmp(vhd->header.parent_id, parent->footer.id, sizeof(parent->footer.id)) == 0)
		return 0;
	format_id(vhd->header.parent_id, want);
	format_id(parent->footer.id, got);
	return error_make(err, ESTALE, "'%s' has the id %s, expected %s", candidate->source->name,
			  got, want);
}
