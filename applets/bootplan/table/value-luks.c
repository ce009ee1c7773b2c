// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameters of other systems that name encrypted volumes. */

#include <string.h>

#include "applets/bootplan/table/value.h"
#include "common/text.h"

/* A line of P_LUKS, DEVICE NAME [OPTION]; of two for the same device the later counts. */
static void add_luks(struct plan *plan, int rank, const char *device, const char *name,
		     const char *option)
{
	const char *line = plan_text(plan, "%s %s%s", device, name, option);
	struct entry **entry = &plan->values[S_LUKS];

	while (*entry)
		if (has_prefix((*entry)->text, plan_text(plan, "%s ", device)) &&
		    (*entry)->rank <= rank)
			*entry = (*entry)->next;
		else
			entry = &(*entry)->next;
	plan_set(plan, S_LUKS, rank, line);
}

/* A name that rd.luks.name= gives counts. */
void take_luks_uuid(struct plan *plan, const struct word *word)
{
	const char *uuid = word->value + (has_prefix(word->value, "luks-") ? 5 : 0);
	const char *device = plan_text(plan, "UUID=%s", uuid);

	for (const struct entry *entry = plan->values[S_LUKS]; entry; entry = entry->next)
		if (has_prefix(entry->text, plan_text(plan, "%s ", device)))
			return;
	add_luks(plan, word->rank, device, plan_text(plan, "luks-%s", uuid), "");
}

void take_luks_name(struct plan *plan, const struct word *word)
{
	const char *equals = strchr(word->value, '=');

	add_luks(plan, word->rank,
		 plan_text(plan, "UUID=%.*s", (int)(equals - word->value), word->value), equals + 1,
		 "");
}

/* DEVICE:NAME[:OPTION,OPTION] */
void take_cryptdevice(struct plan *plan, const struct word *word)
{
	const char *name = strchr(word->value, ':') + 1;
	const char *device = plan_text(plan, "%.*s", (int)(name - 1 - word->value), word->value);
	const char *options = strchr(name, ':');

	if (options)
		name = plan_text(plan, "%.*s", (int)(options++ - name), name);
	if (options && *options && strcmp(options, "allow-discards") != 0)
		plan_note(plan, NULL, "parameter '%s': of the options only allow-discards is used",
			  word->text);
	add_luks(plan, word->rank, device, name,
		 options && in_list(plan, options, "allow-discards") ? " --allow-discards" : "");
}
