// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/coldplug/later.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "common/text.h"

/* Directories of the module tree, below kernel/ */
static const char *const soon[] = {
	"drivers/char/",  "drivers/gpu/", "drivers/hid/",   "drivers/input/",
	"drivers/media/", "drivers/tty/", "drivers/video/", "sound/",
};

static const char *const spare[] = {
	"arch/",	 "crypto/",	      "drivers/cpufreq/",  "drivers/crypto/",
	"drivers/edac/", "drivers/firmware/", "drivers/hwmon/",	   "drivers/idle/",
	"drivers/leds/", "drivers/perf/",     "drivers/power/",	   "drivers/powercap/",
	"drivers/rtc/",	 "drivers/thermal/",  "drivers/watchdog/", "lib/",
};

static bool is_in(const char *path, const char *const *places, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (has_prefix(path, places[i]))
			return true;
	return false;
}

enum module_urgency module_urgency(const char *path)
{
	if (!path)
		return MODULE_SPARE;
	if (!has_prefix(path, "kernel/"))
		return MODULE_NOW;
	path += strlen("kernel/");
	if (is_in(path, soon, ARRAY_SIZE(soon)))
		return MODULE_SOON;
	return is_in(path, spare, ARRAY_SIZE(spare)) ? MODULE_SPARE : MODULE_NOW;
}

int later_add(struct later *later, const char *alias, enum module_urgency urgency)
{
	if (later->count == later->room) {
		size_t room = later->room ? later->room * 2 : 64;
		struct later_alias *bigger = reallocarray(later->aliases, room, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		later->aliases = bigger;
		later->room = room;
	}
	later->aliases[later->count++] = (struct later_alias){ alias, urgency };
	return 0;
}

const char *later_take(struct later *later, enum module_urgency least)
{
	const char *alias;
	size_t at = later->count;

	for (size_t i = later->count; i-- > 0;)
		if (later->aliases[i].urgency <= least &&
		    (at == later->count || later->aliases[i].urgency <= later->aliases[at].urgency))
			at = i;
	if (at == later->count)
		return NULL;
	alias = later->aliases[at].alias;
	later->count--;
	memmove(&later->aliases[at], &later->aliases[at + 1],
		(later->count - at) * sizeof(*later->aliases));
	return alias;
}

void later_free(struct later *later)
{
	free(later->aliases);
	*later = (struct later){ 0 };
}
