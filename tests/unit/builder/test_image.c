// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/builder/fixture.h"

#include <errno.h>

#include "builder/image/cpio.h"
#include "builder/image/tree.h"

/* An archive written by hand, so that it can be wrong. */
struct archive {
	uint8_t data[64 * 1024];
	size_t len;
};

static void put(struct archive *a, const void *data, size_t len)
{
	assert_true(a->len + len <= sizeof(a->data));
	memcpy(a->data + a->len, data, len);
	a->len += len;
}

static void pad(struct archive *a)
{
	put(a, "\0\0\0", -a->len & 3);
}

static void member(struct archive *a, const char *name, unsigned mode, unsigned ino, unsigned nlink,
		   const char *data)
{
	char header[111];

	snprintf(header, sizeof(header),
		 "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", ino, mode, 0, 0,
		 nlink, 0, (unsigned)strlen(data), 0, 0, 0, 0, (unsigned)strlen(name) + 1, 0);
	put(a, header, 110);
	put(a, name, strlen(name) + 1);
	pad(a);
	put(a, data, strlen(data));
	pad(a);
}

struct seen {
	char log[1024];
	int answer; /* of the callbacks */
};

static void note(struct seen *seen, const char *fmt, ...) _printf_(2, 3);
static void note(struct seen *seen, const char *fmt, ...)
{
	size_t used = strlen(seen->log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(seen->log + used, sizeof(seen->log) - used, fmt, ap);
	va_end(ap);
}

static int see_entry(void *context, const struct image_entry *entry, struct error **err)
{
	struct seen *seen = context;

	note(seen, "%s=%.*s ", entry->path, (int)entry->size, entry->data);
	return seen->answer;
}

static int see_violation(void *context, const char *rule, uint64_t offset, const char *text,
			 struct error **err)
{
	note(context, "!%s@%llu ", rule, (unsigned long long)offset);
	return 0;
}

static int walk(const void *data, size_t len, struct seen *seen)
{
	const struct image_visitor visitor = { .entry = see_entry,
					       .violation = see_violation,
					       .context = seen };
	struct error *err = NULL;
	/* exactly as large as the image, so that a sanitizer sees a read behind it */
	uint8_t *copy = memcpy(malloc(len ? len : 1), data, len);
	int r = image_walk(copy, len, "test", &visitor, &err);

	free(copy);
	error_release(&err);
	return r;
}

static void expect(const struct archive *a, const char *log)
{
	struct seen seen = { 0 };

	assert_int_equal(walk(a->data, a->len, &seen), 0);
	assert_string_equal(seen.log, log);
}

static void test_names_start_at_the_root(void **state)
{
	struct archive a = { 0 };

	member(&a, ".", 040755, 1, 2, "");
	member(&a, "./bin/sh", 0100755, 2, 1, "1");
	member(&a, "/abs", 0100644, 3, 1, "2");
	member(&a, ".hidden", 0100644, 4, 1, "3");
	member(&a, ".//twice", 0100644, 5, 1, "4");
	expect(&a, ".= bin/sh=1 abs=2 .hidden=3 twice=4 ");
}

static void test_archives_follow_each_other(void **state)
{
	struct archive a = { 0 };

	put(&a, "\0\0\0\0", 4);
	member(&a, "one", 0100644, 1, 1, "1");
	member(&a, "TRAILER!!!", 0, 0, 1, "");
	put(&a, "\0\0\0\0\0\0\0\0", 8);
	member(&a, "two", 0100644, 1, 1, "22");
	put(&a, "\0\0\0\0", 4);
	member(&a, "three", 0100644, 1, 1, "333");
	expect(&a, "one=1 two=22 three=333 ");
}

static void test_misaligned_is_told_once(void **state)
{
	struct archive a = { 0 };

	member(&a, "one", 0100644, 1, 1, "1");
	put(&a, "\0", 1);
	/* pad() counts from the start of the buffer, so write these as a block of their own */
	struct archive b = { 0 };

	member(&b, "two", 0100644, 1, 1, "2");
	member(&b, "three", 0100644, 1, 1, "3");
	put(&a, b.data, b.len);
	expect(&a, "one=1 !segment-alignment@121 two=2 three=3 ");
}

static void spoil(size_t at, const char *bytes, const char *log)
{
	struct archive a = { 0 };

	member(&a, "one", 0100644, 1, 1, "1");
	memcpy(a.data + at, bytes, strlen(bytes));
	member(&a, "two", 0100644, 1, 1, "2");
	expect(&a, log);
}

/* Offsets of the fields: Documentation/driver-api/early-userspace/buffer-format.rst */
static void test_damaged_headers(void **state)
{
	spoil(0, "070707", "!cpio-format@0 ");
	spoil(0, "070703", "!junk@0 ");
	spoil(14, "0000x1a4", "!entry-header@0 ");
	spoil(14, "+00081a4", "!entry-header@0 ");
	spoil(94, "00000000", "!entry-header@0 !junk@116 ");
	spoil(94, "00000003", "!entry-header@0 two=2 ");
	spoil(14, "000041ed", "!entry-header@0 two=2 ");
	spoil(54, "ffffffff", "!truncated@240 ");
	spoil(94, "ffffffff", "!truncated@240 ");
}

static void test_checksums(void **state)
{
	struct archive a = { 0 };

	member(&a, "one", 0100644, 1, 1, "1");
	memcpy(a.data, "070702", 6);
	expect(&a, "!checksum@0 one=1 ");
	memcpy(a.data + 102, "00000031", 8);
	expect(&a, "one=1 ");
}

static void test_what_is_no_image(void **state)
{
	struct archive a = { 0 };

	expect(&a, "!junk@0 ");
	put(&a, "\0\0\0\0", 4);
	expect(&a, "!junk@0 ");
	put(&a, "hsqs", 4);
	expect(&a, "!junk@4 ");
	a.len = 0;
	put(&a, "0", 1);
	expect(&a, "!truncated@1 ");
	a.len = 0;
	put(&a, "\x1f", 1);
	expect(&a, "!junk@0 ");
	a.len = 0;
	put(&a, "\x1f\x8b", 2);
	expect(&a, "!truncated@2 ");
}

/* However a decompressor cuts its output, the members are the same. */
static void test_pieces_of_any_size(void **state)
{
	struct archive a = { 0 };
	struct seen whole = { 0 };

	member(&a, "one", 0100644, 1, 1, "1");
	member(&a, "a-much-longer-name-than-the-others", 0100644, 1, 1, "some more content here");
	member(&a, "TRAILER!!!", 0, 0, 1, "");
	put(&a, "\0\0\0\0\0\0\0\0", 8);
	member(&a, "empty", 0100644, 1, 1, "");
	member(&a, "last", 0100644, 1, 1, "abc");
	walk(a.data, a.len, &whole);
	for (size_t piece = 1; piece <= a.len; piece++) {
		struct seen seen = { 0 };
		const struct image_visitor visitor = { .entry = see_entry, .context = &seen };
		struct cpio_reader reader = { .visitor = &visitor,
					      .violation = see_violation,
					      .context = &seen,
					      .memory = 4096 };

		for (size_t i = 0; i < a.len; i += piece) {
			size_t used, len = MIN(piece, a.len - i);
			uint8_t *copy = memcpy(malloc(len), a.data + i, len);

			assert_int_equal(cpio_read(&reader, copy, len, &used, NULL), 0);
			assert_int_equal(used, len);
			free(copy);
		}
		assert_int_equal(reader.state, CPIO_RESET);
		assert_string_equal(seen.log, whole.log);
		cpio_reader_release(&reader);
	}
}

static void test_callbacks_stop_the_walk(void **state)
{
	struct seen seen = { .answer = 7 };
	struct archive a = { 0 };

	member(&a, "one", 0100644, 1, 1, "1");
	member(&a, "two", 0100644, 1, 1, "2");
	assert_int_equal(walk(a.data, a.len, &seen), 7);
	assert_string_equal(seen.log, "one=1 ");
}

static void test_a_violation_nobody_wants_is_an_error(void **state)
{
	struct seen seen = { 0 };
	const struct image_visitor visitor = { .entry = see_entry, .context = &seen };
	struct archive a = { 0 };
	struct error *err = NULL;

	member(&a, "one", 0100644, 1, 1, "1");
	put(&a, "JUNK", 4);
	assert_int_equal(image_walk(a.data, a.len, "the-image", &visitor, &err), -EBADMSG);
	assert_non_null(strstr(error_msg(err), "the-image: junk at offset 0x78"));
	error_release(&err);
}

static struct sink *zeros(size_t size)
{
	struct fs_entry file = { .kind = ENTRY_FILE,
				 .segment = SEGMENT_BASE,
				 .path = (char[]){ "z" },
				 .data = calloc(1, size),
				 .size = size };
	struct sink *sink = sink_memory_new();
	struct fileset set = { 0 };

	fixture_add(&set, file);
	fixture_finish(&set);
	fixture_write_segment(sink, &set, SEGMENT_BASE, "zstd", 1, 1, NULL);
	free(file.data);
	fileset_release(&set);
	return sink;
}

static int ignore(void *context, const struct image_entry *entry, struct error **err)
{
	return 0;
}

/* 16 MiB of zeros are a few hundred bytes: the reader keeps to what it was allowed. */
static void test_limits(void **state)
{
	struct image_visitor visitor = { .entry = ignore };
	struct sink *sink = zeros(16 * MIB);
	struct error *err = NULL;
	const void *data;
	size_t len;

	data = sink_memory_data(sink, &len);
	assert_true(len < 64 * KIB);
	assert_int_equal(image_walk(data, len, "bomb", &visitor, &err), 0);
	visitor.limits.unpacked = MIB;
	assert_int_equal(image_walk(data, len, "bomb", &visitor, &err), -EFBIG);
	assert_non_null(strstr(error_msg(err), "unpacks to more than 1 MiB"));
	visitor.limits = (struct image_limits){ .memory = 8 * MIB };
	assert_int_equal(image_walk(data, len, "bomb", &visitor, &err), -EFBIG);
	assert_non_null(strstr(error_msg(err), "a member of 16 MiB is too large"));
	error_release(&err);
	sink_close(sink);
}

static int add_to_tree(void *context, const struct image_entry *entry, struct error **err)
{
	return image_tree_add(context, entry, err);
}

static void load_tree(struct image_tree *tree, const struct archive *a)
{
	const struct image_visitor visitor = { .entry = add_to_tree, .context = tree };
	struct error *err = NULL;

	tree->digests = true;
	if (image_walk(a->data, a->len, "test", &visitor, &err))
		fail_msg("%s", error_msg(err));
	image_tree_finish(tree);
}

static void test_later_members_win_and_links_share(void **state)
{
	struct image_tree tree = { 0 };
	struct archive a = { 0 };
	const struct tree_node *first, *second, *other;

	member(&a, "a", 0100644, 1, 1, "old");
	member(&a, "hard-1", 0100644, 9, 2, "");
	member(&a, "hard-2", 0100644, 9, 2, "content");
	member(&a, "a", 0100600, 2, 1, "newer");
	member(&a, "TRAILER!!!", 0, 0, 1, "");
	member(&a, "other", 0100644, 9, 2, "same number, other archive");
	load_tree(&tree, &a);
	assert_int_equal(tree.nodes.len, 4);
	assert_int_equal(image_tree_find(&tree, "a")->file->size, 5);
	assert_int_equal(image_tree_find(&tree, "a")->mode, 0100600);
	first = image_tree_find(&tree, "hard-1");
	second = image_tree_find(&tree, "hard-2");
	other = image_tree_find(&tree, "other");
	assert_ptr_equal(first->file, second->file);
	assert_int_equal(first->file->size, 7);
	assert_int_equal(first->file->ordinal, 2);
	assert_ptr_not_equal(other->file, first->file);
	image_tree_release(&tree);
}

static void expect_resolved(const struct image_tree *tree, const char *path, const char *wanted)
{
	const struct tree_node *node = image_tree_resolve(tree, path, NULL);

	if (!wanted && node)
		fail_msg("'%s' leads to '%s'", path, node->path);
	if (wanted) {
		if (!node)
			fail_msg("'%s' leads nowhere", path);
		assert_string_equal(node->path, wanted);
	}
}

static void test_resolve(void **state)
{
	struct image_tree tree = { 0 };
	struct archive a = { 0 };
	char *missing = NULL;

	member(&a, "bin", 0120777, 1, 1, "usr/bin");
	member(&a, "usr", 040755, 2, 2, "");
	member(&a, "usr/bin", 040755, 3, 2, "");
	member(&a, "usr/bin/sh", 0120777, 4, 1, "/bin/../bin/busybox");
	member(&a, "usr/bin/busybox", 0100755, 5, 1, "x");
	member(&a, "loop", 0120777, 6, 1, "./loop");
	member(&a, "up", 0120777, 7, 1, "../../..//usr");
	member(&a, "dangling", 0120777, 8, 1, "none/here");
	load_tree(&tree, &a);
	expect_resolved(&tree, "/bin/sh", "usr/bin/busybox");
	expect_resolved(&tree, "./bin//sh", "usr/bin/busybox");
	expect_resolved(&tree, "up/bin/sh", "usr/bin/busybox");
	expect_resolved(&tree, "bin", "usr/bin");
	expect_resolved(&tree, "bin/../../usr", "usr");
	expect_resolved(&tree, "loop", NULL);
	expect_resolved(&tree, "", NULL);
	assert_null(image_tree_resolve(&tree, "dangling", &missing));
	assert_string_equal(missing, "none");
	free(missing);
	image_tree_release(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_start_at_the_root),
		cmocka_unit_test(test_archives_follow_each_other),
		cmocka_unit_test(test_misaligned_is_told_once),
		cmocka_unit_test(test_damaged_headers),
		cmocka_unit_test(test_checksums),
		cmocka_unit_test(test_what_is_no_image),
		cmocka_unit_test(test_pieces_of_any_size),
		cmocka_unit_test(test_callbacks_stop_the_walk),
		cmocka_unit_test(test_a_violation_nobody_wants_is_an_error),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_later_members_win_and_links_share),
		cmocka_unit_test(test_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
