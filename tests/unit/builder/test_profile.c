// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "builder/profile/directives.h"
#include "builder/profile/profile.h"
#include "builder/profile/value.h"
#include "builder/write/compress.h"

/* Files in memory: name, text, name, text, ..., NULL. */
static int load_memory(void *context, const char *name, const char *from, char **ret_path,
		       char **ret_text, size_t *ret_len, struct error **err)
{
	const char *const *files = context;

	for (; *files; files += 2) {
		if (strcmp(*files, name) != 0)
			continue;
		*ret_path = strdup(name);
		*ret_text = strdup(files[1]);
		*ret_len = strlen(files[1]);
		return 0;
	}
	return error_make(err, ENOENT, "no file '%s'", name);
}

static struct profile_loader loader_of(const char **files)
{
	return (struct profile_loader){ .load = load_memory, .context = files };
}

struct result {
	struct profile profile;
	struct diag diag;
};

static void parse_files(struct result *result, const char **files)
{
	struct profile_loader loader = loader_of(files);

	*result = (struct result){ 0 };
	assert_int_equal(profile_parse(&result->profile, files[0], &loader, &result->diag, NULL),
			 0);
}

static void parse(struct result *result, const char *text)
{
	const char *files[] = { "main", text, NULL };

	parse_files(result, files);
}

static void release(struct result *result)
{
	profile_release(&result->profile);
	diag_release(&result->diag);
}

static const struct stmt *stmt_at(const struct result *result, size_t i)
{
	assert_true(i < result->profile.stmts.len);
	return result->profile.stmts.items[i];
}

static const struct diag_item *diag_at(const struct result *result, size_t i)
{
	assert_true(i < result->diag.items.len);
	return result->diag.items.items[i];
}

static void test_statement(void **state)
{
	struct result r;
	const struct stmt *stmt;

	parse(&r, "# comment\n\n  module virtio_blk\t\"a b\"  # more\n");
	assert_int_equal(r.diag.items.len, 0);
	assert_int_equal(r.profile.stmts.len, 1);
	stmt = stmt_at(&r, 0);
	assert_int_equal(stmt->kind, STMT_MODULE);
	assert_string_equal(stmt->directive, "module");
	assert_string_equal(stmt->loc.file, "main");
	assert_int_equal(stmt->loc.line, 3);
	assert_int_equal(stmt->loc.col, 3);
	assert_int_equal(stmt->argc, 2);
	assert_string_equal(stmt->argv[0], "virtio_blk");
	assert_string_equal(stmt->argv[1], "a b");
	assert_int_equal(stmt->argloc[1].col, 21);
	assert_string_equal(stmt->text, "  module virtio_blk\t\"a b\"  # more");
	release(&r);
}

static void test_continuation_keeps_places(void **state)
{
	struct result r;
	const struct stmt *stmt;

	parse(&r, "module a \\\r\n\tb\\\r\n c\r\nhost any");
	assert_int_equal(r.diag.items.len, 0);
	stmt = stmt_at(&r, 0);
	assert_int_equal(stmt->argc, 3);
	assert_string_equal(stmt->argv[1], "b");
	assert_int_equal(stmt->argloc[1].line, 2);
	assert_int_equal(stmt->argloc[1].col, 2);
	assert_string_equal(stmt->argtext[1], "\tb\\");
	assert_int_equal(stmt->argloc[2].line, 3);
	assert_int_equal(stmt_at(&r, 1)->loc.line, 4);
	release(&r);
}

static void test_quotes(void **state)
{
	struct result r;
	const struct stmt *stmt;

	parse(&r, "param \"a\\\"b\\\\c\" d\"e f\"g \"\" h#i\n");
	assert_int_equal(r.diag.items.len, 0);
	stmt = stmt_at(&r, 0);
	assert_int_equal(stmt->argc, 4);
	assert_string_equal(stmt->argv[0], "a\"b\\c");
	assert_string_equal(stmt->argv[1], "de fg");
	assert_string_equal(stmt->argv[2], "");
	assert_string_equal(stmt->argv[3], "h#i");
	release(&r);
}

static void test_good_lines_survive_bad_ones(void **state)
{
	struct result r;

	parse(&r, "modulx a\nmodule \"b\nmodule c\n");
	assert_int_equal(r.diag.errors, 2);
	assert_int_equal(r.profile.stmts.len, 1);
	assert_string_equal(stmt_at(&r, 0)->argv[0], "c");
	assert_string_equal(diag_at(&r, 0)->message,
			    "unknown directive 'modulx' (did you mean 'module'?)");
	assert_int_equal(diag_at(&r, 1)->loc.line, 2);
	assert_int_equal(diag_at(&r, 1)->loc.col, 8);
	release(&r);
}

static void test_bad_line_swallows_its_continuation(void **state)
{
	struct result r;

	parse(&r, "module \"a \\\n host any\nhost usb\n");
	assert_int_equal(r.diag.errors, 1);
	assert_int_equal(r.profile.stmts.len, 1);
	assert_string_equal(stmt_at(&r, 0)->argv[0], "usb");
	release(&r);
}

static void test_include_in_place_and_once(void **state)
{
	const char *files[] = { "main", "module a\ninclude x\ninclude y\nmodule d\n",
				"x",	"module b\n",
				"y",	"include x\nmodule c\n",
				NULL };
	static const char names[] = "abcd";
	struct result r;

	parse_files(&r, files);
	assert_int_equal(r.diag.items.len, 0);
	assert_int_equal(r.profile.stmts.len, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(stmt_at(&r, i)->argv[0][0], names[i]);
	assert_string_equal(stmt_at(&r, 2)->loc.file, "y");
	release(&r);
}

static void test_cycle_shows_its_chain(void **state)
{
	const char *files[] = { "main", "include x\n",	  "x", "include y\n",
				"y",	"\n include x\n", NULL };
	struct result r;

	parse_files(&r, files);
	assert_int_equal(r.diag.errors, 1);
	assert_string_equal(diag_at(&r, 0)->message, "include cycle: x -> y -> x");
	assert_string_equal(diag_at(&r, 0)->loc.file, "y");
	assert_int_equal(diag_at(&r, 0)->loc.line, 2);
	assert_int_equal(diag_at(&r, 0)->loc.col, 10);
	release(&r);
}

/* Each name includes the next number: endless without a bound. */
static int load_endless(void *context, const char *name, const char *from, char **ret_path,
			char **ret_text, size_t *ret_len, struct error **err)
{
	*ret_path = strdup(name);
	*ret_len = (size_t)asprintf(ret_text, "include %d\n", atoi(name) + 1);
	return 0;
}

static void test_include_depth_is_bounded(void **state)
{
	struct profile_loader loader = { .load = load_endless };
	struct result r = { 0 };

	assert_int_equal(profile_parse(&r.profile, "1", &loader, &r.diag, NULL), 0);
	assert_int_equal(r.diag.errors, 1);
	assert_string_equal(diag_at(&r, 0)->message, "includes nested more than 16 deep");
	release(&r);
}

static void test_missing_first_file(void **state)
{
	const char *files[] = { NULL };
	struct profile_loader loader = loader_of(files);
	struct result r = { 0 };
	struct error *err = NULL;

	assert_int_equal(profile_parse(&r.profile, "x", &loader, &r.diag, &err), -ENOENT);
	assert_string_equal(error_msg(err), "no file 'x'");
	assert_int_equal(r.diag.items.len, 0);
	error_release(&err);
	release(&r);
}

static void test_directive_of_command_line(void **state)
{
	const char *files[] = { "main", "root overlay\n", NULL };
	struct profile_loader loader = loader_of(files);
	struct result r;

	parse_files(&r, files);
	assert_int_equal(
		profile_parse_directive(&r.profile, "root loop", 1, &loader, &r.diag, NULL), 0);
	assert_int_equal(profile_parse_directive(&r.profile, "  rot x", 2, &loader, &r.diag, NULL),
			 0);
	assert_string_equal(profile_last(&r.profile, STMT_ROOT)->argv[0], "loop");
	assert_string_equal(profile_last(&r.profile, STMT_ROOT)->loc.file, "-s");
	assert_string_equal(diag_at(&r, 0)->loc.file, "-s");
	assert_int_equal(diag_at(&r, 0)->loc.line, 2);
	assert_int_equal(diag_at(&r, 0)->loc.col, 3);
	assert_null(profile_last(&r.profile, STMT_HOST));
	release(&r);
}

static size_t errors_of(const char *text)
{
	struct result r;
	size_t errors;

	parse(&r, text);
	profile_check(&r.profile, &r.diag);
	errors = r.diag.errors;
	release(&r);
	return errors;
}

/* The names and levels that profiles may use are those of the compressors themselves. */
static void test_compressors_agree(void **state)
{
	size_t n = 0;

	for (const struct compressor *const *c = compressor_list(); *c; c++, n++) {
		char line[64];

		snprintf(line, sizeof(line), "compress %s", (*c)->name);
		assert_int_equal(errors_of(line), 0);
		if (!(*c)->level_max)
			continue;
		snprintf(line, sizeof(line), "compress %s:%d", (*c)->name, (*c)->level_max);
		assert_int_equal(errors_of(line), 0);
		snprintf(line, sizeof(line), "compress %s:%d", (*c)->name, (*c)->level_max + 1);
		assert_int_equal(errors_of(line), 1);
		snprintf(line, sizeof(line), "compress %s:%d", (*c)->name, (*c)->level_min);
		assert_int_equal(errors_of(line), 0);
		snprintf(line, sizeof(line), "compress %s:%d", (*c)->name, (*c)->level_min - 1);
		assert_int_equal(errors_of(line), 1);
	}
	assert_int_equal(n, 5);
}

static void test_vocabulary_in_enum_order(void **state)
{
	for (unsigned kind = 0; kind < STMT_KINDS; kind++) {
		const struct directive *d = directive_of((enum stmt_kind)kind);

		assert_int_equal(d->kind, kind);
		assert_ptr_equal(directive_find(d->name), d);
		assert_int_equal(strncmp(d->usage, d->name, strlen(d->name)), 0);
	}
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
		unsigned percent;
	} good[] = {
		{ "1", 1, 0 },		{ "1500m", 1500 * MIB, 0 },
		{ "2G", 2 * GIB, 0 },	{ "75%", 0, 75 },
		{ "100%", 0, 100 },	{ "1T", 1024 * GIB, 0 },
		{ "64K", 64 * KIB, 0 }, { "16777215t", 16777215ULL << 40, 0 },
	};
	static const char *const bad[] = { "",
					   "%",
					   "0",
					   "0%",
					   "101%",
					   "-1",
					   "+1",
					   "1.5G",
					   "1GB",
					   "G",
					   " 1",
					   "16777216t",
					   "18446744073709551616",
					   "0x10" };
	uint64_t bytes;
	unsigned percent;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(parse_size(good[i].text, &bytes, &percent));
		assert_int_equal(bytes, good[i].bytes);
		assert_int_equal(percent, good[i].percent);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(parse_size(bad[i], &bytes, &percent));
}

static void test_modes(void **state)
{
	mode_t mode;

	assert_true(parse_mode("0644", &mode) && mode == 0644);
	assert_true(parse_mode("4755", &mode) && mode == 04755);
	assert_true(parse_mode("07777", &mode) && mode == 07777);
	assert_false(parse_mode("10000", &mode));
	assert_false(parse_mode("", &mode));
	assert_false(parse_mode("8", &mode));
	assert_false(parse_mode("0000644", &mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statement),
		cmocka_unit_test(test_continuation_keeps_places),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_good_lines_survive_bad_ones),
		cmocka_unit_test(test_bad_line_swallows_its_continuation),
		cmocka_unit_test(test_include_in_place_and_once),
		cmocka_unit_test(test_cycle_shows_its_chain),
		cmocka_unit_test(test_include_depth_is_bounded),
		cmocka_unit_test(test_missing_first_file),
		cmocka_unit_test(test_directive_of_command_line),
		cmocka_unit_test(test_compressors_agree),
		cmocka_unit_test(test_vocabulary_in_enum_order),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
