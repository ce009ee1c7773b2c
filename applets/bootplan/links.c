// SPDX-License-Identifier: GPL-2.0-or-later
/* The network links that parameters name: they are waited for. */
#include <string.h>
#include <strings.h>

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

/* The hardware address that PXE passed as BOOTIF=01-MAC; "" without one */
static const char *link_of_pxe(struct plan *plan)
{
	const char *text = plan_get(plan, S_BOOTIF);
	const char *mac = mac_text(plan, strlen(text) > 17 ? text + 3 : text);

	return mac ? mac : "";
}

static bool is_bootif(const char *name, size_t len)
{
	return len == strlen("BOOTIF") && strncasecmp(name, "BOOTIF", len) == 0;
}

/* An ip= with what stands for its field BOOTIF. Without such a link any other counts. */
static const char *name_bootif(struct plan *plan, const char *text)
{
	const char *link = link_of_pxe(plan);

	for (const char *field = text;; field++) {
		const size_t len = strcspn(field, ":");
		const int before = (int)(field - text);

		if (is_bootif(field, len) && !before && !*link)
			return text + len + (text[len] == ':');
		if (is_bootif(field, len))
			return plan_text(plan, *link ? "%.*s[%s]%s" : "%.*s%s%s", before, text,
					 link, field + len);
		field += len;
		if (!*field)
			return text;
	}
}

/* BOOTIF in the place of a link's name, as systemd and NetworkManager have it */
static void settle_bootif(struct plan *plan)
{
	const char *bootdev = plan_get(plan, S_BOOTDEV);

	for (struct entry *entry = plan->values[S_NET]; entry; entry = entry->next)
		entry->text = name_bootif(plan, entry->text);
	if (is_bootif(bootdev, strlen(bootdev)))
		plan_force(plan, S_BOOTDEV, plan_rank(plan, S_BOOTDEV), link_of_pxe(plan));
}

void settle_links(struct plan *plan)
{
	if (plan_has(plan, S_NO_BOOTIF))
		plan_force(plan, S_BOOTIF, 0, "");
	settle_bootif(plan);
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
