// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/vhd/vhd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/format.h"
#include "common/bytes.h"

#define CHS_MAX_SECTORS (65535ULL * 16 * 255)

uint32_t vhd_checksum(const uint8_t *bytes, size_t n, size_t skip)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (i < skip || i >= skip + 4)
			sum += bytes[i];
	}
	return ~sum;
}

/* Decodes VHD_FOOTER_SIZE bytes. False when the cookie is not there; nothing else is checked. */
static bool vhd_footer_decode(const uint8_t *bytes, struct vhd_footer *ret)
{
	uint64_t sectors;

	if (memcmp(bytes, VHD_COOKIE, 8) != 0)
		return false;
	sectors = (uint64_t)get_be16(bytes + 56) * bytes[58] * bytes[59];
	*ret = (struct vhd_footer){
		.version = get_be32(bytes + 12),
		.data_offset = get_be64(bytes + 16),
		.original_size = get_be64(bytes + 40),
		.current_size = get_be64(bytes + 48),
		.chs_size = sectors * VD_SECTOR,
		.chs_is_maximum = sectors >= CHS_MAX_SECTORS,
		.type = get_be32(bytes + 60),
		.checksum = get_be32(bytes + 64),
		.checksum_expected = vhd_checksum(bytes, VHD_FOOTER_SIZE, 64),
		.saved_state = bytes[84] != 0,
	};
	memcpy(ret->creator, bytes + 28, sizeof(ret->creator));
	memcpy(ret->id, bytes + 68, sizeof(ret->id));
	return true;
}

/* "fixed", "dynamic", "differencing" or "unknown". */
static const char *vhd_type_name(uint32_t type)
{
	switch (type) {
	case VHD_FIXED:
		return "fixed";
	case VHD_DYNAMIC:
		return "dynamic";
	case VHD_DIFFERENCING:
		return "differencing";
	default:
		return "unknown";
	}
}

/*
 * The size that the guest saw, in bytes. Always current_size, but for disks
 * made by Virtual PC ("vpc "), whose guests saw the CHS geometry, unless that
 * is at its maximum. (qemu's block/vpc.c takes CHS for every creator that it
 * does not know, which cuts the end off VirtualBox disks.)
 */
static uint64_t vhd_virtual_size(const struct vhd_footer *footer)
{
	if (memcmp(footer->creator, "vpc ", 4) != 0 || footer->chs_is_maximum)
		return footer->current_size;
	if (footer->chs_size == 0 || footer->chs_size > footer->current_size)
		return footer->current_size;
	return footer->chs_size;
}

/*
 * The footer at the end of the file: 512 bytes, or the 511 of old creators
 * (their missing last byte is reserved, zero). Returns its length, 0 without one.
 */
static uint32_t find_footer(const uint8_t *tail, size_t n, struct vhd_footer *ret)
{
	uint8_t old[VHD_FOOTER_SIZE] = { 0 };

	if (n < VHD_FOOTER_SIZE)
		return 0;
	if (vhd_footer_decode(tail, ret))
		return VHD_FOOTER_SIZE;
	memcpy(old, tail + 1, VHD_OLD_FOOTER);
	return vhd_footer_decode(old, ret) ? VHD_OLD_FOOTER : 0;
}

static int vhd_probe(const struct vd_probe *probe)
{
	struct vhd_footer footer;

	if (find_footer(probe->tail, probe->tail_size, &footer))
		return 100;
	/* dynamic disks have a copy of the footer in front */
	return probe->head_size >= VHD_FOOTER_SIZE && vhd_footer_decode(probe->head, &footer) ? 100
											      : 0;
}

static bool is_good(const struct vhd_footer *footer)
{
	return footer->checksum == footer->checksum_expected;
}

bool vhd_has_id(const void *id, struct source *source)
{
	uint64_t at[2] = { source->size - VHD_FOOTER_SIZE, 0 };
	uint8_t bytes[VHD_FOOTER_SIZE];
	struct vhd_footer footer;

	for (unsigned int i = 0; i < 2 && source->size >= VHD_FOOTER_SIZE; i++) {
		if (source_pread(source, bytes, sizeof(bytes), at[i], NULL) == 0 &&
		    find_footer(bytes, sizeof(bytes), &footer) && is_good(&footer) &&
		    memcmp(footer.id, id, sizeof(footer.id)) == 0)
			return true;
	}
	return false;
}

/* The copy in front that dynamic and differencing disks have. False without a good one. */
static bool read_head(const struct vd_image *image, uint8_t *bytes, struct vhd_footer *ret)
{
	return image->source->size >= 2 * VHD_FOOTER_SIZE &&
	       source_pread(image->source, bytes, VHD_FOOTER_SIZE, 0, NULL) == 0 &&
	       vhd_footer_decode(bytes, ret) && ret->type != VHD_FIXED && is_good(ret);
}

/*
 * The footer at the end counts, unless it is missing or damaged and there is a good copy in front:
 * so it is after a power cut while the file grew.
 */
static int read_footers(struct vd_image *image, struct vhd *vhd, struct error **err)
{
	struct source *source = image->source;
	uint8_t tail[VHD_FOOTER_SIZE], head[VHD_FOOTER_SIZE];
	struct vhd_footer copy;
	bool have_copy;
	int r;

	if (source->size < VHD_FOOTER_SIZE)
		return error_make(err, EINVAL, "%s: too short for a VHD footer", source->name);
	r = source_pread(source, tail, sizeof(tail), source->size - VHD_FOOTER_SIZE, err);
	if (r < 0)
		return r;
	vhd->footer_length = find_footer(tail, sizeof(tail), &vhd->footer);
	memcpy(vhd->footer_bytes, tail + VHD_FOOTER_SIZE - vhd->footer_length, vhd->footer_length);
	have_copy = read_head(image, head, &copy);
	if (vhd->footer_length && (is_good(&vhd->footer) || !have_copy)) {
		vhd->head_good = have_copy && memcmp(head, vhd->footer_bytes, sizeof(head)) == 0;
		return 0;
	}
	if (!have_copy)
		return error_make(err, EINVAL,
				  "%s: no VHD footer at offset %" PRIu64 ": is the file cut short?",
				  source->name, source->size - VHD_FOOTER_SIZE);
	vhd->footer_length = 0;
	vhd->footer = copy;
	memcpy(vhd->footer_bytes, head, sizeof(head));
	vhd->head_good = true;
	findings_add(&image->findings, FINDING_WARNING,
		     "%s: no valid VHD footer at the end: using its copy at the start",
		     source->name);
	return 0;
}

/* What must hold before anything in the footer is believed. */
static int vhd_check_kind(const struct vd_image *image, const struct vhd_footer *footer,
			  struct error **err)
{
	const char *name = image->source->name;

	if (footer->type < VHD_FIXED || footer->type > VHD_DIFFERENCING)
		return error_make(err, EINVAL, "%s: VHD footer: disk type %u, expected 2, 3 or 4",
				  name, footer->type);
	if (footer->version >> 16 != 1)
		return error_make(err, EOPNOTSUPP, "%s: VHD footer: version %u.%u, expected 1.x",
				  name, footer->version >> 16, footer->version & 0xffff);
	return 0;
}

static int check_checksum(struct vd_image *image, const struct vhd_footer *footer,
			  struct error **err)
{
	const char *name = image->source->name;

	if (is_good(footer))
		return 0;
	if (footer->type != VHD_FIXED)
		return error_make(
			err, EINVAL,
			"%s: VHD footer: checksum %08x, expected %08x, and no valid copy at "
			"offset 0: damaged",
			name, footer->checksum, footer->checksum_expected);
	if (!image->read_only)
		return error_make(err, EROFS,
				  "%s: VHD footer: checksum %08x, expected %08x: damaged, attach "
				  "it read-only (-r)",
				  name, footer->checksum, footer->checksum_expected);
	findings_add(&image->findings, FINDING_ERROR,
		     "%s: VHD footer: checksum %08x, expected %08x", name, footer->checksum,
		     footer->checksum_expected);
	return 0;
}

static int vhd_set_size(struct vd_image *image, const struct vhd *vhd, struct error **err)
{
	uint64_t room = image->source->size - vhd->footer_length;
	uint64_t size = vhd_virtual_size(&vhd->footer);
	const char *name = image->source->name;

	if (vhd->footer.type == VHD_FIXED && size > room)
		return error_make(err, EINVAL,
				  "%s: VHD footer: disk of %" PRIu64
				  " bytes, but the file holds only %" PRIu64 " before the footer",
				  name, size, room);
	if (size % VD_SECTOR)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VHD footer: size %" PRIu64 " is no multiple of 512: rounded down",
			     name, size);
	image->size = size - size % VD_SECTOR;
	if (image->size == 0 || image->size > INT64_MAX)
		return error_make(err, EINVAL,
				  "%s: VHD footer: disk of %" PRIu64 " bytes is impossible", name,
				  image->size);
	return 0;
}

static int vhd_open(struct vd_image *image, struct error **err)
{
	struct vhd *vhd = calloc(1, sizeof(*vhd));
	int r;

	if (!vhd)
		return error_sys(err, ENOMEM, "cannot open '%s'", image->source->name);
	image->state = vhd;
	r = read_footers(image, vhd, err);
	if (!r)
		r = vhd_check_kind(image, &vhd->footer, err);
	if (!r)
		r = check_checksum(image, &vhd->footer, err);
	if (!r)
		r = vhd_set_size(image, vhd, err);
	if (!r && vhd->footer.type != VHD_FIXED)
		r = vhd_header_open(image, err);
	if (r < 0)
		return r;
	if (vhd->footer.saved_state)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VHD footer: belongs to a suspended virtual machine",
			     image->source->name);
	image->variant = vhd_type_name(vhd->footer.type);
	return 0;
}

static void vhd_close(struct vd_image *image)
{
	struct vhd *vhd = image->state;

	if (vhd)
		blockmap_free(&vhd->map);
	free(vhd);
}

static int vhd_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		      struct error **err)
{
	const struct vhd *vhd = image->state;

	if (vhd->map)
		return vhd_dynamic_extent(image, offset, ret, err);
	*ret = (struct vd_extent){ .kind = VD_EXTENT_DATA,
				   .length = image->size - offset,
				   .host_offset = offset,
				   .source = image->source };
	return 0;
}

static int vhd_flush(struct vd_image *image, struct error **err)
{
	const struct vhd *vhd = image->state;

	return vhd->map ? blockmap_commit(vhd->map, err) : source_flush(image->source, err);
}

static const struct vd_write_ops vhd_write_ops = {
	.pwrite = vhd_dynamic_pwrite,
	.flush = vhd_flush,
};

/* What the file has between what is in use and the footer. */
static void check_end(struct vd_image *image, const struct vhd *vhd)
{
	uint64_t used = vhd->map ? vhd->tail.end : image->size;
	uint64_t end = image->source->size - vhd->footer_length;

	/* a block at least, less what was allowed for alignment */
	if (vhd->map && vhd->unused >= vhd->header.block_size / 2)
		findings_add(&image->findings, FINDING_LEAK,
			     "%s: %" PRIu64 " unreferenced (leaked) bytes among the blocks",
			     image->source->name, vhd->unused);
	/*
	 * Blocks are aligned in various ways, by Windows so that the data behind the bitmap begin
	 * with a page; and the last one may be cut short.
	 */
	if (end > used + (vhd->map ? 8192 : 0))
		findings_add(&image->findings, FINDING_LEAK,
			     "%s: %" PRIu64 " bytes at offset %" PRIu64
			     " between the end of the %s and the footer are unreferenced (leaked)",
			     image->source->name, end - used, used, vhd->map ? "blocks" : "disk");
}

static int vhd_check(struct vd_image *image, struct error **err)
{
	const struct vhd *vhd = image->state;
	const char *name = image->source->name;

	if (vhd->footer_length == VHD_OLD_FOOTER)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VHD footer of %u bytes, as written before Virtual PC 2004", name,
			     vhd->footer_length);
	if (!vhd->map && vhd->footer.data_offset != UINT64_MAX)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VHD footer: data offset %" PRIx64 ", a fixed disk has none", name,
			     vhd->footer.data_offset);
	if (vhd->map && !vhd->head_good)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VHD footer: its copy in front is missing, damaged or another",
			     name);
	check_end(image, vhd);
	return 0;
}

const struct vd_format_ops vd_format_vhd = {
	.name = "vhd",
	.probe = vhd_probe,
	.open = vhd_open,
	.extent = vhd_extent,
	.write = &vhd_write_ops,
	.check = vhd_check,
	.parent = vhd_parent,
	.matches_parent = vhd_matches_parent,
	.close = vhd_close,
};
