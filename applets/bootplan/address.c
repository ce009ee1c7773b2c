// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/bootplan/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "applets/bootplan/table/value.h"

bool ipv4_parse(const char *text, uint32_t *ret)
{
	uint32_t address = 0;

	for (int i = 0; i < 4; i++) {
		const size_t len = strspn(text, "0123456789");
		char digits[4] = "";
		uint64_t byte;

		if (!len || len > 3)
			return false;
		memcpy(digits, text, len);
		if (number_parse(digits, 255, &byte) < 0)
			return false;
		address = address << 8 | (uint32_t)byte;
		text += len;
		if (i < 3 && *text++ != '.')
			return false;
	}
	if (*text)
		return false;
	*ret = address;
	return true;
}

const char *ipv4_text(struct plan *plan, uint32_t address)
{
	return plan_text(plan, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
			 address >> 8 & 255, address & 255);
}

bool ipv6_is_valid(const char *text)
{
	struct in6_addr address;
	char bare[INET6_ADDRSTRLEN + 1] = "";
	const size_t len = strcspn(text, "%"); /* the link behind it */

	if (len >= sizeof(bare))
		return false;
	memcpy(bare, text, len);
	return inet_pton(AF_INET6, bare, &address) == 1;
}

const char *address_text(struct plan *plan, const char *text)
{
	uint32_t address;

	if (ipv4_parse(text, &address))
		return ipv4_text(plan, address);
	return ipv6_is_valid(text) ? text : NULL;
}

const char *mac_text(struct plan *plan, const char *text)
{
	char *mac;

	if (strlen(text) != 17)
		return NULL;
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? text[i] != ':' && text[i] != '-'
			       : !isxdigit((unsigned char)text[i]))
			return NULL;
	mac = plan_copy(plan, text);
	if (!mac)
		return NULL;
	for (size_t i = 0; i < 17; i++)
		mac[i] = i % 3 == 2 ? ':' : (char)tolower((unsigned char)mac[i]);
	return mac;
}

bool prefix_parse(const char *mask, uint32_t address, unsigned int *ret)
{
	uint32_t bits;
	uint64_t number;

	if (!*mask) {
		*ret = address >> 31 == 0 ? 8 : address >> 30 == 2 ? 16 : 24;
		return true;
	}
	if (number_parse(mask, 32, &number) == 0) {
		*ret = (unsigned int)number;
		return true;
	}
	if (!ipv4_parse(mask, &bits) || (~bits & (~bits + 1)))
		return false;
	*ret = (unsigned int)__builtin_popcount(bits);
	return true;
}

bool in_subnet(uint32_t address, uint32_t of, unsigned int prefix)
{
	return prefix == 0 || (address ^ of) >> (32 - prefix) == 0;
}

/* DESTINATION[/PREFIX] as it is usually written; NULL when it is none */
static const char *destination_text(struct plan *plan, const char *text)
{
	const size_t len = strcspn(text, "/");
	const char *slash = text[len] ? text + len + 1 : "32";
	uint32_t address;
	uint64_t prefix;

	if (strcmp(text, "default") == 0)
		return text;
	if (!ipv4_parse(plan_text(plan, "%.*s", (int)len, text), &address) ||
	    number_parse(slash, 32, &prefix) < 0)
		return NULL;
	return plan_text(plan, "%s%s%s", ipv4_text(plan, address), text[len] ? "/" : "",
			 text[len] ? plan_text(plan, "%u", (unsigned int)prefix) : "");
}

static const char *route_line(struct plan *plan, uint32_t address, unsigned int prefix,
			      const char *to, const char *by)
{
	const char *destination = destination_text(plan, to);
	uint32_t router;

	if (!destination || !ipv4_parse(by, &router))
		return "";
	by = ipv4_text(plan, router);
	if (!router)
		return strcmp(to, "default") == 0 ? "" : plan_text(plan, "dev %s\n", destination);
	if (in_subnet(router, address, prefix))
		return plan_text(plan, "via %s %s\n", destination, by);
	return plan_text(plan, "link %s\nvia %s %s\n", by, destination, by);
}

const char *route_lines(struct plan *plan, uint32_t address, unsigned int prefix,
			const char *router, const char *routes)
{
	char *text = plan_copy(plan, routes), *rest, *to, *by;
	const char *lines = "";
	bool any = false;

	for (to = text ? strtok_r(text, " \t", &rest) : NULL; to;
	     to = strtok_r(NULL, " \t", &rest)) {
		by = strtok_r(NULL, " \t", &rest);
		if (!by)
			break;
		any = true;
		lines = plan_text(plan, "%s%s", lines, route_line(plan, address, prefix, to, by));
	}
	return any ? lines
		   : route_line(plan, address, prefix, "default",
				plan_text(plan, "%.*s", (int)strcspn(router, " "), router));
}
