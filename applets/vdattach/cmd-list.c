// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>

#include "applets/vdattach/cmd.h"
#include "applets/vdattach/sysfs.h"

static void print_json(const struct loop_info *info, bool first)
{
	printf("%s\n  { \"device\": \"/dev/%s\", \"image\": ", first ? "" : ",", info->name);
	json_string(info->backing_file);
	printf(", \"offset\": %" PRIu64 ", \"size\": %" PRIu64 ", \"read-only\": %s }",
	       info->offset, info->size, info->read_only ? "true" : "false");
}

int cmd_list(const struct options *options, struct error **err)
{
	struct loop_info *infos = NULL;
	size_t n = 0;
	int r = sysfs_loops(&infos, &n, err);

	if (r < 0)
		return r;
	if (options->json)
		putchar('[');
	for (size_t i = 0; i < n; i++) {
		const struct loop_info *info = infos + i;

		if (options->json)
			print_json(info, i == 0);
		else
			printf("/dev/%s %s %" PRIu64 " %" PRIu64 " %s\n", info->name,
			       info->read_only ? "ro" : "rw", info->offset, info->size,
			       info->backing_file);
	}
	if (options->json)
		puts(n ? "\n]" : "]");
	loop_infos_free(infos, n);
	return finish_stdout(err);
}
