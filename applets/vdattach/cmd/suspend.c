// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sys/wait.h>

#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/suspend/asleep.h"
#include "applets/vdattach/suspend/follow.h"
#include "common/msg.h"

static int suspend_child(const struct options *options, struct freezer *freezer)
{
	struct error *err = NULL;
	const char *word = options->operand;
	int r;

	if (*word == '/') {
		r = follow_run(freezer, options->operands, &err);
	} else {
		asleep_harden();
		r = asleep_enter(freezer, word, &err);
	}
	return r < 0 ? msg_fail(err) : r;
}

int cmd_suspend(const struct options *options, struct error **err)
{
	struct freezer *freezer = NULL;
	int status = 0, r = 0;
	pid_t pid;

	if (*options->operand != '/')
		r = asleep_check(options->operand, err);
	if (r == 0)
		r = freezer_new(&freezer, err);
	if (!freezer)
		return r;
	pid = fork();
	if (pid < 0)
		return error_sys(err, errno, "cannot fork");
	if (pid == 0)
		_exit(suspend_child(options, freezer));
	/* from here on in case that it is killed: all would be stopped for ever */
	asleep_harden();
	while (waitpid(pid, &status, 0) < 0)
		;
	freezer_thaw(freezer);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : error_make(err, ECHILD, "the process that suspends was killed");
}
