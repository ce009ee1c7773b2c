// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/suspend/asleep.h"
#include "applets/vdattach/suspend/follow.h"
#include "common/file.h"
#include "common/msg.h"

/* Nothing of what does it is on the disks that are stopped, or is killed while all others are. */
static void suspend_harden(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0 || (fd >= 0 && write_all(fd, "-1000", 5) < 0))
		msg(MSG_DEBUG, "memory cannot be locked");
}

static int suspend_child(const struct options *options, struct freezer *freezer)
{
	struct error *err = NULL;
	const char *word = options->operand;
	int r;

	if (*word == '/') {
		r = follow_run(freezer, options->operands, &err);
	} else {
		suspend_harden();
		r = asleep_enter(freezer, word, &err);
	}
	return r < 0 ? msg_fail(err) : r;
}

int cmd_suspend(const struct options *options, struct error **err)
{
	struct freezer *freezer;
	int status = 0, r = 0;
	pid_t pid;

	if (*options->operand != '/')
		r = asleep_check(options->operand, err);
	if (r == 0)
		r = freezer_new(&freezer, err);
	if (r < 0)
		return r;
	pid = fork();
	if (pid < 0)
		return error_sys(err, errno, "cannot fork");
	if (pid == 0)
		_exit(suspend_child(options, freezer));
	/* from here on in case that it is killed: all would be stopped for ever */
	suspend_harden();
	while (waitpid(pid, &status, 0) < 0)
		;
	freezer_thaw(freezer);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : error_make(err, ECHILD, "the process that suspends was killed");
}
