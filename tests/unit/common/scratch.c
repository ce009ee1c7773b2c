// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/common/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

int scratch_setup(void **state)
{
	char dir[] = "/tmp/mkvinitrd-test.XXXXXX";

	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

int scratch_teardown(void **state)
{
	char dir[64], command[128];

	if (!getcwd(dir, sizeof(dir)) || chdir("/") < 0)
		return -1;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

void scratch_write(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}
