// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/builder/fixture.h"

#include "builder/check/check.h"

static const char config_6_12[] =
	"CONFIG_RD_GZIP=y\nCONFIG_RD_XZ=y\nCONFIG_RD_ZSTD=y\n# CONFIG_RD_LZ4 is not set\n"
	"CONFIG_MODULE_COMPRESS_XZ=y\nCONFIG_MODULE_DECOMPRESS=y\n";
static const char config_6_1[] =
	"CONFIG_RD_GZIP=y\nCONFIG_RD_XZ=y\nCONFIG_RD_ZSTD=y\nCONFIG_RD_LZ4=y\n"
	"CONFIG_MODULE_COMPRESS_NONE=y\n";

static struct fs_entry mode(struct fs_entry entry, mode_t wanted)
{
	entry.mode = wanted;
	return entry;
}

/* Judges the segment BASE of set, and releases set. The rules broken come as words: "no-init
 * xz-filter ". */
static void expect_of(struct fileset *set, const char *compressor, const char *kver,
		      const char *config, bool sentinel, const char *rules, const char *part)
{
	struct host host = { .kver = kver ? strdupa(kver) : NULL,
			     .kernel_config = config ? strdupa(config) : NULL };
	struct sink *sink = sink_memory_new();
	struct check_report report = { 0 };
	const struct check_finding *finding;
	struct cpio_stats stats = { 0 };
	struct error *err = NULL;
	char found[256] = "", *text;
	bool told = !part;
	size_t len;

	fixture_finish(set);
	fixture_write_segment(sink, set, SEGMENT_BASE, compressor, -1, 1, &stats);
	fileset_release(set);
	if (sentinel) {
		struct fs_entry last = { .kind = ENTRY_FILE, .path = (char[]){ SENTINEL_PATH } };
		struct fileset end = { 0 };

		last.data = text = cpio_sentinel(&stats);
		last.size = strlen(text);
		last.segment = SEGMENT_STORED;
		fixture_add(&end, last);
		free(text);
		/* not finished: the parents are in the image already */
		fixture_pad(sink);
		fixture_write_segment(sink, &end, SEGMENT_STORED, "none", -1, 1, NULL);
		fileset_release(&end);
	}
	sink_memory_data(sink, &len);
	if (check_run(sink_memory_data(sink, &len), len, "test", &host, &report, &err) < 0)
		fail_msg("%s", error_msg(err));
	vec_foreach(i, finding, &report.findings) {
		strcat(strcat(found, finding->rule), " ");
		told |= part && strstr(finding->text, part);
	}
	assert_string_equal(found, rules);
	if (!told)
		fail_msg("nothing tells '%s'", part);
	check_report_release(&report);
	sink_close(sink);
}

static void expect(struct fileset *set, const char *rules, const char *part)
{
	expect_of(set, "none", "6.12.1", config_6_12, false, rules, part);
}

static void add_shell(struct fileset *set)
{
	fixture_add(set, mode(FILE_OF("bin/sh", "\177ELF, or so"), 0755));
}

static void test_init(void **state)
{
	struct fileset set = { 0 };

	fixture_add(&set, FILE_OF("etc/x", "x"));
	expect(&set, "no-init ", "no /init");
	fixture_add(&set, LINK_OF("init", "/sbin/none"));
	expect(&set, "no-init ", "no /sbin");
	fixture_add(&set, mode(FILE_OF("init", "#!/bin/sh\n"), 0644));
	expect(&set, "no-init ", "mode 0644");
	fixture_add(&set, mode(FILE_OF("init", "echo hello"), 0755));
	expect(&set, "no-init ", "neither");
	fixture_add(&set, (struct fs_entry){ .kind = ENTRY_DIR,
					     .segment = SEGMENT_BASE,
					     .path = (char[]){ "init" } });
	expect(&set, "no-init ", "not a file");
}

static void test_interpreters(void **state)
{
	struct fileset set = { 0 };

	fixture_add(&set, mode(FILE_OF("init", "#! /bin/sh -e\n"), 0755));
	expect(&set, "no-init ", "'/bin/sh', which is not in the image");
	fixture_add(&set, mode(FILE_OF("init", "#!/bin/sh"), 0755));
	fixture_add(&set, FILE_OF("bin/sh", "not executable"));
	expect(&set, "no-init ", "not an executable file");
	fixture_add(&set, mode(FILE_OF("init", "#!/init"), 0755));
	expect(&set, "no-init ", "interpreters");
	fixture_add(&set, mode(FILE_OF("init", "#!/bin/one\n"), 0755));
	fixture_add(&set, LINK_OF("bin/one", "two"));
	fixture_add(&set, mode(FILE_OF("bin/two", "#!/bin/sh\n"), 0755));
	add_shell(&set);
	expect(&set, "", NULL);
}

static void add_good(struct fileset *set)
{
	fixture_add(set, mode(FILE_OF("init", "#!/bin/sh\n"), 0755));
	add_shell(set);
}

static void test_compressors(void **state)
{
	struct fileset set = { 0 };

	for (const struct compressor *const *c = compressor_list(); *c; c++) {
		bool lz4 = strcmp((*c)->name, "lz4") == 0, zstd = strcmp((*c)->name, "zstd") == 0;

		add_good(&set);
		expect_of(&set, (*c)->name, "6.12.1", config_6_12, false,
			  lz4 ? "unsupported-compressor " : "", lz4 ? "CONFIG_RD_LZ4" : NULL);
		/* without a configuration the age tells */
		add_good(&set);
		expect_of(&set, (*c)->name, "5.8.0", NULL, false,
			  zstd ? "unsupported-compressor " : "", zstd ? "CONFIG_RD_ZSTD" : NULL);
		add_good(&set);
		expect_of(&set, (*c)->name, NULL, NULL, false, "", NULL);
	}
}

static void test_compressed_modules(void **state)
{
	struct fileset set = { 0 };

	add_good(&set);
	fixture_add(&set, FILE_OF("lib/modules/6/a.ko.xz", "x"));
	expect_of(&set, "none", "6.12.1", config_6_12, false, "", NULL);
	add_good(&set);
	fixture_add(&set, FILE_OF("lib/modules/6/a.ko.xz", "x"));
	fixture_add(&set, FILE_OF("lib/modules/6/b.ko.xz", "x"));
	expect_of(&set, "none", "6.1.0", config_6_1, false, "module-compression ", "a.ko.xz");
	add_good(&set);
	fixture_add(&set, FILE_OF("lib/modules/6/a.ko.zst", "x"));
	expect_of(&set, "none", "6.12.1", config_6_12, false, "module-compression ",
		  "MODULE_COMPRESS_ZSTD");
	/* a kmod in the image decompresses for itself */
	add_good(&set);
	fixture_add(&set, FILE_OF("lib/modules/6/a.ko.xz", "x"));
	fixture_add(&set, FILE_OF("usr/bin/kmod", "x"));
	expect_of(&set, "none", "6.1.0", config_6_1, false, "", NULL);
	add_good(&set);
	fixture_add(&set, FILE_OF("lib/modules/5/a.ko.xz", "x"));
	expect_of(&set, "none", "5.10.0", NULL, false, "module-compression ",
		  "CONFIG_MODULE_DECOMPRESS");
}

static void test_sentinel(void **state)
{
	struct fileset set = { 0 };

	add_good(&set);
	fixture_add(&set, FILE_OF("etc/mkvinitrd/image", "members=1\n"));
	expect_of(&set, "zstd", "6.12.1", config_6_12, true, "", NULL);
	add_good(&set);
	fixture_add(&set, FILE_OF("etc/mkvinitrd/image", "members=1\n"));
	expect_of(&set, "zstd", "6.12.1", config_6_12, false, "truncated ", "is missing");
	add_good(&set);
	fixture_add(&set, FILE_OF("etc/mkvinitrd/image", "members=1\n"));
	fixture_add(&set, FILE_OF("etc/mkvinitrd/sentinel",
				  "members=5\nxxh128=00000000000000000000000000000000\n"));
	expect_of(&set, "zstd", "6.12.1", config_6_12, false, "truncated ", "does not match");
	/* of other generators nothing of this is wanted */
	add_good(&set);
	expect_of(&set, "zstd", "6.12.1", config_6_12, false, "", NULL);
}

/* Ours promise more: every program in them runs. */
static void test_every_program_of_ours(void **state)
{
	struct fileset set = { 0 };

	add_good(&set);
	fixture_add(&set, mode(FILE_OF("bin/helper", "#!/bin/python3\n"), 0755));
	expect(&set, "", NULL);
	add_good(&set);
	fixture_add(&set, FILE_OF("etc/mkvinitrd/image", ""));
	fixture_add(&set, mode(FILE_OF("bin/helper", "#!/bin/python3\n"), 0755));
	expect_of(&set, "none", "6.12.1", config_6_12, true, "missing-library ", "/bin/python3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init),	    cmocka_unit_test(test_interpreters),
		cmocka_unit_test(test_compressors), cmocka_unit_test(test_compressed_modules),
		cmocka_unit_test(test_sentinel),    cmocka_unit_test(test_every_program_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
