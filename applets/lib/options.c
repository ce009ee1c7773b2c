// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/options.h"

#include <string.h>

#include "common/msg.h"

const char *options_wrong(char **argv, char buf[3])
{
	const char *word = argv[optind - 1];

	/* musl's optind is beyond argc, and word NULL, where a short option lacks its argument */
	if (word && (optopt <= 0 || optopt >= OPTIONS_LONG || strncmp(word, "--", 2) == 0))
		return word;
	buf[0] = '-';
	buf[1] = (char)optopt;
	buf[2] = '\0';
	return buf;
}

int options_read(int argc, char **argv, const char *letters, const struct option *options,
		 int (*take)(int option, void *data), void *data)
{
	char buf[3];
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (c == '?')
			return msg_usage("unknown option '%s'", options_wrong(argv, buf));
		if (c == ':')
			return msg_usage("option '%s' needs a value", options_wrong(argv, buf));
		status = take(c, data);
		if (status >= 0)
			return status;
	}
	return -1;
}
