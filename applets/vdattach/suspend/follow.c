// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/suspend/follow.h"

#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdbool.h>
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
#define PARTS	     4 /* of a writev(2) that are looked at */

struct follow {
	struct freezer *freezer;
	pid_t pid;
	bool replaced; /* the system call that it is in */
	int64_t result;
};

/* The first bytes of what the system call writes, and how many there are: 0 for one that does not
 * write. */
static size_t follow_written(pid_t pid, const struct __ptrace_syscall_info *info, char *word,
			     size_t size)
{
	void *base = (void *)(uintptr_t)info->entry.args[1];
	struct iovec local, from, parts[PARTS] = { { base, info->entry.args[2] } };
	size_t length = 0, n = 1;
	ssize_t got;

	switch (register_call(info->arch, info->entry.nr)) {
	case REGISTER_WRITEV: /* musl's stdio */
		n = MIN(info->entry.args[2], (uint64_t)PARTS);
		local = (struct iovec){ parts, n * sizeof(*parts) };
		from = (struct iovec){ base, local.iov_len };
		if (process_vm_readv(pid, &local, 1, &from, 1, 0) != (ssize_t)local.iov_len)
			return 0;
		break;
	case REGISTER_WRITE:
		break;
	case REGISTER_OTHER:
	default:
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		length += parts[i].iov_len;
	local = (struct iovec){ word, MIN(size - 1, length) };
	got = process_vm_readv(pid, &local, 1, parts, n, 0);
	word[MAX(got, 0)] = '\0';
	word[strcspn(word, "\n")] = '\0';
	return *word ? length : 0;
}

/* The system call is a write to ASLEEP_FILE: its bytes in word, and their number. */
static size_t follow_sleep_length(const struct follow *f, const struct __ptrace_syscall_info *info,
				  char *word, size_t size)
{
	static const char wanted[] = "/power/state";
	char path[64], target[256];
	size_t length = info->op == PTRACE_SYSCALL_INFO_ENTRY
				? follow_written(f->pid, info, word, size)
				: 0;
	ssize_t n;

	if (!length)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)f->pid, (int)info->entry.args[0]);
	n = readlink(path, target, sizeof(target));
	if (n < (ssize_t)strlen(wanted) || n == sizeof(target))
		return 0;
	return memcmp(target + n - strlen(wanted), wanted, strlen(wanted)) == 0 ? length : 0;
}

static void follow_sleep(struct follow *f, const struct __ptrace_syscall_info *info)
{
	_cleanup_error_ struct error *err = NULL;
	char word[32];
	size_t length = follow_sleep_length(f, info, word, sizeof(word));
	int r;

	if (!length || register_skip(f->pid) < 0)
		return;
	r = asleep_enter(f->freezer, word, &err);
	if (r < 0)
		msg(MSG_ERROR, "%s", error_msg(err));
	f->result = r < 0 ? r : (int64_t)length;
	f->replaced = true;
}

/* It has stopped: what it is to get as signal when it continues. */
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
