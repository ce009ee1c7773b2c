// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exitrd: process 1 for roots whose init knows nothing of /run/initramfs/shutdown. The root's init
 * runs as the first process of a PID namespace, so that its "kill everybody" spares the programs
 * that serve the root's disk, and its reboot(2) comes here instead of ending the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/sched.h>

#include "applets/exitrd/kexec.h"
#include "applets/exitrd/machine.h"
#include "applets/exitrd/stuck.h"
#include "applets/exitrd/watch.h"
#include "common/msg.h"

#define RAMFS "/run/initramfs"

static const char help[] =
	"Usage: exitrd INIT [ARGUMENT]...\n"
	"       exitrd --load KERNEL INITRAMFS CMDLINE\n"
	"       exitrd --kexec\n"
	"       exitrd --watch PIDFILE [DEVICE | --server PATH NAME]...\n"
	"Runs a root's INIT and, when that exits or calls reboot(2), " RAMFS "/shutdown,\n"
	"which unmounts and detaches everything. Must be process 1 after switch_root;\n"
	"INIT becomes process 1 of a PID namespace.\n"
	"      --load   load a kernel, to be started at the end of the shutdown\n"
	"      --kexec  start the loaded kernel immediately; for " RAMFS "/shutdown\n"
	"      --watch  in the background: report the removal of a device in use, or that\n"
	"               the server of PATH (a directory or disk) does not answer; end the\n"
	"               machine without it\n"
	"  -h, --help  -V, --version\n"
	"Exit status: 1 failure, 2 usage error; does not return on success.\n";

/* The kernel's own process 1 gets these: Ctrl-Alt-Del, the keyboard's request, a failing supply. */
static void wanted_signals(sigset_t *ret)
{
	static const int list[] = { SIGCHLD, SIGINT, SIGWINCH, SIGPWR };

	sigemptyset(ret);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		sigaddset(ret, list[i]);
}

static bool file_has_nonzero(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c = '0';

	return fd >= 0 && read(fd, &c, 1) == 1 && c != '0';
}

/* The namespace's own /proc, so that process numbers are those that its processes know. */
static void own_proc(void)
{
	if (umount2("/proc", MNT_DETACH) < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		msg(MSG_WARNING, "/proc: %s", strerror(errno));
}

static _Noreturn void become_init(char **argv)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	own_proc();
	setsid();
	execv(argv[0], argv);
	msg(MSG_ERROR, "cannot start %s: %s", argv[0], strerror(errno));
	_exit(127);
}

/* Passes signals on and reaps what was orphaned. True with the status of init; false when init has
 * ended, but never becomes something to wait for. */
static bool wait_for(pid_t init, const sigset_t *signals, int proc, int *ret_status)
{
	const struct timespec look = { .tv_sec = STUCK_LOOK_SECONDS };
	struct stuck stuck = { 0 };

	for (;;) {
		int number = sigtimedwait(signals, NULL, &look);
		pid_t pid;

		if (number > 0 && number != SIGCHLD)
			kill(init, number);
		while ((pid = waitpid(-1, ret_status, WNOHANG)) > 0) {
			if (pid == init)
				return true;
		}
		if (number < 0 && errno == EAGAIN && stuck_look(&stuck, proc, init))
			return false;
	}
}

/* Without the shutdown programs: what can be done to lose nothing. */
static _Noreturn void end_plainly(enum machine_end end)
{
	sync();
	mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	reboot(end == MACHINE_POWEROFF ? RB_POWER_OFF : RB_AUTOBOOT);
	_exit(1);
}

static _Noreturn void shut_down(enum machine_end end)
{
	umount2("/proc", MNT_DETACH);
	if (chdir(RAMFS) == 0 && syscall(SYS_pivot_root, ".", "oldroot") == 0 && chroot(".") == 0)
		execl("/shutdown", "/shutdown", machine_word(end), NULL);
	msg(MSG_ERROR, RAMFS "/shutdown: %s; the disks are only made read-only", strerror(errno));
	end_plainly(end);
}

/* Says how init ended; returns what that means for the machine. */
static enum machine_end end_of(const char *name, pid_t init, bool ended, int status, int proc,
			       const struct machine *machine)
{
	char names[512];

	if (!ended) {
		stuck_names(proc, init, names, sizeof(names));
		msg(MSG_WARNING,
		    "%s has ended, but these processes cannot be killed: %s; "
		    "continuing without them, and without knowing whether to reboot",
		    name, names);
		return machine_end_unknown(machine);
	}
	if (machine_unasked(status))
		msg(MSG_WARNING, "%s ended (%s %d) without power-off or reboot", name,
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return machine_end(status, machine);
}

static int exitrd_run(char **argv)
{
	/* the root may unmount its /proc, and has another one: its own process numbers */
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), status = 0;
	struct machine machine;
	sigset_t signals;
	bool ended;
	pid_t init;

	wanted_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* Ctrl-Alt-Del is a signal to us from now on; inside the namespace this is not allowed */
	reboot(RB_DISABLE_CAD);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	machine.reboot_on_panic = file_has_nonzero("/proc/sys/kernel/panic");
	init = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
	if (init == 0)
		become_init(argv);
	if (init < 0) {
		/* a kernel without PID namespaces: then as it has always been */
		msg(MSG_WARNING, "PID namespace: %s; nothing will be checked at power-off",
		    strerror(errno));
		sigprocmask(SIG_UNBLOCK, &signals, NULL);
		execv(argv[0], argv);
		return error_sys(NULL, errno, "cannot start %s", argv[0]);
	}
	ended = wait_for(init, &signals, proc, &status);
	machine.kexec_loaded = file_has_nonzero("/sys/kernel/kexec_loaded");
	shut_down(end_of(argv[0], init, ended, status, proc, &machine));
}

/* The end of `kexec -e`: systemd and others load the kernel long before. What could be written to
 * the disks was: another sync(2) may never come back. */
static int start_loaded_kernel(void)
{
	struct error *err = NULL;

	return kexec_start(&err) < 0 ? msg_fail(err) : 0;
}

static int load_kernel(char **argv)
{
	struct error *err = NULL;

	return kexec_load(argv[0], argv[1], argv[2], &err) < 0 ? msg_fail(err) : 0;
}

/* '@': systemd spares such processes at shutdown, https://systemd.io/ROOT_STORAGE_DAEMONS/ */
static int start_watch(char **argv)
{
	struct error *err = NULL;

	argv[0][0] = '@';
	return watch_root(argv + 3, argv[2], &err) < 0 ? msg_fail(err) : 0;
}

int main(int argc, char **argv)
{
	msg_init("exitrd", MSG_INFO);
	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		fputs(help, stdout);
		return 0;
	}
	if (argc == 2 && (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0)) {
		puts("exitrd " VERSION);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--kexec") == 0)
		return start_loaded_kernel();
	if (argc == 5 && strcmp(argv[1], "--load") == 0)
		return load_kernel(argv + 2);
	if (argc > 3 && strcmp(argv[1], "--watch") == 0)
		return start_watch(argv);
	if (argc < 2 || argv[1][0] != '/')
		return msg_usage("expected the full path of an init, found '%s'",
				 argc < 2 ? "" : argv[1]);
	if (getpid() != 1)
		return msg_usage("not process 1: to be started by switch_root");
	return exitrd_run(argv + 1) < 0;
}
