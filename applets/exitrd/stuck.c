// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/exitrd/stuck.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/macro.h"

/* The value of "\nKEY:\t..." in a file of /proc; NULL without. */
static const char *value_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? at + strlen(key) : NULL;
}

/* KiB on their way to disks and servers. */
static unsigned long unwritten(int proc)
{
	static const char *const keys[] = { "\nDirty:", "\nWriteback:", "\nNFS_Unstable:" };
	unsigned long sum = 0;
	char text[4096];

	if (read_start(proc, "meminfo", text, sizeof(text)) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = value_of(text, keys[i]);

		sum += value ? strtoul(value, NULL, 10) : 0;
	}
	return sum;
}

/*
 * A process that has ended has no memory of its own, and so no program. Its first thread may have
 * ended before the others; that one is a zombie, while an init that waits for its namespace sleeps
 * (kernel/pid_namespace.c: zap_pid_ns_processes).
 */
static bool has_ended(int proc, pid_t pid)
{
	char name[32], text[4096];
	const char *state;

	snprintf(name, sizeof(name), "%d/exe", (int)pid);
	if (readlinkat(proc, name, text, sizeof(text)) >= 0 || errno != ENOENT)
		return false;
	snprintf(name, sizeof(name), "%d/status", (int)pid);
	state = read_start(proc, name, text, sizeof(text)) > 0 ? value_of(text, "\nState:\t")
							       : NULL;
	return state && *state != 'Z' && *state != 'X';
}

bool stuck_look(struct stuck *stuck, int proc, pid_t init)
{
	unsigned long now;

	if (!has_ended(proc, init)) {
		stuck->looks = 0;
		return false;
	}
	now = unwritten(proc);
	if (stuck->looks++ == 0 || now < stuck->unwritten)
		stuck->looks = 1;
	stuck->unwritten = now;
	return stuck->looks > STUCK_LOOKS;
}

/* "NAME (PID)" in buf, when that process is also of a namespace below ours, and still runs. */
static bool stuck_describe(int proc, const char *pid, char *buf, size_t size)
{
	char path[288], text[4096], *end;
	const char *name, *state, *numbers;

	snprintf(path, sizeof(path), "%s/status", pid);
	if (read_start(proc, path, text, sizeof(text)) < 0 || strncmp(text, "Name:\t", 6) != 0)
		return false;
	name = text + 6;
	state = value_of(text, "\nState:\t");
	numbers = value_of(text, "\nNSpid:\t");
	if (!state || *state == 'Z' || !numbers || !strchr(numbers, '\t') ||
	    strchr(numbers, '\t') > strchr(numbers, '\n'))
		return false;
	end = strchr(text, '\n');
	*end = 0;
	snprintf(buf, size, "%.64s (%.16s)", name, pid);
	return true;
}

void stuck_names(int proc, pid_t init, char *buf, size_t size)
{
	int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	size_t used = 0;
	char one[96];

	buf[0] = 0;
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    atoi(entry->d_name) == init ||
		    !stuck_describe(proc, entry->d_name, one, sizeof(one)))
			continue;
		if (used + strlen(one) + 3 > size)
			break;
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "", one);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}
