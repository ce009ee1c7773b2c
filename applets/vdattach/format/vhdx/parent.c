// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/common/utf8.h"
#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vhdx/vhdx.h"

/* 2.6.2.6.1 */
static const uint8_t vhdx_locator[VHDX_GUID] = { 0xb7, 0xef, 0x4a, 0xb0, 0x9e, 0xd1, 0x81, 0x4a,
						 0xb7, 0x89, 0x25, 0xb8, 0xe9, 0x44, 0x59, 0x13 };

/* Where the parent is, in the order of trust: Windows looks at relative_path first as well. */
static const char *const path_keys[] = { "relative_path", "absolute_win32_path", "volume_path" };

struct locator {
	uint8_t *bytes; /* owned */
	uint32_t size;
	unsigned int n;
};

static void locator_release(struct locator *locator)
{
	free(locator->bytes);
}

static int bad_locator(const struct vhdx *vhdx, const char *what, struct error **err)
{
	return error_make(err, EINVAL, "%s: VHDX parent locator at offset %" PRIu64 ": %s",
			  vhdx->file->name, vhdx->locator_offset, what);
}

static int locator_read(const struct vhdx *vhdx, struct locator *ret, struct error **err)
{
	int r;

	if (vhdx->locator_length < 20)
		return bad_locator(vhdx, "too short", err);
	ret->size = vhdx->locator_length;
	ret->bytes = malloc(ret->size);
	if (!ret->bytes)
		return error_sys(err, ENOMEM, "%s", vhdx->file->name);
	r = source_pread(vhdx->meta, ret->bytes, ret->size, vhdx->locator_offset, err);
	if (r < 0)
		return r;
	if (memcmp(ret->bytes, vhdx_locator, VHDX_GUID) != 0)
		return bad_locator(vhdx, "its type is not known to this version", err);
	ret->n = get_le16(ret->bytes + 18);
	if (ret->n > (ret->size - 20) / 12)
		return bad_locator(vhdx, "more entries than it has room for", err);
	return 0;
}

/* A string of the locator: UTF-16LE, at offset of it. False when it is not inside. */
static bool vhdx_inside(const struct locator *locator, uint32_t offset, uint32_t length)
{
	return offset <= locator->size && length <= locator->size - offset && length % 2 == 0;
}

static bool key_is(const uint8_t *utf16, uint32_t length, const char *key)
{
	if (length != 2 * strlen(key))
		return false;
	for (uint32_t i = 0; i < length / 2; i++) {
		if (get_le16(utf16 + 2UL * i) != (uint8_t)key[i])
			return false;
	}
	return true;
}

/* The text as UTF-8 up to a NUL, or NULL without memory. Lone surrogates become U+FFFD. */
static char *to_utf8(const uint8_t *p, uint32_t length)
{
	char *text = malloc((size_t)length / 2 * 4 + 1);
	size_t n = 0;

	for (uint32_t i = 0; text && i + 1 < length; i += 2) {
		uint32_t c = get_le16(p + i);
		uint32_t low = i + 3 < length ? get_le16(p + i + 2) : 0;

		if (c == 0)
			break;
		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = 0xfffd;
		}
		n += utf8_put(text + n, c);
	}
	if (text)
		text[n] = 0;
	return text;
}

/* The value of key, owned by the caller; *ret = NULL when it is not there. */
static int locator_value(const struct vhdx *vhdx, const struct locator *locator, const char *key,
			 char **ret, struct error **err)
{
	*ret = NULL;
	for (unsigned int i = 0; i < locator->n; i++) {
		const uint8_t *e = locator->bytes + 20 + (size_t)i * 12;
		uint32_t key_at = get_le32(e), value_at = get_le32(e + 4);
		uint32_t key_size = get_le16(e + 8), value_size = get_le16(e + 10);

		if (!vhdx_inside(locator, key_at, key_size) ||
		    !vhdx_inside(locator, value_at, value_size))
			return bad_locator(vhdx, "an entry is not inside it", err);
		if (!key_is(locator->bytes + key_at, key_size, key))
			continue;
		*ret = to_utf8(locator->bytes + value_at, value_size);
		return *ret ? 0 : error_sys(err, ENOMEM, "%s", vhdx->file->name);
	}
	return 0;
}

/* The ids that the parent may have, each UINT8_MAX x 16 when there is none. */
struct linkages {
	uint8_t guid[2][VHDX_GUID];
};

static int read_linkages(const struct vhdx *vhdx, const struct locator *locator,
			 struct linkages *ret, struct error **err)
{
	static const char *const keys[] = { "parent_linkage", "parent_linkage2" };
	int r = 0;

	memset(ret, UINT8_MAX, sizeof(*ret));
	for (size_t i = 0; i < ARRAY_SIZE(keys) && r == 0; i++) {
		_cleanup_free_ char *text = NULL;

		r = locator_value(vhdx, locator, keys[i], &text, err);
		if (r == 0 && text && !vhdx_guid_parse(text, strlen(text), ret->guid[i]))
			memset(ret->guid[i], UINT8_MAX, VHDX_GUID);
	}
	return r;
}

static bool is_linked(const struct linkages *linkages, const uint8_t *guid)
{
	/* while a parent is being merged into, either of its two ids will do */
	return memcmp(guid, linkages->guid[0], VHDX_GUID) == 0 ||
	       memcmp(guid, linkages->guid[1], VHDX_GUID) == 0;
}

static bool is_parent(const void *id, struct source *file)
{
	_cleanup_free_ struct vhdx *vhdx = calloc(1, sizeof(*vhdx));
	uint8_t magic[8];

	if (!vhdx || file->size < MIB || source_pread(file, magic, sizeof(magic), 0, NULL) < 0 ||
	    memcmp(magic, "vhdxfile", sizeof(magic)) != 0)
		return false;
	vhdx->file = file;
	return vhdx_header_read(vhdx, NULL) == 0 && is_linked(id, vhdx->header.data_write_guid);
}

int vhdx_parent(struct vd_image *image, struct vd_parent_ref *ret, struct error **err)
{
	_cleanup_(locator_release) struct locator locator = { .bytes = NULL };
	struct vhdx *vhdx = to_vhdx(image);
	struct linkages linkages;
	int r;

	if (!vhdx->has_parent)
		return 0;
	ret->format = "vhdx";
	r = locator_read(vhdx, &locator, err);
	for (size_t i = 0; i < ARRAY_SIZE(path_keys) && r == 0; i++) {
		_cleanup_free_ char *name = NULL;

		r = locator_value(vhdx, &locator, path_keys[i], &name, err);
		if (r == 0 && name && *name)
			r = vd_parent_ref_add(ret, name, err);
	}
	if (r == 0 && !image->parent)
		r = read_linkages(vhdx, &locator, &linkages, err);
	if (r == 0 && !image->parent)
		r = vd_parent_search(image, is_parent, &linkages, ret, err);
	if (r == 0 && ret->n_names == 0)
		r = bad_locator(vhdx, "no path of the parent", err);
	return r;
}

int vhdx_matches_parent(struct vd_image *image, struct vd_image *candidate, struct error **err)
{
	_cleanup_(locator_release) struct locator locator = { .bytes = NULL };
	_cleanup_free_ char *linkage = NULL;
	struct vhdx *vhdx = to_vhdx(image);
	char actual[VHDX_GUID_TEXT];
	struct linkages linkages;
	const uint8_t *guid;
	int r;

	if (strcmp(candidate->format->name, "vhdx") != 0)
		return error_make(err, ESTALE, "%s: its parent must be a VHDX, but '%s' is %s",
				  image->source->name, candidate->source->name,
				  candidate->format->name);
	guid = to_vhdx(candidate)->header.data_write_guid;
	r = locator_read(vhdx, &locator, err);
	if (r == 0)
		r = read_linkages(vhdx, &locator, &linkages, err);
	if (r < 0 || is_linked(&linkages, guid))
		return r;
	r = locator_value(vhdx, &locator, "parent_linkage", &linkage, err);
	if (r < 0)
		return r;
	vhdx_guid_text(guid, actual);
	return error_make(err, ESTALE,
			  "%s: its parent has the id %s, but '%s' has {%s}: it is another disk or "
			  "was written to since",
			  image->source->name, linkage ? linkage : "(none)",
			  candidate->source->name, actual);
}
