// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/write/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/file.h"

#define BUFFER_SIZE (256 * KIB)

struct output {
	struct sink sink;
	char *target; /* the file to replace; NULL: copy to direct_fd at the commit */
	char *temp;
	int fd, direct_fd;
	mode_t mode;
	bool committed;
	uint64_t offset; /* with what is still in the buffer */
	size_t filled;
	uint8_t buffer[BUFFER_SIZE];
};

/* A signal handler gets no argument: the one thing here that must be global. */
static char abandon_path[PATH_MAX];
static volatile sig_atomic_t abandon_armed, replaced;

bool output_abandon(void)
{
	if (abandon_armed)
		unlink(abandon_path);
	abandon_armed = 0;
	return !replaced;
}

/* A signal between a change of the directory and what we remember of it would act on the wrong one.
 */
static void hold_signals(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, old);
}

static void release_signals(const sigset_t *old)
{
	int saved = errno;

	sigprocmask(SIG_SETMASK, old, NULL);
	errno = saved;
}

static void arm(const char *path)
{
	size_t size = strlen(path) + 1;

	if (size > sizeof(abandon_path))
		return;
	memcpy(abandon_path, path, size);
	abandon_armed = 1;
}

/* What statvfs says is free for us, or UINT64_MAX. */
static uint64_t free_bytes(int fd)
{
	struct statvfs st;
	uint64_t bytes;

	if (fstatvfs(fd, &st) < 0 || !st.f_blocks || !mul_u64(st.f_bavail, st.f_frsize, &bytes))
		return UINT64_MAX;
	return bytes;
}

static unsigned long mib(uint64_t bytes)
{
	return (unsigned long)(bytes / MIB);
}

static int write_failed(const struct output *out, int r, struct error **err)
{
	if (r == -ENOSPC || r == -EDQUOT)
		return error_make(err, r,
				  "no space left for '%s': more than %lu MiB are needed and %lu MiB"
				  " are free; make room, or write to another directory with -o",
				  out->target ? out->target : out->temp, mib(out->offset) + 1,
				  mib(free_bytes(out->fd)));
	return error_sys(err, r, "cannot write '%s'", out->temp);
}

static int flush(struct output *out, struct error **err)
{
	int r = write_all(out->fd, out->buffer, out->filled);

	if (r < 0)
		return write_failed(out, r, err);
	out->filled = 0;
	return 0;
}

static int output_write(struct sink *sink, const void *data, size_t len, struct error **err)
{
	struct output *out = (struct output *)sink;
	int r;

	out->offset += len;
	if (len > BUFFER_SIZE - out->filled) {
		r = flush(out, err);
		if (r < 0)
			return r;
	}
	if (len > BUFFER_SIZE) {
		r = write_all(out->fd, data, len);
		return r < 0 ? write_failed(out, r, err) : 0;
	}
	if (len)
		memcpy(out->buffer + out->filled, data, len);
	out->filled += len;
	return 0;
}

static int output_finish(struct sink *sink, struct error **err)
{
	return flush((struct output *)sink, err);
}

/* The output owns its sink: closing that alone does nothing. */
static void output_sink_close(struct sink *sink)
{
}

/* Follows symlinks by hand, because the last one may point to a file that does not exist yet. Owned
 * by the caller. */
static int resolve_target(const char *path, char **ret, struct error **err)
{
	_cleanup_free_ char *current = strdup(path);

	for (int depth = 0; current && depth < 40; depth++) {
		char link[PATH_MAX], *slash, *next;
		ssize_t len = readlink(current, link, sizeof(link) - 1);

		if (len < 0) {
			*ret = steal_ptr(&current);
			return 0;
		}
		link[len] = '\0';
		slash = strrchr(current, '/');
		if (link[0] == '/' || !slash)
			next = strdup(link);
		else if (asprintf(&next, "%.*s/%s", (int)(slash - current), current, link) < 0)
			next = NULL;
		free(current);
		current = next;
	}
	if (!current)
		return error_no_memory(err);
	return error_make(err, ELOOP, "'%s' is a loop of symlinks", path);
}

static int open_unnamed(struct output *out, struct error **err)
{
	const char *dir = getenv("TMPDIR");

	if (!dir || !*dir)
		dir = "/var/tmp";
	out->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (out->fd < 0)
		out->fd = memfd_create("mkvinitrd", MFD_CLOEXEC);
	if (out->fd < 0)
		return error_sys(err, errno, "cannot make a temporary file in '%s'", dir);
	if (asprintf(&out->temp, "/proc/self/fd/%d", out->fd) < 0) {
		out->temp = NULL;
		return error_no_memory(err);
	}
	return 0;
}

static int open_named(struct output *out, struct error **err)
{
	const char *slash = strrchr(out->target, '/');
	int dir_len = slash ? (int)(slash - out->target) + 1 : 0;
	const char *base = out->target + dir_len;
	sigset_t old;

	if (asprintf(&out->temp, "%.*s.%s.XXXXXX", dir_len, out->target, base) < 0) {
		out->temp = NULL;
		return error_no_memory(err);
	}
	hold_signals(&old);
	out->fd = mkostemp(out->temp, O_CLOEXEC);
	if (out->fd >= 0)
		arm(out->temp);
	release_signals(&old);
	if (out->fd < 0)
		return error_sys(err, errno, "cannot create a file beside '%s'", out->target);
	return 0;
}

static mode_t new_file_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0644 & ~mask;
}

static int open_target(struct output *out, const char *path, struct error **err)
{
	struct stat st;
	int r;

	if (strcmp(path, "-") == 0) {
		out->direct_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (out->direct_fd < 0)
			return error_sys(err, errno, "cannot use standard output");
		return open_unnamed(out, err);
	}
	r = resolve_target(path, &out->target, err);
	if (r < 0)
		return r;
	if (stat(out->target, &st) < 0) {
		out->mode = new_file_mode();
		return open_named(out, err);
	}
	if (S_ISDIR(st.st_mode))
		return error_make(err, EISDIR, "'%s' is a directory: -o wants a file name", path);
	if (S_ISREG(st.st_mode)) {
		out->mode = st.st_mode & 0777;
		return open_named(out, err);
	}
	free(steal_ptr(&out->target));
	out->direct_fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (out->direct_fd < 0)
		return error_sys(err, errno, "cannot open '%s' for writing", path);
	return open_unnamed(out, err);
}

int output_open(const char *path, struct output **ret, struct error **err)
{
	struct output *out = calloc(1, sizeof(*out));
	int r;

	if (!out)
		return error_no_memory(err);
	out->sink = (struct sink){ output_write, output_finish, output_sink_close };
	out->fd = out->direct_fd = -1;
	r = open_target(out, path, err);
	if (r < 0) {
		output_close(out);
		return r;
	}
	*ret = out;
	return 0;
}

int output_expect(const struct output *out, uint64_t bytes, struct error **err)
{
	uint64_t have = free_bytes(out->fd);

	if (have >= bytes)
		return 0;
	return error_make(err, ENOSPC,
			  "not enough room for '%s': %lu MiB are needed and %lu MiB are free;"
			  " make room, or write to another directory with -o",
			  out->target ? out->target : out->temp, mib(bytes) + 1, mib(have));
}

struct sink *output_sink(struct output *out)
{
	return &out->sink;
}

uint64_t output_offset(const struct output *out)
{
	return out->offset;
}

int output_fd(struct output *out, struct error **err)
{
	int r = flush(out, err);

	return r < 0 ? r : out->fd;
}

const char *output_temp_path(const struct output *out)
{
	return out->temp;
}

static int commit_copy(struct output *out, struct error **err)
{
	if (lseek(out->fd, 0, SEEK_SET) < 0)
		return error_sys(err, errno, "cannot read back '%s'", out->temp);
	for (;;) {
		ssize_t n = read(out->fd, out->buffer, BUFFER_SIZE);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, errno, "cannot read back '%s'", out->temp);
		if (n == 0)
			return 0;
		r = write_all(out->direct_fd, out->buffer, (size_t)n);
		if (r < 0)
			return error_sys(err, r, "cannot write the image");
	}
}

/* Makes the new name durable. A file system that cannot sync a directory has nothing to lose there.
 */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(dir);
	if (fd < 0)
		return;
	(void)!fsync(fd);
	close(fd);
}

static int replace_target(struct output *out)
{
	sigset_t old;
	int r;

	hold_signals(&old);
	r = rename(out->temp, out->target);
	if (r == 0) {
		abandon_armed = 0;
		replaced = 1;
		out->committed = true;
	}
	release_signals(&old);
	return r;
}

void output_keep_secret(struct output *out)
{
	out->mode &= 0700;
}

int output_commit(struct output *out, struct error **err)
{
	int r = flush(out, err);

	if (r < 0)
		return r;
	if (!out->target) {
		r = commit_copy(out, err);
		out->committed = r >= 0;
		return r;
	}
	if (fchmod(out->fd, out->mode) < 0)
		return error_sys(err, errno, "cannot set the permissions of '%s'", out->temp);
	if (fsync(out->fd) < 0)
		return write_failed(out, -errno, err);
	if (replace_target(out) < 0)
		return error_sys(err, errno, "cannot replace '%s'", out->target);
	/* again: on FAT, as on an EFI partition, it has the length 0 until then (linux,
	 * vfat_rename()) */
	(void)!fsync(out->fd);
	sync_directory(out->target);
	return 0;
}

void output_close(struct output *out)
{
	if (!out)
		return;
	if (out->target && out->temp && out->fd >= 0 && !out->committed) {
		unlink(out->temp);
		abandon_armed = 0;
	}
	if (out->fd >= 0)
		close(out->fd);
	if (out->direct_fd >= 0)
		close(out->direct_fd);
	free(out->target);
	free(out->temp);
	free(out);
}
