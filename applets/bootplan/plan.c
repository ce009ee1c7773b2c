// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/bootplan/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/url.h"

struct chunk {
	struct chunk *next;
	max_align_t bytes[];
};

static void *plan_alloc(struct plan *plan, size_t size)
{
	struct chunk *chunk = malloc(sizeof(*chunk) + size);

	if (!chunk) {
		plan->failed = true;
		return NULL;
	}
	chunk->next = plan->chunks;
	plan->chunks = chunk;
	return chunk->bytes;
}

static _printf_(2, 0) const char *plan_vtext(struct plan *plan, const char *fmt, va_list args)
{
	va_list again;
	int len;
	char *text;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = len < 0 ? NULL : plan_alloc(plan, (size_t)len + 1);
	if (!text) {
		plan->failed = true;
		return "";
	}
	vsnprintf(text, (size_t)len + 1, fmt, args);
	return text;
}

const char *plan_text(struct plan *plan, const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = plan_vtext(plan, fmt, args);
	va_end(args);
	return text;
}

char *plan_copy(struct plan *plan, const char *text)
{
	char *copy = plan_alloc(plan, strlen(text) + 1);

	return copy ? memcpy(copy, text, strlen(text) + 1) : NULL;
}

const char *plan_shown(struct plan *plan, const char *text)
{
	char *copy = plan_copy(plan, text);

	if (!copy)
		return "";
	url_blank(copy);
	return copy;
}

void plan_note(struct plan *plan, const char *system, const char *fmt, ...)
{
	struct note *note = plan_alloc(plan, sizeof(*note)), **last = &plan->notes;
	va_list args;

	if (!note)
		return;
	va_start(args, fmt);
	*note = (struct note){ .text = plan_vtext(plan, fmt, args), .system = system };
	va_end(args);
	if (plan->current.in_profile)
		note->text = plan_text(plan, "%s (%s)", note->text, plan->current.place);
	while (*last)
		last = &(*last)->next;
	*last = note;
}

/* Behind all of its rank: the values of SUM are in the order of their ranks. */
static void bootplan_plan_insert(struct plan *plan, enum setting setting, int rank,
				 const char *text)
{
	struct entry *entry = plan_alloc(plan, sizeof(*entry)), **place = &plan->values[setting];

	if (!entry)
		return;
	while (*place && (*place)->rank <= rank)
		place = &(*place)->next;
	*entry = (struct entry){ .text = text, .rank = rank, .next = *place };
	*place = entry;
}

void plan_set(struct plan *plan, enum setting setting, int rank, const char *text)
{
	const enum combine combine = setting_info[setting].combine;
	const int now = plan_rank(plan, setting);

	if (combine != SUM && rank < now)
		return;
	if (plan->current.text)
		plan->origins[setting] = plan->current;
	if (combine == ONE || (combine == ALL && rank > now))
		plan->values[setting] = NULL;
	bootplan_plan_insert(plan, setting, rank, text);
}

void plan_clear(struct plan *plan, enum setting setting, int rank)
{
	if (rank < plan_rank(plan, setting))
		return;
	plan->values[setting] = NULL;
	bootplan_plan_insert(plan, setting, rank, "");
}

void plan_force(struct plan *plan, enum setting setting, int rank, const char *text)
{
	plan->values[setting] = NULL;
	bootplan_plan_insert(plan, setting, rank, text);
}

const char *plan_get(const struct plan *plan, enum setting setting)
{
	return plan->values[setting] ? plan->values[setting]->text : "";
}

int plan_rank(const struct plan *plan, enum setting setting)
{
	int rank = RANK_NONE;

	for (const struct entry *entry = plan->values[setting]; entry; entry = entry->next)
		rank = entry->rank;
	return rank;
}

bool plan_has(const struct plan *plan, enum setting setting)
{
	for (const struct entry *entry = plan->values[setting]; entry; entry = entry->next)
		if (*entry->text)
			return true;
	return false;
}

const char *plan_join(struct plan *plan, enum setting setting)
{
	const char separator = setting_info[setting].separator;
	size_t size = 1;
	char *text, *end;

	for (const struct entry *entry = plan->values[setting]; entry; entry = entry->next)
		size += strlen(entry->text) + 1;
	text = plan_alloc(plan, size);
	if (!text)
		return "";
	end = text;
	for (const struct entry *entry = plan->values[setting]; entry; entry = entry->next) {
		if (!*entry->text)
			continue;
		if (end > text && separator && separator != '\n')
			*end++ = separator;
		end = stpcpy(end, entry->text);
		if (separator == '\n')
			*end++ = '\n';
	}
	*end = '\0';
	return text;
}

bool plan_failed(const struct plan *plan)
{
	return plan->failed;
}

void plan_release(struct plan *plan)
{
	while (plan->chunks) {
		struct chunk *chunk = plan->chunks;

		plan->chunks = chunk->next;
		free(chunk);
	}
	*plan = (struct plan){ 0 };
}
