// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of several matches is meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "applets/findimg/search.h"

static void name(struct candidate *c, const char *device, const char *type, const char *holder)
{
	*c = (struct candidate){ .matches = true };
	snprintf(c->dev.name, sizeof(c->dev.name), "%s", device);
	snprintf(c->dev.holder, sizeof(c->dev.holder), "%s", holder);
	snprintf(c->fs.type, sizeof(c->fs.type), "%s", type);
	snprintf(c->fs.label, sizeof(c->fs.label), "data");
}

/* cryptsetup luksFormat --label and mkfs -L with the same label */
static void test_open_volume(void **state)
{
	const struct request request = { .sysfs = "/sys" };
	struct candidate list[2];
	const struct search s = { .request = &request, .list = list, .count = 2 };
	char *refusal = NULL;

	name(&list[0], "sda2", "crypto_LUKS", "");
	name(&list[1], "dm-0", "ext4", "");
	assert_ptr_equal(search_choose(&s, &refusal), &list[0]);
	name(&list[0], "sda2", "crypto_LUKS", "dm-0");
	assert_ptr_equal(search_choose(&s, &refusal), &list[1]);
	list[1].matches = false;
	assert_ptr_equal(search_choose(&s, &refusal), &list[0]);
	assert_null(refusal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_volume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
