/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APPLETS_OVERLAYROOT_LOWER_GENERATION_ASK_H
#define APPLETS_OVERLAYROOT_LOWER_GENERATION_ASK_H

#include "applets/overlayroot/lower/generation.h"

/*
 * Shows the generations on stderr and reads a line from stdin: how many of the newest to set aside,
 * 0 on an empty line or when nothing was typed within half a minute.
 */
unsigned int generation_ask(const char *directory, const struct generation_list *list);

#endif
