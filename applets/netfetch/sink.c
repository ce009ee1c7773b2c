// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/netfetch/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"

static void sink_reset(struct sink *sink)
{
	sink->offset = 0;
	SHA256Init(&sink->sha);
}

int sink_open(struct sink *sink, const char *path, bool resume, struct error **err)
{
	sink->path = path;
	sink->part = sink->note = NULL;
	sink->kept = false;
	sink->fd = STDOUT_FILENO;
	sink_reset(sink);
	if (!path)
		return 0;
	if (asprintf(&sink->part, "%s.part", path) < 0) {
		sink->part = NULL;
		return error_no_memory(err);
	}
	if (resume && asprintf(&sink->note, "%s.version", sink->part) < 0) {
		sink->note = NULL;
		return error_no_memory(err);
	}
	sink->fd = open(sink->part, O_RDWR | O_CREAT | (resume ? 0 : O_TRUNC) | O_CLOEXEC, 0666);
	sink->kept = sink->fd < 0; /* not ours to remove */
	return sink->fd < 0 ? error_sys(err, errno, "cannot write '%s'", sink->part) : 0;
}

static void sink_remember(struct sink *sink, const uint8_t *data, size_t len)
{
	SHA256Update(&sink->sha, data, len);
	for (size_t left = len; left > 0;) {
		size_t at = sink->offset % SINK_TAIL, n = MIN(left, SINK_TAIL - at);

		memcpy(sink->tail + at, data, n);
		data += n;
		left -= n;
		sink->offset += n;
	}
}

int sink_write(struct sink *sink, const uint8_t *data, size_t len)
{
	int r = write_all(sink->fd, data, len);

	if (r < 0)
		return r;
	sink_remember(sink, data, len);
	return 0;
}

int sink_recall(struct sink *sink)
{
	uint8_t buf[64 * 1024];
	ssize_t n;

	while ((n = read(sink->fd, buf, sizeof(buf))) > 0)
		sink_remember(sink, buf, (size_t)n);
	sink->kept = n == 0;
	return n < 0 ? -errno : 0;
}

bool sink_matches(const struct sink *sink, uint64_t pos, const uint8_t *data, size_t len)
{
	while (len > 0) {
		size_t at = pos % SINK_TAIL, n = MIN(len, SINK_TAIL - at);

		if (memcmp(sink->tail + at, data, n) != 0)
			return false;
		data += n;
		len -= n;
		pos += n;
	}
	return true;
}

void sink_digest(const struct sink *sink, char hex[SHA256_DIGEST_STRING_LENGTH])
{
	SHA2_CTX copy = sink->sha;

	SHA256End(&copy, hex);
}

int sink_restart(struct sink *sink, struct error **err)
{
	if (ftruncate(sink->fd, 0) < 0 || lseek(sink->fd, 0, SEEK_SET) < 0)
		return error_sys(err, errno, "cannot empty '%s'", sink->part);
	sink_reset(sink);
	return 0;
}

int sink_finish(struct sink *sink, struct error **err)
{
	if (!sink->path)
		return 0;
	if (fsync(sink->fd) < 0)
		return error_sys(err, errno, "cannot sync '%s'", sink->part);
	if (rename(sink->part, sink->path) < 0)
		return error_sys(err, errno, "cannot rename '%s' to '%s'", sink->part, sink->path);
	if (sink->note)
		unlink(sink->note);
	free(sink->part);
	sink->part = NULL;
	return 0;
}

void sink_close(struct sink *sink)
{
	if (sink->part && !sink->kept) {
		unlink(sink->part);
		if (sink->note)
			unlink(sink->note);
	}
	free(sink->part);
	free(sink->note);
	if (sink->path)
		close_fd(&sink->fd);
}
