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
	TFTP,
	NTP,
	KEYS
};

enum { NAME_MOST = 64 }; /* of a host, in Linux */

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
	[TFTP] = "tftp",
	[NTP] = "ntpsrv",
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

/* udhcpc writes "bad" for what is no name. */
static bool is_lease_name(const char *text, bool list)
{
	static const char letters[] = "-._0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ ";
	const size_t span = strspn(text, letters);

	return !text[span] && strcmp(text, "bad") != 0 && *text != '-' &&
	       (list || (span <= NAME_MOST && !strchr(text, ' ')));
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static void lease_drop(struct plan *plan, const char **lease, int key, const char **dropped)
{
	lease[key] = "";
	*dropped = plan_text(plan, "%s%s%s", *dropped, **dropped ? ", " : "", keys[key]);
}

/* Text that cannot be what it should be is emptied: a server may send anything. Returns the names
 * of such options. */
static const char *lease_drop_text(struct plan *plan, const char **lease)
{
	static const int names[] = { HOSTNAME, TFTP, DOMAIN, SEARCH },
			 texts[] = { ROOTPATH, BOOT_FILE };
	const char *dropped = "";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!is_lease_name(lease[names[i]], names[i] == DOMAIN || names[i] == SEARCH))
			lease_drop(plan, lease, names[i], &dropped);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!is_printable(lease[texts[i]]))
			lease_drop(plan, lease, texts[i], &dropped);
	return dropped;
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
	/* the number that udhcpc makes of it hides holes */
	const char *mask = *lease[SUBNET] ? lease[SUBNET] : lease[MASK];
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

/* The host of a URL; "" when there is none */
static const char *url_host(struct plan *plan, const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	const char *host = strstr(text, "://");
	size_t len;

	if (!host)
		return "";
	host += strlen("://");
	if (*host == '[')
		return plan_text(plan, "%.*s", (int)strcspn(host + 1, "]"), host + 1);
	len = strspn(host, letters);
	return strchr(":/", host[len]) ? plan_text(plan, "%.*s", (int)len, host) : "";
}

/* The server that the root is on where a parameter leaves that to the lease: the next server, the
 * one of a boot file that is a URL (UEFI HTTP boot), the TFTP server if it is a number, or who gave
 * the lease. */
static const char *lease_server(struct plan *plan, const char **lease)
{
	const char *host = url_host(plan, lease[BOOT_FILE]);
	uint32_t address;

	if (ipv4_parse(lease[SIADDR], &address) && address)
		return lease[SIADDR];
	if (ipv6_is_valid(host) || (*host && !strchr(host, ':')))
		return host;
	if (ipv4_parse(lease[TFTP], &address) && address)
		return lease[TFTP];
	return lease[SERVERID];
}

void lease_print(struct plan *plan, const char *text, const char *server, FILE *out)
{
	const char *lease[KEYS], *routers, *dropped;

	read_lease(plan, text, lease);
	dropped = lease_drop_text(plan, lease);
	routers = addresses(plan, lease[ROUTER]);
	fputs("L_IP='' L_PREFIX='' L_ROUTES='' L_REACHES='' L_WHY=''\n", out);
	if (*lease[IPV6])
		print_ipv6(plan, lease, out);
	else
		print_ipv4(plan, lease, server, out);
	print_assignment(out, "L_NOTE", dropped);
	print_assignment(out, "L_MASK", lease[SUBNET]);
	print_assignment(out, "L_ROUTER",
			 plan_text(plan, "%.*s", (int)strcspn(routers, " "), routers));
	print_assignment(out, "L_DNS", addresses(plan, lease[DNS]));
	print_assignment(out, "L_DOMAIN", lease[DOMAIN]);
	print_assignment(out, "L_SEARCH", lease[SEARCH]);
	print_assignment(out, "L_HOST", lease[HOSTNAME]);
	print_assignment(out, "L_MTU", mtu_text(plan, lease[MTU]));
	print_assignment(out, "L_SERVER", lease_server(plan, lease));
	print_assignment(out, "L_ID", addresses(plan, lease[SERVERID]));
	print_assignment(out, "L_NTP", addresses(plan, lease[NTP]));
	print_assignment(out, "L_PATH", lease[ROOTPATH]);
	print_assignment(out, "L_FILE", lease[BOOT_FILE]);
}
