// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/builder/fixture.h"

#include <errno.h>
#include <sys/sysmacros.h>

static struct sink *write_plain(const struct fileset *set, int trailer, struct cpio_stats *stats)
{
	struct sink *sink = sink_memory_new();
	struct error *err = NULL;

	if (cpio_write(set, SEGMENT_BASE, 0x5f5e100, trailer, sink, stats, &err) < 0)
		fail_msg("%s", error_msg(err));
	return sink;
}

/* Field by field as the kernel's buffer-format.rst has them. */
static void test_bytes(void **state)
{
	static const char expected[] = "070701"
				       "01000001"
				       "000081A4"
				       "00000001"
				       "00000002"
				       "00000001"
				       "05F5E100"
				       "00000003"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000004"
				       "00000000"
				       "abc\0"
				       "\0\0"
				       "xyz\0"
				       "070701"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000001"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "0000000B"
				       "00000000"
				       "TRAILER!!!\0"
				       "\0\0";
	struct fs_entry file = FILE_OF("abc", "xyz");
	struct fileset set = { 0 };
	struct sink *sink;
	size_t len;

	file.uid = 1;
	file.gid = 2;
	fixture_add(&set, file);
	fixture_finish(&set);
	sink = write_plain(&set, 1, NULL);
	sink_memory_data(sink, &len);
	assert_int_equal(len, sizeof(expected));
	assert_memory_equal(sink_memory_data(sink, &len), expected, len);
	sink_close(sink);
	fileset_release(&set);
}

struct seen {
	unsigned count;
	char log[512];
};

static int see(void *context, const struct image_entry *entry, struct error **err)
{
	struct seen *seen = context;
	size_t used = strlen(seen->log);

	seen->count++;
	snprintf(seen->log + used, sizeof(seen->log) - used, "%s %o %u:%u %u,%u %s%.*s|",
		 entry->path, entry->mode, entry->uid, entry->gid, entry->rdev_major,
		 entry->rdev_minor, entry->link_target ? entry->link_target : "",
		 S_ISLNK(entry->mode) ? 0 : (int)entry->size, entry->data);
	return 0;
}

static void test_every_kind_comes_back(void **state)
{
	struct fs_entry console = { .kind = ENTRY_NODE,
				    .segment = SEGMENT_BASE,
				    .path = (char[]){ "dev/console" },
				    .mode = S_IFCHR | 0600,
				    .rdev = makedev(5, 300) };
	struct fs_entry pipe = { .kind = ENTRY_PIPE,
				 .segment = SEGMENT_BASE,
				 .path = (char[]){ "p" } };
	struct fs_entry sock = { .kind = ENTRY_SOCKET,
				 .segment = SEGMENT_BASE,
				 .path = (char[]){ "s" } };
	struct seen seen = { 0 };
	struct image_visitor visitor = { .entry = see, .context = &seen };
	struct fileset set = { 0 };
	struct error *err = NULL;
	struct sink *sink;
	size_t len;

	fixture_add(&set, console);
	fixture_add(&set, pipe);
	fixture_add(&set, sock);
	fixture_add(&set, FILE_OF("empty", ""));
	fixture_add(&set, FILE_OF("file", "five!"));
	fixture_add(&set, LINK_OF("link", "to/where"));
	fixture_finish(&set);
	sink = write_plain(&set, 0, NULL);
	sink_memory_data(sink, &len);
	if (image_walk(sink_memory_data(sink, &len), len, "test", &visitor, &err))
		fail_msg("%s", error_msg(err));
	assert_string_equal(seen.log,
			    "dev 40755 0:0 0,0 |dev/console 20600 0:0 5,300 |empty 100644 0:0 0,0 |"
			    "file 100644 0:0 0,0 five!|link 120777 0:0 0,0 to/where|"
			    "p 10644 0:0 0,0 |s 140644 0:0 0,0 |");
	sink_close(sink);
	fileset_release(&set);
}

static int count_bytes(void *context, const struct image_entry *entry, struct error **err)
{
	cpio_stats_add_bytes(context, entry->member, entry->member_size,
			     S_ISREG(entry->mode) ? entry->size : 0);
	return 0;
}

/* What init and `check` compare: the reader arrives at the writer's numbers, in whatever order
 * segments were counted. */
static void test_stats_agree_with_the_reader(void **state)
{
	struct cpio_stats base = { 0 }, stored = { 0 }, sum = { 0 }, read = { 0 };
	struct image_visitor visitor = { .entry = count_bytes, .context = &read };
	struct fs_entry payload = FILE_OF("payload", "123456789");
	struct fileset set = { 0 };
	struct sink *sink = sink_memory_new();
	char *written, *found;
	size_t len;

	payload.segment = SEGMENT_STORED;
	fixture_add(&set, payload);
	fixture_add(&set, FILE_OF("etc/a", "abc"));
	fixture_add(&set, LINK_OF("etc/l", "a"));
	fixture_finish(&set);
	fixture_write_segment(sink, &set, SEGMENT_BASE, "zstd", -1, 1, &base);
	fixture_pad(sink);
	fixture_write_segment(sink, &set, SEGMENT_STORED, "none", -1, 1, &stored);
	cpio_stats_add(&sum, &stored);
	cpio_stats_add(&sum, &base);
	sink_memory_data(sink, &len);
	assert_int_equal(image_walk(sink_memory_data(sink, &len), len, "test", &visitor, NULL), 0);
	assert_int_equal(sum.members, 4);
	assert_int_equal(sum.bytes, 12);
	written = cpio_sentinel(&sum);
	found = cpio_sentinel(&read);
	assert_string_equal(written, found);
	assert_memory_equal(written, "members=4\nxxh128=", 17);
	free(written);
	free(found);
	sink_close(sink);
	fileset_release(&set);
}

static void expect_source_error(const char *path, uint64_t size, int code, const char *part)
{
	struct fs_entry file = { .kind = ENTRY_FILE,
				 .segment = SEGMENT_BASE,
				 .path = (char[]){ "f" },
				 .source = strdupa(path),
				 .size = size };
	struct sink *sink = sink_memory_new();
	struct fileset set = { 0 };
	struct error *err = NULL;

	fixture_add(&set, file);
	fixture_finish(&set);
	assert_int_equal(cpio_write(&set, SEGMENT_BASE, 0, 1, sink, NULL, &err), -code);
	if (!strstr(error_msg(err), part))
		fail_msg("'%s' does not tell '%s'", error_msg(err), part);
	error_release(&err);
	sink_close(sink);
	fileset_release(&set);
}

static void test_sources_that_changed(void **state)
{
	char path[] = "/tmp/test_cpio.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "12345", 5), 5);
	close(fd);
	expect_source_error(path, 4, ESTALE, "4 bytes");
	expect_source_error(path, 6, ESTALE, "run again");
	unlink(path);
	expect_source_error(path, 5, ENOENT, "member 'f'");
	expect_source_error("/tmp", 5, EINVAL, "not a regular file");
	expect_source_error(path, UINT32_MAX + 1ULL, EFBIG, "4 GiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_every_kind_comes_back),
		cmocka_unit_test(test_stats_agree_with_the_reader),
		cmocka_unit_test(test_sources_that_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
