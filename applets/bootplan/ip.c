// SPDX-License-Identifier: GPL-2.0-or-later
/* Parses the value of ip=, as the kernel, dracut and live-boot write it, into what init sets up. */
#include "applets/bootplan/ip.h"

#include <ctype.h>
#include <string.h>

#include "applets/bootplan/address.h"
#include "applets/bootplan/print.h"
#include "applets/bootplan/table/value.h"

enum { CLIENT, SERVER, GATEWAY, MASK, NAME, DEV, METHOD, DNS0, DNS1, NTP0, FIELDS = 16 };

struct ip {
	const char *field[FIELDS];
	const char *method, *why, *note, *mtu, *mac, *dns, *ntp, *prefix, *routes, *peer,
		*client_id;
};

void split_fields(struct plan *plan, const char *text, const char **fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
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
	static const char *const methods[] = { "auto6", "dhcp6",      "either6",
					       "link6", "link-local", NULL };

	return is_one_of(text, methods);
}

static bool is_dhcp(const char *text)
{
	static const char *const methods[] = { "dhcp", "on",	"any",	       "both", "bootp",
					       "rarp", "dhcp4", "single-dhcp", "auto", NULL };

	return is_one_of(text, methods);
}

static bool is_fixed(const char *text)
{
	static const char *const methods[] = { "off", "none", "static", NULL };

	return is_one_of(text, methods);
}

bool ip_is_method(const char *text)
{
	return is_dhcp(text) || is_ipv6_method(text) || is_fixed(text) || strcmp(text, "ibft") == 0;
}

/* dhcp,TYPE,ID of the kernel: what is behind the method is the client's identifier. */
static void take_client_id(struct plan *plan, struct ip *ip)
{
	const char *method = ip->field[METHOD];
	const size_t len = strcspn(method, ",");
	const char *id = strchr(method + len + (method[len] == ','), ',');
	uint64_t type;

	ip->client_id = "";
	if (!method[len])
		return;
	ip->field[METHOD] = plan_text(plan, "%.*s", (int)len, method);
	method += len + 1;
	if (!id || !id[1] ||
	    number_parse(plan_text(plan, "%.*s", (int)(id - method), method), 255, &type) < 0) {
		ip->note = plan_text(plan, "'%s' is no client identifier (TYPE,ID)", method);
		return;
	}
	ip->client_id = plan_text(plan, "%02x", (unsigned int)type);
	for (id++; *id; id++)
		ip->client_id = plan_text(plan, "%s%02x", ip->client_id, (unsigned char)*id);
}

/* The method of DEV:METHOD, also with what the kernel has behind its dhcp */
static bool begins_with_method(struct plan *plan, const char *text)
{
	return ip_is_method(plan_text(plan, "%.*s", (int)strcspn(text, ","), text));
}

static bool is_device(struct plan *plan, const char *const *field)
{
	const char *text = field[0];

	if (mac_text(plan, text))
		return true;
	if (!*text || strchr(text, ':') || ipv6_is_valid(text) || begins_with_method(plan, text))
		return false;
	return begins_with_method(plan, field[1]) || islower((unsigned char)*text);
}

/* Those of DEV:METHOD[:MTU[:MAC]] and DEV:CLIENT:MASK:GATEWAY:DNS in the places of the kernel's
 * form */
static void order_fields(struct plan *plan, struct ip *ip)
{
	const char **f = ip->field, *given[FIELDS];

	if (!*f[1] && begins_with_method(plan, f[0])) {
		f[METHOD] = f[0];
		f[CLIENT] = "";
		return;
	}
	if (!is_device(plan, f))
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
		for (size_t i = 2; DNS0 + i - 2 < FIELDS; i++)
			f[DNS0 + i - 2] = given[i];
	}
}

/* dracut's hardware address, whose ':' made six fields of it unless it is in [ ] */
static bool take_mac(struct plan *plan, struct ip *ip)
{
	const char **f = ip->field + DNS1;
	const char *mac = mac_text(plan, f[0]);

	if (!mac)
		mac = mac_text(plan, plan_text(plan, "%s:%s:%s:%s:%s:%s", f[0], f[1], f[2], f[3],
					       f[4], f[5]));
	ip->mac = mac ? mac : "";
	return mac;
}

static void take_mtu(struct plan *plan, struct ip *ip)
{
	uint64_t mtu;

	if (*ip->field[DNS0] && (number_parse(ip->field[DNS0], 65535, &mtu) < 0 || mtu < 68))
		ip->note = plan_text(plan, "'%s' is no name server and no MTU", ip->field[DNS0]);
	else if (*ip->field[DNS0])
		ip->mtu = plan_text(plan, "%u", (unsigned int)mtu);
	if (*ip->field[DNS1] && !*ip->mac)
		ip->note = plan_text(plan, "'%s' is no hardware address", ip->field[DNS1]);
}

/* A number in the place of the first name server is dracut's MTU, with a hardware address behind
 * it. */
static void take_names(struct plan *plan, struct ip *ip)
{
	ip->mtu = ip->mac = ip->dns = ip->ntp = "";
	if (!strpbrk(ip->field[DNS0], ".:") && (take_mac(plan, ip) || *ip->field[DNS0])) {
		take_mtu(plan, ip);
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
	if (address_text(plan, ip->field[NTP0]))
		ip->ntp = address_text(plan, ip->field[NTP0]);
	else if (*ip->field[NTP0])
		ip->note =
			plan_text(plan, "the time server '%s' is not an address", ip->field[NTP0]);
}

static void take_method(struct plan *plan, struct ip *ip)
{
	const char *method = ip->field[METHOD];

	if (strcmp(method, "link-local") == 0) /* of systemd and NetworkManager */
		ip->method = "link6";
	else if (is_ipv6_method(method))
		ip->method = method;
	else if (is_dhcp(method) || (!*ip->field[CLIENT] && !*method))
		ip->method = "dhcp";
	else if (is_fixed(method) || !*method)
		ip->method = *ip->field[CLIENT] ? "static" : "off";
	else if (strcmp(method, "ibft") == 0)
		ip->why = "the addresses of the firmware (ibft) are not supported";
	else
		ip->why = plan_text(plan, "the method '%s' is not known", method);
	if (strcmp(method, "static") == 0 && !*ip->field[CLIENT])
		ip->note = "the method 'static' needs an address in front: the link gets none";
	if (strcmp(ip->method, "static") != 0 && *ip->field[CLIENT] && !*ip->why)
		ip->note = plan_text(plan, "the address '%s' is not used with the method '%s'",
				     ip->field[CLIENT], method);
}

/* CLIENT/BITS without a mask; a peer of a point-to-point link in the place of the server: with bits
 * behind it, or where nothing else can be reached. */
static void take_bits(struct plan *plan, struct ip *ip)
{
	const char **f = ip->field, *slash = strchr(f[CLIENT], '/');

	ip->peer = "";
	if (slash && !*f[MASK]) {
		f[MASK] = slash + 1;
		f[CLIENT] = plan_text(plan, "%.*s", (int)(slash - f[CLIENT]), f[CLIENT]);
	}
	slash = strchr(f[SERVER], '/');
	if (!slash && (!*f[SERVER] || *f[GATEWAY] || strcmp(ip->prefix, "32") != 0))
		return;
	ip->peer = f[SERVER];
	if (slash)
		f[SERVER] = plan_text(plan, "%.*s", (int)(slash - f[SERVER]), f[SERVER]);
	if (!address_text(plan, f[SERVER])) {
		ip->note = plan_text(plan, "the peer '%s' is not an address", ip->peer);
		ip->peer = f[SERVER] = "";
	}
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

	if (ip_is_method(ip->field[CLIENT])) {
		ip->why = plan_text(plan,
				    "'%s' is in the place of the address: expected LINK:METHOD, as "
				    "in ip=eth0:dhcp",
				    ip->field[CLIENT]);
		return;
	}
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

/* Whether an IPv6 address begins there and ends before a ':', a '/' or the end */
static bool begins_ipv6(struct plan *plan, const char *text)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	/* three digits: what is shorter may as well be numbers in other fields */
	if (strspn(text, digits) < 3)
		return false;
	for (size_t len = strspn(text, "0123456789abcdefABCDEF:"); len > 3; len--)
		if (strchr(":/", text[len]) &&
		    ipv6_is_valid(plan_text(plan, "%.*s", (int)len, text)))
			return true;
	return false;
}

/* The first IPv6 address that is not in [ ], or NULL */
static const char *find_bare_ipv6(struct plan *plan, const char *text)
{
	while (*text) {
		text += *text == '[' && strchr(text, ']') ? strcspn(text, "]") : *text == '[';
		if (begins_ipv6(plan, text))
			return text;
		text += strcspn(text, ":");
		text += *text == ':';
	}
	return NULL;
}

/* What its ':' made of the fields is reported as what it is. */
static void name_bare_ipv6(struct plan *plan, struct ip *ip, const char *text)
{
	const char *bare = *ip->why || *ip->note ? find_bare_ipv6(plan, text) : NULL;

	if (!bare)
		return;
	ip->note =
		plan_text(plan,
			  "the IPv6 address at '%s' is not in brackets: expected [ADDRESS], as in "
			  "ip=[CLIENT]::[GATEWAY]:64::DEVICE:none",
			  bare);
	if (!*ip->why)
		return;
	ip->why = ip->note;
	ip->note = "";
}

static struct ip ip_parse(struct plan *plan, const char *text)
{
	struct ip ip = { .method = "", .why = "", .note = "", .prefix = "", .routes = "" };
	const char *mac;

	split_fields(plan, text, ip.field, FIELDS);
	order_fields(plan, &ip);
	mac = mac_text(plan, ip.field[DEV]);
	if (mac)
		ip.field[DEV] = mac;
	take_client_id(plan, &ip);
	take_bits(plan, &ip);
	take_names(plan, &ip);
	take_method(plan, &ip);
	if (strcmp(ip.method, "static") == 0 && strchr(ip.field[CLIENT], ':'))
		take_ipv6(plan, &ip);
	else if (strcmp(ip.method, "static") == 0)
		take_ipv4(plan, &ip);
	if (!*ip.peer)
		take_bits(plan, &ip);
	name_bare_ipv6(plan, &ip, text);
	return ip;
}

const char *ip_device(struct plan *plan, const char *text)
{
	return ip_parse(plan, text).field[DEV];
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
	print_assignment(out, "N_NTP", ip.ntp);
	print_assignment(out, "N_MAC", ip.mac);
	print_assignment(out, "N_PEER", ip.peer);
	print_assignment(out, "N_ID", ip.client_id);
}
