// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/suspend/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"

#define KERNEL_THREAD 0x00200000u /* PF_KTHREAD of linux/sched.h, field 9 of /proc/PID/stat */

struct stat_fields {
	char state;
	unsigned int flags;
	char name[20];
};

/* proc(5): the name is in parentheses and may have some itself. */
static bool process_stat(const char *path, struct stat_fields *ret)
{
	char text[512], *name, *end;

	if (read_start(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end)
		return false;
	*end = '\0';
	snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
	return sscanf(end + 1, " %c %*d %*d %*d %*d %*d %u", &ret->state, &ret->flags) == 2;
}

bool process_is_kernels(pid_t pid)
{
	struct stat_fields fields;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return !process_stat(path, &fields) || (fields.flags & KERNEL_THREAD) ||
	       fields.state == 'Z' || fields.state == 'X';
}

/* Field "Uid:" of proc(5), the real one: who owns /proc/PID depends on what the process does. */
static bool process_is_roots(pid_t pid)
{
	char path[32], text[512];
	unsigned int user;
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (read_start(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	line = strstr(text, "\nUid:");
	return line && sscanf(line, "\nUid: %u", &user) == 1 && user == 0;
}

bool process_is_server(pid_t pid)
{
	char path[32], text[8];

	if (!process_is_roots(pid))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	return read_start(AT_FDCWD, path, text, sizeof(text)) > 0 && *text == '@';
}

void process_each(void (*each)(void *arg, pid_t pid), void *arg)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			each(arg, (pid_t)strtol(entry->d_name, NULL, 10));
	}
	if (dir)
		closedir(dir);
}

struct waiting {
	char *text;
	size_t size;
};

static void look_if_waiting(void *arg, pid_t pid)
{
	struct waiting *waiting = arg;
	struct stat_fields fields;
	const struct dirent *entry;
	char path[300];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = *waiting->text ? NULL : opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)pid, entry->d_name);
		if (*entry->d_name != '.' && process_stat(path, &fields) && fields.state == 'D' &&
		    !(fields.flags & KERNEL_THREAD))
			snprintf(waiting->text, waiting->size, "%s (%d)", fields.name, (int)pid);
	}
	if (dir)
		closedir(dir);
}

void process_waiting(char *ret, size_t size)
{
	struct waiting waiting = { ret, size };

	*ret = '\0';
	process_each(look_if_waiting, &waiting);
}
