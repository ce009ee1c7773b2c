// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/raid.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/lib/runprog.h"
#include "common/msg.h"

#define MDADM "/bin/mdadm"

static bool is_member(const struct candidate *c)
{
	return strstr(c->fs.type, "_raid_member") != NULL;
}

/* The next digit of a UUID, '\0' at its end. */
static char next_digit(const char **text, const char *separators)
{
	while (**text == '-' || **text == ':')
		(*text)++;
	if (!**text || strchr(separators, **text))
		return '\0';
	return (char)tolower((unsigned char)*(*text)++);
}

bool raid_listed(const char *list, const char *uuid)
{
	static const char separators[] = ", ";

	if (strcmp(list, "all") == 0)
		return true;
	while (*list) {
		const char *a = list, *b = uuid;
		char digit;

		while ((digit = next_digit(&a, separators)) && digit == next_digit(&b, ""))
			;
		if (!digit && !*b && b != uuid)
			return true;
		list += strcspn(list, separators);
		list += strspn(list, separators);
	}
	return false;
}

static int run_mdadm(const char *option, const char *device)
{
	char program[] = MDADM, quiet[] = "-q", what[96];
	/* nobody makes the links of udev that mdadm would wait for */
	char no_udev[] = "MDADM_NO_UDEV=1", path[] = "PATH=/bin:/sbin";
	char *const envp[] = { no_udev, path, NULL };
	char *const argv[] = { program, quiet, (char *)(uintptr_t)option, (char *)(uintptr_t)device,
			       NULL };

	snprintf(what, sizeof(what), "mdadm %s %s", option, device);
	return program_run(argv, envp, what);
}

/*
 * Nothing is written to a disk for being looked at: arrays start as auto-read-only, which they are
 * until the first write.
 */
static void start_read_only(void)
{
	_cleanup_close_ int fd =
		open("/sys/module/md_mod/parameters/start_ro", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1", 1) != 1)
		msg(MSG_DEBUG, "cannot set start_ro of md_mod");
}

void raid_add(const struct candidate *c, const struct request *rq)
{
	if (!rq->raid || rq->dry_run || !is_member(c) || *c->dev.holder ||
	    !raid_listed(rq->raid, c->fs.uuid))
		return;
	start_read_only();
	if (run_mdadm("-I", c->dev.path) < 0)
		msg(MSG_DEBUG, "mdadm did not take %s", c->dev.path);
}

static bool is_inactive(const char *sysfs, const char *array)
{
	char path[PATH_MAX], state[32] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/block/%s/md/array_state", sysfs, array);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, state, sizeof(state) - 1) < 0)
		state[0] = '\0';
	close(fd);
	return strncmp(state, "inactive", 8) == 0;
}

bool raid_lacks(const struct candidate *c, const struct request *rq, char *array, size_t size)
{
	struct blockdev now;

	if (!rq->raid || !is_member(c) || blockdev_read(rq->sysfs, c->dev.name, &now) < 0 ||
	    strncmp(now.holder, "md", 2) != 0 || !is_inactive(rq->sysfs, now.holder))
		return false;
	snprintf(array, size, "/dev/%s", now.holder);
	return true;
}

bool raid_start(const struct candidate *c, const struct request *rq)
{
	char array[80];

	if (!raid_lacks(c, rq, array, sizeof(array)))
		return false;
	msg(MSG_WARNING, "RAID array '%s' of %s lacks disks: it is started without them", array,
	    *c->fs.label ? c->fs.label : c->fs.uuid);
	if (run_mdadm("--run", array) == 0)
		return true;
	msg(MSG_ERROR, "'%s' could not be started: too many disks are missing", array);
	return false;
}
