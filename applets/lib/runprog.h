/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running another program and waiting for it, never without a limit. */
#ifndef APPLETS_LIB_RUNPROG_H
#define APPLETS_LIB_RUNPROG_H

/*
 * Runs argv[0] with the environment envp (NULL-terminated), no input, and its output on stderr, as
 * stdout belongs to the caller's own result. what: for the message every 5 seconds while it takes
 * long. 0; -ENOENT: it ended with another status than 0; -ETIMEDOUT: after 30 seconds, when it is
 * left behind; other -errno: it could not be started.
 */
int program_run(char *const argv[], char *const envp[], const char *what);

#endif
