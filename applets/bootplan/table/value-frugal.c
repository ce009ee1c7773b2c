// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameters of Puppy, antiX and Slackware whose value is looked at. */

#include <string.h>

#include "applets/bootplan/glob.h"
#include "applets/bootplan/table/value.h"
#include "common/text.h"

static bool matches_one(const char *const *patterns, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (glob_matches(patterns[i], text))
			return true;
	return false;
}

/* A partition as they name it: sda1, /dev/sda1, its UUID or its label */
static const char *partition_of(struct plan *plan, const char *text)
{
	static const char *const names[] = { "sd[a-z]*",   "hd[a-z]*", "vd[a-z]*", "xvd[a-z]*",
					     "nvme[0-9]*", "mmcblk*",  "sr[0-9]*" };
	static const char *const whole[] = { "/dev/*", "*=*" };
	static const char *const uuids[] = {
		"?*-?*-?*-?*-?*",
		"[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]-[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]"
		"[0-9A-Fa-f]",
	};
	const char *kind = "LABEL=";

	if (matches_one(whole, ARRAY_SIZE(whole), text))
		return text;
	if (matches_one(uuids, ARRAY_SIZE(uuids), text))
		kind = "UUID=";
	else if (matches_one(names, ARRAY_SIZE(names), text))
		kind = "/dev/";
	return plan_text(plan, "%s%s", kind, text);
}

static bool word_begins(const char *name, const struct word *word)
{
	return has_prefix(word->text, name);
}

void take_place(struct plan *plan, const struct word *word)
{
	plan_set(plan, S_HOST, word->rank, partition_of(plan, word->value));
}

/* PARTITION[:[/path/][FILE]] */
void take_pupsfs(struct plan *plan, const struct word *word)
{
	const char *colon = strchr(word->value, ':'), *file;
	const char *place = colon ? plan_text(plan, "%.*s", (int)(colon - word->value), word->value)
				  : word->value;

	if (*place)
		plan_set(plan, S_LIVE_HOST, word->rank, partition_of(plan, place));
	if (!colon || !colon[1])
		return;
	file = strrchr(colon, '/');
	if (file)
		plan_set(plan, S_LIVE_DIR, word->rank,
			 plan_text(plan, "%.*s", (int)(file - colon - 1), colon + 1));
	file = file ? file + 1 : colon + 1;
	if (*file)
		plan_set(plan, S_LIVE_FILE, word->rank, file);
}

/* A list; a number of sessions to leave out, and what Puppy's own scripts read, is not for us. */
void take_pfix(struct plan *plan, const struct word *word)
{
	static const struct {
		const char *name;
		enum setting setting;
		const char *value;
	} fixes[] = {
		{ "ram", S_PERSIST, "ram" },  { "copy", S_TORAM, "1" },
		{ "nocopy", S_TORAM, "" },    { "fsck", S_FSCK, "force" },
		{ "fsckp", S_FSCK, "force" }, { "rdsh", S_BREAK, "handover" },
	};
	char *list = plan_copy(plan, word->value), *rest, *fix;

	for (fix = list ? strtok_r(list, ",", &rest) : NULL; fix;
	     fix = strtok_r(NULL, ",", &rest)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(fixes) && strcmp(fix, fixes[i].name) != 0)
			i++;
		if (i < ARRAY_SIZE(fixes))
			plan_set(plan, fixes[i].setting, word->rank, fixes[i].value);
		else if (strcmp(fix, "nox") != 0)
			plan_note(plan, NULL, "parameter '%s': '%s' is not used", word->text, fix);
	}
}

/* /file.iso anywhere, or DEVICE:/file.iso and scandev:/file.iso of liveslak */
void take_iso_path(struct plan *plan, const struct word *word)
{
	const char *colon = strstr(word->value, ":/");

	if (word_begins("livemedia=", word) && !word_begins("livemedia=scandev:", word))
		plan_set(plan, S_HOST, word->rank,
			 plan_text(plan, "%.*s", (int)(colon - word->value), word->value));
	plan_set(plan, S_ISO, word->rank, colon ? colon + 1 : word->value);
}

/* DEVICE[:DEVICE...], each opened as luksNAME */
void take_luksdev(struct plan *plan, const struct word *word)
{
	char *list = plan_copy(plan, word->value), *rest, *device;

	for (device = list ? strtok_r(list, ":", &rest) : NULL; device;
	     device = strtok_r(NULL, ":", &rest)) {
		const char *slash = strrchr(device, '/');

		plan_set(plan, S_LUKS, word->rank,
			 plan_text(plan, "%s luks%s", device, slash ? slash + 1 : device));
	}
}
