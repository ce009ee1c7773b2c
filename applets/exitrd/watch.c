// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/exitrd/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <time.h>

#include "applets/exitrd/asked.h"
#include "applets/exitrd/button.h"
#include "applets/exitrd/leave.h"
#include "applets/exitrd/medium.h"
#include "applets/exitrd/server.h"
#include "applets/lib/uevent.h"
#include "common/msg.h"

#define MOST_MEDIA   16
#define MOST_SERVERS 8

#define DISC_LOOK_SECONDS 3

/* All that is needed is open before the root runs: its directories may not be readable any more. */
struct watch {
	int sys, proc, dev; /* directories */
	int uevents, signals, commands;
	bool is_alone; /* something is gone */
	bool is_listening;
	enum asked asked;
	uint64_t end; /* seconds; 0: not asked for */
	struct medium media[MOST_MEDIA];
	size_t count;
	struct server servers[MOST_SERVERS];
	size_t server_count;
	struct buttons buttons;
	struct uevent event;
};

/* Time in which the machine sleeps does not count: its network has to wake up, too. */
static uint64_t watch_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

/* Ctrl-Alt-Del is a signal for that process. */
static void set_ctrl_alt_del(const struct watch *w, pid_t pid)
{
	_cleanup_close_ int fd = openat(w->proc, "sys/kernel/cad_pid", O_WRONLY | O_CLOEXEC);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", pid);

	reboot(RB_DISABLE_CAD);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		msg(MSG_WARNING, "Ctrl-Alt-Del may not work: %s", strerror(errno));
}

/* Before the message that tells of it: who acts on that must not be too early. */
static void take_over(struct watch *w)
{
	if (w->is_alone)
		return;
	w->is_alone = true;
	set_ctrl_alt_del(w, getpid());
	buttons_open(&w->buttons, w->dev);
}

static void hand_back(struct watch *w)
{
	w->is_alone = false;
	w->end = 0;
	set_ctrl_alt_del(w, 1);
	buttons_close(&w->buttons);
}

/* Brings all in line with what is gone and what is late. */
static void watch_settle(struct watch *w)
{
	bool gone = false, late = false;

	for (size_t i = 0; i < w->count; i++)
		gone |= w->media[i].is_gone;
	for (size_t i = 0; i < w->server_count; i++) {
		gone |= w->servers[i].state == SERVER_GONE;
		late |= w->servers[i].state == SERVER_LATE;
	}
	if (w->is_listening != (gone || late)) {
		w->is_listening = !w->is_listening;
		w->asked = ASKED_NOTHING;
		asked_listen(w->commands, w->is_listening);
	}
	if (!gone && w->is_alone)
		hand_back(w);
	if (!w->is_alone || w->asked == ASKED_NOTHING || w->end)
		return;
	w->end = watch_now() + WATCH_END_SECONDS;
	msg(MSG_ERROR, "asked to %s: done without the root in %d s, if its init has not by then",
	    w->asked == ASKED_POWEROFF ? "power off" : "restart", WATCH_END_SECONDS);
}

static void medium_removed(struct watch *w, struct medium *medium)
{
	if (medium->is_gone)
		return;
	medium->is_gone = true;
	take_over(w);
	if (medium->drive >= 0) {
		msg(MSG_ERROR,
		    "the disc was taken out of %s, and the root needs it. Put it back to continue. "
		    "Ctrl-Alt-Del restarts the machine, the power button powers it off",
		    medium->name);
		return;
	}
	msg(MSG_ERROR,
	    "%s%s%s%s was removed, and the root needs it: what was not synced is lost. Press "
	    "Ctrl-Alt-Del, or plug it in again, to restart the machine; the power button powers it "
	    "off",
	    medium->name, *medium->serial ? " (serial " : "", medium->serial,
	    *medium->serial ? ")" : "");
}

/* A disc that is put back is read on, once somebody opens its drive: until then the kernel refuses
 * a disc that may be another one. */
static void look_at_discs(struct watch *w)
{
	for (size_t i = 0; i < w->count; i++) {
		struct medium *medium = &w->media[i];

		if (medium->drive < 0)
			continue;
		if (drive_is_empty(medium->drive)) {
			medium_removed(w, medium);
		} else if (medium->is_gone) {
			medium->is_gone = false;
			close_fd(&medium->drive);
			medium->drive = medium_open_drive(w->dev, medium->name);
			msg(MSG_ERROR, "there is a disc in %s again", medium->name);
		}
	}
}

static void look_again(struct watch *w, const char *name)
{
	for (size_t i = 0; i < w->count; i++) {
		struct medium *medium = &w->media[i], now;

		if (name && strcmp(medium->name, name) != 0)
			continue;
		if (medium_read(w->sys, medium->name, &now) == 0 && now.size)
			continue;
		close_fd(&medium->drive);
		medium_removed(w, medium);
	}
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
		if (w->media[i].is_gone && w->media[i].drive < 0 &&
		    medium_is_same(&w->media[i], &now)) {
			msg(MSG_ERROR, "%s is back, as %s", w->media[i].name, now.name);
			leave_machine(w->proc, w->dev, false);
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
		leave_machine(w->proc, w->dev, false);
}

static void read_commands(struct watch *w)
{
	enum asked asked = asked_read(w->commands, w->proc);

	if (w->is_listening && asked != ASKED_NOTHING)
		w->asked = asked;
}

static void look_at_server(struct watch *w, struct server *server)
{
	enum server_state before = server->state, after = server_look(server, watch_now());

	if (after == SERVER_GONE && before != SERVER_GONE) {
		take_over(w);
		msg(MSG_ERROR,
		    "no answer from %s for %d s, and the root needs it: the system continues when "
		    "it answers again. Ctrl-Alt-Del restarts the machine, the power button powers "
		    "it off; what was not written is lost then",
		    server->name, SERVER_GONE_SECONDS);
	} else if (before == SERVER_GONE && after != SERVER_GONE) {
		msg(MSG_ERROR, "%s answers again", server->name);
	}
}

/* Milliseconds, for poll(2) */
static int watch_timeout(const struct watch *w)
{
	uint64_t next = w->end ? w->end : UINT64_MAX, now = watch_now();

	for (size_t i = 0; i < w->server_count; i++)
		next = MIN(next, server_next_look(&w->servers[i]));
	for (size_t i = 0; i < w->count; i++)
		if (w->media[i].drive >= 0)
			next = MIN(next, now + DISC_LOOK_SECONDS);
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)MIN(next - now, 3600ULL) * 1000;
}

static void watch_once(struct watch *w)
{
	enum { UEVENTS, SIGNALS, COMMANDS, SERVERS, BUTTONS = SERVERS + MOST_SERVERS };
	struct pollfd p[BUTTONS + MOST_BUTTONS] = { [UEVENTS] = { .fd = w->uevents },
						    [SIGNALS] = { .fd = w->signals },
						    [COMMANDS] = { .fd = w->commands } };

	for (size_t i = 0; i < MOST_SERVERS; i++)
		p[SERVERS + i].fd = i < w->server_count ? w->servers[i].answers : -1;
	for (size_t i = 0; i < MOST_BUTTONS; i++)
		p[BUTTONS + i].fd = i < w->buttons.count ? w->buttons.fds[i] : -1;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i].events = POLLIN;
	if (poll(p, ARRAY_SIZE(p), watch_timeout(w)) < 0)
		return;
	if (p[UEVENTS].revents)
		read_uevents(w);
	if (p[SIGNALS].revents)
		read_signals(w);
	if (p[COMMANDS].revents)
		read_commands(w);
	look_at_discs(w);
	for (size_t i = 0; i < w->server_count; i++)
		look_at_server(w, &w->servers[i]);
	for (size_t i = 0; i < w->buttons.count; i++)
		if (p[BUTTONS + i].revents && button_pressed(&w->buttons, i))
			leave_machine(w->proc, w->dev, true);
	watch_settle(w);
	if (w->end && watch_now() >= w->end)
		leave_machine(w->proc, w->dev, w->asked == ASKED_POWEROFF);
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
	w->commands = asked_open();
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

static void add_medium(struct watch *w, const char *path)
{
	const char *name = strrchr(path, '/');

	if (w->count == MOST_MEDIA || !name || !medium_is_used(path) ||
	    medium_read(w->sys, name + 1, &w->media[w->count]) < 0)
		return;
	w->media[w->count].drive = medium_open_drive(w->dev, name + 1);
	w->count++;
}

/* The processes that ask are those of the process that watches. */
static void start_servers(struct watch *w, char *const *args)
{
	struct error *err = NULL;

	for (; *args; args++) {
		if (strcmp(*args, "--server") != 0)
			continue;
		if (w->server_count == MOST_SERVERS)
			break;
		if (server_start(&w->servers[w->server_count], args[1], args[2], watch_now(),
				 &err) < 0)
			msg_fail(err), err = NULL;
		else
			w->server_count++;
		args += 2;
	}
}

static _Noreturn void watch_forever(struct watch *w, char *const *args)
{
	setsid();
	if (chdir("/") < 0 || mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		msg(MSG_WARNING, "not locked in memory: %s", strerror(errno));
	msg_to_kmsg();
	start_servers(w, args);
	for (;;)
		watch_once(w);
}

int watch_root(char *const *args, const char *pidfile, struct error **err)
{
	struct watch w = { .uevents = -1 };
	int r = open_all(&w, err);
	size_t servers = 0;
	pid_t pid;

	for (size_t i = 0; r == 0 && args[i]; i++) {
		if (strcmp(args[i], "--server") != 0) {
			add_medium(&w, args[i]);
			continue;
		}
		if (!args[i + 1] || !args[i + 2])
			return error_make(err, EINVAL, "--server: expected a path and a name");
		servers++;
		i += 2;
	}
	if (r < 0 || w.count + servers == 0)
		return r;
	pid = fork();
	if (pid < 0)
		return error_sys(err, errno, "cannot fork");
	if (pid > 0)
		return write_pid(pidfile, pid, err);
	watch_forever(&w, args);
}
