/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cgroups of version 2 (linux/Documentation/admin-guide/cgroup-v2.rst), which every kernel with
 * cgroups has, whatever the system has mounted. A group is named by its path below the root of
 * their tree, which is "". Functions return 0 or -errno.
 */
#ifndef APPLETS_VDATTACH_SUSPEND_CGROUP_H
#define APPLETS_VDATTACH_SUSPEND_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/macro.h"

/* The tree, mounted nowhere (Linux 5.2): a descriptor, close-on-exec, or -errno. */
int cgroup_tree(struct error **err) _must_check_;

/* Writes value to a file of the group. */
int cgroup_write(int tree, const char *group, const char *file, const char *value) _must_check_;

/* Makes the group, unless it is there. */
int cgroup_make(int tree, const char *group) _must_check_;

/* Does the line "KEY 1" stand in the group's file, or for key NULL "1" alone? */
bool cgroup_says(int tree, const char *group, const char *file, const char *key);

/* Moves a process, with all of its threads. -ESRCH: it has ended. */
int cgroup_move(int tree, const char *group, pid_t pid) _must_check_;

/* The group of this process, "" for the root. */
int cgroup_own(char *ret, size_t size) _must_check_;

/* Calls each() for the processes in a group, until it returns a negative number; returns that. */
int cgroup_processes(int tree, const char *group, int (*each)(void *arg, pid_t pid), void *arg);

#endif
