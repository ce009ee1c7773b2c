/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the completion of shells asks for, beside options: the vocabulary of profiles. */
#ifndef BUILDER_CMD_CLI_COMPLETE_H
#define BUILDER_CMD_CLI_COMPLETE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Prints one answer a line: of "directives" "NAME<tab>USAGE"; of "values" the words that the first
 * argument of the directive `name` can be; of "parameters" those of init. false: nothing of these.
 */
bool complete_print(const char *what, const char *name, FILE *to);

#endif
