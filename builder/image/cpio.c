// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/image/cpio.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HEADER_SIZE 110
#define MAGIC_SIZE  6
#define FIELDS	    13
#define ALIGN4(n)   (((n) + 3) & ~(uint64_t)3)

/* Documentation/driver-api/early-userspace/buffer-format.rst */
enum field {
	FIELD_INO,
	FIELD_MODE,
	FIELD_UID,
	FIELD_GID,
	FIELD_NLINK,
	FIELD_MTIME,
	FIELD_FILESIZE,
	FIELD_DEV_MAJOR,
	FIELD_DEV_MINOR,
	FIELD_RDEV_MAJOR,
	FIELD_RDEV_MINOR,
	FIELD_NAMESIZE,
	FIELD_CHECK,
};

struct header {
	uint32_t field[FIELDS];
	bool checksum;
	uint64_t name_end; /* from the header, padded */
	uint64_t size;	   /* of header, name, padding and content */
};

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_fields(const uint8_t *p, uint32_t *fields)
{
	for (int i = 0; i < FIELDS; i++) {
		uint32_t value = 0;

		for (int k = 0; k < 8; k++) {
			int digit = hex_digit(*p++);

			if (digit < 0)
				return false;
			value = value << 4 | (uint32_t)digit;
		}
		fields[i] = value;
	}
	return true;
}

static int broken(struct cpio_reader *reader, const char *rule, uint64_t offset, const char *text,
		  struct error **err)
{
	int r = reader->violation(reader->context, rule, offset, text, err);

	reader->stopped = true;
	return r ? r : -EBADMSG;
}

static int parse_header(struct cpio_reader *reader, const uint8_t *p, uint64_t offset,
			struct header *ret, struct error **err)
{
	if (memcmp(p, "070707", MAGIC_SIZE) == 0)
		return broken(reader, "cpio-format", offset,
			      "old cpio format (odc), the kernel wants newc; pack again with"
			      " 'cpio -H newc'",
			      err);
	ret->checksum = memcmp(p, "070702", MAGIC_SIZE) == 0;
	if (!ret->checksum && memcmp(p, "070701", MAGIC_SIZE) != 0)
		return broken(
			reader, "junk", offset,
			"no cpio header where one must be; the image is damaged, build it again",
			err);
	if (!parse_fields(p + MAGIC_SIZE, ret->field))
		return broken(reader, "entry-header", offset,
			      "a cpio header has a field that is not hexadecimal; the image is"
			      " damaged, build it again",
			      err);
	ret->name_end = ALIGN4(HEADER_SIZE + (uint64_t)ret->field[FIELD_NAMESIZE]);
	ret->size = ret->name_end + ret->field[FIELD_FILESIZE];
	return 0;
}

/* What makes the kernel skip a member without a word, or stop; NULL = nothing. */
static const char *member_problem(const struct header *header, const uint8_t *name)
{
	uint32_t name_size = header->field[FIELD_NAMESIZE], mode = header->field[FIELD_MODE];
	uint32_t size = header->field[FIELD_FILESIZE];

	if (name_size == 0 || name_size > PATH_MAX)
		return "a member's name is empty or longer than PATH_MAX, the kernel skips it";
	if (name[name_size - 1] != '\0')
		return "a member's name does not end with NUL, the kernel stops there";
	if (S_ISLNK(mode) && size > PATH_MAX)
		return "a symlink's target is longer than PATH_MAX, the kernel skips it";
	if (!S_ISLNK(mode) && !S_ISREG(mode) && size)
		return "a member that is neither file nor symlink has content, the kernel skips it";
	return NULL;
}

/* "./bin//sh" and "/bin/sh" name the same as "bin/sh": the kernel unpacks in the root. */
static const char *strip_root(const char *path)
{
	while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
		path++;
	return *path ? path : ".";
}

static int check_sum(struct cpio_reader *reader, const struct header *header, const uint8_t *data,
		     uint64_t offset, struct error **err)
{
	uint32_t sum = 0;

	if (!header->checksum || !S_ISREG(header->field[FIELD_MODE]))
		return 0;
	for (uint32_t i = 0; i < header->field[FIELD_FILESIZE]; i++)
		sum += data[i];
	if (sum == header->field[FIELD_CHECK])
		return 0;
	return reader->violation(reader->context, "checksum", offset,
				 "a member's content does not match its checksum; the image is"
				 " damaged, build it again",
				 err);
}

static int visit(struct cpio_reader *reader, const struct header *header, const uint8_t *member,
		 uint64_t offset, struct error **err)
{
	const uint32_t *f = header->field;
	struct image_entry entry = {
		.segment = &reader->segment,
		.offset = offset,
		.path = strip_root((const char *)member + HEADER_SIZE),
		.ino = f[FIELD_INO],
		.mode = f[FIELD_MODE],
		.uid = f[FIELD_UID],
		.gid = f[FIELD_GID],
		.nlink = f[FIELD_NLINK],
		.mtime = f[FIELD_MTIME],
		.dev_major = f[FIELD_DEV_MAJOR],
		.dev_minor = f[FIELD_DEV_MINOR],
		.rdev_major = f[FIELD_RDEV_MAJOR],
		.rdev_minor = f[FIELD_RDEV_MINOR],
		.link_scope = reader->link_scope,
		.size = f[FIELD_FILESIZE],
		.data = member + header->name_end,
		.member = member,
		.member_size = (size_t)header->size,
	};
	_cleanup_free_ char *target = NULL;
	int r = check_sum(reader, header, entry.data, offset, err);

	if (r)
		return r;
	if (S_ISLNK(entry.mode)) {
		target = strndup((const char *)entry.data, (size_t)entry.size);
		if (!target)
			return error_no_memory(err);
		entry.link_target = target;
	}
	return reader->visitor->entry(reader->visitor->context, &entry, err);
}

/* One whole member. */
static int take_member(struct cpio_reader *reader, const struct header *header,
		       const uint8_t *member, uint64_t offset, struct error **err)
{
	const char *problem = member_problem(header, member + HEADER_SIZE);

	reader->skip = ALIGN4(header->size) - header->size;
	reader->state = reader->skip ? CPIO_SKIP : CPIO_RESET;
	reader->trailer = false;
	if (problem)
		return reader->violation(reader->context, "entry-header", offset, problem, err);
	if (strcmp((const char *)member + HEADER_SIZE, "TRAILER!!!") == 0) {
		reader->trailer = true;
		reader->link_scope++;
		return 0;
	}
	return visit(reader, header, member, offset, err);
}

static int cpio_collect(struct cpio_reader *reader, const uint8_t *data, size_t len,
			struct error **err)
{
	if (len > reader->pending_cap - reader->pending_len) {
		size_t cap = MAX(reader->pending_cap * 2, reader->pending_len + len);
		uint8_t *grown = realloc(reader->pending, cap);

		if (!grown)
			return error_make(err, ENOMEM, "out of memory for a member of %zu MiB",
					  (size_t)(cap / MIB));
		reader->pending = grown;
		reader->pending_cap = cap;
	}
	memcpy(reader->pending + reader->pending_len, data, len);
	reader->pending_len += len;
	return 0;
}

static void forget_pending(struct cpio_reader *reader)
{
	reader->pending_len = 0;
	/* keep a small buffer for the next one, give back what a huge file took */
	if (reader->pending_cap > 4 * MIB) {
		free(steal_ptr(&reader->pending));
		reader->pending_cap = 0;
	}
}

/* Takes from data until `size` bytes are pending; true when they are. */
static int fill(struct cpio_reader *reader, uint64_t size, const uint8_t *data, size_t len,
		size_t *used, struct error **err)
{
	size_t want = (size_t)MIN(size - reader->pending_len, len - *used);
	int r;

	if (size > reader->memory)
		return error_make(err, EFBIG, "a member of %llu MiB is too large",
				  (unsigned long long)(size / MIB));
	r = cpio_collect(reader, data + *used, want, err);
	if (r < 0)
		return r;
	*used += want;
	reader->offset += want;
	return reader->pending_len == size;
}

/* A member of which some bytes came before. */
static int continue_member(struct cpio_reader *reader, const uint8_t *data, size_t len,
			   size_t *used, struct error **err)
{
	uint64_t start = reader->offset - reader->pending_len;
	struct header header = { 0 };
	int r;

	if (reader->pending_len < HEADER_SIZE) {
		r = fill(reader, HEADER_SIZE, data, len, used, err);
		if (r <= 0)
			return r;
	}
	r = parse_header(reader, reader->pending, start, &header, err);
	if (r)
		return r;
	r = fill(reader, header.size, data, len, used, err);
	if (r <= 0)
		return r;
	r = take_member(reader, &header, reader->pending, start, err);
	forget_pending(reader);
	return r;
}

/* The usual case: the member lies in one piece, nothing is copied. */
static int start_member(struct cpio_reader *reader, const uint8_t *data, size_t len, size_t *used,
			struct error **err)
{
	struct header header = { 0 };
	int r;

	reader->state = CPIO_MEMBER;
	if (len - *used >= HEADER_SIZE) {
		const uint8_t *member = data + *used;
		uint64_t start = reader->offset;

		r = parse_header(reader, member, start, &header, err);
		if (r)
			return r;
		if (header.size <= len - *used) {
			*used += (size_t)header.size;
			reader->offset += header.size;
			return take_member(reader, &header, member, start, err);
		}
		/* in a file nothing more comes: no need to copy what is there */
		if (reader->raw) {
			reader->offset += len - *used;
			*used = len;
			return 0;
		}
	}
	return continue_member(reader, data, len, used, err);
}

/* Skips zeros. *ret_header: a header follows, that the caller need not look at first. */
static int between_members(struct cpio_reader *reader, const uint8_t *data, size_t len,
			   size_t *used, bool *ret_header, struct error **err)
{
	while (*used < len && data[*used] == 0) {
		++*used;
		reader->offset++;
	}
	*ret_header = *used < len && data[*used] == '0';
	if (*used == len || !((reader->offset - reader->phase) & 3))
		return 0;
	if (reader->raw) {
		*ret_header = false;
		return 0;
	}
	reader->phase = reader->offset & 3;
	return reader->violation(reader->context, "segment-alignment", reader->offset,
				 "a cpio header that is not at an offset divisible by 4; pack the"
				 " archives again, each padded with NULs to a multiple of 4",
				 err);
}

static void skip_padding(struct cpio_reader *reader, size_t len, size_t *used)
{
	size_t skip = (size_t)MIN(reader->skip, len - *used);

	*used += skip;
	reader->offset += skip;
	reader->skip -= skip;
	if (reader->skip == 0)
		reader->state = CPIO_RESET;
}

/* One step of the machine; *ret_wait: what comes next is not for it to take. */
static int cpio_step(struct cpio_reader *reader, const uint8_t *data, size_t len, size_t *used,
		     bool *ret_wait, struct error **err)
{
	bool header = false;
	int r;

	switch (reader->state) {
	case CPIO_START:
		return start_member(reader, data, len, used, err);
	case CPIO_MEMBER:
		return continue_member(reader, data, len, used, err);
	case CPIO_SKIP:
		skip_padding(reader, len, used);
		return 0;
	case CPIO_RESET:
		r = between_members(reader, data, len, used, &header, err);
		if (header && !(reader->raw && reader->trailer))
			reader->state = CPIO_START;
		else
			*ret_wait = true;
		return r;
	}
	return 0;
}

int cpio_read(struct cpio_reader *reader, const uint8_t *data, size_t len, size_t *ret_used,
	      struct error **err)
{
	size_t used = 0;
	bool wait = false;
	int r = 0;

	/* each step takes bytes, or goes from CPIO_RESET to CPIO_START, which does */
	while (r == 0 && !wait && used < len)
		r = cpio_step(reader, data, len, &used, &wait, err);
	*ret_used = used;
	return r;
}

void cpio_reader_release(struct cpio_reader *reader)
{
	free(reader->pending);
	reader->pending = NULL;
	reader->pending_len = reader->pending_cap = 0;
}
