// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/common/crc32c.h"
#include "applets/vdattach/format/vhdx/vhdx.h"

#define SECTOR	      4096u
#define ENTRY_HEADER  64u
#define DESCRIPTOR    32u
#define OPS_MAX	      65536u /* of 4 KiB each: more than a sane log holds */
#define GROWTH_MAX    (64 * GIB)
#define BUDGET_FACTOR 64u

struct log {
	struct source *file;
	const struct vhdx_header *header;
	uint64_t budget; /* bytes that may still be read: hostile logs nest entries */
};

struct entry {	     /* 2.3.1.1 */
	uint32_t at; /* in the log */
	uint32_t length, tail;
	uint32_t n_descriptors;
	uint64_t sequence, flushed_size, last_size;
};

struct sequence {
	uint32_t start;
	uint64_t length; /* bytes of log; 0 = empty */
	struct entry head;
};

/* Sector at of the log, which is a ring. */
static int read_sector(struct log *log, uint64_t at, uint8_t *buf, struct error **err)
{
	if (log->budget < SECTOR)
		return error_make(err, EINVAL, "%s: VHDX log at offset %" PRIu64 " is inconsistent",
				  log->file->name, log->header->log_offset);
	log->budget -= SECTOR;
	return source_pread(log->file, buf, SECTOR,
			    log->header->log_offset + at % log->header->log_length, err);
}

static uint32_t descriptor_sectors(uint32_t n)
{
	return (uint32_t)((ENTRY_HEADER + (uint64_t)n * DESCRIPTOR + SECTOR - 1) / SECTOR);
}

/* The fixed part of an entry; checksum and descriptors are not looked at. */
static bool decode_entry(const struct log *log, uint32_t at, const uint8_t *b, struct entry *ret)
{
	uint32_t log_length = log->header->log_length;

	*ret = (struct entry){ .at = at,
			       .length = get_le32(b + 8),
			       .tail = get_le32(b + 12),
			       .sequence = get_le64(b + 16),
			       .n_descriptors = get_le32(b + 24),
			       .flushed_size = get_le64(b + 48),
			       .last_size = get_le64(b + 56) };
	if (memcmp(b, "loge", 4) != 0 || memcmp(b + 32, log->header->log_guid, VHDX_GUID) != 0)
		return false;
	if (ret->length % SECTOR || !ret->length || ret->length > log_length)
		return false;
	if (ret->tail % SECTOR || ret->tail >= log_length || !ret->sequence)
		return false;
	return descriptor_sectors(ret->n_descriptors) <= ret->length / SECTOR;
}

/* Descriptors that begin in one sector. *n_left counts down, *n_data counts the data sectors. */
static bool check_descriptors(const uint8_t *b, uint32_t from, const struct entry *entry,
			      uint32_t *n_left, uint32_t *n_data)
{
	for (; from<SECTOR && * n_left> 0; from += DESCRIPTOR, --*n_left) {
		const uint8_t *d = b + from;
		bool zero = memcmp(d, "zero", 4) == 0;

		if ((!zero && memcmp(d, "desc", 4) != 0) || get_le64(d + 24) != entry->sequence)
			return false;
		if (!zero)
			++*n_data;
	}
	return true;
}

static bool check_data_sector(const uint8_t *b, const struct entry *entry)
{
	return memcmp(b, "data", 4) == 0 && get_le32(b + 4) == entry->sequence >> 32 &&
	       get_le32(b + SECTOR - 4) == (uint32_t)entry->sequence;
}

/* 1 and *ret when there is a valid entry at that place (2.3.1), 0 when not, or -errno. */
static int read_entry(struct log *log, uint32_t at, struct entry *ret, struct error **err)
{
	uint32_t n_left, n_data = 0, stored, crc, n_descriptor_sectors;
	uint8_t b[SECTOR];
	int r;

	r = read_sector(log, at, b, err);
	if (r < 0 || !decode_entry(log, at, b, ret))
		return r;
	stored = get_le32(b + 4);
	put_le32(b + 4, 0);
	crc = crc32c(0, b, SECTOR);
	n_left = ret->n_descriptors;
	n_descriptor_sectors = descriptor_sectors(n_left);
	if (!check_descriptors(b, ENTRY_HEADER, ret, &n_left, &n_data))
		return 0;
	for (uint32_t i = 1; i < ret->length / SECTOR; i++) {
		bool valid = true;

		r = read_sector(log, (uint64_t)at + (uint64_t)i * SECTOR, b, err);
		if (r < 0)
			return r;
		if (i < n_descriptor_sectors)
			valid = check_descriptors(b, 0, ret, &n_left, &n_data);
		else if (i - n_descriptor_sectors < n_data)
			valid = check_data_sector(b, ret);
		if (!valid)
			return 0;
		crc = crc32c(crc, b, SECTOR);
	}
	return crc == stored && n_data <= ret->length / SECTOR - n_descriptor_sectors;
}

/* Follows entries from start for as long as each is the successor of the one before. */
static int read_sequence(struct log *log, uint32_t start, struct sequence *ret, struct error **err)
{
	uint32_t log_length = log->header->log_length;
	struct entry entry;
	int r;

	*ret = (struct sequence){ .start = start };
	for (;;) {
		r = read_entry(log, (uint32_t)((start + ret->length) % log_length), &entry, err);
		if (r <= 0)
			return r;
		if (ret->length && entry.sequence != ret->head.sequence + 1)
			return 0;
		if (entry.length > log_length - ret->length)
			return 0;
		ret->head = entry;
		ret->length += entry.length;
		if (ret->length == log_length)
			return 0;
	}
}

/* Bytes from the start of the sequence to the tail that its head names. */
static uint64_t tail_distance(const struct log *log, const struct sequence *sequence)
{
	uint32_t log_length = log->header->log_length;

	return ((uint64_t)sequence->head.tail + log_length - sequence->start) % log_length;
}

/* 1 when an entry begins at the tail, 0 when not. *ret is where. */
static int has_tail(struct log *log, const struct sequence *sequence, struct error **err)
{
	uint64_t at = 0, wanted = tail_distance(log, sequence);
	uint8_t b[SECTOR];
	struct entry entry;

	while (at < wanted && at < sequence->length) {
		uint32_t place = (uint32_t)((sequence->start + at) % log->header->log_length);
		int r = read_sector(log, place, b, err);

		if (r < 0)
			return r;
		if (!decode_entry(log, place, b, &entry))
			return 0;
		at += entry.length;
	}
	return at == wanted && at < sequence->length;
}

/*
 * 2.3.2: of all sequences that contain their tail the one with the highest number. None, of length
 * 0, where the log was named in the header and then the power failed before its first entry was
 * whole: nothing but that entry was to be written.
 */
static int find_active(struct log *log, struct sequence *ret, struct error **err)
{
	struct sequence sequence;
	uint64_t at = 0;

	*ret = (struct sequence){ .length = 0 };
	while (at < log->header->log_length) {
		int r = read_sequence(log, (uint32_t)at, &sequence, err);

		if (r == 0 && sequence.length &&
		    (!ret->length || sequence.head.sequence > ret->head.sequence))
			r = has_tail(log, &sequence, err);
		if (r < 0)
			return r;
		if (r > 0)
			*ret = sequence;
		at += MAX(sequence.length, (uint64_t)SECTOR);
	}
	return 0;
}

static int bad_op(const struct log *log, const struct vhdx_log_op *op, struct error **err)
{
	return error_make(err, EINVAL,
			  "%s: VHDX log: impossible write of %" PRIu64 " bytes at offset %" PRIu64,
			  log->file->name, op->length, op->offset);
}

/* The log may change all but itself and what leads to it. */
static int check_op(const struct log *log, const struct vhdx_log_op *op, uint64_t file_size,
		    struct error **err)
{
	const struct vhdx_header *h = log->header;
	uint64_t end;

	if (op->offset % SECTOR || op->length % SECTOR || !add_u64(op->offset, op->length, &end) ||
	    end > file_size || op->offset < 192 * KIB)
		return bad_op(log, op, err);
	if (op->offset < h->log_offset + h->log_length && h->log_offset < end)
		return bad_op(log, op, err);
	return 0;
}

static int add_op(struct log *log, const uint8_t *d, uint64_t *data, struct vhdx_log *ret,
		  struct error **err)
{
	struct vhdx_log_op op = { .zero = memcmp(d, "zero", 4) == 0, .length = SECTOR };
	int r;

	op.offset = get_le64(d + 16);
	if (op.zero) {
		op.length = get_le64(d + 8);
	} else {
		memcpy(op.trailing, d + 4, sizeof(op.trailing));
		memcpy(op.leading, d + 8, sizeof(op.leading));
		op.data = log->header->log_offset + *data % log->header->log_length;
		*data += SECTOR;
	}
	r = check_op(log, &op, ret->file_size, err);
	if (r < 0)
		return r;
	if (ret->n_ops % 256 == 0) {
		struct vhdx_log_op *ops =
			ret->n_ops < OPS_MAX ? realloc(ret->ops, (ret->n_ops + 256) * sizeof(*ops))
					     : NULL;

		if (!ops)
			return error_sys(err, ENOMEM, "%s: cannot read the VHDX log",
					 log->file->name);
		ret->ops = ops;
	}
	ret->ops[ret->n_ops++] = op;
	return 0;
}

/* The descriptors of a valid entry, in their order. */
static int vhdx_add_entry(struct log *log, const struct entry *entry, struct vhdx_log *ret,
			  struct error **err)
{
	uint64_t data = entry->at + (uint64_t)descriptor_sectors(entry->n_descriptors) * SECTOR;
	uint32_t position = ENTRY_HEADER;
	uint8_t b[SECTOR];
	int r = 0;

	for (uint32_t i = 0; i < entry->n_descriptors && r == 0; i++) {
		if (i == 0 || position % SECTOR == 0)
			r = read_sector(log, (uint64_t)entry->at + position / SECTOR * SECTOR, b,
					err);
		if (r == 0)
			r = add_op(log, b + position % SECTOR, &data, ret, err);
		position += DESCRIPTOR;
	}
	return r;
}

static int check_sizes(const struct log *log, const struct entry *head, struct error **err)
{
	uint64_t size = log->file->size;

	if (head->flushed_size > size)
		return error_make(err, EINVAL,
				  "%s: the file is cut short: %" PRIu64
				  " bytes, its VHDX log says that %" PRIu64 " were there",
				  log->file->name, size, head->flushed_size);
	if (head->last_size > size && head->last_size - size > GROWTH_MAX)
		return error_make(err, EINVAL,
				  "%s: VHDX log: file of %" PRIu64
				  " bytes expected, found %" PRIu64,
				  log->file->name, head->last_size, size);
	return 0;
}

static int vhdx_collect(struct log *log, const struct sequence *active, struct vhdx_log *ret,
			struct error **err)
{
	uint64_t at = tail_distance(log, active);
	int r = 0;

	while (at < active->length && r == 0) {
		struct entry entry;

		r = read_entry(log, (uint32_t)((active->start + at) % log->header->log_length),
			       &entry, err);
		if (r < 0)
			return r;
		/* it was valid a moment ago */
		if (r == 0)
			return error_make(err, EIO,
					  "%s: VHDX log changed while it was read: another program "
					  "uses the file",
					  log->file->name);
		r = vhdx_add_entry(log, &entry, ret, err);
		at += entry.length;
	}
	return r;
}

int vhdx_log_read(struct source *file, const struct vhdx_header *header, struct vhdx_log *ret,
		  struct error **err)
{
	struct log log = { file, header, (uint64_t)header->log_length * BUDGET_FACTOR };
	struct sequence active;
	int r;

	*ret = (struct vhdx_log){ .ops = NULL };
	r = find_active(&log, &active, err);
	if (r == 0 && active.length)
		r = check_sizes(&log, &active.head, err);
	if (r < 0)
		return r;
	ret->is_empty = active.length == 0;
	ret->file_size = MAX(file->size, active.head.last_size);
	return ret->is_empty ? 0 : vhdx_collect(&log, &active, ret, err);
}

void vhdx_log_release(struct vhdx_log *log)
{
	free(log->ops);
	*log = (struct vhdx_log){ .ops = NULL };
}
