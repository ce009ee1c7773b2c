// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/members.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What another device was made of this one shows its content a second time. */
static bool is_member(const struct candidate *c)
{
	return c->devices.part.devices > 1 && (!*c->dev.holder || c->is_mounted);
}

static bool is_sibling(const struct candidate *a, const struct candidate *b)
{
	return a != b && is_member(a) && is_member(b) && strcmp(a->fs.uuid, b->fs.uuid) == 0 &&
	       !blockdev_same_disk(&a->dev, &b->dev);
}

const struct candidate *members_first_path(const struct members *s, const struct candidate *c)
{
	for (const struct candidate *other = s->list; other < c; other++)
		if (blockdev_same_disk(&other->dev, &c->dev) && candidate_is_twin(other, c))
			return other;
	return NULL;
}

/* A sibling by the first path to it */
static bool is_other(const struct members *s, const struct candidate *c,
		     const struct candidate *other)
{
	return is_sibling(c, other) && !members_first_path(s, other);
}

void members_wake(struct members *s)
{
	for (size_t i = 0; i < s->count; i++)
		for (size_t j = 0; j < s->count && s->list[i].fresh && !s->list[i].woken; j++)
			if (!s->list[j].fresh && is_sibling(&s->list[i], &s->list[j]))
				s->list[j].fresh = s->list[j].woken = true;
}

static const struct candidate *same_id(const struct members *s, const struct candidate *c)
{
	for (size_t i = 0; i < s->count; i++)
		if (is_other(s, c, &s->list[i]) && s->list[i].devices.part.id == c->devices.part.id)
			return &s->list[i];
	return NULL;
}

int members_gather(const struct members *s, struct candidate *c, struct error **err)
{
	free(c->devices.others);
	c->devices.others = NULL;
	c->devices.count = 0;
	c->devices.incomplete = false;
	if (!is_member(c))
		return 0;
	c->devices.others = calloc(s->count, sizeof(*c->devices.others));
	if (!c->devices.others)
		return error_make(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < s->count; i++)
		if (is_other(s, c, &s->list[i]))
			c->devices.others[c->devices.count++] = s->list[i].dev;
	c->devices.incomplete = c->devices.count + 1 < c->devices.part.devices;
	return 0;
}

/* The first device of those that the user may have meant speaks for all. */
static const struct candidate *leader_of(const struct members *s, const struct candidate *c)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].eligible && (&s->list[i] == c || is_sibling(c, &s->list[i])))
			return &s->list[i];
	return c;
}

static bool members_all_known(struct candidate *c, bool impatient, bool dry_run)
{
	_cleanup_error_ struct error *err = NULL;
	unsigned long long here = c->devices.count + 1, all = c->devices.part.devices;

	if (c->devices.incomplete && !impatient)
		return candidate_no(c, "only %llu of the %llu devices of this btrfs are here", here,
				    all);
	if (c->is_mounted || dry_run)
		return true;
	if (devices_scan(&c->devices, c->dev.path, &err) < 0)
		return candidate_no(c, "%s", error_msg(err));
	if (!c->devices.incomplete && btrfs_is_ready(c->dev.path) == 0)
		return candidate_no(c, "the kernel does not know all devices of this btrfs");
	return true;
}

bool members_usable(const struct members *s, struct candidate *c, bool impatient, bool dry_run)
{
	const struct candidate *other;

	if (!is_member(c))
		return true;
	other = leader_of(s, c);
	if (other != c)
		return candidate_no(c, "device %llu of the btrfs of %s",
				    (unsigned long long)c->devices.part.id, other->dev.name);
	for (size_t i = 0; i < s->count; i++) {
		const struct candidate *part = &s->list[i];

		other = part == c || is_other(s, c, part) ? same_id(s, part) : NULL;
		if (other)
			return candidate_no(
				c,
				"device %llu of this btrfs is there twice, as %s and as "
				"%s: remove the copy",
				(unsigned long long)part->devices.part.id, part->dev.name,
				other->dev.name);
	}
	return members_all_known(c, impatient, dry_run);
}
