// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/suspend/freezer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "applets/vdattach/suspend/cgroup.h"
#include "applets/vdattach/suspend/process.h"

/* Groups directly below the root. The first is for who serves and who suspends, and stays; the
 * second for processes that are in the root, which itself cannot be stopped. */
#define AWAKE  "mkvinitrd.awake"
#define ASLEEP "mkvinitrd.asleep"

#define GROUPS_MAX 256u
#define PASSES	   100u /* over processes that may have children meanwhile */
#define FREEZE_MS  5000

struct freezer {
	int tree;
	pid_t first;	    /* of those that suspend */
	char own[PATH_MAX]; /* the group it comes from; those below AWAKE are its children */
	unsigned int n;
	char groups[GROUPS_MAX][NAME_MAX + 1]; /* that were stopped */
};

int freezer_new(struct freezer **ret, struct error **err)
{
	struct freezer *f =
		mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int r;

	if (f == MAP_FAILED)
		return error_no_memory(err);
	f->first = getpid();
	f->tree = cgroup_tree(err);
	if (f->tree < 0)
		return f->tree;
	/* the first mount makes it visible in /proc */
	r = cgroup_own(f->own, sizeof(f->own));
	if (r < 0)
		return error_sys(err, r, "cannot find the cgroup of this process");
	*ret = f;
	return 0;
}

static void keep_server_awake(void *arg, pid_t pid)
{
	const struct freezer *f = arg;

	/* one that has ended, or cannot be moved, is found when the disks do not become idle */
	if (!process_is_kernels(pid) && process_is_server(pid))
		(void)!cgroup_move(f->tree, AWAKE, pid);
}

/* Who serves, and who suspends, is not in any group that is stopped. */
static int freezer_keep_awake(struct freezer *f, struct error **err)
{
	int r = cgroup_make(f->tree, AWAKE);

	if (r == 0)
		r = cgroup_move(f->tree, AWAKE, f->first);
	if (r == 0)
		r = cgroup_move(f->tree, AWAKE, getpid());
	if (r < 0)
		return error_sys(err, r, "cannot use the cgroup " AWAKE);
	/* a server may start a second one meanwhile, which is in the group of the first */
	process_each(keep_server_awake, f);
	process_each(keep_server_awake, f);
	return 0;
}

struct gather {
	struct freezer *f;
	unsigned int moved;
};

static int put_asleep(void *arg, pid_t pid)
{
	struct gather *gather = arg;

	if (!process_is_kernels(pid) && !process_is_server(pid) &&
	    cgroup_move(gather->f->tree, ASLEEP, pid) == 0)
		gather->moved++;
	return 0;
}

/* Processes in the root are those of a system that does not use cgroups. */
static int freezer_empty_root(struct freezer *f, struct error **err)
{
	struct gather gather = { .f = f };
	int r = cgroup_make(f->tree, ASLEEP);

	for (unsigned int i = 0; r == 0 && i < PASSES; i++) {
		gather.moved = 0;
		r = cgroup_processes(f->tree, "", put_asleep, &gather);
		if (gather.moved == 0)
			break;
	}
	return r < 0 ? error_sys(err, r, "cannot use the cgroup " ASLEEP) : 0;
}

static int freezer_stop_group(struct freezer *f, const char *group)
{
	/* what somebody else has stopped is not ours to let continue */
	if (strcmp(group, AWAKE) == 0 || cgroup_says(f->tree, group, "cgroup.freeze", NULL))
		return 0;
	if (f->n == GROUPS_MAX)
		return -E2BIG;
	snprintf(f->groups[f->n++], sizeof(f->groups[0]), "%s", group);
	return cgroup_write(f->tree, group, "cgroup.freeze", "1");
}

static int freezer_stop_groups(struct freezer *f, struct error **err)
{
	int r = 0, fd = openat(f->tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		closep(&fd);
		return error_sys(err, errno, "cannot read the tree of cgroups");
	}
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		r = freezer_stop_group(f, entry->d_name);
		if (r == -ENOENT || r == -ENODEV) /* it has been removed */
			r = 0;
		if (r < 0)
			error_sys(err, r, "cannot stop the processes of the cgroup '%s'",
				  entry->d_name);
	}
	closedir(dir);
	return r;
}

/* A group that is not there any more is stopped as well. */
static bool freezer_is_frozen(const struct freezer *f, const char *group)
{
	return cgroup_says(f->tree, group, "cgroup.events", "frozen") ||
	       faccessat(f->tree, group, F_OK, 0) < 0;
}

static int freezer_wait(const struct freezer *f, struct error **err)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	char who[64];
	unsigned int i = 0;

	for (unsigned int ms = 0; i < f->n && ms < FREEZE_MS; ms += 5) {
		while (i < f->n && freezer_is_frozen(f, f->groups[i]))
			i++;
		if (i < f->n)
			nanosleep(&pause, NULL);
	}
	if (i == f->n)
		return 0;
	process_waiting(who, sizeof(who));
	/* threads of the kernel in a group never count as stopped */
	return *who ? error_make(err, EBUSY,
				 "%s waits for a disk or a server and cannot be stopped", who)
		    : 0;
}

int freezer_freeze(struct freezer *f, struct error **err)
{
	int r = freezer_keep_awake(f, err);

	if (r == 0)
		r = freezer_empty_root(f, err);
	if (r == 0)
		r = freezer_stop_groups(f, err);
	return r < 0 ? r : freezer_wait(f, err);
}

static void freezer_release(struct freezer *f, const char *group)
{
	(void)!cgroup_write(f->tree, group, "cgroup.freeze", "0");
}

static bool is_below(const char *path, const char *group)
{
	size_t n = strlen(group);

	return strncmp(path, group, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static int take_back(void *arg, pid_t pid)
{
	const struct freezer *f = arg;

	/* one that has ended is not there any more */
	(void)!cgroup_move(f->tree, "", pid);
	return 0;
}

void freezer_thaw(struct freezer *f)
{
	/* systemd must not see a service without processes: we are back before it runs */
	for (unsigned int i = 0; i < f->n; i++) {
		if (is_below(f->own, f->groups[i]))
			freezer_release(f, f->groups[i]);
	}
	if (*f->own)
		(void)!cgroup_move(f->tree, f->own, f->first);
	for (unsigned int i = 0; i < f->n; i++)
		freezer_release(f, f->groups[i]);
	f->n = 0;
	for (unsigned int i = 0; i < PASSES && unlinkat(f->tree, ASLEEP, AT_REMOVEDIR) < 0; i++)
		cgroup_processes(f->tree, ASLEEP, take_back, f);
}
