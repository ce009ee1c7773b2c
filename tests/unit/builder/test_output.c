// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/builder/fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "builder/write/output.h"

static char directory[64];

static int setup(void **state)
{
	strcpy(directory, "/tmp/test_output.XXXXXX");
	umask(022);
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	char line[96];

	snprintf(line, sizeof(line), "rm -rf %s", directory);
	return chdir("/") || system(line);
}

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void expect_file(const char *path, const char *text)
{
	char back[64] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fread(back, 1, sizeof(back) - 1, file), strlen(text));
	fclose(file);
	assert_string_equal(back, text);
}

static unsigned files_here(void)
{
	DIR *dir = opendir(".");
	unsigned n = 0;

	for (struct dirent *d; (d = readdir(dir));)
		n += d->d_name[0] != '.' || d->d_name[1] == 'i';
	closedir(dir);
	return n;
}

static struct output *start(const char *path, const char *text)
{
	struct output *out = NULL;
	struct error *err = NULL;

	if (output_open(path, &out, &err) < 0 ||
	    sink_write(output_sink(out), text, strlen(text), &err) < 0)
		fail_msg("%s", error_msg(err));
	assert_int_equal(output_offset(out), strlen(text));
	return out;
}

static void commit(struct output *out)
{
	struct error *err = NULL;

	if (output_commit(out, &err) < 0)
		fail_msg("%s", error_msg(err));
	output_close(out);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_old_file_stays_until_the_commit(void **state)
{
	struct output *out;

	put_file("image", "old");
	out = start("image", "new");
	expect_file("image", "old");
	output_close(out);
	expect_file("image", "old");
	assert_int_equal(files_here(), 1);
	commit(start("image", "new"));
	expect_file("image", "new");
	assert_int_equal(files_here(), 1);
}

static void test_modes(void **state)
{
	mode_t mask = umask(027);

	commit(start("image", "x"));
	assert_int_equal(mode_of("image"), 0640);
	chmod("image", 0600);
	umask(0);
	commit(start("image", "y"));
	assert_int_equal(mode_of("image"), 0600);
	umask(mask);
}

/* /boot/initrd.img -> initrd.img-6.12 is common: the file behind it is replaced, the link stays. */
static void test_symlinks_stay(void **state)
{
	char target[64];

	put_file("image-1", "old");
	assert_int_equal(symlink("image-1", "image"), 0);
	assert_int_equal(symlink("./image", "image-link"), 0);
	commit(start("image-link", "new"));
	expect_file("image-1", "new");
	assert_int_equal(readlink("image", target, sizeof(target)), 7);
	assert_int_equal(symlink("image-none", "image-dangling"), 0);
	commit(start("image-dangling", "fresh"));
	expect_file("image-none", "fresh");
}

static void expect_open_error(const char *path, int code, const char *part)
{
	struct output *out = NULL;
	struct error *err = NULL;

	assert_int_equal(output_open(path, &out, &err), -code);
	if (!strstr(error_msg(err), part))
		fail_msg("'%s' does not tell '%s'", error_msg(err), part);
	error_release(&err);
}

static void test_wrong_places(void **state)
{
	assert_int_equal(symlink("loop", "loop"), 0);
	expect_open_error(".", EISDIR, "directory");
	expect_open_error("nowhere/image", ENOENT, "nowhere/image");
	expect_open_error("loop", ELOOP, "loop");
}

static void test_what_was_written_can_be_read_before_the_commit(void **state)
{
	struct output *out = start("image", "hello");
	struct error *err = NULL;
	int fd = output_fd(out, &err);
	char back[8] = "";

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, back, sizeof(back), 0), 5);
	assert_string_equal(back, "hello");
	assert_int_equal(access(output_temp_path(out), F_OK), 0);
	output_close(out);
}

/* A device gets the bytes at the commit and stays a device. */
static void test_devices(void **state)
{
	struct error *err = NULL;
	struct output *out;
	struct stat st;

	commit(start("/dev/null", "x"));
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(mkfifo("fifo", 0600), 0);
	int reader = open("fifo", O_RDONLY | O_NONBLOCK);
	char back[8] = "";

	out = start("fifo", "piped");
	assert_true(read(reader, back, sizeof(back)) <= 0);
	commit(out);
	assert_int_equal(read(reader, back, sizeof(back)), 5);
	assert_string_equal(back, "piped");
	close(reader);
	out = start("/dev/full", "x");
	assert_int_equal(output_commit(out, &err), -ENOSPC);
	error_release(&err);
	output_close(out);
}

static void test_room(void **state)
{
	struct output *out = start("image", "x");
	struct error *err = NULL;

	assert_int_equal(output_expect(out, 1, &err), 0);
	assert_int_equal(output_expect(out, UINT64_MAX / 2, &err), -ENOSPC);
	assert_non_null(strstr(error_msg(err), "MiB are needed"));
	error_release(&err);
	output_close(out);
}

static void test_abandon(void **state)
{
	struct output *out = start("image", "x");
	char *temp = strdup(output_temp_path(out));

	assert_int_equal(access(temp, F_OK), 0);
	output_abandon();
	assert_int_not_equal(access(temp, F_OK), 0);
	output_close(out);
	put_file(temp, "someone else's");
	output_abandon();
	assert_int_equal(access(temp, F_OK), 0);
	free(temp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_old_file_stays_until_the_commit),
		TEST(test_modes),
		TEST(test_symlinks_stay),
		TEST(test_wrong_places),
		TEST(test_what_was_written_can_be_read_before_the_commit),
		TEST(test_devices),
		TEST(test_room),
		TEST(test_abandon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
