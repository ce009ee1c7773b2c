// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/sysmacros.h>

#include "applets/findimg/device/hostspec.h"

static struct hostspec parsed(const char *text)
{
	struct hostspec spec;

	assert_int_equal(hostspec_parse(text, &spec, NULL), 0);
	return spec;
}

static void test_kinds(void **state)
{
	assert_int_equal(parsed(NULL).kind, HOST_ANY);
	assert_int_equal(parsed("").kind, HOST_ANY);
	assert_int_equal(parsed("any").kind, HOST_ANY);
	assert_int_equal(parsed("cdrom").kind, HOST_CDROM);
	assert_int_equal(parsed("usb").kind, HOST_USB);
	assert_int_equal(parsed("sda1").kind, HOST_DEVICE);
	assert_string_equal(parsed("/dev/mapper/a-b").value, "mapper/a-b");
	assert_int_equal(parsed("/dev/disk/by-label/x").kind, HOST_LABEL);
	assert_string_equal(parsed("LABEL=a\\x20b").value, "a b");
	assert_string_equal(parsed("LABEL=\"a b\"").value, "a b");
	assert_string_equal(parsed("LABEL='a b'").value, "a b");
	assert_string_equal(parsed("LABEL='a b\"").value, "'a b\"");
	assert_string_equal(parsed("LABEL=a\\xzz").value, "a\\xzz");
	assert_int_equal(parsed("/dev/disk/by-id/virtio-x").kind, HOST_BY_ID);
	assert_int_equal(parsed("/dev/disk/by-path/pci-0000:00:07.0").kind, HOST_BY_PATH);
	assert_string_equal(parsed("/dev/md/root").value, "md-name-root");
	assert_int_equal(parsed("PARTUUID=ab-01/PARTNROFF=2").further, 2);
	assert_string_equal(parsed("PARTUUID=ab-01/PARTNROFF=2").value, "ab-01");
	assert_int_equal(parsed("PARTUUID=ab-02/PARTNROFF=-1").further, -1);
	assert_true(parsed("8:17").number == makedev(8, 17));
	assert_true(parsed("0801").number == makedev(8, 1));
	assert_true(parsed("10300100").number == makedev(0x1, 0x10300));
	assert_int_equal(parsed("fd0").kind, HOST_DEVICE);
	assert_string_equal(parsed("ID=virtio-x").value, "virtio-x");
	assert_int_equal(parsed("WWID=virtio-x").kind, HOST_BY_ID);
	assert_int_equal(parsed("HWPATH=pci-0000:00:07.0").kind, HOST_BY_PATH);
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "UUID=",
					   "FOO=bar",
					   "/sda1",
					   "a/b",
					   "LABEL=\"\"",
					   "http://x",
					   "8:",
					   "8:1x",
					   "(hd0,1)",
					   "hd0,msdos1",
					   "PARTUUID=ab/PARTNROFF=x",
					   "PARTUUID=ab/PARTNROFF=-",
					   "PARTUUID=ab/PARTNROFF=-999",
					   "/dev/disk/by-diskseq/1",
					   "/dev/disk/by-id/ieee1394-1",
					   "/dev/disk/by-path/ip-10.0.0.1" };
	struct hostspec spec;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(hostspec_parse(bad[i], &spec, NULL), -EINVAL);
}

static void test_match(void **state)
{
	struct blockdev dev = { .name = "sda1", .disk = "sda", .path = "/dev/sda1", .bus = "usb" };
	struct fs_info fs = {
		.type = "ntfs", .uuid = "0123456789ABCDEF", .label = "Win", .part_uuid = "ab-01"
	};
	struct hostspec spec;

	spec = parsed("UUID=0123456789abcdef");
	assert_true(hostspec_match(&spec, "/sys", &dev, &fs));
	spec = parsed("UUID=0123456789abcde");
	assert_false(hostspec_match(&spec, "/sys", &dev, &fs));
	spec = parsed("UUID=0123-45*");
	assert_true(hostspec_match(&spec, "/sys", &dev, &fs));
	spec = parsed("UUID=0123-46*");
	assert_false(hostspec_match(&spec, "/sys", &dev, &fs));
	spec = parsed("LABEL=win");
	assert_false(hostspec_match(&spec, "/sys", &dev, &fs));
	spec = parsed("PARTUUID=AB-01");
	assert_true(hostspec_match(&spec, "/sys", &dev, &fs));
	spec = parsed("PARTLABEL=x");
	assert_false(hostspec_match(&spec, "/sys", &dev, &fs));
	spec = parsed("usb");
	assert_true(hostspec_match(&spec, "/sys", &dev, &fs));
	spec = parsed("sda1");
	assert_true(hostspec_match(&spec, "/sys", &dev, &fs));
	spec = parsed("sda");
	assert_false(hostspec_match(&spec, "/sys", &dev, &fs));
	/* a device without any UUID is nobody's */
	fs.uuid[0] = '\0';
	spec = parsed("UUID=-");
	assert_false(hostspec_match(&spec, "/sys", &dev, &fs));
}

static void test_device_mapper_name(void **state)
{
	struct blockdev dev = { .name = "dm-0", .path = "/dev/dm-0", .dm_name = "vg-root" };

	assert_true(blockdev_named(&dev, "/dev/mapper/vg-root"));
	assert_true(blockdev_named(&dev, "dm-0"));
	assert_false(blockdev_named(&dev, "/dev/mapper/vg"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_device_mapper_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
