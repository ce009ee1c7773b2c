// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of several matches is meant. */
#include <limits.h>
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

/* A question that nobody answers */
static void ask_slow(struct candidate *c)
{
	*c = (struct candidate){ .question = { .pid = INT_MAX, .fd = -1 } };
}

/* Its swap files are looked for when it is known what is on it. */
static void test_slow_disk_is_sought_later(void **state)
{
	struct candidate slow;

	ask_slow(&slow);
	candidate_seek_swapfile(&slow);
	assert_false(slow.sought);
}

/* A journal that shows the path only after its replay is written to as well. */
static void test_journal_waits_for_slow_disk(void **state)
{
	struct request request = { .write = true, .mountpoint = "/mnt", .sysfs = "/sys" };
	struct candidate list[2];
	const struct search s = { .request = &request, .list = list, .count = 2 };

	name(&list[0], "vda1", "ext4", "");
	snprintf(list[0].dev.path, sizeof(list[0].dev.path), "/nonexistent");
	ask_slow(&list[1]);
	assert_true(search_writes_unclean(&s));
	list[0].matches = false;
	assert_false(search_writes_unclean(&s));
	list[0].unclean = true;
	assert_false(search_writes_unclean(&s));
	request.host.kind = HOST_UUID;
	assert_true(search_writes_unclean(&s));
	request.write = false;
	assert_false(search_writes_unclean(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_volume),
		cmocka_unit_test(test_slow_disk_is_sought_later),
		cmocka_unit_test(test_journal_waits_for_slow_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
