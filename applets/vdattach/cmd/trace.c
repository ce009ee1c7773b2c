// SPDX-License-Identifier: GPL-2.0-or-later
/* The names of the files that a boot opens, for mkvinitrd pack --trace. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>

#include "applets/vdattach/cmd/cmd.h"
#include "common/file.h"
#include "common/msg.h"

/* A boot opens some thousands; what opens more than this is a search through everything. */
#define TRACE_FILES 65536u

struct recorder {
	const char *root; /* where it is mounted until the boot moves it to / */
	int events, proc, output;
	void *seen; /* files, tsearch(3) */
	unsigned int n;
};

static int compare_keys(const void *a, const void *b)
{
	const uintptr_t left = (uintptr_t)a, right = (uintptr_t)b;

	return (left > right) - (left < right);
}

/* False: it is already there, or there is no memory. The layers of an overlay have devices of their
 * own. */
static bool is_new(struct recorder *recorder, const struct stat *st)
{
	const uint64_t id = (uint64_t)st->st_ino ^ (uint64_t)st->st_dev << 40;
	const void *key = (const void *)(uintptr_t)id; /* NOLINT(performance-no-int-to-ptr) */

	if (tfind(key, &recorder->seen, compare_keys))
		return false;
	recorder->n++;
	return tsearch(key, &recorder->seen, compare_keys) != NULL;
}

/*
 * The path inside the root. /proc is a descriptor, since it moves with the root; a process that
 * stays behind sees the root first where it was mounted and then at its own /. NULL: there is none.
 */
static const char *path_inside(const struct recorder *recorder, int fd, char *buf, size_t size)
{
	const size_t prefix = strlen(recorder->root);
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	n = readlinkat(recorder->proc, link, buf, size - 1);
	if (n <= 0 || (size_t)n >= size - 1)
		return NULL;
	buf[n] = '\0';
	if (buf[0] != '/' || strchr(buf, '\n'))
		return NULL;
	return strncmp(buf, recorder->root, prefix) == 0 && buf[prefix] == '/' ? buf + prefix : buf;
}

static int note_file(struct recorder *recorder, int fd)
{
	char buf[PATH_MAX + 1];
	const char *path;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink == 0 ||
	    !is_new(recorder, &st))
		return 0;
	path = path_inside(recorder, fd, buf, sizeof(buf));
	if (!path)
		return 0;
	r = write_all(recorder->output, path + 1, strlen(path + 1));
	return r < 0 ? r : write_all(recorder->output, "\n", 1);
}

static int record_openings(struct recorder *recorder)
{
	struct fanotify_event_metadata events[64];

	while (recorder->n < TRACE_FILES) {
		ssize_t n = read(recorder->events, events, sizeof(events));
		int r = 0;

		if (n < 0 && errno != EINTR)
			return -errno;
		for (struct fanotify_event_metadata *event = events; FAN_EVENT_OK(event, n);
		     event = FAN_EVENT_NEXT(event, n)) {
			if (event->fd < 0)
				continue;
			if (r == 0)
				r = note_file(recorder, event->fd);
			close(event->fd);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int recorder_open(struct recorder *recorder, const struct options *options,
			 struct error **err)
{
	recorder->root = options->operand;
	recorder->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (recorder->proc < 0)
		return error_sys(err, errno, "cannot open '/proc'");
	recorder->output =
		open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (recorder->output < 0)
		return error_sys(err, errno, "cannot write '%s'", options->output);
	/* not to wait at a FIFO that somebody opens */
	recorder->events = fanotify_init(FAN_CLOEXEC | FAN_UNLIMITED_QUEUE,
					 O_RDONLY | O_NONBLOCK | O_LARGEFILE | O_CLOEXEC);
	if (recorder->events < 0 ||
	    fanotify_mark(recorder->events, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD,
			  recorder->root) < 0)
		return error_sys(err, errno, "cannot trace '%s' by fanotify", recorder->root);
	return 0;
}

static void recorder_close(struct recorder *recorder)
{
	closep(&recorder->events);
	closep(&recorder->output);
	closep(&recorder->proc);
}

/* In a process of its own, which ends with the system: whoever stops all processes stops it. */
static int start_recording(struct recorder *recorder, struct error **err)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_sys(err, errno, "cannot fork");
	if (pid > 0)
		return 0;
	setsid();
	if (chdir("/") == 0 && freopen("/dev/null", "r", stdin) &&
	    freopen("/dev/null", "w", stdout))
		(void)record_openings(recorder);
	_exit(0);
}

int cmd_trace(const struct options *options, struct error **err)
{
	struct recorder recorder = { .events = -1, .proc = -1, .output = -1 };
	int r;

	if (!options->output)
		return msg_usage("trace: missing --output");
	r = recorder_open(&recorder, options, err);
	if (r == 0)
		r = start_recording(&recorder, err);
	recorder_close(&recorder);
	return r;
}
