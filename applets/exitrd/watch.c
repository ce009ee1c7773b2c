// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/exitrd/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>

#include "applets/exitrd/leave.h"
#include "applets/exitrd/medium.h"
#include "applets/lib/uevent.h"
#include "common/msg.h"

#define MOST_MEDIA   16
#define MOST_BUTTONS 16

/* All that is needed is open before the root runs: its directories may not be readable any more. */
struct watch {
	int sys, proc, dev; /* directories */
	int uevents, signals;
	bool is_alone; /* something was removed */
	struct medium media[MOST_MEDIA];
	size_t count;
	int buttons[MOST_BUTTONS];
	size_t button_count;
	struct uevent event;
};

static bool has_power_key(int fd)
{
	unsigned char keys[KEY_MAX / 8 + 1] = { 0 };

	return ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) >= 0 &&
	       (keys[KEY_POWER / 8] & (1 << KEY_POWER % 8));
}

/* Names are tried: a directory would have to be read. */
static void open_buttons(struct watch *w)
{
	for (unsigned int i = 0; i < 64 && w->button_count < MOST_BUTTONS; i++) {
		char name[32];
		int fd;

		snprintf(name, sizeof(name), "input/event%u", i);
		fd = openat(w->dev, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && has_power_key(fd))
			w->buttons[w->button_count++] = fd;
		else if (fd >= 0)
			close(fd);
	}
}

/* Ctrl-Alt-Del is ours from now on: process 1 lies on what is gone. */
static void take_over(struct watch *w)
{
	_cleanup_close_ int fd = openat(w->proc, "sys/kernel/cad_pid", O_WRONLY | O_CLOEXEC);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", getpid());

	w->is_alone = true;
	reboot(RB_DISABLE_CAD);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		msg(MSG_WARNING, "Ctrl-Alt-Del may not work: %s", strerror(errno));
	open_buttons(w);
}

static void medium_removed(struct watch *w, struct medium *medium)
{
	if (medium->is_gone)
		return;
	medium->is_gone = true;
	msg(MSG_ERROR,
	    "%s%s%s%s was removed, and the root is on it: what was not synced is lost. Press "
	    "Ctrl-Alt-Del, or plug it in again, to restart the machine; the power button powers "
	    "off",
	    medium->name, *medium->serial ? " (serial " : "", medium->serial,
	    *medium->serial ? ")" : "");
	if (!w->is_alone)
		take_over(w);
}

static void look_again(struct watch *w, const char *name)
{
	struct medium now;

	for (size_t i = 0; i < w->count; i++)
		if (!name || strcmp(w->media[i].name, name) == 0)
			if (medium_read(w->sys, w->media[i].name, &now) < 0 || now.size == 0)
				medium_removed(w, &w->media[i]);
}

static void take_uevent(struct watch *w, const struct uevent *ev)
{
	const char *name = strrchr(ev->devpath, '/');
	struct medium now;

	if (strcmp(ev->subsystem, "block") != 0 || !name)
		return;
	name++;
	if (strcmp(ev->action, "add") != 0 || !w->is_alone) {
		look_again(w, name);
		if (!w->is_alone)
			return;
	}
	if (strcmp(ev->action, "remove") == 0 || medium_read(w->sys, name, &now) < 0)
		return;
	for (size_t i = 0; i < w->count; i++)
		if (w->media[i].is_gone && medium_is_same(&w->media[i], &now)) {
			msg(MSG_ERROR, "%s is back, as %s", w->media[i].name, now.name);
			leave_machine(w->proc, false);
		}
}

static void read_uevents(struct watch *w)
{
	int r;

	while ((r = uevent_read(w->uevents, &w->event)) == 0)
		take_uevent(w, &w->event);
	if (r == -ENOBUFS)
		look_again(w, NULL);
}

static void read_signals(struct watch *w)
{
	struct signalfd_siginfo info;

	if (read(w->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTERM)
		_exit(0);
	if (info.ssi_signo == SIGINT && w->is_alone)
		leave_machine(w->proc, false);
}

static void read_button(struct watch *w, size_t i)
{
	struct input_event event;
	ssize_t n;

	while ((n = read(w->buttons[i], &event, sizeof(event))) == sizeof(event))
		if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1)
			leave_machine(w->proc, true);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(w->buttons[i]);
		w->buttons[i] = -1;
	}
}

static _Noreturn void watch_forever(struct watch *w)
{
	for (;;) {
		struct pollfd p[2 + MOST_BUTTONS] = { { .fd = w->uevents, .events = POLLIN },
						      { .fd = w->signals, .events = POLLIN } };

		for (size_t i = 0; i < w->button_count; i++)
			p[2 + i] = (struct pollfd){ .fd = w->buttons[i], .events = POLLIN };
		if (poll(p, 2 + w->button_count, -1) < 0)
			continue;
		if (p[0].revents)
			read_uevents(w);
		if (p[1].revents)
			read_signals(w);
		for (size_t i = 0; i < w->button_count; i++)
			if (p[2 + i].revents)
				read_button(w, i);
	}
}

static int open_all(struct watch *w, struct error **err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigdelset(&set, SIGCHLD);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	w->sys = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->signals < 0 || w->sys < 0 || w->proc < 0 || w->dev < 0)
		return error_sys(err, errno, "watch: cannot open what is needed");
	w->uevents = uevent_open(err);
	return w->uevents < 0 ? w->uevents : 0;
}

static int write_pid(const char *path, pid_t pid, struct error **err)
{
	FILE *file = fopen(path, "we");
	bool good = file && fprintf(file, "%d\n", pid) > 0;

	if (file && fclose(file) != 0)
		good = false;
	return good ? 0 : error_sys(err, EIO, "'%s' cannot be written", path);
}

int watch_media(char *const *paths, size_t count, const char *pidfile, struct error **err)
{
	struct watch w = { .uevents = -1 };
	int r = open_all(&w, err);
	pid_t pid;

	for (size_t i = 0; r == 0 && i < count && w.count < MOST_MEDIA; i++) {
		const char *name = strrchr(paths[i], '/');

		if (name && medium_is_used(paths[i]) &&
		    medium_read(w.sys, name + 1, &w.media[w.count]) == 0)
			w.count++;
	}
	if (r < 0 || w.count == 0)
		return r;
	pid = fork();
	if (pid < 0)
		return error_sys(err, errno, "cannot fork");
	if (pid > 0)
		return write_pid(pidfile, pid, err);
	setsid();
	if (chdir("/") < 0 || mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		msg(MSG_WARNING, "not locked in memory: %s", strerror(errno));
	msg_to_kmsg();
	watch_forever(&w);
}
