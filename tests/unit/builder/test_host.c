// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "builder/host/host.h"
#include "builder/host/kernel.h"

/* Each test has a directory of its own and stands in it. */
static char root[] = "/tmp/test_host.XXXXXX";

static int setup(void **state)
{
	strcpy(root, "/tmp/test_host.XXXXXX");
	setenv("MKVINITRD_DATA", "/nowhere", 1);
	return mkdtemp(root) && chdir(root) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return chdir("/") || system(command);
}

static void put(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void assert_resolves(const char *path, const char *expected)
{
	struct host host = { .sysroot = root };
	char *real = NULL, *full = NULL;

	assert_int_equal(host_resolve(&host, path, &real, NULL), 0);
	assert_true(asprintf(&full, "%s%s", root, expected) > 0);
	assert_string_equal(real, full);
	free(real);
	free(full);
}

static void assert_fails(const char *path, int code)
{
	struct host host = { .sysroot = root };
	struct error *err = NULL;
	char *real = NULL;

	assert_int_equal(host_resolve(&host, path, &real, &err), code);
	assert_non_null(err);
	assert_null(real);
	error_release(&err);
}

static void test_resolve(void **state)
{
	assert_int_equal(mkdir("usr", 0755) | mkdir("usr/lib", 0755) | mkdir("usr/lib/x", 0755), 0);
	assert_int_equal(symlink("usr/lib", "lib"), 0);
	assert_int_equal(symlink("/usr/lib", "abs"), 0);
	assert_int_equal(symlink("../../../../lib/x", "usr/lib/up"), 0);
	assert_int_equal(symlink("/abs/up/../x", "usr/lib/long"), 0);
	assert_int_equal(symlink("loop2", "loop1") | symlink("loop1", "loop2"), 0);
	assert_int_equal(symlink("/absent", "dangling"), 0);
	put("usr/lib/file", "x", 1);

	assert_resolves("/lib/x", "/usr/lib/x");
	assert_resolves("/abs//./x/", "/usr/lib/x");
	assert_resolves("/lib/up", "/usr/lib/x");
	assert_resolves("/lib/long", "/usr/lib/x");
	assert_resolves("/../../lib/file", "/usr/lib/file");
	assert_resolves("/", "");
	assert_fails("/loop1", -ELOOP);
	assert_fails("/dangling", -ENOENT);
	assert_fails("/absent", -ENOENT);
	assert_fails("/lib/file/x", -ENOTDIR);
}

/* A link that leads out of the sysroot must not find what the machine itself has there. */
static void test_resolve_stays_inside(void **state)
{
	assert_int_equal(symlink("/etc/passwd", "out1"), 0);
	assert_int_equal(symlink("../../../../../../etc/passwd", "out2"), 0);
	assert_fails("/out1", -ENOENT);
	assert_fails("/out2", -ENOENT);
}

static void make_modules(const char *kver)
{
	char path[128];

	(void)mkdir("usr", 0755);
	(void)mkdir("usr/lib", 0755);
	(void)mkdir("usr/lib/modules", 0755);
	(void)symlink("usr/lib", "lib");
	snprintf(path, sizeof(path), "usr/lib/modules/%s", kver);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void test_the_only_kernel(void **state)
{
	struct host host;
	char expected[128];

	make_modules("6.1.0-a");
	assert_int_equal(host_init(&host, root, NULL, NULL), 0);
	assert_string_equal(host.kver, "6.1.0-a");
	snprintf(expected, sizeof(expected), "%s/usr/lib/modules/6.1.0-a", root);
	assert_string_equal(host.modules_dir, expected);
	assert_int_equal(host_kernel_config(&host, "RD_XZ"), '?');
	host_release(&host);
}

static void test_several_kernels_are_named(void **state)
{
	struct error *err = NULL;
	struct host host;

	make_modules("6.10.0-a");
	make_modules("6.9.0-a");
	assert_int_equal(host_init(&host, root, NULL, &err), -ENOENT);
	assert_non_null(strstr(error_msg(err), "-k can be one of: 6.9.0-a, 6.10.0-a"));
	error_release(&err);
	assert_int_equal(host_init(&host, root, "7", &err), -ENOENT);
	assert_non_null(strstr(error_msg(err), "no modules of kernel '7'"));
	error_release(&err);
	assert_int_equal(host_init(&host, root, "6.9.0-a", NULL), 0);
	host_release(&host);
}

static void test_no_kernels_at_all(void **state)
{
	struct error *err = NULL;
	struct host host;

	assert_int_equal(host_init(&host, root, "7", &err), -ENOENT);
	assert_non_null(strstr(error_msg(err), "none at all"));
	error_release(&err);
	assert_int_equal(host_init(&host, "absent", NULL, &err), -ENOENT);
	assert_non_null(strstr(error_msg(err), "'absent'"));
	error_release(&err);
	put("file", "", 0);
	assert_int_equal(host_init(&host, "file", NULL, &err), -ENOTDIR);
	error_release(&err);
}

static void test_kernel_config(void **state)
{
	static const char text[] = "# comment\nCONFIG_RD_XZ=y\nCONFIG_RD_XZ_MORE=m\n# "
				   "CONFIG_RD_LZ4 is not set\nCONFIG_LAST=m";
	struct host host;

	make_modules("1");
	assert_int_equal(mkdir("boot", 0755), 0);
	put("boot/config-1", text, sizeof(text) - 1);
	assert_int_equal(host_init(&host, root, NULL, NULL), 0);
	assert_int_equal(host_kernel_config(&host, "RD_XZ"), 'y');
	assert_int_equal(host_kernel_config(&host, "RD_XZ_MORE"), 'm');
	assert_int_equal(host_kernel_config(&host, "LAST"), 'm');
	assert_int_equal(host_kernel_config(&host, "RD_LZ4"), 'n');
	assert_int_equal(host_kernel_config(&host, "RD"), 'n');
	host_release(&host);
}

static void test_version_of_bzimage(void **state)
{
	uint8_t image[2048] = { 0 };
	struct error *err = NULL;
	struct host host;
	char *version = NULL;

	memcpy(image + 0x202, "HdrS", 4);
	image[0x20e] = 0x00;
	image[0x20f] = 0x03;
	strcpy((char *)image + 0x500, "6.1.0-b (builder@host) #1 SMP");
	put("vmlinuz", image, sizeof(image));
	assert_int_equal(kernel_image_version("vmlinuz", &version, NULL), 0);
	assert_string_equal(version, "6.1.0-b");
	free(version);

	make_modules("6.1.0-a");
	make_modules("6.1.0-b");
	assert_int_equal(host_init(&host, root, "./vmlinuz", NULL), 0);
	assert_string_equal(host.kver, "6.1.0-b");
	host_release(&host);

	image[0x20f] = 0xff; /* beyond the file */
	put("vmlinuz", image, sizeof(image));
	assert_int_equal(kernel_image_version("vmlinuz", &version, &err), -EINVAL);
	error_release(&err);
	put("vmlinuz", "short", 5);
	assert_int_equal(kernel_image_version("vmlinuz", &version, &err), -EINVAL);
	assert_string_equal(error_msg(err), "'vmlinuz' is not a Linux kernel image (bzImage, "
					    "vmlinux, Image, Image.gz, EFI zboot)");
	error_release(&err);
}

static void test_cache(void **state)
{
	struct host host;

	setenv("MKVINITRD_CACHE", "/x", 1);
	assert_int_equal(host_init_paths(&host, NULL), 0);
	assert_string_equal(host.cache_dir, "/x/builder");
	host_release(&host);
	setenv("MKVINITRD_CACHE", "none", 1);
	assert_int_equal(host_init_paths(&host, NULL), 0);
	assert_null(host.cache_dir);
	host_release(&host);
	unsetenv("MKVINITRD_CACHE");
	setenv("XDG_CACHE_HOME", "/y", 1);
	assert_int_equal(host_init_paths(&host, NULL), 0);
	assert_string_equal(host.cache_dir, "/y/mkvinitrd/builder");
	host_release(&host);
	unsetenv("XDG_CACHE_HOME");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_resolve, setup, teardown),
		cmocka_unit_test_setup_teardown(test_resolve_stays_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_only_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several_kernels_are_named, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_kernels_at_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kernel_config, setup, teardown),
		cmocka_unit_test_setup_teardown(test_version_of_bzimage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cache, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
