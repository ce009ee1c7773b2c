/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a command line. */
#ifndef APPLETS_LIB_OPTIONS_H
#define APPLETS_LIB_OPTIONS_H

#include <getopt.h>

/* Long options without a letter have values from here on. */
#define OPTIONS_LONG 256

/*
 * Reads options by getopt_long(3) and has take look at each; letters begins with ':'. What is no
 * option, or lacks its value, is a usage error. take: -1 to continue, or the exit status. Returns
 * -1 when all are read (optind is at the first argument), else the exit status.
 */
int options_read(int argc, char **argv, const char *letters, const struct option *options,
		 int (*take)(int option, void *data), void *data);

/* The option that getopt_long(3) did not like, as the user wrote it; buf may hold it. */
const char *options_wrong(char **argv, char buf[3]);

#endif
