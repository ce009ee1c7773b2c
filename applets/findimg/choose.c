// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "applets/findimg/search.h"
#include "common/msg.h"

static const struct candidate *suspended_swap_on(const struct search *s, const char *disk)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->list[i].fs.type, "swsuspend") == 0 &&
		    strcmp(s->list[i].dev.disk, disk) == 0)
			return &s->list[i];
	return NULL;
}

/*
 * A Linux sleeps on the same disk: it had some of the disk's file systems mounted, and will write
 * its cached metadata over them when it wakes. Those that say that nobody has them mounted are
 * free; one that the user named by its UUID is the user's decision.
 */
static char *linux_refusal(const struct search *s, const struct candidate *c)
{
	const struct candidate *swap = suspended_swap_on(s, c->dev.disk);
	char *text = NULL;

	if (!swap || hostspec_is_unique(&s->request->host) || c->is_mounted ||
	    fs_state_read(c->dev.path, c->fs.type) == FS_CLEAN)
		return NULL;
	if (asprintf(&text,
		     "'%s' may belong to the suspended Linux of '%s': resume and shut that down "
		     "first, "
		     "name the host by UUID=, or use it read-only",
		     c->dev.path, swap->dev.path) < 0)
		return NULL;
	return text;
}

char *search_write_refusal(const struct search *s, const struct candidate *c)
{
	char *text = NULL;
	int n = 0;

	if (!s->request->write || !s->request->mountpoint)
		return NULL;
	if (c->windows == WINDOWS_HIBERNATED)
		n = asprintf(
			&text,
			"'%s' holds a hibernated Windows, so writing would destroy it: shut "
			"Windows down "
			"fully (shutdown /s /t 0, fast startup off), or use the host read-only",
			c->dev.path);
	else if (c->is_mounted && !c->mounted.writable)
		n = asprintf(&text, "'%s' is already mounted read-only on '%s': unmount it first",
			     c->dev.path, c->mounted.place);
	else
		return linux_refusal(s, c);
	return n < 0 ? NULL : text;
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

		if (other == winner || !other->matches || candidate_is_twin(winner, other))
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

		if (!c->matches)
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
