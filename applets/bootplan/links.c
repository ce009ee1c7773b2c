// SPDX-License-Identifier: GPL-2.0-or-later
/* The network links that parameters name: they are waited for. */
#include <string.h>

#include "applets/bootplan/address.h"
#include "applets/bootplan/ip.h"
#include "applets/bootplan/settle.h"

/* Lists of members end at the next field. Without any they are dracut's. */
static const char *members_of(struct plan *plan, const char *link)
{
	const char *members = strchr(link, ':');
	const char *others = strncmp(link, "bridge=", 7) == 0 ? "eth0" : "eth0,eth1";

	if (!members || !members[1])
		return others;
	members++;
	if (strncmp(link, "ifname=", 7) == 0)
		return members;
	return plan_text(plan, "%.*s", (int)strcspn(members, ":"), members);
}

/* Whether bond=, bridge=, vlan= or ifname= makes a link of this name */
static bool is_made(const struct plan *plan, const char *name)
{
	const size_t len = strlen(name);

	for (const struct entry *entry = plan->values[S_LINKS]; entry; entry = entry->next) {
		const char *made = strchr(entry->text, '=') + 1;

		if (strcspn(made, ":") == len && strncmp(made, name, len) == 0)
			return true;
	}
	return false;
}

static void want(struct plan *plan, const char *name)
{
	const char *mac = mac_text(plan, name);

	if (mac)
		name = mac;
	if (!*name || is_made(plan, name))
		return;
	for (const struct entry *entry = plan->values[S_WANTED]; entry; entry = entry->next)
		if (strcmp(entry->text, name) == 0)
			return;
	plan_set(plan, S_WANTED, 0, name);
}

void settle_links(struct plan *plan)
{
	if (plan_has(plan, S_NO_BOOTIF))
		plan_force(plan, S_BOOTIF, 0, "");
	if (plan_has(plan, S_NEEDNET) && !plan_has(plan, S_NET))
		plan_force(plan, S_NET, 0, "dhcp");
	for (const struct entry *entry = plan->values[S_LINKS]; entry; entry = entry->next) {
		char *members = plan_copy(plan, members_of(plan, entry->text)), *rest, *name;

		for (name = members ? strtok_r(members, ",", &rest) : NULL; name;
		     name = strtok_r(NULL, ",", &rest))
			want(plan, name);
	}
	for (const struct entry *entry = plan->values[S_NET]; entry; entry = entry->next)
		want(plan, ip_device(plan, entry->text));
	want(plan, plan_get(plan, S_BOOTDEV));
}
