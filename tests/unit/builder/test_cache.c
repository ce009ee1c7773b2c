// SPDX-License-Identifier: GPL-2.0-or-later
/* The content cache: what it gives back is what was stored, or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/util/cache.h"

static char directory[64];

static int setup(void **state)
{
	strcpy(directory, "/tmp/test_cache.XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int each_file(const char *dir, int (*act)(const char *path))
{
	DIR *list = opendir(dir);
	const struct dirent *entry;
	int count = 0;

	while (list && (entry = readdir(list))) {
		char path[512];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		count++;
		if (act)
			act(path);
	}
	if (list)
		closedir(list);
	return count;
}

static int teardown(void **state)
{
	each_file(directory, unlink);
	return rmdir(directory);
}

static int spoil(const char *path)
{
	int fd = open(path, O_WRONLY);
	ssize_t done = pwrite(fd, "X", 1, 60);

	close(fd);
	return done == 1 ? 0 : -1;
}

static int shorten(const char *path)
{
	return truncate(path, 20);
}

static void gives_back_what_was_stored(void **state)
{
	struct cache_key key = cache_key("zstd 3", "content", 7);
	char *data;
	size_t len;

	assert_false(cache_load(directory, &key, &data, &len));
	cache_store(directory, &key, "bytes\0behind", 12);
	assert_true(cache_load(directory, &key, &data, &len));
	assert_int_equal(len, 12);
	assert_memory_equal(data, "bytes\0behind", 12);
	free(data);
}

static void another_use_of_the_same_content_is_another_key(void **state)
{
	struct cache_key a = cache_key("zstd 3", "content", 7),
			 b = cache_key("zstd 4", "content", 7),
			 c = cache_key("zstd 3", "contenu", 7);

	assert_string_not_equal(a.text, b.text);
	assert_string_not_equal(a.text, c.text);
}

static void a_spoilt_entry_is_none_and_goes(void **state)
{
	struct cache_key key = cache_key("x", "y", 1);
	char *data;
	size_t len;

	cache_store(directory, &key, "some longer content than before", 31);
	each_file(directory, spoil);
	assert_false(cache_load(directory, &key, &data, &len));
	assert_int_equal(each_file(directory, NULL), 0);
	cache_store(directory, &key, "some longer content than before", 31);
	each_file(directory, shorten);
	assert_false(cache_load(directory, &key, &data, &len));
}

static void is_bounded(void **state)
{
	char *data;
	size_t len;
	struct cache_key key;

	for (int i = 0; i < 80; i++) {
		key = cache_key("n", &i, sizeof(i));
		cache_store(directory, &key, &i, sizeof(i));
	}
	assert_int_equal(each_file(directory, NULL), 64);
	assert_true(cache_load(directory, &key, &data, &len));
	free(data);
}

static void no_directory_and_one_that_cannot_be_made(void **state)
{
	struct cache_key key = cache_key("x", "y", 1);
	char *data;
	size_t len;

	cache_store(NULL, &key, "a", 1);
	assert_false(cache_load(NULL, &key, &data, &len));
	cache_store("/dev/null/directory", &key, "a", 1);
	assert_false(cache_load("/dev/null/directory", &key, &data, &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(gives_back_what_was_stored, setup, teardown),
		cmocka_unit_test(another_use_of_the_same_content_is_another_key),
		cmocka_unit_test_setup_teardown(a_spoilt_entry_is_none_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(is_bounded, setup, teardown),
		cmocka_unit_test(no_directory_and_one_that_cannot_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
