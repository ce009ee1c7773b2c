// SPDX-License-Identifier: GPL-2.0-or-later
/* ACLs as the kernel wants them; SHA-256 sums as users write them. */
#include <archive.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "applets/unpackroot/stream/reader.h"
#include "applets/unpackroot/tree/acl.h"
#include "common/macro.h"

#define ACCESS ARCHIVE_ENTRY_ACL_TYPE_ACCESS

static void expect(struct archive_entry *entry, const char *value, size_t size, uint64_t unknown)
{
	_cleanup_free_ void *got = NULL;
	uint64_t count = 0;
	size_t got_size;

	assert_int_equal(acl_encode(entry, ACCESS, &got, &got_size, &count), 0);
	assert_int_equal(got_size, size);
	if (size)
		assert_memory_equal(got, value, size);
	assert_int_equal(count, unknown);
}

static void none(void **state)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_mode(entry, AE_IFREG | 0640);
	expect(entry, NULL, 0, 0);
	archive_entry_free(entry);
}

static void sorted_with_a_mask(void **state)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_mode(entry, AE_IFREG | 0640);
	archive_entry_acl_add_entry(entry, ACCESS, ARCHIVE_ENTRY_ACL_READ, ARCHIVE_ENTRY_ACL_GROUP,
				    70000, "");
	archive_entry_acl_add_entry(entry, ACCESS, ARCHIVE_ENTRY_ACL_WRITE, ARCHIVE_ENTRY_ACL_USER,
				    9, "");
	archive_entry_acl_add_entry(entry, ACCESS, 0, ARCHIVE_ENTRY_ACL_USER, 7, "");
	expect(entry,
	       "\2\0\0\0"
	       "\1\0\6\0\377\377\377\377"
	       "\2\0\0\0\7\0\0\0"
	       "\2\0\2\0\11\0\0\0"
	       "\4\0\4\0\377\377\377\377"
	       "\10\0\4\0\160\21\1\0"
	       "\20\0\6\0\377\377\377\377"
	       "\40\0\0\0\377\377\377\377",
	       4 + 7 * 8, 0);
	archive_entry_free(entry);
}

static void unknown_names_are_left_out(void **state)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_mode(entry, AE_IFREG | 0600);
	archive_entry_acl_add_entry(entry, ACCESS, ARCHIVE_ENTRY_ACL_READ, ARCHIVE_ENTRY_ACL_USER,
				    0, "");
	assert_int_equal(acl_has_names(entry, ACCESS), 0);
	archive_entry_acl_add_entry(entry, ACCESS, ARCHIVE_ENTRY_ACL_READ, ARCHIVE_ENTRY_ACL_USER,
				    -1, "no:body");
	assert_int_equal(acl_has_names(entry, ACCESS), 1);
	expect(entry,
	       "\2\0\0\0"
	       "\1\0\6\0\377\377\377\377"
	       "\2\0\4\0\0\0\0\0"
	       "\4\0\0\0\377\377\377\377"
	       "\20\0\4\0\377\377\377\377"
	       "\40\0\0\0\377\377\377\377",
	       4 + 5 * 8, 1);
	archive_entry_free(entry);
}

static void sums(void **state)
{
	static const char hex[] =
		"00ff10Ab456789abcdef0123456789ABCDEF0123456789abcdef0123456789ab";
	uint8_t digest[SHA256_SIZE];
	char text[SHA256_HEX + 1];

	assert_int_equal(sha256_parse(hex, digest), 0);
	assert_int_equal(digest[1], 255);
	assert_int_equal(digest[3], 0xab);
	sha256_format(digest, text);
	assert_int_equal(strcasecmp(text, hex), 0);
	assert_int_equal(sha256_parse("", digest), -EINVAL);
	assert_int_equal(sha256_parse(hex + 1, digest), -EINVAL);
	assert_int_equal(
		sha256_parse("g0ff10ab456789abcdef0123456789ABCDEF0123456789abcdef0123456789ab",
			     digest),
		-EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none),
		cmocka_unit_test(sorted_with_a_mask),
		cmocka_unit_test(unknown_names_are_left_out),
		cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
