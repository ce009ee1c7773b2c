// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/builder/fixture.h"

#include <errno.h>
#include <zstd.h>

#include "common/bytes.h"

/* Several zstd jobs, xz blocks and lz4 blocks: neither trivial to compress nor impossible. */
#define BIG (9 * MIB)

static char *big_text(void)
{
	char *text = malloc(BIG);
	uint32_t x = 12345;

	assert_non_null(text);
	for (size_t i = 0; i < BIG; i += 8) {
		x = x * 1664525 + 1013904223;
		snprintf(text + i, 8, "%07u", x >> 22);
		text[i + 7] = i & 4096 ? (char)(x >> 24) : ' ';
	}
	return text;
}

static struct sink *compress(const char *name, int level, unsigned threads, const char *text,
			     size_t len, size_t piece)
{
	const struct compressor *c = compressor_find(name);
	struct sink *memory = sink_memory_new(), *sink;
	struct error *err = NULL;
	int r = c->open(memory, level < 0 ? c->level_default : level, threads, &sink, &err);

	for (size_t i = 0; r >= 0 && i < len; i += piece)
		r = sink_write(sink, text + i, MIN(piece, len - i), &err);
	if (r < 0 || sink_finish(sink, &err) < 0)
		fail_msg("%s", error_msg(err));
	sink_close(sink);
	return memory;
}

/* The file's own tool takes it, and gives the same bytes. */
static void expect_tool(const char *command, struct sink *sink, const char *text, size_t text_len)
{
	char path[] = "/tmp/test_compress.XXXXXX", line[128], *back = malloc(text_len + 1);
	int fd = mkstemp(path);
	const void *data;
	FILE *pipe;
	size_t len;

	data = sink_memory_data(sink, &len);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
	snprintf(line, sizeof(line), "%s < %s", command, path);
	pipe = popen(line, "r");
	assert_non_null(pipe);
	assert_int_equal(fread(back, 1, text_len + 1, pipe), text_len);
	assert_int_equal(pclose(pipe), 0);
	assert_memory_equal(back, text, text_len);
	unlink(path);
	free(back);
}

static void expect_same_bytes(struct sink *a, struct sink *b)
{
	size_t a_len, b_len;

	sink_memory_data(a, &a_len);
	sink_memory_data(b, &b_len);
	assert_int_equal(a_len, b_len);
	assert_memory_equal(sink_memory_data(a, &a_len), sink_memory_data(b, &b_len), a_len);
}

static void test_own_tools_read_it(void **state)
{
	static const struct {
		const char *name, *command;
		int level;
	} cases[] = { { "zstd", "zstd -dqc", -1 }, { "zstd", "zstd -dqc", 1 },
		      { "xz", "xz -dc", 0 },	   { "gzip", "gzip -dc", -1 },
		      { "lz4", "lz4 -dqc", 1 },	   { "lz4", "lz4 -dqc", 3 },
		      { "none", "cat", -1 } };
	char *text = big_text();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sink *sink = compress(cases[i].name, cases[i].level, 2, text, BIG, MIB + 1);

		expect_tool(cases[i].command, sink, text, BIG);
		sink_close(sink);
	}
	free(text);
}

/* The same image on any machine: neither threads nor the sizes of writes show. */
static void test_bytes_do_not_depend_on_threads(void **state)
{
	char *text = big_text();

	for (const struct compressor *const *c = compressor_list(); *c; c++) {
		int level = strcmp((*c)->name, "xz") == 0 ? 0 : (*c)->level_min;
		struct sink *one = compress((*c)->name, level, 1, text, BIG, BIG);
		struct sink *four = compress((*c)->name, level, 4, text, BIG, 100003);

		expect_same_bytes(one, four);
		sink_close(one);
		sink_close(four);
	}
	free(text);
}

static void test_headers_that_the_kernel_needs(void **state)
{
	struct sink *sink = compress("gzip", 9, 1, "x", 1, 1);
	const uint8_t *p;
	size_t len;

	p = sink_memory_data(sink, &len);
	assert_memory_equal(p, "\x1f\x8b\x08\0\0\0\0\0\x02\x03", 10);
	sink_close(sink);
	sink = compress("xz", 6, 1, "x", 1, 1);
	p = sink_memory_data(sink, &len);
	assert_int_equal(p[7], 1); /* CRC32 */
	sink_close(sink);
	sink = compress("lz4", 9, 1, "x", 1, 1);
	p = sink_memory_data(sink, &len);
	assert_int_equal(get_le32(p), 0x184C2102);
	assert_int_equal(get_le32(p + 4), len - 8);
	sink_close(sink);
}

/* Every decoder must accept a window of 8 MiB; the kernel allocates it at boot. The header is
 * made at the first piece, when nobody knows how long the text is: little of it will do. */
static void test_zstd_window(void **state)
{
	char *text = big_text();

	for (int level = 19; level <= 22; level += 3) {
		struct sink *sink = compress("zstd", level, 1, text, 64 * KIB, 4 * KIB);
		size_t len;
		const uint8_t *p = sink_memory_data(sink, &len);

		/* RFC 8878, 3.1.1.1: window descriptor behind magic and frame header descriptor */
		assert_int_equal(p[4] & 0x20, 0);
		assert_int_equal(p[4] & 0x04, 0x04); /* content checksum */
		assert_true(10 + (p[5] >> 3) <= 23);
		sink_close(sink);
	}
	free(text);
}

static void test_levels(void **state)
{
	struct error *err = NULL;
	struct sink *sink;

	assert_null(compressor_find("lzma"));
	for (const struct compressor *const *c = compressor_list(); *c; c++) {
		assert_int_equal((*c)->open(NULL, (*c)->level_max + 1, 1, &sink, &err), -EINVAL);
		assert_non_null(strstr(error_msg(err), (*c)->name));
		error_release(&err);
		assert_true((*c)->level_default >= (*c)->level_min);
		assert_true((*c)->level_default <= (*c)->level_max);
		assert_int_equal(!(*c)->config, strcmp((*c)->name, "none") == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_tools_read_it),
		cmocka_unit_test(test_bytes_do_not_depend_on_threads),
		cmocka_unit_test(test_headers_that_the_kernel_needs),
		cmocka_unit_test(test_zstd_window),
		cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
