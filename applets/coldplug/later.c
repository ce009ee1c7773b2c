// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/coldplug/later.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static const struct {
	const char *place;
	enum module_urgency urgency;
} places[] = {
	{ "drivers/char/", MODULE_SOON },
	{ "drivers/gpu/", MODULE_SOON },
	{ "drivers/hid/", MODULE_SOON },
	{ "drivers/input/", MODULE_SOON },
	{ "drivers/media/", MODULE_SOON },
	{ "drivers/tty/", MODULE_SOON },
	{ "drivers/video/", MODULE_SOON },
	{ "sound/", MODULE_SOON },
	{ "arch/", MODULE_SPARE },
	{ "crypto/", MODULE_SPARE },
	{ "drivers/cpufreq/", MODULE_SPARE },
	{ "drivers/crypto/", MODULE_SPARE },
	{ "drivers/edac/", MODULE_SPARE },
	{ "drivers/firmware/", MODULE_SPARE },
	{ "drivers/hwmon/", MODULE_SPARE },
	{ "drivers/idle/", MODULE_SPARE },
	{ "drivers/leds/", MODULE_SPARE },
	{ "drivers/perf/", MODULE_SPARE },
	{ "drivers/power/", MODULE_SPARE },
	{ "drivers/powercap/", MODULE_SPARE },
	{ "drivers/rtc/", MODULE_SPARE },
	{ "drivers/thermal/", MODULE_SPARE },
	{ "drivers/watchdog/", MODULE_SPARE },
	{ "lib/", MODULE_SPARE },
};

enum module_urgency module_urgency(const char *path)
{
	if (!path)
		return MODULE_SPARE;
	if (!starts_with(path, "kernel/"))
		return MODULE_NOW;
	path += strlen("kernel/");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (starts_with(path, places[i].place))
			return places[i].urgency;
	return MODULE_NOW;
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
