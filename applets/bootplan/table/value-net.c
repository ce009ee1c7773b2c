// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameters of the network, consoles, and the arguments of the root's init. */
#include <ctype.h>
#include <string.h>

#include "applets/bootplan/address.h"
#include "applets/bootplan/ip.h"
#include "applets/bootplan/table/value.h"

/* Each part of text between separators is one ip=, with this character for that one. */
static void add_addresses(struct plan *plan, const struct word *word, char separator, char from)
{
	const char *text = word->value;

	while (*text) {
		const size_t len = strcspn(text, (char[]){ separator, '\0' });
		char *part = plan_copy(plan, plan_text(plan, "%.*s", (int)len, text));

		if (!part)
			return;
		for (char *c = part; *c; c++)
			if (*c == from)
				*c = ':';
		if (*part)
			plan_set(plan, S_NET, word->rank, part);
		text += len + (text[len] != '\0');
	}
}

/* Whether text is methods with a comma between, as dracut has them for one link */
static bool are_methods(struct plan *plan, const char *text)
{
	while (*text) {
		const size_t len = strcspn(text, ",");

		if (!ip_is_method(plan_text(plan, "%.*s", (int)len, text)))
			return false;
		text += len + (text[len] == ',');
	}
	return true;
}

/* The last field that has no name servers, MTU or the like behind it: the methods; NULL when there
 * is no list of them. */
static const char *method_list(struct plan *plan, const char *text, size_t *ret_len)
{
	for (; text; text = strchr(text, ':')) {
		text += *text == ':';
		*ret_len = strcspn(text, ":");
		if (memchr(text, ',', *ret_len) &&
		    are_methods(plan, plan_text(plan, "%.*s", (int)*ret_len, text)))
			return text;
	}
	return NULL;
}

/* DEV:dhcp,auto6: the same once for each method */
static bool add_methods(struct plan *plan, const struct word *word)
{
	size_t len;
	const char *list = method_list(plan, word->value, &len), *end;

	if (!list)
		return false;
	end = list + len;
	for (const char *method = list; method < end; method += len + 1) {
		len = strcspn(method, ",:");
		plan_set(plan, S_NET, word->rank,
			 plan_text(plan, "%.*s%.*s%s", (int)(list - word->value), word->value,
				   (int)len, method, end));
	}
	return true;
}

/* dhcp,TYPE,ID: the kernel's */
static bool has_client_id(const char *text)
{
	const char *comma = strchr(text, ',');

	return comma && isdigit((unsigned char)comma[1]) && comma - text >= 4 &&
	       strncmp(comma - 4, "dhcp", 4) == 0;
}

/*
 * The grammar of one address is ip.c's. live-boot has several in one parameter, with a comma
 * between; casper's fields have a comma between them, and a colon is between addresses.
 */
void take_ip(struct plan *plan, const struct word *word)
{
	const size_t first = strcspn(word->value, ":,");

	if (strcmp(word->value, "frommedia") == 0)
		parameter_unsupported(plan, NULL, word->text);
	else if (add_methods(plan, word))
		return;
	else if (!has_client_id(word->value) && islower((unsigned char)*word->value) &&
		 strchr(word->value, ',') && !strchr(word->value, '['))
		add_addresses(plan, word, word->value[first] == ',' ? ':' : ',', ',');
	else
		plan_set(plan, S_NET, word->rank, word->value);
}

void take_bootdev(struct plan *plan, const struct word *word)
{
	const char *mac = mac_text(plan, word->value);

	plan_set(plan, S_BOOTDEV, word->rank, mac ? mac : word->value);
}

/* NETWORK[/BITS] of a route; "default" is one, too */
static bool is_network(struct plan *plan, const char *text)
{
	const size_t len = strcspn(text, "/");
	const char *address = plan_text(plan, "%.*s", (int)len, text);
	uint64_t bits;

	if (strcmp(text, "default") == 0)
		return true;
	return address_text(plan, address) &&
	       (!text[len] ||
		number_parse(text + len + 1, strchr(address, ':') ? 128 : 32, &bits) == 0);
}

/* A line of P_ROUTES: NETWORK GATEWAY LINK, '-' for what is left out */
void take_route(struct plan *plan, const struct word *word)
{
	const char *field[4];

	split_fields(plan, word->value, field, ARRAY_SIZE(field));
	if (!is_network(plan, field[0]) || (*field[1] && !address_text(plan, field[1])) ||
	    (!*field[1] && !*field[2]) || *field[3]) {
		parameter_wrong(plan, word);
		return;
	}
	plan_set(plan, S_ROUTES, word->rank,
		 plan_text(plan, "%s %s %s", field[0], *field[1] ? field[1] : "-",
			   *field[2] ? field[2] : "-"));
}

/* An address of IPv6 also in [ ] */
void take_name_server(struct plan *plan, const struct word *word)
{
	const char *field[2], *server;

	split_fields(plan, *word->value == '[' ? word->value : plan_text(plan, "[%s]", word->value),
		     field, ARRAY_SIZE(field));
	server = *field[1] ? NULL : address_text(plan, field[0]);
	if (server)
		plan_set(plan, S_DNS, word->rank, server);
	else
		parameter_wrong(plan, word);
}

void take_dhcp_limit(struct plan *plan, const struct word *word)
{
	uint64_t value;

	if (number_parse(word->value, LONGEST_WAIT, &value) < 0 || !value)
		parameter_wrong(plan, word);
	else
		plan_set(plan, S_DHCP_LIMIT, word->rank,
			 plan_text(plan, "%u", (unsigned int)value));
}

void take_ethdevice(struct plan *plan, const struct word *word)
{
	char *names = plan_copy(plan, word->value);

	if (!names)
		return;
	plan_set(plan, S_ETHDEVICE, word->rank, names);
	for (; *names; names++)
		if (*names == ',')
			*names = ' ';
}

void take_console(struct plan *plan, const struct word *word)
{
	plan_set(plan, S_CONSOLES, word->rank,
		 plan_text(plan, "%.*s", (int)strcspn(word->value, ","), word->value));
}

/* In front of init=/linuxrc: see find_init in handover.sh. */
void take_runlevel(struct plan *plan, const struct word *word)
{
	if (!plan_has(plan, S_INIT))
		plan_set(plan, S_ARGUMENTS, word->rank, plan_text(plan, "%s\n", word->text));
}

/* nbd:SERVER:PORT-OR-EXPORT[:FSTYPE[:FLAGS[:OPTIONS]]] of dracut, an IPv6 address in [ ] */
static const char *nbd_export(struct plan *plan, const struct word *word, const char *server,
			      const char *name)
{
	const char *text = "";
	uint64_t port;

	if (name[strspn(name, "0123456789")] == '\0') {
		if (number_parse(name, UINT16_MAX, &port) < 0 || !port) {
			parameter_wrong(plan, word);
			return NULL;
		}
		return plan_text(plan, "nbd://%s:%u/", server, (unsigned int)port);
	}
	for (const char *percent; (percent = strchr(name, '%')); name = percent + 1)
		text = plan_text(plan, "%s%.*s%%25", text, (int)(percent - name), name);
	text = plan_text(plan, "%s%s", text, name);
	return plan_text(plan, "nbd://%s/%s", server, text);
}

static void take_nbd_flags(struct plan *plan, const struct word *word, const char *text)
{
	const char *flags = "";

	while (*text) {
		const size_t len = strcspn(text, ",");
		const char *flag = plan_text(plan, "%.*s", (int)len, text);

		if (strcmp(flag, "ro") == 0 || strcmp(flag, "rw") == 0)
			plan_set(plan, S_ACCESS, word->rank, flag);
		else
			flags = plan_text(plan, "%s%s%s", flags, *flags ? "," : "", flag);
		text += len + (text[len] == ',');
	}
	if (*flags)
		plan_set(plan, S_FLAGS, word->rank, flags);
}

/* Ends *text at its first ':'. Returns what was before; *text is what is behind, "" at the end. */
static const char *next_field(struct plan *plan, const char **text)
{
	const size_t len = strcspn(*text, ":");
	const char *field = plan_text(plan, "%.*s", (int)len, *text);

	*text += len + ((*text)[len] == ':');
	return field;
}

/* *ret_rest: what is behind the export */
static const char *nbd_image(struct plan *plan, const struct word *word, const char **ret_rest)
{
	const char *rest = word->value + strlen("nbd:"), *close = strstr(rest, "]:");
	const char *server, *name;

	if (*rest == '[' && close && close[2]) {
		server = plan_text(plan, "%.*s", (int)(close + 1 - rest), rest);
		rest = close + 2;
	} else {
		server = next_field(plan, &rest);
	}
	name = next_field(plan, &rest);
	*ret_rest = rest;
	if (*server && *name)
		return nbd_export(plan, word, server, name);
	parameter_wrong(plan, word);
	return NULL;
}

const char *nbd_disk_uri(struct plan *plan, const char *text)
{
	const struct word word = { .text = plan_text(plan, "netroot=%s", text),
				   .value = text,
				   .expected = NBD_FORM };
	const char *rest, *uri = nbd_image(plan, &word, &rest);

	return uri ? uri : "";
}

/* SERVER,PORT-OR-EXPORT[,DEVICE] of nbd-client for initramfs-tools; root= may name the device, too.
 */
void take_nbdroot(struct plan *plan, const struct word *word)
{
	const size_t len = strcspn(word->value, ",");
	const char *server = plan_text(plan, "%.*s", (int)len, word->value);
	const char *name = word->value + len + 1;

	if (strcmp(server, "dhcp") == 0)
		parameter_unsupported(plan, NULL, word->text);
	else
		plan_set(plan, S_NETDISK, word->rank,
			 plan_text(plan, ipv6_is_valid(server) ? "nbd:[%s]:%.*s" : "nbd:%s:%.*s",
				   server, (int)strcspn(name, ","), name));
}

void take_root_nbd(struct plan *plan, const struct word *word)
{
	const char *rest, *field, *image = nbd_image(plan, word, &rest);

	if (!image)
		return;
	plan_set(plan, S_IMAGE, word->rank, image);
	field = next_field(plan, &rest);
	if (*field && strcmp(field, "auto") != 0)
		plan_set(plan, S_FSTYPE, word->rank, field);
	take_nbd_flags(plan, word, next_field(plan, &rest));
	if (*rest)
		plan_note(plan, NULL, "options '%s' of nbd-client in root=nbd: are not used", rest);
}
