/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What init does with the network: one ip= after the other, one lease after the other. */
#ifndef APPLETS_BOOTPLAN_IP_H
#define APPLETS_BOOTPLAN_IP_H

#include <stdio.h>

#include "applets/bootplan/plan.h"

/*
 * The value of ip=: CLIENT:SERVER:GATEWAY:MASK:HOST:DEV:METHOD[:DNS0[:DNS1] | :MTU[:MAC]], its
 * short forms, DEV:METHOD[:MTU], and live-boot's DEV:CLIENT:MASK:GATEWAY:DNS. Addresses of IPv6
 * stand in brackets. Prints N_AUTO=static|dhcp|auto6|dhcp6|either6, N_DEV and the other fields;
 * N_WHY says why the value cannot be used, N_NOTE which part of it is not.
 */
void ip_print(struct plan *plan, const char *text, FILE *out);

/*
 * A lease as udhcpc's script writes it, KEY=VALUE lines. Prints it as L_IP, L_PREFIX and so on;
 * L_WHY says why it cannot be used. L_REACHES=1: it leads to server, which may be a name or empty.
 */
void lease_print(struct plan *plan, const char *text, const char *server, FILE *out);

#endif
