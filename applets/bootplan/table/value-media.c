// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameters of other systems that name media, places and volumes. */

#include <limits.h>
#include <string.h>

#include "applets/bootplan/glob.h"
#include "applets/bootplan/table/value.h"
#include "common/text.h"

static bool has_suffix(const char *text, const char *suffix)
{
	const size_t len = strlen(text), end = strlen(suffix);

	return len >= end && strcmp(text + len - end, suffix) == 0;
}

/* /dev/NAME/path: the device, and the path or "/" */
void split_device_path(struct plan *plan, const char *text, const char **ret_device,
		       const char **ret_path)
{
	const char *name = text + strlen("/dev/"), *slash;

	if (glob_matches("mapper/*/*", name))
		name += strlen("mapper/");
	else if (glob_matches("disk/by-*/*/*", name))
		name = strchr(name + strlen("disk/"), '/') + 1;
	slash = strchr(name, '/');
	*ret_path = slash ? slash : "/";
	*ret_device = slash ? plan_text(plan, "%.*s", (int)(slash - text), text) : text;
}

const char *tinycore_place(struct plan *plan, const char *text)
{
	static const char *const kinds[] = { "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=",
					     "/dev/" };
	const char *rest = has_prefix(text, "/dev/") ? text + 5 : text;
	const char *slash = strchr(rest, '/'), *prefix = "/dev/";
	const size_t len = slash ? (size_t)(slash - text) : strlen(text);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (has_prefix(text, kinds[i]))
			prefix = "";
	return plan_text(plan, "%s%.*s:%s", prefix, (int)len, text, slash ? slash : "/");
}

/* The file of an NFS server: the medium is its directory. */
static void take_nfs_medium(struct plan *plan, const char *text, int rank)
{
	const char *place = nfs_place(plan, text), *path = place ? strchr(place, '/') : NULL;
	const char *name = path ? strrchr(path, '/') : NULL;

	if (!name || !name[1]) {
		plan_set(plan, S_LIVE_NFS, rank, place ? place : text);
		return;
	}
	plan_set(plan, S_LIVE_NFS, rank,
		 plan_text(plan, "%.*s", (int)MAX(name - place, path - place + 1), place));
	plan_set(plan, has_suffix(name, ".iso") ? S_ISO : S_IMAGE, rank, name);
}

static bool is_fetched(const char *image)
{
	static const char *const schemes[] = { "http://", "https://", "ftp://", "tftp://" };

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (has_prefix(image, schemes[i]))
			return true;
	return false;
}

/* Addresses one after the other are mirrors of one file; else the last counts. */
void take_image(struct plan *plan, const struct word *word)
{
	const char *before = plan_get(plan, S_IMAGE);

	if (plan_rank(plan, S_IMAGE) == word->rank && is_fetched(before) && is_fetched(word->value))
		plan_set(plan, S_IMAGE, word->rank, plan_text(plan, "%s|%s", before, word->value));
	else
		plan_set(plan, S_IMAGE, word->rank, word->value);
}

/* SPEC of root=live:SPEC */
void take_root_medium(struct plan *plan, const char *spec, int rank)
{
	plan_set(plan, S_MODE, rank, "overlay");
	if (is_fetched(spec) && !has_suffix(spec, ".iso")) {
		plan_set(plan, S_IMAGE, rank, spec);
		plan_set(plan, S_LIVE, rank, "dracut");
		return;
	}
	if (has_prefix(spec, "torrent:")) {
		plan_set(plan, S_REFUSED, rank, plan_text(plan, "root=live:%s", spec));
		parameter_unsupported(plan, NULL, plan_text(plan, "root=live:%s", spec));
		return;
	}
	plan_set(plan, S_LIVE, rank, "dracut");
	if (has_prefix(spec, "nfs:") || has_prefix(spec, "nfs4:"))
		take_nfs_medium(plan, strchr(spec, ':') + 1, rank);
	else if (has_suffix(spec, ".iso"))
		plan_set(plan, S_ISO, rank, spec);
	else if (has_prefix(spec, "CDLABEL="))
		plan_set(plan, S_LIVE_HOST, rank, spec + 2);
	else
		plan_set(plan, S_LIVE_HOST, rank, spec);
}

void take_root_live(struct plan *plan, const struct word *word)
{
	take_root_medium(plan, word->value + strlen("live:"), word->rank);
}

/* root=http://SERVER/path is dracut's root=live:; an archive is one of ours. */
void take_root_url(struct plan *plan, const struct word *word)
{
	static const char *const archives[] = { "*.tar",  "*.tar.*", "*.tgz",	"*.txz",
						"*.tzst", "*.cpio",  "*.cpio.*" };

	for (size_t i = 0; i < ARRAY_SIZE(archives); i++)
		if (glob_matches(archives[i], word->value)) {
			plan_set(plan, S_MODE, word->rank, "tmpfs");
			plan_set(plan, S_IMAGE, word->rank, word->value);
			return;
		}
	take_root_medium(plan, word->value, word->rank);
}

void take_ntfsloop(struct plan *plan, const struct word *word)
{
	const char *colon = strstr(word->value, ":/");

	plan_set(plan, S_HOST, word->rank,
		 plan_text(plan, "%.*s", (int)(colon - word->value), word->value));
	plan_set(plan, S_IMAGE, word->rank, colon + 1);
}

void take_fromiso(struct plan *plan, const struct word *word)
{
	const char *device, *path;

	split_device_path(plan, word->value, &device, &path);
	plan_set(plan, S_HOST, word->rank, device);
	plan_set(plan, S_ISO, word->rank, path);
}

/* httpfs= and ftpfs= would read over the network for as long as the system runs: here the image is
 * in memory. */
void take_fetch(struct plan *plan, const struct word *word)
{
	const bool iso = has_suffix(word->value, ".iso");
	const bool layer = iso || has_suffix(word->value, ".squashfs");

	plan_set(plan, S_MODE, word->rank, layer ? "overlay" : "tmpfs");
	plan_set(plan, iso ? S_ISO : S_IMAGE, word->rank, word->value);
	if (iso)
		plan_set(plan, S_LIVE, word->rank - RANK_FOREIGN + RANK_GUESS, "live");
}

void take_tohd(struct plan *plan, const struct word *word)
{
	const char *device, *path;

	split_device_path(plan, word->value, &device, &path);
	plan_set(plan, S_TOHD, word->rank, word->value);
	plan_set(plan, S_TOHD_DEVICE, word->rank, device);
	plan_set(plan, S_TOHD_PATH, word->rank, strcmp(path, "/") == 0 ? "" : path);
}

/* home=, opt=, local= at a place mean the directory of that name there. */
void take_bind(struct plan *plan, const struct word *word)
{
	const int len = (int)(word->value - word->text) - 1;
	const char *place = tinycore_place(plan, word->value);
	const bool top = has_suffix(place, "/");

	plan_set(plan, S_BINDS, word->rank,
		 plan_text(plan, "%s%s%.*s:%s/%.*s", place, top ? "" : "/", len, word->text,
			   has_prefix(word->text, "local") ? "/usr" : "", len, word->text));
}

void take_tce(struct plan *plan, const struct word *word)
{
	const char *place = tinycore_place(plan, word->value);

	plan_set(plan, S_TCE, word->rank,
		 has_suffix(place, ":/") ? plan_text(plan, "%stce", place) : place);
	plan_set(plan, S_TC_WORDS, word->rank, "1");
}

void take_extra(struct plan *plan, const struct word *word)
{
	plan_set(plan, S_TC_EXTRAS, word->rank, word->text);
	plan_set(plan, S_TC_WORDS, word->rank, "1");
}

static void take_medium(struct plan *plan, const struct word *word)
{
	plan_set(plan, S_MODE, word->rank, "overlay");
	plan_set(plan, S_LIVE, word->rank, "slax");
}

/* Porteus: UUID:ID or LABEL:NAME, with a path behind it or "/" */
static bool split_volume_path(struct plan *plan, const char *text, const char **ret_device,
			      const char **ret_path)
{
	const char *colon, *slash;

	if (!glob_matches("UUID:?*", text) && !glob_matches("LABEL:?*", text))
		return false;
	colon = strchr(text, ':');
	slash = strchr(colon, '/');
	*ret_path = slash ? slash : "/";
	*ret_device = plan_text(plan, "%.*s=%.*s", (int)(colon - text), text,
				slash ? (int)(slash - colon) - 1 : INT_MAX, colon + 1);
	return true;
}

/* Porteus mounts partitions below /mnt by their names, and has them named so: /mnt/sda1/path */
static const char *undo_mnt(struct plan *plan, const char *path)
{
	static const char *const names[] = {
		"/mnt/sd[a-z][0-9]*",  "/mnt/hd[a-z][0-9]*",  "/mnt/vd[a-z][0-9]*",
		"/mnt/xvd[a-z][0-9]*", "/mnt/nvme*n*p[0-9]*", "/mnt/mmcblk*p[0-9]*",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (glob_matches(names[i], path))
			return plan_text(plan, "/dev/%s", path + strlen("/mnt/"));
	return path;
}

/* from=[/dev/NAME/|/mnt/NAME/|UUID:ID/|LABEL:NAME/]directory or an ISO file */
void take_slax_from(struct plan *plan, const struct word *word)
{
	const char *device, *path = undo_mnt(plan, word->value);

	if (strstr(path, "://") || has_prefix(path, "ask")) {
		parameter_unsupported(plan, NULL, word->text);
		return;
	}
	if (has_prefix(path, "/dev/")) {
		split_device_path(plan, path, &device, &path);
		plan_set(plan, S_HOST, word->rank, device);
	} else if (split_volume_path(plan, path, &device, &path)) {
		plan_set(plan, S_HOST, word->rank, device);
		if (strcmp(path, "/") == 0)
			return;
	}
	if (has_suffix(path, ".iso"))
		plan_set(plan, S_ISO, word->rank, plan_text(plan, "/%s", path + (*path == '/')));
	else
		plan_set(plan, S_LIVE_DIR, word->rank, path);
}

/* Which session; its directory is that of the layers when none is named. */
void take_perchdir(struct plan *plan, const struct word *word)
{
	const char *device, *path, *text = word->value;
	uint64_t number;

	if (has_prefix(text, "/dev/") && text[5]) {
		split_device_path(plan, text, &device, &path);
		text = plan_text(plan, "resume:%s:%s", device, path);
	} else if (number_parse(text, UINT32_MAX, &number) == 0 && number) {
		text = plan_text(plan, "%llu:", (unsigned long long)number);
	} else if (strcmp(text, "resume") == 0 || strcmp(text, "new") == 0 ||
		   strcmp(text, "ask") == 0) {
		text = plan_text(plan, "%s:", text);
	} else {
		parameter_wrong(plan, word);
		return;
	}
	plan_set(plan, S_PERSIST, word->rank, plan_text(plan, "slax:%s", text));
}

/* MiniOS' number of MB, or with M, G or T behind it; "M" is its MiB. 0: no limit */
void take_perchsize(struct plan *plan, const struct word *word)
{
	static const struct {
		const char *unit;
		uint64_t factor;
	} units[] = {
		{ "", 1 },	   { "M", 1 },	     { "MB", 1 },	{ "m", 1 },
		{ "mb", 1 },	   { "G", 1000 },    { "GB", 1000 },	{ "g", 1000 },
		{ "gb", 1000 },	   { "T", 1000000 }, { "TB", 1000000 }, { "t", 1000000 },
		{ "tb", 1000000 },
	};
	const size_t len = strspn(word->value, "0123456789");
	const char *digits = plan_text(plan, "%.*s", (int)len, word->value);
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(word->value + len, units[i].unit) != 0)
			continue;
		if (number_parse(digits, 1000000000 / units[i].factor, &value) < 0)
			break;
		value *= units[i].factor;
		plan_set(plan, S_PERCH_SIZE, word->rank,
			 value ? plan_text(plan, "%llu", (unsigned long long)value) : "");
		return;
	}
	parameter_wrong(plan, word);
}

bool in_list(struct plan *plan, const char *list, const char *name)
{
	return strstr(plan_text(plan, ",%s,", list), plan_text(plan, ",%s,", name)) != NULL;
}

void take_slax_flags(struct plan *plan, const struct word *word)
{
	take_medium(plan, word);
	if (in_list(plan, word->value, "perch"))
		plan_set(plan, S_PERSIST, word->rank, "slax:resume:");
	if (in_list(plan, word->value, "toram"))
		plan_set(plan, S_TORAM, word->rank, "1");
	if (in_list(plan, word->value, "automount"))
		plan_set(plan, S_AUTOMOUNT, word->rank, "1");
}

/* [EXIT:][/dev/NAME|UUID:ID|LABEL:NAME]/directory or file of Porteus. Also with EXIT: changes are
 * kept at once. */
void take_changes(struct plan *plan, const struct word *word)
{
	const char *text = word->value + (has_prefix(word->value, "EXIT:") ? 5 : 0);
	const char *device, *path;

	text = undo_mnt(plan, text);
	if (glob_matches("/dev/*/*", text)) {
		split_device_path(plan, text, &device, &path);
		text = plan_text(plan, "%s:%s", device, path);
	} else if (strchr(text, '/') && split_volume_path(plan, text, &device, &path)) {
		text = plan_text(plan, "%s:%s", device, path);
	} else if (*text != '/') {
		parameter_wrong(plan, word);
		return;
	}
	plan_set(plan, S_PERSIST, word->rank, plan_text(plan, "porteus:%s", text));
}
