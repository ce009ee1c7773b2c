// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/coldplug/hardware.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "applets/lib/uevent.h"
#include "common/file.h"
#include "common/hash.h"
#include "common/msg.h"

/* The kernel's own limit on the length of a path in sysfs makes it end; this only guards the stack.
 */
#define MAX_DEPTH 48

#define LOWEST_PRIORITY 19

/* Milliseconds without an event. A boot that takes longer waits for something, and is not delayed:
 * the kernel verifies a module's signature without giving the processor to anybody. */
#define QUIET 2000

void hardware_free(struct hardware *h)
{
	for (size_t i = 0; i < h->seen.size; i++)
		free(h->seen.slots[i]);
	free(h->seen.slots);
	h->seen = (struct seen){ 0 };
	later_free(&h->later);
}

static char **slot_of(const struct seen *seen, const char *text)
{
	size_t at = hash_bytes(text, strlen(text)) & (seen->size - 1);

	while (seen->slots[at] && strcmp(seen->slots[at], text) != 0)
		at = (at + 1) & (seen->size - 1);
	return &seen->slots[at];
}

static int hardware_grow(struct seen *seen)
{
	struct seen bigger = { .size = seen->size ? seen->size * 2 : 512, .count = seen->count };

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < seen->size; i++)
		if (seen->slots[i])
			*slot_of(&bigger, seen->slots[i]) = seen->slots[i];
	free(seen->slots);
	*seen = bigger;
	return 0;
}

/* 1: text is new and noted now, as *ret; 0: it was known; -ENOMEM. */
static int note(struct seen *seen, const char *text, const char **ret)
{
	char **slot;

	if (seen->count * 2 >= seen->size && hardware_grow(seen) < 0)
		return -ENOMEM;
	slot = slot_of(seen, text);
	if (*slot)
		return 0;
	*slot = strdup(text);
	if (!*slot)
		return -ENOMEM;
	*ret = *slot;
	seen->count++;
	return 1;
}

static int hardware_load(struct hardware *h, const char *modalias)
{
	_cleanup_error_ struct error *err = NULL;
	int r = loader_load(h->loader, modalias, NULL, &err);

	if (r == -ENOMEM)
		return r;
	/* many devices have no driver, and many drivers find at once that a device is not for them
	 */
	if (r == -ENODEV)
		msg(MSG_DEBUG, "%s", error_msg(err));
	else if (r < 0 && r != -ENOENT)
		msg(MSG_WARNING, "%s", error_msg(err));
	return 0;
}

int hardware_load_first(struct hardware *h)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	char *rest, *name;
	int r;

	if (asprintf(&path, "%s/modules.first", h->loader->index.dir) < 0)
		return -ENOMEM;
	r = read_text(path, &text, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (name = strtok_r(text, "\n", &rest); r == 0 && name; name = strtok_r(NULL, "\n", &rest))
		r = hardware_load(h, name);
	return r;
}

int hardware_add(struct hardware *h, const char *modalias)
{
	enum module_urgency urgency;
	const char *noted;
	int r = note(&h->seen, modalias, &noted);

	if (r <= 0)
		return r;
	h->fresh++;
	urgency = loader_urgency(h->loader, modalias);
	if (urgency != MODULE_NOW)
		return later_add(&h->later, noted, urgency);
	return hardware_load(h, modalias);
}

int hardware_load_later(struct hardware *h, enum module_urgency least)
{
	const char *modalias;
	int r = 0;

	while (r == 0 && (modalias = later_take(&h->later, least)))
		r = hardware_load(h, modalias);
	return r;
}

/* The cards of mmc have no modalias file, only the line in uevent. */
static int hardware_add_device(struct hardware *h, int dir, bool has_modalias)
{
	char text[8192], *alias = text;

	if (read_start(dir, has_modalias ? "modalias" : "uevent", text, sizeof(text)) <= 0)
		return 0;
	if (!has_modalias) {
		alias = strncmp(text, "MODALIAS=", 9) == 0 ? text : strstr(text, "\nMODALIAS=");
		if (!alias)
			return 0;
		alias = strchr(alias, '=') + 1;
	}
	alias[strcspn(alias, "\n")] = '\0';
	return *alias ? hardware_add(h, alias) : 0;
}

/* Directories that hold numbers, or devices below which no driver has anything to do. */
static bool is_dull(const char *name)
{
	static const char *const names[] = {
		".",   "..",  "power", "statistics", "queues", "msi_irqs", "trace",    "block",
		"net", "tty", "vc",    "bdi",	     "mem",    "memory",   "workqueue"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Devices that vanish meanwhile are no error. */
static int hardware_walk(struct hardware *h, int parent, const char *name, unsigned int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), r = 0;
	bool is_mmc = strncmp(name, "mmc", 3) == 0, has_modalias = false, has_uevent = false;
	struct dirent *entry;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (r == 0 && (entry = readdir(d))) {
		if (entry->d_type == DT_REG && strcmp(entry->d_name, "modalias") == 0)
			has_modalias = true;
		else if (is_mmc && entry->d_type == DT_REG && strcmp(entry->d_name, "uevent") == 0)
			has_uevent = true;
		else if (entry->d_type == DT_DIR && !is_dull(entry->d_name) && depth < MAX_DEPTH)
			r = hardware_walk(h, fd, entry->d_name, depth + 1);
	}
	if (r == 0 && (has_modalias || has_uevent))
		r = hardware_add_device(h, fd, has_modalias);
	closedir(d);
	return r;
}

static int walk_all(struct hardware *h, struct error **err)
{
	_cleanup_close_ int sysfs = open(h->loader->sysfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (sysfs < 0)
		return error_sys(err, errno, "cannot open '%s'", h->loader->sysfs);
	h->fresh = 0;
	if (hardware_walk(h, sysfs, "devices", 0) < 0)
		return error_no_memory(err);
	return 0;
}

/* All events that wait in the socket. -ENOBUFS: some were lost. */
static int drain(struct hardware *h, int uevents, struct uevent *ev, struct error **err)
{
	int r;

	while ((r = uevent_read(uevents, ev)) == 0) {
		if (!*ev->modalias || strcmp(ev->action, "remove") == 0 ||
		    strcmp(ev->action, "unbind") == 0)
			continue;
		if (hardware_add(h, ev->modalias) < 0)
			return error_no_memory(err);
	}
	if (r == -EAGAIN)
		return 0;
	return r == -ENOBUFS ? r : error_sys(err, r, "cannot read the kernel's events");
}

/* A walk takes longer than the loading of a driver: what drivers bring, events tell. */
int hardware_settle(struct hardware *h, int uevents, struct error **err)
{
	_cleanup_free_ struct uevent *ev = malloc(sizeof(*ev));
	bool again;
	int r;

	if (!ev)
		return error_no_memory(err);
	do {
		r = walk_all(h, err);
		again = h->fresh && uevents < 0;
		if (r == 0 && uevents >= 0)
			r = drain(h, uevents, ev, err);
		if (r == -ENOBUFS) {
			r = 0;
			again = true;
		}
	} while (r == 0 && again);
	return r;
}

/* The boot continues meanwhile, and has the processor first. False: there is none left. */
static bool load_one_later(struct hardware *h, enum module_urgency least)
{
	const char *modalias = later_take(&h->later, least);

	if (!modalias)
		return false;
	setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
	hardware_load(h, modalias);
	setpriority(PRIO_PROCESS, 0, 0);
	return true;
}

int hardware_follow(struct hardware *h, int uevents, int signals, struct error **err)
{
	_cleanup_free_ struct uevent *ev = malloc(sizeof(*ev));
	struct pollfd p[] = { { .fd = uevents, .events = POLLIN },
			      { .fd = signals, .events = POLLIN } };
	enum module_urgency next = MODULE_SOON;
	int r = 0;

	if (!ev)
		return error_no_memory(err);
	while (r == 0) {
		const int limit = next == MODULE_SOON ? 0 : QUIET;
		int ready = poll(p, ARRAY_SIZE(p), h->later.count ? limit : -1);

		if (ready < 0 && errno != EINTR)
			return error_sys(err, errno, "cannot wait for events");
		if (p[1].revents)
			return hardware_load_later(h, MODULE_SOON);
		if (ready == 0 && !load_one_later(h, next))
			next = MODULE_SPARE;
		if (p[0].revents) {
			r = drain(h, uevents, ev, err);
			next = MODULE_SOON;
		}
		if (r == -ENOBUFS)
			r = hardware_settle(h, uevents, err);
	}
	return r;
}
