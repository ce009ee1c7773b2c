/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of mkvinitrd: commands, options and their help from one table each. */
#ifndef BUILDER_CMD_CLI_CLI_H
#define BUILDER_CMD_CLI_CLI_H

/* Runs `mkvinitrd COMMAND ...`; the exit status. Closes nothing and leaves signals alone. */
int cli_run(int argc, char **argv);

#endif
