// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of system.posix_acl_access as the kernel has them, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <archive.h>
#include <errno.h>

#include "applets/packroot/acl.h"

#define TYPE ARCHIVE_ENTRY_ACL_TYPE_ACCESS

/* u::rw- u:1234:rw- g::r-- m::rw- o::--- */
static const uint8_t value[] = {
	2,    0, 0, 0,			    /* version */
	0x01, 0, 6, 0, 255,  255, 255, 255, /* the owner */
	0x02, 0, 6, 0, 0xd2, 4,	  0,   0,   /* user 1234 */
	0x04, 0, 4, 0, 255,  255, 255, 255, /* the group */
	0x10, 0, 6, 0, 255,  255, 255, 255, /* the mask */
	0x20, 0, 0, 0, 255,  255, 255, 255, /* others */
};

static int decode(const uint8_t *bytes, size_t size, char **ret_text)
{
	struct archive_entry *entry = archive_entry_new();
	int r = acl_decode(entry, TYPE, bytes, size);
	char *text =
		archive_entry_acl_to_text(entry, NULL, ARCHIVE_ENTRY_ACL_STYLE_SEPARATOR_COMMA);

	*ret_text = text ? strdup(text) : NULL;
	free(text);
	archive_entry_free(entry);
	return r;
}

static void test_value(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(decode(value, sizeof(value), &text), 0);
	assert_string_equal(text, "user::rw-,group::r--,other::---,user:1234:rw-,mask::rw-");
	free(text);
}

static void test_not_an_acl(void **state)
{
	uint8_t other[sizeof(value)];
	char *text;

	(void)state;
	for (size_t size = 0; size < sizeof(value); size++) {
		int want = size >= 4 && (size - 4) % 8 == 0 ? 0 : -EINVAL;

		memcpy(other, value, sizeof(value));
		assert_int_equal(decode(other, size, &text), want);
		free(text);
	}
	other[0] = 1; /* version */
	assert_int_equal(decode(other, sizeof(other), &text), -EINVAL);
	free(text);
	memcpy(other, value, sizeof(value));
	other[12] = 0x40; /* tag */
	assert_int_equal(decode(other, sizeof(other), &text), -EINVAL);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_not_an_acl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
