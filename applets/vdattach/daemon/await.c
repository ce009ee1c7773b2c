// SPDX-License-Identifier: GPL-2.0-or-later
/* What attach does while the daemon brings the device up. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "applets/vdattach/daemon/daemon.h"
#include "applets/vdattach/server/pidfd.h"
#include "common/msg.h"

#define REPORT_MAX 1024u

/* In milliseconds. The kernel's answers are a matter of moments; an image may have to be repaired.
 */
#define DRIVER_MS 10000
#define IMAGE_MS  (10 * 60 * 1000)
#define TELL_MS	  5000 /* nobody is to wait for longer without being told for what */
#define LOOK_MS	  100
/* for a supervisor whose worker is dead to take the device away by itself; for a killed process */
#define CLEAN_MS 7000
#define END_MS	 2000

struct await {
	struct daemon_state *state;
	int phase;
	int64_t since, told; /* that the phase began, that somebody was told of it */
};

static int64_t await_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int limit_of(const struct await *await)
{
	if (await->phase == DAEMON_IN_IMAGE)
		return IMAGE_MS;
	return await->state->driver_ms ? await->state->driver_ms : DRIVER_MS;
}

/* False when it has lasted for too long. */
static bool await_look(struct await *await)
{
	int phase = __atomic_load_n(&await->state->phase, __ATOMIC_ACQUIRE);
	int64_t now = await_now_ms(), left;

	/* the device is there, the report is on its way */
	if (__atomic_load_n(&await->state->started, __ATOMIC_ACQUIRE))
		phase = DAEMON_STARTS;
	if (phase != await->phase) {
		await->phase = phase;
		await->since = await->told = now;
	}
	left = await->since + limit_of(await) - now;
	if (left <= 0)
		return false;
	if (now - await->told < TELL_MS)
		return true;
	await->told = now;
	if (phase == DAEMON_IN_IMAGE)
		msg(MSG_WARNING,
		    "%s: still being opened (its tables are read, or repaired): for %d s more at "
		    "most",
		    await->state->image, (int)(left / 1000));
	else
		msg(MSG_WARNING,
		    "%s: the kernel has not answered exporter %s yet: waiting for %d s more",
		    await->state->image, await->state->exporter, (int)((left + 999) / 1000));
	return true;
}

/* The process has milliseconds to end by itself, then it is killed. One that cannot die is left. */
static void end_process(const struct daemon_state *state, pid_t pid, int milliseconds)
{
	int pidfd = pid > 0 ? pidfd_of(pid) : -1;

	if (pidfd < 0)
		return;
	if (!pidfd_wait(pidfd, milliseconds) && pidfd_kill(pidfd) == 0 &&
	    !pidfd_wait(pidfd, END_MS))
		msg(MSG_WARNING, "exporter %s: process %d does not end, it is left behind",
		    state->exporter, (int)pid);
	close(pidfd);
}

static int await_give_up(const struct await *await, pid_t supervisor, struct error **err)
{
	struct daemon_state *state = await->state;
	pid_t worker = state->worker;
	int r;

	r = await->phase == DAEMON_IN_IMAGE
		    ? error_make(err, ETIMEDOUT, "%s could not be opened within %d s", state->image,
				 IMAGE_MS / 1000)
		    : error_make(err, ETIMEDOUT, "the kernel has not answered within %d s",
				 (limit_of(await) + 999) / 1000);
	/* from now on nobody is replaced */
	state->stopping = true;
	end_process(state, worker, 0);
	end_process(state, supervisor, worker ? CLEAN_MS : 0);
	if (state->supervisor != supervisor)
		end_process(state, state->supervisor, 0);
	return r;
}

/* The supervisor was killed before it could tell: the next one has the device, if there is one. */
static int take_state(const struct daemon_state *state, char **ret_devpath, struct error **err)
{
	if (!state->started)
		return error_make(err, ECHILD, "the daemon ended before the device was there");
	*ret_devpath = strdup(state->devpath);
	return *ret_devpath ? 0 : error_sys(err, ENOMEM, "cannot attach");
}

/* "0 /dev/nbd0", or an error number and a message. */
static int take_report(const char *text, char **ret_devpath, struct error **err)
{
	char *rest;
	long code = strtol(text, &rest, 10);

	rest += *rest == ' ';
	if (code)
		return error_make(err, (int)code, "%s", rest);
	*ret_devpath = strdup(rest);
	return *ret_devpath ? 0 : error_sys(err, ENOMEM, "cannot attach");
}

/* Reads until nobody can write any more, or the daemon has not answered in time. */
static int read_report(struct await *await, int fd, char *text, pid_t supervisor,
		       struct error **err)
{
	size_t used = 0;
	ssize_t n = 1;

	while (n != 0) {
		struct pollfd poller = { fd, POLLIN, 0 };

		if (poll(&poller, 1, LOOK_MS) > 0) {
			n = read(fd, text + used, REPORT_MAX - 1 - used);
			used += n > 0 ? (size_t)n : 0;
		}
		if (n != 0 && !await_look(await)) {
			if (used == 0)
				return await_give_up(await, supervisor, err);
			break;
		}
	}
	text[used] = '\0';
	return 0;
}

int daemon_await(int report, int state_fd, pid_t supervisor, bool *ret_driver, char **ret_devpath,
		 struct error **err)
{
	struct await await = { .since = await_now_ms() };
	char text[REPORT_MAX] = "";
	int r;

	await.told = await.since;
	await.state =
		mmap(NULL, sizeof(*await.state), PROT_READ | PROT_WRITE, MAP_SHARED, state_fd, 0);
	if (await.state == MAP_FAILED)
		return error_sys(err, errno, "cannot map the state of the daemon");
	r = read_report(&await, report, text, supervisor, err);
	if (r == 0)
		r = *text ? take_report(text, ret_devpath, err)
			  : take_state(await.state, ret_devpath, err);
	*ret_driver = await.state->phase == DAEMON_IN_DRIVER ||
		      (r == -ETIMEDOUT && await.state->phase == DAEMON_STARTS);
	munmap(await.state, sizeof(*await.state));
	return r;
}
