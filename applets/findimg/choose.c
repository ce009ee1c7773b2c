// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "applets/findimg/filesystem/table.h"
#include "applets/findimg/search.h"
#include "common/msg.h"

/* The memory of a Linux that sleeps, which may have had c mounted: on the same disk, or anywhere
 * when c can only be Linux's. A swap partition, or a file system with a swap file. */
static const struct candidate *suspended_swap_for(const struct search *s, const struct candidate *c)
{
	bool is_foreign = strcmp(c->fs.type, "ntfs") == 0;

	for (size_t i = 0; i < s->count; i++)
		if ((s->list[i].swapfile ||
		     (strcmp(s->list[i].fs.type, "swsuspend") == 0 && &s->list[i] != c)) &&
		    (!is_foreign || strcmp(s->list[i].dev.disk, c->dev.disk) == 0))
			return &s->list[i];
	return NULL;
}

/* May some system still have it mounted, asleep? */
static bool is_unclean(const struct candidate *c)
{
	return *c->fs.type && !c->is_mounted && fs_type_find(c->fs.type) &&
	       fs_state_read(c->dev.path, c->fs.type) != FS_CLEAN;
}

bool search_writes_unclean(const struct search *s)
{
	for (size_t i = 0; i < s->count && s->request->write && !s->request->dry_run; i++)
		if ((s->list[i].matches ||
		     (s->list[i].unclean && s->request->host.kind > HOST_USB)) &&
		    is_unclean(&s->list[i]))
			return true;
	return false;
}

void search_seek_swapfiles(struct search *s)
{
	bool wanted = false;

	if (!s->request->write || s->request->dry_run)
		return;
	for (size_t i = 0; i < s->count; i++)
		wanted |= (s->list[i].matches || s->list[i].unclean) && is_unclean(&s->list[i]);
	for (size_t i = 0; wanted && i < s->count; i++)
		candidate_seek_swapfile(&s->list[i]);
}

/*
 * A hibernated Linux had some file systems mounted, and will write its cached metadata over them
 * when it resumes. Those that say that nobody has them mounted are free.
 */
static char *linux_refusal(const struct search *s, const struct candidate *c)
{
	const struct candidate *swap = suspended_swap_for(s, c);
	char *text = NULL;
	int n;

	if (!swap || !is_unclean(c))
		return NULL;
	if (swap->swapfile)
		n = asprintf(
			&text,
			"'%s' may belong to the hibernated Linux of the swap file '%s' on '%s', so "
			"writing would destroy it: start that system, which resumes it, and shut "
			"it down, or give its session up (mkswap on the file), or use the file "
			"system read-only",
			c->dev.path, swap->swapfile, swap->dev.path);
	else
		n = asprintf(
			&text,
			"'%s' may belong to the hibernated Linux of '%s', so writing would destroy "
			"it: resume that (resume=%s) and shut it down, or give its session up "
			"(mkswap %s), or use the file system read-only",
			c->dev.path, swap->dev.path, swap->dev.path, swap->dev.path);
	return n < 0 ? NULL : text;
}

char *search_write_refusal(const struct search *s, const struct candidate *c)
{
	char *text = NULL;
	int n = 0;

	if (!s->request->write)
		return NULL;
	if (c->windows == WINDOWS_HIBERNATED)
		n = asprintf(
			&text,
			"'%s' holds a hibernated Windows, so writing would destroy it: shut "
			"Windows down "
			"fully (shutdown /s /t 0, fast startup off), or use the host read-only",
			c->dev.path);
	else if (s->request->mountpoint && c->is_mounted && !c->mounted.writable)
		n = asprintf(&text, "'%s' is already mounted read-only on '%s': unmount it first",
			     c->dev.path, c->mounted.place);
	else
		return linux_refusal(s, c);
	return n < 0 ? NULL : text;
}

/* A volume that is open already, and what is in it has the same label: that is meant. */
static bool is_shell_of_match(const struct search *s, const struct candidate *c)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(c->fs.type, "crypto_LUKS") == 0 && *c->dev.holder &&
		    s->list[i].matches && strcmp(c->dev.holder, s->list[i].dev.name) == 0)
			return true;
	return false;
}

static void warn_of(const struct search *s, const struct candidate *winner)
{
	const struct request *rq = s->request;

	if (winner->windows == WINDOWS_HIBERNATED)
		msg(MSG_WARNING, "'%s' holds a hibernated Windows; it is used read-only",
		    winner->dev.path);
	if (winner->dirty && !rq->write)
		msg(MSG_WARNING, "'%s' was not unmounted properly%s", winner->dev.path,
		    winner->unclean
			    ? "; its journal is not replayed for reading, so the last changes "
			      "may be missing"
			    : ": its file system should be checked");
	if (winner->devices.incomplete)
		msg(MSG_WARNING,
		    "'%s': only %zu of the %llu devices of this btrfs are here; it is used "
		    "degraded",
		    winner->dev.path, winner->devices.count + 1,
		    (unsigned long long)winner->devices.part.devices);
	if (rq->path_count == 0 && rq->host.kind <= HOST_USB)
		return;
	for (size_t i = 0; i < s->count; i++) {
		const struct candidate *other = &s->list[i];

		if (other == winner || !other->matches || candidate_is_twin(winner, other) ||
		    is_shell_of_match(s, other))
			continue;
		msg(MSG_WARNING,
		    "found on '%s' (UUID=%s) and on '%s' (UUID=%s): taking '%s'; name the host to "
		    "choose, "
		    "for example %s%s",
		    winner->dev.path, winner->fs.uuid, other->dev.path, other->fs.uuid,
		    winner->dev.path, strcmp(winner->fs.uuid, other->fs.uuid) ? "UUID=" : "",
		    strcmp(winner->fs.uuid, other->fs.uuid) ? other->fs.uuid : other->dev.path);
	}
}

const struct candidate *search_choose(const struct search *s, char **ret_refusal)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct candidate *c = &s->list[i];
		char *refusal;

		if (!c->matches || is_shell_of_match(s, c))
			continue;
		refusal = search_write_refusal(s, c);
		if (!refusal) {
			if (*ret_refusal)
				msg(MSG_WARNING, "%s", *ret_refusal);
			warn_of(s, c);
			return c;
		}
		if (*ret_refusal)
			free(refusal);
		else
			*ret_refusal = refusal;
	}
	return NULL;
}
