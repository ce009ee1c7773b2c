// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/suspend/asleep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "common/file.h"
#include "common/msg.h"

#define TRIES	3
#define IDLE_MS 5000

void asleep_harden(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0 || (fd >= 0 && write_all(fd, "-1000", 5) < 0))
		msg(MSG_DEBUG, "memory cannot be locked");
}

int asleep_check(const char *word, struct error **err)
{
	char text[128];
	size_t n = strlen(word);

	if (read_start(AT_FDCWD, ASLEEP_FILE, text, sizeof(text)) <= 0)
		return error_make(err, EOPNOTSUPP, "this kernel cannot sleep (no " ASLEEP_FILE ")");
	text[strcspn(text, "\n")] = '\0';
	for (const char *at = text; *at; at += strspn(at, " ")) {
		if (n && strncmp(at, word, n) == 0 && (at[n] == ' ' || at[n] == '\0'))
			return 0;
		at += strcspn(at, " ");
	}
	return error_make(err, EINVAL, "expected one of '%s', found '%s'", text, word);
}

/* The first disk with requests that have not been answered, "" for none. */
static void find_busy_disk(char *ret, size_t size)
{
	DIR *dir = opendir("/sys/block");
	const struct dirent *entry;
	unsigned long reads, writes;
	char path[300], text[64];

	*ret = '\0';
	while (dir && !*ret && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/block/%s/inflight", entry->d_name);
		if (read_start(AT_FDCWD, path, text, sizeof(text)) > 0 &&
		    sscanf(text, "%lu %lu", &reads, &writes) == 2 && reads + writes > 0)
			snprintf(ret, size, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/* With nobody there to ask for more, all that the kernel has to write is on the disks. */
static int wait_until_idle(struct error **err)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	char name[256];

	sync();
	find_busy_disk(name, sizeof(name));
	for (unsigned int ms = 0; *name && ms < IDLE_MS; ms += 5) {
		nanosleep(&pause, NULL);
		find_busy_disk(name, sizeof(name));
	}
	return *name ? error_make(err, EBUSY, "/dev/%s does not answer", name) : 0;
}

static int asleep_try(const char *word, struct error **err)
{
	_cleanup_close_ int fd = -1;
	int r = wait_until_idle(err);

	if (r < 0)
		return r;
	fd = open(ASLEEP_FILE, O_WRONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : write_all(fd, word, strlen(word));
	return r < 0 ? error_sys(err, r, "the kernel does not sleep (%s; dmesg tells why)", word)
		     : 0;
}

int asleep_enter(struct freezer *freezer, const char *word, struct error **err)
{
	int r = -EBUSY;

	for (int i = 1; r == -EBUSY && i <= TRIES; i++) {
		if (i > 1) {
			msg(MSG_WARNING, "%s; trying again", err ? error_msg(*err) : word);
			error_release(err);
		}
		r = freezer_freeze(freezer, err);
		if (r == 0)
			r = asleep_try(word, err);
		freezer_thaw(freezer);
	}
	return r;
}
