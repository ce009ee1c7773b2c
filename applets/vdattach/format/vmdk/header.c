// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/vmdk/header.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"

#define FOOTER_BYTES  (3 * VD_SECTOR) /* marker, header, end-of-stream marker */
#define MARKER_FOOTER 3u
#define PADDING_MAX   (64 * KIB) /* that a transfer may have added behind a stream */

#define COWD_GRAINS_PER_TABLE 4096u
#define COWD_ROOT	      1u
#define SE_TABLE_SECTORS      64u
#define SE_GRAIN_SECTORS      8u
#define SE_VOLATILE_MAGIC     0xcafecafeu

static void decode_cowd(const uint8_t *b, struct vmdk_header *ret)
{
	*ret = (struct vmdk_header){
		.kind = VMDK_COWD,
		.version = get_le32(b + 4),
		.child = !(get_le32(b + 8) & COWD_ROOT),
		.capacity = get_le32(b + 12),
		.grain = get_le32(b + 16),
		.directory_offset = get_le32(b + 20),
		.grains_per_table = COWD_GRAINS_PER_TABLE,
	};
}

static void decode_se(const uint8_t *b, struct vmdk_header *ret)
{
	*ret = (struct vmdk_header){
		.kind = VMDK_SE,
		.child = true,
		.version = 1,
		.flags = VMDK_FLAG_ZERO_GRAIN,
		.capacity = get_le64(b + 16),
		.grain = get_le64(b + 24),
		.grains_per_table =
			get_le64(b + 32) == SE_TABLE_SECTORS ? SE_TABLE_SECTORS * VD_SECTOR / 8 : 0,
		.volatile_offset = get_le64(b + 80),
		.directory_offset = get_le64(b + 128),
		.tables_offset = get_le64(b + 144),
		.grains_offset = get_le64(b + 192),
	};
}

bool vmdk_header_decode(const uint8_t *b, struct vmdk_header *ret)
{
	if (memcmp(b, VMDK_COWD_MAGIC, 4) == 0) {
		decode_cowd(b, ret);
		return true;
	}
	if (memcmp(b, VMDK_SE_MAGIC, VMDK_SE_MAGIC_BYTES) == 0) {
		decode_se(b, ret);
		return true;
	}
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

static bool is_zero(const uint8_t *sector)
{
	return sector[0] == 0 && memcmp(sector, sector + 1, VD_SECTOR - 1) == 0;
}

/*
 * Streams are written front to back, so where their tables are stands at the end: marker, header
 * and a sector of zeros that ends the stream. More zeros may follow.
 */
static int read_footer(struct source *source, struct vmdk_header *ret, struct error **err)
{
	uint8_t bytes[2 * VD_SECTOR];
	uint64_t offset = source->size - source->size % VD_SECTOR;
	uint64_t least = offset > PADDING_MAX ? offset - PADDING_MAX : 0;

	for (least = MAX(least, (uint64_t)FOOTER_BYTES); offset >= least; offset -= VD_SECTOR) {
		uint64_t at = offset - FOOTER_BYTES;
		int r = source_pread(source, bytes, sizeof(bytes), at, err);

		if (r < 0)
			return r;
		if (get_le32(bytes + 12) == MARKER_FOOTER &&
		    vmdk_header_decode(bytes + VD_SECTOR, ret) && ret->kind == VMDK_HOSTED &&
		    ret->directory_offset != VMDK_DIRECTORY_IN_FOOTER)
			return 0;
		if (!is_zero(bytes + VD_SECTOR))
			break;
	}
	return error_make(err, EINVAL,
			  "%s: no VMDK footer at the end, at offset %" PRIu64
			  ": is the file cut short?",
			  source->name, source->size);
}

/* Changes that only the journal has are not known how to make. */
static int check_journal(struct source *source, const struct vmdk_header *h, struct error **err)
{
	uint8_t bytes[VD_SECTOR];
	int r;

	if (h->volatile_offset >= source->size / VD_SECTOR)
		return error_make(err, EINVAL, "%s: VMDK SESPARSE header: is the file cut short?",
				  source->name);
	r = source_pread(source, bytes, sizeof(bytes), h->volatile_offset * VD_SECTOR, err);
	if (r < 0)
		return r;
	if (get_le64(bytes) != SE_VOLATILE_MAGIC)
		return error_make(err, EINVAL,
				  "%s: no VMDK SESPARSE volatile header at sector %" PRIu64,
				  source->name, h->volatile_offset);
	if (get_le64(bytes + 24))
		return error_make(err, EOPNOTSUPP,
				  "%s: VMDK SESPARSE: was not closed properly, its journal must be "
				  "replayed by ESX",
				  source->name);
	return 0;
}

static int vmdk_check_kind(const char *name, const struct vmdk_header *h, struct error **err)
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
	uint64_t least = h->kind == VMDK_COWD ? 1 : VMDK_GRAIN_SECTORS_MIN;
	uint64_t most = h->kind == VMDK_SE ? SE_GRAIN_SECTORS : VMDK_GRAIN_SECTORS_MAX;

	if (h->grain < least || h->grain > most || h->grain & (h->grain - 1))
		return error_make(err, EINVAL,
				  "%s: VMDK header: grains of %" PRIu64
				  " sectors, expected a power of two from %" PRIu64 " to %" PRIu64,
				  name, h->grain, least, most);
	if (h->kind == VMDK_HOSTED ? h->grains_per_table != VMDK_GRAINS_PER_TABLE
				   : !h->grains_per_table)
		return error_make(err, EINVAL,
				  "%s: VMDK header: %u entries in a grain table, expected %u", name,
				  h->grains_per_table,
				  h->kind == VMDK_HOSTED ? VMDK_GRAINS_PER_TABLE : 4096u);
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
	r = vmdk_check_kind(source->name, ret, err);
	/* nothing but a descriptor: the disk is in other files */
	if (r == 0 && (ret->capacity || !ret->descriptor_offset))
		r = check_units(source->name, ret, err);
	return r < 0 || ret->kind != VMDK_SE ? r : check_journal(source, ret, err);
}
