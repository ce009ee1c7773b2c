// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/bootplan/ip.h"

#include <ctype.h>
#include <string.h>

#include "applets/bootplan/address.h"
#include "applets/bootplan/print.h"
#include "applets/bootplan/table/value.h"

enum { CLIENT, SERVER, GATEWAY, MASK, NAME, DEV, METHOD, DNS0, DNS1, FIELDS = 16 };

struct ip {
	const char *field[FIELDS];
	const char *method, *why, *note, *mtu, *dns, *prefix, *routes;
};

/* Fields between ':', which does not count inside [ ]; the brackets go. */
static void split_fields(struct plan *plan, const char *text, const char **fields)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const bool bracket = *text == '[' && strchr(text, ']');
		const size_t len = strcspn(text + bracket, bracket ? "]" : ":");

		fields[i] = plan_text(plan, "%.*s", (int)len, text + bracket);
		text += bracket + len + bracket;
		text += strcspn(text, ":");
		text += *text == ':';
	}
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static bool is_ipv6_method(const char *text)
{
	static const char *const methods[] = { "auto6", "dhcp6", "either6", NULL };

	return is_one_of(text, methods);
}

static bool is_dhcp(const char *text)
{
	static const char *const methods[] = { "dhcp",	"on",	"any",	 "both",
					       "bootp", "rarp", "dhcp4", NULL };

	return is_one_of(text, methods);
}

/* Those of DEV:METHOD[:MTU] and DEV:CLIENT:MASK:GATEWAY:DNS in the places of the kernel's form */
static void order_fields(struct ip *ip)
{
	const char **f = ip->field, *given[FIELDS];

	if (!*f[1] && (is_dhcp(f[0]) || is_ipv6_method(f[0]))) {
		ip->field[METHOD] = f[0];
		ip->field[CLIENT] = "";
		return;
	}
	if (!islower((unsigned char)*f[0]) || strchr(f[0], ':') || ipv6_is_valid(f[0]))
		return;
	memcpy(given, f, sizeof(given));
	for (size_t i = 0; i < FIELDS; i++)
		f[i] = "";
	f[DEV] = given[0];
	if (strpbrk(given[1], ".:")) {
		f[CLIENT] = given[1];
		f[MASK] = given[2];
		f[GATEWAY] = given[3];
		f[DNS0] = given[4];
	} else {
		f[METHOD] = given[1];
		f[DNS0] = given[2];
	}
}

/* A number in the place of the first name server is dracut's MTU, with a hardware address behind
 * it. */
static void take_names(struct plan *plan, struct ip *ip)
{
	uint64_t mtu;

	ip->mtu = ip->dns = ip->note = "";
	if (*ip->field[DNS0] && !strpbrk(ip->field[DNS0], ".:")) {
		if (number_parse(ip->field[DNS0], 65535, &mtu) < 0 || mtu < 68)
			ip->note = plan_text(plan, "'%s' is no name server and no MTU",
					     ip->field[DNS0]);
		else
			ip->mtu = plan_text(plan, "%u", (unsigned int)mtu);
		if (*ip->field[DNS1])
			ip->note = "the hardware address is not set";
		return;
	}
	for (int i = DNS0; i <= DNS1; i++) {
		const char *server = address_text(plan, ip->field[i]);

		if (server)
			ip->dns = plan_text(plan, "%s%s%s", ip->dns, *ip->dns ? " " : "", server);
		else if (*ip->field[i])
			ip->note = plan_text(plan, "the name server '%s' is not an address",
					     ip->field[i]);
	}
}

static void take_method(struct plan *plan, struct ip *ip)
{
	static const char *const fixed[] = { "", "off", "none", "static", NULL };
	const char *method = ip->field[METHOD];

	if (is_ipv6_method(method))
		ip->method = method;
	else if (is_dhcp(method) || (!*ip->field[CLIENT] && is_one_of(method, fixed)))
		ip->method = "dhcp";
	else if (is_one_of(method, fixed))
		ip->method = "static";
	else
		ip->why = plan_text(plan, "the method '%s' is not known", method);
}

static void take_ipv6(struct plan *plan, struct ip *ip)
{
	uint64_t prefix = 64;

	if (!ipv6_is_valid(ip->field[CLIENT]))
		ip->why = plan_text(plan, "'%s' is not an address", ip->field[CLIENT]);
	else if (*ip->field[MASK] && (number_parse(ip->field[MASK], 128, &prefix) < 0 || !prefix))
		ip->why = plan_text(plan, "ip= has no usable prefix length: '%s'", ip->field[MASK]);
	else if (*ip->field[GATEWAY] && !ipv6_is_valid(ip->field[GATEWAY]))
		ip->why = plan_text(plan, "the gateway '%s' is not an address", ip->field[GATEWAY]);
	ip->prefix = plan_text(plan, "%u", (unsigned int)prefix);
}

static void take_ipv4(struct plan *plan, struct ip *ip)
{
	uint32_t address, gateway;
	unsigned int prefix;

	if (!ipv4_parse(ip->field[CLIENT], &address) ||
	    !prefix_parse(ip->field[MASK], address, &prefix)) {
		ip->why = plan_text(plan, "ip= has no usable address and mask: '%s', '%s'",
				    ip->field[CLIENT], ip->field[MASK]);
		return;
	}
	if (*ip->field[GATEWAY] && !ipv4_parse(ip->field[GATEWAY], &gateway)) {
		ip->why = plan_text(plan, "the gateway '%s' is not an address", ip->field[GATEWAY]);
		return;
	}
	ip->field[CLIENT] = ipv4_text(plan, address);
	if (*ip->field[GATEWAY])
		ip->field[GATEWAY] = ipv4_text(plan, gateway);
	ip->prefix = plan_text(plan, "%u", prefix);
	ip->routes = route_lines(plan, address, prefix, ip->field[GATEWAY], "");
}

static struct ip ip_parse(struct plan *plan, const char *text)
{
	struct ip ip = { .method = "", .why = "", .prefix = "", .routes = "" };

	split_fields(plan, text, ip.field);
	order_fields(&ip);
	take_names(plan, &ip);
	take_method(plan, &ip);
	if (strcmp(ip.method, "static") == 0 && strchr(ip.field[CLIENT], ':'))
		take_ipv6(plan, &ip);
	else if (strcmp(ip.method, "static") == 0)
		take_ipv4(plan, &ip);
	return ip;
}

void ip_print(struct plan *plan, const char *text, FILE *out)
{
	const struct ip ip = ip_parse(plan, text);

	print_assignment(out, "N_AUTO", ip.method);
	print_assignment(out, "N_WHY", ip.why);
	print_assignment(out, "N_NOTE", ip.note);
	print_assignment(out, "N_DEV", ip.field[DEV]);
	print_assignment(out, "N_CLIENT", ip.field[CLIENT]);
	print_assignment(out, "N_SERVER", ip.field[SERVER]);
	print_assignment(out, "N_GATEWAY", ip.field[GATEWAY]);
	print_assignment(out, "N_MASK", ip.field[MASK]);
	print_assignment(out, "N_PREFIX", ip.prefix);
	print_assignment(out, "N_ROUTES", ip.routes);
	print_assignment(out, "N_HOST", ip.field[NAME]);
	print_assignment(out, "N_MTU", ip.mtu);
	print_assignment(out, "N_DNS", ip.dns);
}
