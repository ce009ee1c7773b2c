// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of the devices that did not answer: what one search leaves to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/findimg/silent.h"
#include "common/file.h"

static char state[] = "/tmp/silent-XXXXXX";
static char file[64];

static int make_state(void **unused)
{
	int fd = mkstemp(state);

	if (fd < 0)
		return -1;
	snprintf(file, sizeof(file), "%s.silent", state);
	return close(fd);
}

static int remove_state(void **unused)
{
	(void)!unlink(file);
	return unlink(state);
}

static void test_list(void **unused)
{
	struct silent list = { 0 };

	assert_false(silent_has(&list, "/dev/vda"));
	silent_remove(&list, "/dev/vda");
	assert_int_equal(silent_add(&list, "/dev/vda1"), 0);
	assert_false(silent_has(&list, "/dev/vda"));
	assert_int_equal(silent_add(&list, "/dev/vda"), 0);
	assert_int_equal(silent_add(&list, "/dev/vda"), 0);
	assert_string_equal(list.text, "/dev/vda1\n/dev/vda\n");
	silent_remove(&list, "/dev/vda1");
	assert_string_equal(list.text, "/dev/vda\n");
	silent_free(&list);
}

static void test_kept(void **unused)
{
	struct silent list, next;
	char *text = NULL;

	silent_read(&list, NULL);
	assert_null(list.text);
	silent_read(&list, state);
	assert_int_equal(silent_write(&list, state), 0);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(silent_add(&list, "/dev/sdb"), 0);
	assert_int_equal(silent_add(&list, "/dev/sdc"), 0);
	assert_int_equal(silent_write(&list, NULL), 0);
	assert_int_equal(silent_write(&list, state), 0);
	assert_int_equal(read_text(file, &text, NULL), 0);
	assert_string_equal(text, "/dev/sdb\n/dev/sdc\n");
	free(text);
	silent_read(&next, state);
	assert_true(silent_has(&next, "/dev/sdb"));
	/* as long as one is silent there is a list */
	silent_remove(&next, "/dev/sdb");
	silent_remove(&next, "/dev/sdc");
	assert_int_equal(silent_write(&next, state), 0);
	assert_int_equal(access(file, F_OK), -1);
	silent_free(&list);
	silent_free(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, make_state, remove_state);
}
