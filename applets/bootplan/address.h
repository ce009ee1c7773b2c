/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internet addresses as text. */
#ifndef APPLETS_BOOTPLAN_ADDRESS_H
#define APPLETS_BOOTPLAN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "applets/bootplan/plan.h"

/* Four decimal numbers. As for the kernel (in_aton) a zero in front does not make a number octal.
 */
bool ipv4_parse(const char *text, uint32_t *ret);
const char *ipv4_text(struct plan *plan, uint32_t address);

bool ipv6_is_valid(const char *text);

/* The address as it is usually written; NULL when it is none of either kind. */
const char *address_text(struct plan *plan, const char *text);

/* A hardware address, with ':' or '-' between its bytes, as sysfs has it; NULL when it is none. */
const char *mac_text(struct plan *plan, const char *text);

/*
 * Bits of a netmask or prefix length for this address; an empty mask is that of the address class.
 * A mask whose ones are not all in front is none.
 */
bool prefix_parse(const char *mask, uint32_t address, unsigned int *ret);

bool in_subnet(uint32_t address, uint32_t of, unsigned int prefix);

/*
 * Lines for the shell, in the order in which they can be set: "via DESTINATION ROUTER", "dev
 * DESTINATION" without a router, and before a router that is not in the subnet "link ROUTER".
 * routes has pairs of DESTINATION[/PREFIX] and ROUTER, which count instead of router (RFC 3442).
 * Pairs that are no addresses are left out.
 */
const char *route_lines(struct plan *plan, uint32_t address, unsigned int prefix,
			const char *router, const char *routes);

#endif
