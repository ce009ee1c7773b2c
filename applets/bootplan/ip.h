/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What init does with the network: one ip= after the other, one lease after the other. */
#ifndef APPLETS_BOOTPLAN_IP_H
#define APPLETS_BOOTPLAN_IP_H

#include <stdio.h>

#include "applets/bootplan/plan.h"

/*
 * The value of ip=: CLIENT:SERVER:GATEWAY:MASK:HOST:DEV:METHOD[:DNS0[:DNS1[:NTP0]] | :MTU[:MAC]],
 * its short forms, DEV:METHOD[:MTU[:MAC]], and live-boot's DEV:CLIENT:MASK:GATEWAY:DNS. Addresses
 * of IPv6 stand in brackets; DEV may be a hardware address, with '-' or in brackets. Prints
 * N_AUTO=static|dhcp|auto6|dhcp6|either6|link6|off, N_DEV and the other fields; N_WHY says why the
 * value cannot be used, N_NOTE which part of it is not.
 * Sources: the kernel's Documentation/admin-guide/nfs/nfsroot.rst, dracut.cmdline(7), live-boot(7).
 */
void ip_print(struct plan *plan, const char *text, FILE *out);

/* Fields between ':', which does not count inside [ ]; the brackets go, what is missing is "". */
void split_fields(struct plan *plan, const char *text, const char **fields, size_t count);

/* The device of the value of ip=; "" when it is for any. */
const char *ip_device(struct plan *plan, const char *text);

/* Whether the text is one of the methods of ip=, as dhcp or none */
bool ip_is_method(const char *text);

/*
 * A lease as udhcpc's script writes it, KEY=VALUE lines. Prints it as L_IP, L_PREFIX and so on;
 * L_WHY says why it cannot be used. L_REACHES=1: it leads to server, which may be a name or empty.
 */
void lease_print(struct plan *plan, const char *text, const char *server, FILE *out);

#endif
