// SPDX-License-Identifier: GPL-2.0-or-later
/* The files that an image names: below its directory and nowhere else, whatever the name is. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/vdattach/image/open.h"

struct tree {
	char top[64];
	struct file_resolver resolver;
	struct source *image;
	char seen[512];
};

static void put_file(const struct tree *t, const char *name)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", t->top, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(name, file);
	fclose(file);
}

static int tree_setup(void **state)
{
	static const char *const files[] = { "other",	    "vm/image",		 "vm/base",
					     "vm/sub/deep", "vm/Snapshots/snap", "vm2" };
	struct tree *t = calloc(1, sizeof(*t));
	char path[160];

	strcpy(t->top, "/tmp/resolver-XXXXXX");
	assert_non_null(mkdtemp(t->top));
	for (size_t i = 0; i < 3; i++) {
		static const char *const directories[] = { "vm", "vm/sub", "vm/Snapshots" };

		snprintf(path, sizeof(path), "%s/%s", t->top, directories[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put_file(t, files[i]);
	snprintf(path, sizeof(path), "%s/vm/link", t->top);
	assert_int_equal(symlink("../other", path), 0);
	snprintf(path, sizeof(path), "%s/vm/near", t->top);
	assert_int_equal(symlink("base", path), 0);
	*state = t;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int tree_teardown(void **state)
{
	struct tree *t = *state;

	source_close(&t->image);
	file_resolver_release(&t->resolver);
	nftw(t->top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(t);
	return 0;
}

static void resolve_for(struct tree *t, const char *image, const char *root)
{
	char path[160];

	source_close(&t->image);
	file_resolver_release(&t->resolver);
	snprintf(path, sizeof(path), "%s/%s", t->top, image);
	assert_int_equal(file_resolver_init(&t->resolver, path, root, NULL), 0);
	assert_int_equal(source_file_open(path, true, &t->image, NULL), 0);
}

/* found: the file below top, or NULL and code. $ in name is top. */
struct name_case {
	const char *name, *found;
	int code;
};

static void try_name(struct tree *t, const struct name_case *c, bool sibling)
{
	_cleanup_error_ struct error *err = NULL;
	_cleanup_source_ struct source *source = NULL;
	const struct vd_resolver *resolver = &t->resolver.resolver;
	char name[160], text[64] = "";
	int r;

	if (c->name[0] == '$')
		snprintf(name, sizeof(name), "%s%s", t->top, c->name + 1);
	else
		snprintf(name, sizeof(name), "%s", c->name);
	r = sibling ? resolver->open_sibling(resolver->ctx, name, t->image, true, &source, &err)
		    : resolver->open(resolver->ctx, name, t->image, true, &source, &err);
	if (r != c->code)
		fail_msg("%s: %d, expected %d: %s", name, r, c->code, err ? error_msg(err) : "");
	if (r < 0)
		return;
	assert_int_equal(source_pread(source, text, strlen(c->found), 0, NULL), 0);
	assert_string_equal(text, c->found);
}

static void test_names(void **state)
{
	static const struct name_case names[] = {
		{ "base", "vm/base", 0 },
		{ "./base", "vm/base", 0 },
		{ "sub/../base", "vm/base", 0 },
		{ "sub/deep", "vm/sub/deep", 0 },
		{ "near", "vm/base", 0 },
		{ "$/vm/base", "vm/base", 0 },
		{ "$/vm/sub/deep", "vm/sub/deep", 0 },
		/* as on the disk of a machine whose root the directory is */
		{ "/sub/deep", "vm/sub/deep", 0 },
		/* of Windows: as it is written, or beside the image */
		{ ".\\sub\\deep", "vm/sub/deep", 0 },
		{ "C:\\sub\\deep", "vm/sub/deep", 0 },
		{ "c:/elsewhere/base", "vm/base", 0 },
		{ "D:\\VMs\\old\\base", "vm/base", 0 },
		{ "\\\\server\\share\\base", "vm/base", 0 },
		/* outside */
		{ "../other", NULL, -EPERM },
		{ "link", NULL, -EPERM },
		{ "sub/../../other", NULL, -EPERM },
		{ "$/other", NULL, -EPERM },
		{ "$/vm2", NULL, -EPERM },
		{ "/etc/passwd", NULL, -EPERM },
		{ "nothing", NULL, -ENOENT },
		{ "elsewhere/base", NULL, -ENOENT },
		{ "C:\\VMs\\nothing", NULL, -ENOENT },
		/* no files */
		{ "", NULL, -EPERM },
		{ "sub", NULL, -EINVAL },
		{ "nbd://localhost", NULL, -EPERM },
		{ "json:{}", NULL, -EPERM },
	};
	struct tree *t = *state;

	resolve_for(t, "vm/image", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		try_name(t, names + i, false);
}

/* A root that was allowed is where names may lead; they count from the image all the same. */
static void test_root_is_given(void **state)
{
	static const struct name_case names[] = {
		{ "../other", "other", 0 }, { "base", "vm/base", 0 },	     { "link", "other", 0 },
		{ "$/other", "other", 0 },  { "/etc/passwd", NULL, -EPERM },
	};
	struct tree *t = *state;

	resolve_for(t, "vm/image", t->top);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		try_name(t, names + i, false);
}

static int note(void *arg, const char *name)
{
	struct tree *t = arg;

	strcat(strcat(t->seen, " "), name);
	return 0;
}

static bool has_seen(const struct tree *t, const char *name)
{
	char word[64];

	snprintf(word, sizeof(word), " %s ", name);
	return strstr(t->seen, word);
}

static void see_siblings(struct tree *t)
{
	const struct vd_resolver *resolver = &t->resolver.resolver;

	t->seen[0] = '\0';
	assert_int_equal(resolver->siblings(resolver->ctx, t->image, note, t, NULL), 0);
	strcat(t->seen, " ");
}

static void test_siblings(void **state)
{
	static const struct name_case above = { "../base", "vm/base", 0 };
	static const struct name_case snap = { "Snapshots/snap", "vm/Snapshots/snap", 0 };
	static const struct name_case outside = { "../other", NULL, -ENOENT };
	struct tree *t = *state;

	resolve_for(t, "vm/image", NULL);
	see_siblings(t);
	assert_true(has_seen(t, "base") && has_seen(t, "Snapshots/snap"));
	assert_false(has_seen(t, "image") || has_seen(t, "sub") || strstr(t->seen, ".."));
	try_name(t, &snap, true);
	try_name(t, &outside, true);
	/* of a snapshot: those above as well */
	resolve_for(t, "vm/Snapshots/snap", NULL);
	see_siblings(t);
	assert_true(has_seen(t, "../base") && has_seen(t, "../image"));
	assert_false(has_seen(t, "snap"));
	try_name(t, &above, true);
	/* a name does not lead there, only the search does */
	try_name(t, &(struct name_case){ "../base", NULL, -EPERM }, false);
	resolve_for(t, "vm/Snapshots/snap", t->top);
	see_siblings(t);
	assert_true(has_seen(t, "../base"));
	try_name(t, &above, true);
	resolve_for(t, "vm/sub/deep", t->top);
	see_siblings(t);
	assert_string_equal(t->seen, " ");
}

#define tree_test(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(test_names),
		tree_test(test_root_is_given),
		tree_test(test_siblings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
