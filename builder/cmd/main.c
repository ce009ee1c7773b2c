// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "builder/cmd/cli/cli.h"
#include "builder/cmd/command.h"
#include "builder/write/output.h"
#include "common/msg.h"

/* Removes partial output and terminates by the same signal, so that a shell or make sees it. */
static void interrupted(int sig)
{
	static const char kept[] = "mkvinitrd: interrupted; nothing was replaced\n";
	static const char replaced[] = "mkvinitrd: interrupted; the new file is in place\n";
	const char *text = output_abandon() ? kept : replaced;

	if (sig != SIGPIPE && write(STDERR_FILENO, text, strlen(text)) < 0) {
		/* nobody is listening */
	}
	raise(sig); /* blocked until we return, then the default action */
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT };
	struct sigaction action = { .sa_handler = interrupted, .sa_flags = (int)SA_RESETHAND };
	struct sigaction old;

	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	/* a write beyond `ulimit -f` shall fail with EFBIG, which has a message */
	signal(SIGXFSZ, SIG_IGN);
}

/* Output that did not arrive (full disk, closed pipe) must not look like success. */
static int finish(int status)
{
	errno = 0; /* stays so if it was an earlier write that failed */
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == STATUS_OK) {
		msg(MSG_ERROR, "cannot write to standard output: %s",
		    errno ? strerror(errno) : "a part of it is lost");
		return STATUS_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	catch_signals();
	return finish(cli_run(argc, argv));
}
