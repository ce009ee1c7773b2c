// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/timeline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/profile/value.h"
#include "builder/report/log.h"

static int add_event(struct timeline *timeline, enum event_group group, const char *text,
		     size_t len, double start, double end, bool open, struct error **err)
{
	struct event *event;

	if (timeline->events.len >= TIMELINE_MAX)
		return 0;
	event = calloc(1, sizeof(*event));
	if (event)
		event->text = strndup(text, len);
	if (!event || !event->text || vec_push(&timeline->events, event) < 0) {
		if (event)
			free(event->text);
		free(event);
		return error_no_memory(err);
	}
	event->group = group;
	event->start = start;
	event->end = end > start ? end : start;
	event->open = open;
	timeline->end = MAX(timeline->end, event->end);
	return 0;
}

/* Phases follow each other, and so does what init is doing. */
static void end_open(struct timeline *timeline, enum event_group group, double time)
{
	struct event *event;

	vec_foreach(i, event, &timeline->events) {
		if (event->group != group || !event->open)
			continue;
		event->end = MAX(time, event->start);
		event->open = false;
	}
	timeline->end = MAX(timeline->end, time);
}

static bool has_event(const struct timeline *timeline, enum event_group group, const char *text)
{
	const struct event *event;

	vec_foreach(i, event, &timeline->events)
		if (event->group == group && !strcmp(event->text, text))
			return true;
	return false;
}

/* "module NAME MICROSECONDS", by coldplug: it ended now */
static int add_module(struct timeline *timeline, const char *text, double time, struct error **err)
{
	size_t len = strcspn(text, " ");
	double took = text[len] ? strtod(text + len, NULL) / 1e6 : 0;

	if (!(took >= 0 && took <= time))
		took = 0;
	return add_event(timeline, EVENT_MODULE, text, len, time - took, time, false, err);
}

static int add_ours(struct timeline *timeline, const char *text, double time, struct error **err)
{
	const char *phase = log_phase(text), *rest;

	if ((rest = after_prefix(text, "module ")))
		return add_module(timeline, rest, time, err);
	if ((rest = after_prefix(text, "state: mount ")))
		return add_event(timeline, EVENT_MOUNT, rest, strlen(rest), time, time, false, err);
	if ((rest = after_prefix(text, "status: "))) {
		end_open(timeline, EVENT_STATUS, time);
		/* the name of a phase is what it does if it says nothing better */
		return log_phase(rest) ? 0
				       : add_event(timeline, EVENT_STATUS, rest, strlen(rest), time,
						   time, true, err);
	}
	if (phase && !has_event(timeline, EVENT_PHASE, phase)) {
		end_open(timeline, EVENT_PHASE, time);
		return add_event(timeline, EVENT_PHASE, phase, strlen(phase), time, time, true,
				 err);
	}
	if (after_prefix(text, "switch_root") || strstr(text, " failed: ")) {
		end_open(timeline, EVENT_PHASE, time);
		end_open(timeline, EVENT_STATUS, time);
		timeline->handed_over = true;
	}
	return 0;
}

/* "Starting udev.service - Rules..." and "Started udev.service - Rules." have this in common. */
static size_t unit_length(const char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == '.')
		len--;
	return len;
}

static void end_unit(struct timeline *timeline, const char *text, size_t len, double time)
{
	struct event *event;

	vec_foreach(i, event, &timeline->events) {
		if (event->group != EVENT_SYSTEM || !event->open || strlen(event->text) != len ||
		    memcmp(event->text, text, len) != 0)
			continue;
		event->open = false;
		event->end = MAX(time, event->start);
		timeline->end = MAX(timeline->end, time);
		return;
	}
}

static int add_system(struct timeline *timeline, const char *text, double time, struct error **err)
{
	static const char *const starts[] = { "Starting ", "Mounting ", "Activating swap " };
	static const char *const ends[] = { "Started ", "Finished ", "Mounted ", "Activated swap ",
					    "Failed to start " };
	const char *rest;

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if ((rest = after_prefix(text, starts[i])))
			return add_event(timeline, EVENT_SYSTEM, rest, unit_length(rest), time,
					 time, true, err);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if ((rest = after_prefix(text, ends[i])))
			end_unit(timeline, rest, unit_length(rest), time);
	if ((rest = after_prefix(text, "Reached target ")))
		return add_event(timeline, EVENT_SYSTEM, rest, unit_length(rest), time, time, false,
				 err);
	timeline->finished = after_prefix(text, "Startup finished") != NULL;
	return 0;
}

static bool is_mount(const char *text)
{
	return strstr(text, ": mounted filesystem") || strstr(text, ": Ending clean mount") ||
	       strstr(text, ": first mount of filesystem");
}

static int timeline_line(void *context, const char *line, struct error **err)
{
	struct timeline *timeline = context;
	const char *rest, *text;
	double time;

	if (!log_time(line, &time, &rest))
		return 0;
	text = log_ours(rest);
	/* the log of the initramfs may come behind that of the system */
	if (text)
		return add_ours(timeline, text, time, err);
	if (timeline->finished)
		return 0;
	text = strstr(rest, "systemd[1]: ");
	if (text)
		return add_system(timeline, text + strlen("systemd[1]: "), time, err);
	if (is_mount(rest))
		return add_event(timeline, EVENT_MOUNT, rest, strlen(rest), time, time, false, err);
	return 0;
}

int timeline_read(struct timeline *timeline, const char *path, struct error **err)
{
	struct event *event;
	int r;

	*timeline = (struct timeline){ 0 };
	r = log_read(path, timeline_line, timeline, err);
	if (r < 0)
		return r;
	vec_foreach(i, event, &timeline->events)
		if (event->open)
			event->end = timeline->end;
	if (!timeline->events.len || timeline->end <= 0)
		return error_make(
			err, ENODATA,
			"'%s' has no line of mkvinitrd or systemd with a time as in "
			"'[    1.234567]'; boot with vi.chart and give /run/initramfs/log, "
			"or the output of journalctl -b -o short-monotonic",
			path);
	return 0;
}

static void event_free(void *item)
{
	struct event *event = item;

	free(event->text);
	free(event);
}

void timeline_release(struct timeline *timeline)
{
	vec_clear(&timeline->events, event_free);
}
