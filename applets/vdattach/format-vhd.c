// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format-vhd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format.h"
#include "common/bytes.h"

#define CHS_MAX_SECTORS (65535ULL * 16 * 255)

/* One's complement of the sum of all bytes, those of the checksum field itself left out. */
static uint32_t footer_checksum(const uint8_t *bytes)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < VHD_FOOTER_SIZE; i++) {
		if (i < 64 || i >= 68)
			sum += bytes[i];
	}
	return ~sum;
}

bool vhd_footer_decode(const uint8_t *bytes, struct vhd_footer *ret)
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
		.checksum_expected = footer_checksum(bytes),
		.saved_state = bytes[84] != 0,
	};
	memcpy(ret->creator, bytes + 28, sizeof(ret->creator));
	return true;
}

const char *vhd_type_name(uint32_t type)
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

uint64_t vhd_virtual_size(const struct vhd_footer *footer)
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

static int read_footer(struct vd_image *image, struct vhd_footer *ret, uint32_t *ret_length,
		       struct error **err)
{
	struct source *source = image->source;
	uint8_t bytes[VHD_FOOTER_SIZE];
	int r;

	if (source->size < VHD_FOOTER_SIZE)
		return error_make(err, EINVAL, "%s: too short for a VHD footer", source->name);
	r = source_pread(source, bytes, sizeof(bytes), source->size - VHD_FOOTER_SIZE, err);
	if (r < 0)
		return r;
	*ret_length = find_footer(bytes, sizeof(bytes), ret);
	if (*ret_length)
		return 0;
	r = source_pread(source, bytes, sizeof(bytes), 0, err);
	if (r < 0)
		return r;
	if (vhd_footer_decode(bytes, ret) && ret->type != VHD_FIXED)
		return 0;
	return error_make(err, EINVAL,
			  "%s: no VHD footer at offset %" PRIu64 ": is the file cut short?",
			  source->name, source->size - VHD_FOOTER_SIZE);
}

/* What must hold before anything in the footer is believed. */
static int check_kind(const struct vd_image *image, const struct vhd_footer *footer,
		      struct error **err)
{
	const char *name = image->source->name;

	if (footer->type == VHD_DYNAMIC || footer->type == VHD_DIFFERENCING)
		return error_make(err, EOPNOTSUPP,
				  "%s: format 'vhd' (%s) recognised, but this version attaches raw "
				  "and fixed VHD only",
				  name, vhd_type_name(footer->type));
	if (footer->type != VHD_FIXED)
		return error_make(err, EINVAL, "%s: VHD footer: disk type %u, expected 2 (fixed)",
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

	if (footer->checksum == footer->checksum_expected)
		return 0;
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

static int set_size(struct vd_image *image, const struct vhd_footer *footer, uint32_t footer_length,
		    struct error **err)
{
	uint64_t room = image->source->size - footer_length;
	uint64_t size = vhd_virtual_size(footer);
	const char *name = image->source->name;

	if (size > room)
		return error_make(err, EINVAL,
				  "%s: VHD footer: disk of %" PRIu64
				  " bytes, but the file holds only %" PRIu64 " before the footer",
				  name, size, room);
	if (size % VD_SECTOR)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VHD footer: size %" PRIu64 " is no multiple of 512: rounded down",
			     name, size);
	image->size = size - size % VD_SECTOR;
	if (image->size == 0)
		return error_make(err, EINVAL, "%s: VHD footer: the disk has no sectors", name);
	return 0;
}

static int vhd_open(struct vd_image *image, struct error **err)
{
	struct vhd_footer footer;
	uint32_t length = 0;
	int r;

	r = read_footer(image, &footer, &length, err);
	if (!r)
		r = check_kind(image, &footer, err);
	if (!r)
		r = check_checksum(image, &footer, err);
	if (!r)
		r = set_size(image, &footer, length, err);
	if (r < 0)
		return r;
	if (footer.saved_state)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VHD footer: belongs to a suspended virtual machine",
			     image->source->name);
	image->variant = vhd_type_name(footer.type);
	return 0;
}

static int vhd_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		      struct error **err)
{
	*ret = (struct vd_extent){ .kind = VD_EXTENT_DATA,
				   .length = image->size - offset,
				   .host_offset = offset,
				   .source = image->source };
	return 0;
}

static int vhd_check(struct vd_image *image, struct error **err)
{
	const char *name = image->source->name;
	struct vhd_footer footer;
	uint32_t length = 0;
	uint64_t unused;
	int r;

	r = read_footer(image, &footer, &length, err);
	if (r < 0)
		return r;
	if (length != VHD_FOOTER_SIZE)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VHD footer of %u bytes, as written before Virtual PC 2004", name,
			     length);
	if (footer.data_offset != UINT64_MAX)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VHD footer: data offset %" PRIx64 ", a fixed disk has none", name,
			     footer.data_offset);
	unused = image->source->size - length - image->size;
	if (unused)
		findings_add(&image->findings, FINDING_LEAK,
			     "%s: %" PRIu64 " bytes at offset %" PRIu64
			     " between the end of the disk and the footer belong to nothing",
			     name, unused, image->size);
	return 0;
}

const struct vd_format_ops vd_format_vhd = {
	.name = "vhd",
	.caps = VD_CAP_WRITE,
	.probe = vhd_probe,
	.open = vhd_open,
	.extent = vhd_extent,
	.check = vhd_check,
};
