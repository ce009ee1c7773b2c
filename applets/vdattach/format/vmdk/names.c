// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VMware writes a descriptor, and the names of the files in it, in the encoding of its host: GBK,
 * Big5, Shift_JIS, EUC-KR, windows-1251. On the disk, as Linux sees it, the names are UTF-8. Tables
 * of all these encodings would be half of this program; what is certain without them is where the
 * characters are that are not ASCII, and that the others are the same. One file that fits is the
 * one; of two, neither is.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vmdk/vmdk.h"

enum width {
	ONE_BYTE,
	TWO_BYTES,
	TWO_BYTES_OR_KANA, /* of which 0xa1 to 0xdf are one */
	UNKNOWN_WIDTH,
};

static enum width width_of(const char *encoding)
{
	static const char *const two[] = { "GB",	  "Big5",	 "EUC-",
					   "windows-936", "windows-949", "windows-950",
					   "cp936",	  "cp949",	 "cp950" };
	static const char *const kana[] = { "Shift_JIS", "SJIS", "windows-932", "windows-31J",
					    "cp932" };

	if (!encoding)
		return UNKNOWN_WIDTH;
	for (size_t i = 0; i < ARRAY_SIZE(two); i++)
		if (strncasecmp(encoding, two[i], strlen(two[i])) == 0)
			return TWO_BYTES;
	for (size_t i = 0; i < ARRAY_SIZE(kana); i++)
		if (strncasecmp(encoding, kana[i], strlen(kana[i])) == 0)
			return TWO_BYTES_OR_KANA;
	return ONE_BYTE;
}

static bool is_ascii(char c)
{
	return !((unsigned char)c & 0x80);
}

/* Bytes of the character at p, which is not ASCII. */
static size_t character_size(const char *p, enum width width)
{
	unsigned char c = (unsigned char)*p;
	bool single = width == ONE_BYTE || (width == TWO_BYTES_OR_KANA && c >= 0xa1 && c <= 0xdf);

	return single || !p[1] ? 1 : 2;
}

/*
 * Ideographs, kana and Hangul take three bytes in UTF-8, letters two, punctuation (0xe2) either; no
 * encoding of one byte has the former, and those of two have letters in their first rows only.
 */
static bool same_kind(const char *written, const char *name, enum width width)
{
	unsigned char c = (unsigned char)*written, lead = (unsigned char)*name;
	bool letter = lead < 0xe0;

	if (lead == 0xe2 || width == UNKNOWN_WIDTH)
		return true;
	if (character_size(written, width) == 1)
		return width == ONE_BYTE ? letter : !letter;
	return !letter || (width == TWO_BYTES ? c < 0xb0 : c == 0x81 || c == 0x83 || c == 0x84);
}

/* Whether a file called name, in UTF-8, may be what written means. */
static bool may_mean(const char *written, const char *name, enum width width)
{
	while (*written && *name) {
		if (is_ascii(*written) || is_ascii(*name)) {
			if (*written++ != *name++)
				return false;
			continue;
		}
		if (!same_kind(written, name, width))
			return false;
		written += character_size(written, width);
		for (name++; ((unsigned char)*name & 0xc0) == 0x80; name++)
			;
	}
	return !*written && !*name;
}

struct match {
	struct vd_image *image;
	const char *written, *encoding;
	bool read_only;
	struct source *found; /* owned */
	struct error *err;
};

static int take(struct match *m, const char *name)
{
	_cleanup_source_ struct source *source = NULL;
	int r = vd_image_open_file(m->image, name, m->read_only, &source, &m->err);

	if (r < 0 || !source)
		return r;
	if (!m->found) {
		m->found = source;
		source = NULL;
		return 0;
	}
	if (source_is_same_file(m->found, source))
		return 0;
	return error_make(&m->err, EINVAL,
			  "%s: VMDK descriptor: the file '%s' in the encoding %s may be '%s' or "
			  "'%s': write it in UTF-8, with encoding=\"UTF-8\"",
			  m->image->source->name, m->written,
			  m->encoding ? m->encoding : "of its host", m->found->name, name);
}

static int visit(void *arg, const char *name)
{
	struct match *m = arg;
	enum width width = width_of(m->encoding);
	bool found = width == UNKNOWN_WIDTH ? may_mean(m->written, name, ONE_BYTE) ||
						      may_mean(m->written, name, TWO_BYTES)
					    : may_mean(m->written, name, width);

	return found ? take(m, name) : 0;
}

/* Among the files beside the image. -ENOENT: none fits, and the error of before stays. */
static int find(struct match *m, struct source **ret, struct error **err)
{
	const struct vd_resolver *resolver = m->image->resolver;
	int r = resolver->siblings(resolver->ctx, m->image->source, visit, m, NULL);

	if (r == 0 && m->found) {
		error_release(err);
		*ret = m->found;
		return 0;
	}
	source_close(&m->found);
	if (m->err)
		return error_move(err, steal_ptr(&m->err));
	return r < 0 ? r : -ENOENT;
}

static bool needs_decoding(const char *name)
{
	while (*name && is_ascii(*name))
		name++;
	return *name;
}

int vmdk_open_named(struct vd_image *image, const char *name, bool read_only, struct source **ret,
		    struct error **err)
{
	const struct vmdk_state *state = image->state;
	const struct vd_resolver *resolver = image->resolver;
	struct match m = { .image = image,
			   .written = name,
			   .encoding = state->descriptor.encoding,
			   .read_only = read_only };
	int r = vd_image_open_file(image, name, read_only, ret, err);

	if (r != -ENOENT || !needs_decoding(name) || strchr(name, '/') || !resolver->siblings)
		return r;
	return find(&m, ret, err);
}

struct owner {
	struct vd_image *image;
	const char *name; /* of the image's file, without its directory */
	char *found;	  /* owned, or NULL */
};

static bool names_extent(const struct vmdk_descriptor *d, const char *name)
{
	/* an only extent is all of the disk */
	for (size_t i = 0; d->n_extents > 1 && i < d->n_extents; i++) {
		const char *file = d->extents[i].file;
		const char *slash = file ? strrchr(file, '/') : NULL;

		if (file && strcmp(slash ? slash + 1 : file, name) == 0)
			return true;
	}
	return false;
}

static int visit_descriptor(void *arg, const char *name)
{
	_cleanup_(vmdk_descriptor_release) struct vmdk_descriptor d = { .version = 0 };
	_cleanup_source_ struct source *source = NULL;
	struct owner *owner = arg;
	size_t n = strlen(name);

	if (n < 5 || strcasecmp(name + n - 5, ".vmdk") != 0 ||
	    vd_image_open_file(owner->image, name, true, &source, NULL) < 0 ||
	    !vmdk_find_descriptor(source, &d) || !names_extent(&d, owner->name))
		return 0;
	owner->found = strdup(name);
	return owner->found ? 1 : -ENOMEM;
}

int vmdk_refuse_piece(struct vd_image *image, struct error **err)
{
	const struct vd_resolver *resolver = image->resolver;
	const char *slash = strrchr(image->source->name, '/');
	struct owner owner = { .image = image, .name = slash ? slash + 1 : image->source->name };
	int r;

	if (image->named || !resolver || !resolver->siblings)
		return 0;
	r = resolver->siblings(resolver->ctx, image->source, visit_descriptor, &owner, err);
	if (r < 0 || !owner.found)
		return MIN(r, 0);
	error_make(err, EINVAL,
		   "%s: one extent of the VMDK disk '%s', not a disk: attach that file, or this "
		   "extent alone with -f vmdk",
		   image->source->name, owner.found);
	free(owner.found);
	return -EINVAL;
}
