// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "applets/bootplan/address.h"
#include "applets/bootplan/ip.h"
#include "applets/bootplan/print.h"
#include "applets/bootplan/table/value.h"

enum {
	IP,
	IPV6,
	MASK,
	SUBNET,
	ROUTER,
	DNS,
	DOMAIN,
	SEARCH,
	HOSTNAME,
	MTU,
	ROUTES,
	SIADDR,
	SERVERID,
	ROOTPATH,
	BOOT_FILE,
	KEYS
};

static const char *const keys[KEYS] = {
	[IP] = "ip",
	[IPV6] = "ipv6",
	[MASK] = "mask",
	[SUBNET] = "subnet",
	[ROUTER] = "router",
	[DNS] = "dns",
	[DOMAIN] = "domain",
	[SEARCH] = "search",
	[HOSTNAME] = "hostname",
	[MTU] = "mtu",
	[ROUTES] = "staticroutes",
	[SIADDR] = "siaddr",
	[SERVERID] = "serverid",
	[ROOTPATH] = "rootpath",
	[BOOT_FILE] = "boot_file",
};

static void read_lease(struct plan *plan, const char *text, const char **lease)
{
	char *copy = plan_copy(plan, text), *rest, *line, *value;

	for (size_t i = 0; i < KEYS; i++)
		lease[i] = "";
	for (line = copy ? strtok_r(copy, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		value = strchr(line, '=');
		if (!value)
			continue;
		*value++ = '\0';
		for (size_t i = 0; i < KEYS; i++)
			if (strcmp(line, keys[i]) == 0)
				lease[i] = value;
	}
}

/* Those of a list that are addresses */
static const char *addresses(struct plan *plan, const char *text)
{
	char *copy = plan_copy(plan, text), *rest, *word;
	const char *all = "";

	for (word = copy ? strtok_r(copy, " \t,", &rest) : NULL; word;
	     word = strtok_r(NULL, " \t,", &rest)) {
		const char *address = address_text(plan, word);

		if (address && strcmp(address, "0.0.0.0") != 0)
			all = plan_text(plan, "%s%s%s", all, *all ? " " : "", address);
	}
	return all;
}

static const char *mtu_text(struct plan *plan, const char *text)
{
	uint64_t mtu;

	if (number_parse(text, 65535, &mtu) < 0 || mtu < 68)
		return "";
	return plan_text(plan, "%u", (unsigned int)mtu);
}

static void print_ipv4(struct plan *plan, const char **lease, const char *server, FILE *out)
{
	const char *mask = *lease[MASK] ? lease[MASK] : lease[SUBNET];
	const char *routes;
	uint32_t address, image;
	unsigned int prefix;

	if (!ipv4_parse(lease[IP], &address) || !address || !prefix_parse(mask, address, &prefix)) {
		print_assignment(out, "L_WHY",
				 plan_text(plan, "no usable address: '%s/%s'", lease[IP], mask));
		return;
	}
	routes = route_lines(plan, address, prefix, lease[ROUTER], lease[ROUTES]);
	print_assignment(out, "L_IP", ipv4_text(plan, address));
	print_assignment(out, "L_PREFIX", plan_text(plan, "%u", prefix));
	print_assignment(out, "L_ROUTES", routes);
	if (*routes || !ipv4_parse(server, &image) || in_subnet(image, address, prefix))
		print_assignment(out, "L_REACHES", "1");
}

static void print_ipv6(struct plan *plan, const char **lease, FILE *out)
{
	if (!ipv6_is_valid(lease[IPV6])) {
		print_assignment(out, "L_WHY",
				 plan_text(plan, "no usable address: '%s'", lease[IPV6]));
		return;
	}
	print_assignment(out, "L_IP", lease[IPV6]);
	print_assignment(out, "L_PREFIX", "128");
	print_assignment(out, "L_REACHES", "1");
}

void lease_print(struct plan *plan, const char *text, const char *server, FILE *out)
{
	const char *lease[KEYS], *routers;

	read_lease(plan, text, lease);
	routers = addresses(plan, lease[ROUTER]);
	fputs("L_IP='' L_PREFIX='' L_ROUTES='' L_REACHES='' L_WHY=''\n", out);
	if (*lease[IPV6])
		print_ipv6(plan, lease, out);
	else
		print_ipv4(plan, lease, server, out);
	print_assignment(out, "L_MASK", lease[SUBNET]);
	print_assignment(out, "L_ROUTER",
			 plan_text(plan, "%.*s", (int)strcspn(routers, " "), routers));
	print_assignment(out, "L_DNS", addresses(plan, lease[DNS]));
	print_assignment(out, "L_DOMAIN", lease[DOMAIN]);
	print_assignment(out, "L_SEARCH", lease[SEARCH]);
	print_assignment(out, "L_HOST", lease[HOSTNAME]);
	print_assignment(out, "L_MTU", mtu_text(plan, lease[MTU]));
	print_assignment(out, "L_SERVER", *lease[SIADDR] ? lease[SIADDR] : lease[SERVERID]);
	print_assignment(out, "L_PATH", lease[ROOTPATH]);
	print_assignment(out, "L_FILE", lease[BOOT_FILE]);
}
