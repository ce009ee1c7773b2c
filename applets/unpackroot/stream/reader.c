// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/stream/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

/* 0 when fd can be read, -ECANCELED after reader_stop. */
static int wait_readable(const struct reader *reader)
{
	struct pollfd fds[] = { { .fd = reader->wake, .events = POLLIN },
				{ .fd = reader->fd, .events = POLLIN } };

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		if (errno != EINTR)
			return -errno;
	return fds[0].revents ? -ECANCELED : 0;
}

/* Fills buf unless the end comes first: short blocks would make every later stage work in small
 * pieces. */
static ssize_t read_block(const struct reader *reader, uint8_t *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int r;

	while (len < size) {
		r = wait_readable(reader);
		if (r < 0)
			return r;
		n = read(reader->fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* The pages of a file in RAM go back to the system while the tree grows. */
static void free_behind(struct reader *reader, uint64_t *freed, uint64_t window)
{
	uint64_t done = atomic_load(&reader->done);

	if (!reader->consume || done < window || done - window <= *freed)
		return;
	if (fallocate(reader->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)*freed,
		      (off_t)(done - window - *freed)) < 0)
		reader->consume =
			false; /* ramfs and others cannot: the unlink at the end frees it */
	else
		*freed = done - window;
}

static int reader_take(struct reader *reader, SHA2_CTX *sha, struct block *block, size_t size)
{
	ssize_t n = read_block(reader, block->data, size);

	if (n == -ECANCELED)
		return -ECANCELED;
	if (n < 0)
		return error_sys(&reader->err, (int)n, "cannot read the archive at byte %llu",
				 (unsigned long long)atomic_load(&reader->done));
	block->len = (size_t)n;
	if (reader->hash)
		SHA256Update(sha, block->data, block->len);
	atomic_fetch_add(&reader->done, block->len);
	return 0;
}

/* Nobody wants the data, but the hash tells a wrong archive from a broken one. */
static int hash_rest(struct reader *reader, SHA2_CTX *sha)
{
	_cleanup_free_ uint8_t *data = malloc(64 * KIB);
	struct block block = { .data = data };
	int r;

	if (!data)
		return error_sys(&reader->err, ENOMEM, "cannot hash the archive");
	do
		r = reader_take(reader, sha, &block, 64 * KIB);
	while (r == 0 && block.len > 0);
	return r;
}

static int reader_read_all(struct reader *reader, SHA2_CTX *sha, unsigned int count)
{
	size_t size = blockq_block_size(reader->out);
	uint64_t freed = 0;
	struct block *block;
	int r;

	for (;;) {
		block = blockq_empty(reader->out);
		if (!block)
			return reader->hash ? hash_rest(reader, sha) : 0;
		free_behind(reader, &freed, count * size);
		r = reader_take(reader, sha, block, size);
		if (r < 0 || block->len == 0)
			return r;
		blockq_push(reader->out);
	}
}

int reader_run(struct reader *reader, unsigned int count)
{
	SHA2_CTX sha;
	int r;

	SHA256Init(&sha);
	r = reader_read_all(reader, &sha, count);
	SHA256Final(reader->digest, &sha);
	blockq_finish(reader->out, r);
	return r;
}

void reader_stop(struct reader *reader)
{
	uint64_t one = 1;

	if (write(reader->wake, &one, sizeof(one)) < 0)
		blockq_abandon(reader->out);
}

int reader_digest(int fd, uint8_t digest[SHA256_SIZE], struct error **err)
{
	struct reader reader = { .fd = fd, .hash = true, .wake = -1 };
	SHA2_CTX sha;
	int r;

	SHA256Init(&sha);
	r = hash_rest(&reader, &sha);
	SHA256Final(digest, &sha);
	if (r < 0)
		return error_move(err, reader.err);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, errno, "cannot rewind the archive");
	return 0;
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	p = c ? strchr(digits, c) : NULL;
	return p ? (int)(p - digits) : -1;
}

int sha256_parse(const char *hex, uint8_t digest[SHA256_SIZE])
{
	size_t i;

	if (strlen(hex) != SHA256_HEX || strspn(hex, "0123456789abcdefABCDEF") != SHA256_HEX)
		return -EINVAL;
	for (i = 0; i < SHA256_SIZE; i++)
		digest[i] = (uint8_t)(hex_value(hex[2 * i]) * 16 + hex_value(hex[2 * i + 1]));
	return 0;
}

void sha256_format(const uint8_t digest[SHA256_SIZE], char *hex)
{
	size_t i;

	for (i = 0; i < SHA256_SIZE; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
}
