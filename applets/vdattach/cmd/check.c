// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "applets/vdattach/cmd/cmd.h"

enum { EXIT_CLEAN = 0, EXIT_ERRORS = 1, EXIT_LEAKS = 2 };

static void print(const struct findings *findings)
{
	static const char *const names[] = { "warning", "leak", "error" };

	for (size_t i = 0; i < findings->n; i++)
		printf("%s: %s\n", names[findings->items[i].level], findings->items[i].text);
}

static unsigned int total(const struct guest *guest, enum finding_level level)
{
	unsigned int n = guest->findings.count[level];

	for (const struct vd_image *i = guest->image; i; i = i->parent)
		n += i->findings.count[level];
	return n;
}

int cmd_check(const struct options *options, struct error **err)
{
	_cleanup_guest_ struct guest guest = { .image = NULL };
	int r = guest_open(options, true, &guest, err);

	if (r == 0)
		r = vd_image_check(guest.image, err);
	if (r < 0)
		return r;
	partition_table_check(&guest.table, guest.disk, &guest.findings);
	for (const struct vd_image *i = guest.image; i; i = i->parent)
		print(&i->findings);
	print(&guest.findings);
	printf("%s: %u errors, %u leaks, %u warnings\n", options->operand,
	       total(&guest, FINDING_ERROR), total(&guest, FINDING_LEAK),
	       total(&guest, FINDING_WARNING));
	r = finish_stdout(err);
	if (r < 0)
		return r;
	if (total(&guest, FINDING_ERROR))
		return EXIT_ERRORS;
	return total(&guest, FINDING_LEAK) ? EXIT_LEAKS : EXIT_CLEAN;
}
