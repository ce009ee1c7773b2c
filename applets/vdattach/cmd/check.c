// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "applets/vdattach/cmd/cmd.h"
#include "common/print.h"

enum { EXIT_CLEAN = 0, EXIT_ERRORS = 1, EXIT_LEAKS = 2 };

static void print(const struct findings *findings)
{
	static const char *const names[] = { "warning", "leak", "error" };

	for (size_t i = 0; i < findings->n; i++) {
		printf("%s: ", names[findings->items[i].level]);
		print_text(stdout, findings->items[i].text);
		putchar('\n');
	}
}

static unsigned int total(const struct open_disk *disk, enum finding_level level)
{
	unsigned int n = disk->findings.count[level];

	for (const struct vd_image *i = disk->image; i; i = i->parent)
		n += i->findings.count[level];
	return n;
}

int cmd_check(const struct options *options, struct error **err)
{
	_cleanup_disk_ struct open_disk disk = { .image = NULL };
	int r = disk_open(options, true, &disk, err);

	if (r == 0)
		r = vd_image_check(disk.image, err);
	if (r < 0)
		return r;
	partition_table_check(&disk.table, disk.view, &disk.findings);
	for (const struct vd_image *i = disk.image; i; i = i->parent)
		print(&i->findings);
	print(&disk.findings);
	printf("%s: %u errors, %u leaks, %u warnings\n", options->operand,
	       total(&disk, FINDING_ERROR), total(&disk, FINDING_LEAK),
	       total(&disk, FINDING_WARNING));
	r = finish_stdout(err);
	if (r < 0)
		return r;
	if (total(&disk, FINDING_ERROR))
		return EXIT_ERRORS;
	return total(&disk, FINDING_LEAK) ? EXIT_LEAKS : EXIT_CLEAN;
}
