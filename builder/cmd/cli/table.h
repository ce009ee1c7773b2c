/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands and options of mkvinitrd, and the texts made from them. */
#ifndef BUILDER_CMD_CLI_TABLE_H
#define BUILDER_CMD_CLI_TABLE_H

#include <getopt.h>
#include <stdio.h>

#include "builder/cmd/command.h"

#define OPTION_FORMAT	'f' /* only --format; the letter names it in struct command */
#define OPTION_MODE	'M' /* likewise --mode, --shell, --json and --svg */
#define OPTION_SHELL	'S'
#define OPTION_JSON	'J'
#define OPTION_SVG	'G'
#define OPTION_LIKE	'I' /* --like */
#define CLI_MAX_OPTIONS 16
#define STATUS_HELP	-1 /* -h or -V was answered */

struct cli_option {
	char letter; /* short option, or a name for one without */
	const char *name;
	const char *value; /* placeholder, NULL without a value */
	const char *help;
	bool only_long;
	const char *kind; /* of the value, for completion: see scripts/lib/options.sh; or NULL */
};

struct command {
	const char *name;
	const char *usage;   /* what follows the name */
	const char *summary; /* one line */
	const char *options; /* letters of cli_options that it takes */
	unsigned min_args, max_args;
	int (*run)(const struct options *options);
	const char *operands; /* their kinds, for completion; the last may end in "..."; or NULL */
};

extern const struct cli_option cli_options[]; /* ended by a NULL name */

/* The command of that name, or NULL. */
const struct command *cli_command_find(const char *name);
/* Whether `name` is a command that a script of libexec runs. */
bool cli_is_script(const char *name);
/* i-th name of commands and scripts, NULL after the last: a candidate function for suggest(). */
const char *cli_command_name(const void *context, size_t i);

/* For completion, a line each: "NAME<tab>SUMMARY" of commands and scripts; options and operands of
 * a command in the form of the table of scripts/lib/options.sh. */
void cli_print_commands(FILE *to);
void cli_print_option_table(const struct command *command, FILE *to);

/* The arguments of getopt_long for a command. letters starts with ':' (no messages of its own). */
void cli_getopt_tables(const struct command *command, char *letters, size_t size,
		       struct option longs[CLI_MAX_OPTIONS + 1]);

void cli_print_help(FILE *to);
void cli_print_command_help(const struct command *command, FILE *to);
void cli_print_version(FILE *to);

#endif
