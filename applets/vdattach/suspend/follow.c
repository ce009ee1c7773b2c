// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/suspend/follow.h"

#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "applets/vdattach/suspend/asleep.h"
#include "applets/vdattach/suspend/register.h"
#include "common/msg.h"

#define SYSCALL_STOP (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */
#define STATUS_EXEC  127

struct follow {
	struct freezer *freezer;
	pid_t pid;
	bool replaced; /* the system call that it is in */
	int64_t result;
};

/* The system call is a write to ASLEEP_FILE: its bytes in word. */
static bool is_sleep(const struct follow *f, const struct __ptrace_syscall_info *info, char *word,
		     size_t size)
{
	static const char wanted[] = "/power/state";
	char path[64], target[256];
	struct iovec local = { word, size - 1 }, remote;
	ssize_t n;

	if (info->op != PTRACE_SYSCALL_INFO_ENTRY || !register_is_write(info->arch, info->entry.nr))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)f->pid, (int)info->entry.args[0]);
	n = readlink(path, target, sizeof(target));
	if (n < (ssize_t)strlen(wanted) || n == sizeof(target) ||
	    memcmp(target + n - strlen(wanted), wanted, strlen(wanted)) != 0)
		return false;
	local.iov_len = MIN(local.iov_len, info->entry.args[2]);
	remote = (struct iovec){ (void *)(uintptr_t)info->entry.args[1], local.iov_len };
	n = process_vm_readv(f->pid, &local, 1, &remote, 1, 0);
	word[MAX(n, 0)] = '\0';
	word[strcspn(word, "\n")] = '\0';
	return *word;
}

static void follow_sleep(struct follow *f, const struct __ptrace_syscall_info *info)
{
	_cleanup_error_ struct error *err = NULL;
	char word[32];
	int r;

	if (!is_sleep(f, info, word, sizeof(word)) || register_skip(f->pid) < 0)
		return;
	r = asleep_enter(f->freezer, word, &err);
	if (r < 0)
		msg(MSG_ERROR, "%s", error_msg(err));
	f->result = r < 0 ? r : (int64_t)info->entry.args[2];
	f->replaced = true;
}

/* It has stopped: what it is to get as signal when it goes on. */
static int follow_stop(struct follow *f, int status)
{
	struct __ptrace_syscall_info info;
	int signal = WSTOPSIG(status);

	if (signal != SYSCALL_STOP)
		return signal == SIGTRAP ? 0 : signal;
	if (f->replaced) {
		register_return(f->pid, f->result);
		f->replaced = false;
	} else if (ptrace(PTRACE_GET_SYSCALL_INFO, f->pid, sizeof(info), &info) > 0) {
		follow_sleep(f, &info);
	}
	return 0;
}

static void follow_exec(char *const argv[])
{
	/* where it is forbidden the program runs, and sleeps as it would without us */
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
		raise(SIGSTOP);
	execv(*argv, argv);
	msg(MSG_ERROR, "cannot run '%s': %s", *argv, strerror(errno));
	_exit(STATUS_EXEC);
}

int follow_run(struct freezer *freezer, char *const argv[], struct error **err)
{
	struct follow f = { .freezer = freezer, .pid = fork() };
	bool begun = false;
	int status;

	if (f.pid == 0)
		follow_exec(argv);
	if (f.pid < 0)
		return error_sys(err, errno, "cannot fork");
	asleep_harden();
	for (;;) {
		int signal = 0;

		if (waitpid(f.pid, &status, 0) < 0)
			continue;
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		if (WIFSIGNALED(status))
			return 128 + WTERMSIG(status);
		if (begun)
			signal = follow_stop(&f, status);
		else
			ptrace(PTRACE_SETOPTIONS, f.pid, NULL, PTRACE_O_TRACESYSGOOD);
		begun = true;
		ptrace(PTRACE_SYSCALL, f.pid, NULL, signal);
	}
}
