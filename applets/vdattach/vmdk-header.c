// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/vmdk-header.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"

#define FOOTER_BYTES  (3 * VD_SECTOR) /* marker, header, end-of-stream marker */
#define MARKER_FOOTER 3u

bool vmdk_header_decode(const uint8_t *b, struct vmdk_header *ret)
{
	if (memcmp(b, VMDK_MAGIC, 4) != 0)
		return false;
	*ret = (struct vmdk_header){
		.version = get_le32(b + 4),
		.flags = get_le32(b + 8),
		.capacity = get_le64(b + 12),
		.grain = get_le64(b + 20),
		.descriptor_offset = get_le64(b + 28),
		.descriptor_size = get_le64(b + 36),
		.grains_per_table = get_le32(b + 44),
		.redundant_offset = get_le64(b + 48),
		.directory_offset = get_le64(b + 56),
		.overhead = get_le64(b + 64),
		.unclean = b[VMDK_UNCLEAN_OFFSET] != 0,
		.compression = get_le16(b + 77),
	};
	memcpy(ret->newline, b + 73, sizeof(ret->newline));
	return true;
}

/* Streams are written front to back, so where their tables are stands at the end. */
static int read_footer(struct source *source, struct vmdk_header *ret, struct error **err)
{
	uint8_t bytes[FOOTER_BYTES];
	uint64_t offset = source->size - FOOTER_BYTES;
	const uint8_t *end = bytes + 2ul * VD_SECTOR;
	int r;

	if (source->size < FOOTER_BYTES + VD_SECTOR)
		return error_make(err, EINVAL, "%s: too short for a VMDK footer", source->name);
	r = source_pread(source, bytes, sizeof(bytes), offset, err);
	if (r < 0)
		return r;
	if (get_le32(bytes + 12) != MARKER_FOOTER || get_le64(end) || get_le64(end + 8) ||
	    !vmdk_header_decode(bytes + VD_SECTOR, ret) ||
	    ret->directory_offset == VMDK_DIRECTORY_IN_FOOTER)
		return error_make(err, EINVAL,
				  "%s: no VMDK footer at offset %" PRIu64
				  ": is the file cut short?",
				  source->name, offset);
	return 0;
}

static int check_kind(const char *name, const struct vmdk_header *h, struct error **err)
{
	if (h->version < 1 || h->version > 3)
		return error_make(err, EOPNOTSUPP, "%s: VMDK header: version %u, expected 1 to 3",
				  name, h->version);
	if (h->compression > 1 || (h->compression == 0 && h->flags & VMDK_FLAG_COMPRESSED))
		return error_make(err, EOPNOTSUPP,
				  "%s: VMDK header: compression %u, expected 0 (none) or 1 "
				  "(deflate)",
				  name, h->compression);
	if (h->flags & VMDK_FLAG_NEWLINE && memcmp(h->newline, "\n \r\n", 4) != 0)
		return error_make(err, EINVAL,
				  "%s: VMDK header: newlines were changed, as by a transfer in "
				  "text mode: copy the file again",
				  name);
	return 0;
}

static int check_units(const char *name, const struct vmdk_header *h, struct error **err)
{
	if (h->grain < VMDK_GRAIN_SECTORS_MIN || h->grain > VMDK_GRAIN_SECTORS_MAX ||
	    h->grain & (h->grain - 1))
		return error_make(err, EINVAL,
				  "%s: VMDK header: grains of %" PRIu64
				  " sectors, expected a power of two from 8 to 2048",
				  name, h->grain);
	if (h->grains_per_table != VMDK_GRAINS_PER_TABLE)
		return error_make(err, EINVAL,
				  "%s: VMDK header: %u entries in a grain table, expected 512",
				  name, h->grains_per_table);
	if (h->capacity > INT64_MAX / VD_SECTOR)
		return error_make(err, EINVAL,
				  "%s: VMDK header: a disk of %" PRIu64 " sectors is impossible",
				  name, h->capacity);
	return 0;
}

int vmdk_header_read(struct source *source, struct vmdk_header *ret, struct error **err)
{
	uint8_t bytes[VD_SECTOR];
	struct vmdk_header first;
	int r;

	if (source->size < sizeof(bytes))
		return error_make(err, EINVAL, "%s: too short for a VMDK header", source->name);
	r = source_pread(source, bytes, sizeof(bytes), 0, err);
	if (r < 0)
		return r;
	if (!vmdk_header_decode(bytes, ret))
		return error_make(err, EINVAL, "%s: no VMDK header at offset 0", source->name);
	first = *ret;
	if (ret->directory_offset == VMDK_DIRECTORY_IN_FOOTER)
		r = read_footer(source, ret, err);
	if (r < 0)
		return r;
	/* the footer has the tables; the descriptor stays in front */
	ret->descriptor_offset = first.descriptor_offset;
	ret->descriptor_size = first.descriptor_size;
	r = check_kind(source->name, ret, err);
	return r < 0 ? r : check_units(source->name, ret, err);
}
