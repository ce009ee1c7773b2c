// SPDX-License-Identifier: GPL-2.0-or-later
/* What superblocks, hiberfil.sys, mountinfo, /proc/filesystems and uevents say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "applets/findimg/device/mounted.h"
#include "applets/findimg/filesystem/imageid.h"
#include "applets/findimg/filesystem/mount.h"
#include "applets/findimg/filesystem/ntfs.h"
#include "applets/findimg/filesystem/suspend.h"
#include "applets/findimg/filesystem/table.h"
#include "applets/lib/uevent.h"

static uint8_t disk[FS_STATE_SIZE];

static enum fs_state state_with(const char *type, size_t at, uint8_t byte, size_t at2,
				uint8_t byte2)
{
	memset(disk, 0, sizeof(disk));
	disk[at] = byte;
	disk[at2] = byte2;
	return fs_state_of(disk, sizeof(disk), type);
}

static void test_fs_state(void **state)
{
	assert_int_equal(state_with("ext4", 1024 + 0x3a, 1, 0, 0), FS_CLEAN);
	assert_int_equal(state_with("ext4", 1024 + 0x3a, 0, 0, 0), FS_DIRTY);
	assert_int_equal(state_with("ext4", 1024 + 0x3a, 1, 1024 + 0x60, 4), FS_DIRTY);
	assert_int_equal(state_with("ext2", 1024 + 0x3a, 1, 0, 0), FS_CLEAN);
	assert_int_equal(state_with("vfat", 22, 9, 37, 1), FS_DIRTY);
	assert_int_equal(state_with("vfat", 22, 9, 65, 1), FS_CLEAN);
	assert_int_equal(state_with("vfat", 0, 0, 65, 1), FS_DIRTY);
	assert_int_equal(state_with("exfat", 106, 2, 0, 0), FS_DIRTY);
	assert_int_equal(state_with("exfat", 106, 1, 0, 0), FS_CLEAN);
	assert_int_equal(state_with("btrfs", 65536 + 0x61, 1, 0, 0), FS_DIRTY);
	assert_int_equal(state_with("btrfs", 0, 0, 0, 0), FS_UNKNOWN);
	assert_int_equal(state_with("xfs", 0, 0, 0, 0), FS_UNKNOWN);
	assert_int_equal(state_with("iso9660", 0, 0, 0, 0), FS_CLEAN);
	assert_int_equal(fs_state_of(disk, 512, "ext4"), FS_UNKNOWN);
}

/* A boot sector as mkntfs writes it: clusters of 4096 bytes, $MFT at 4, records of 1024. */
static uint8_t *ntfs_boot(uint8_t sectors, uint8_t mft, int8_t record)
{
	static uint8_t boot[520];

	memset(boot, 0, sizeof(boot));
	memcpy(boot + 3, "NTFS    ", 8);
	boot[12] = 2;
	boot[13] = sectors;
	boot[48] = mft;
	boot[64] = (uint8_t)record;
	return boot;
}

static void test_ntfs_record(void **state)
{
	size_t size = 0;

	assert_int_equal(ntfs_volume_record(ntfs_boot(8, 4, -10), &size), 4 * 4096 + 3 * 1024);
	assert_int_equal(size, 1024);
	assert_int_equal(ntfs_volume_record(ntfs_boot(8, 4, 1), &size), 4 * 4096 + 3 * 4096);
	assert_int_equal(size, 4096);
	/* clusters of 128 KiB are written as a power of two */
	assert_int_equal(ntfs_volume_record(ntfs_boot(248, 1, -10), &size), 131072 + 3 * 1024);
	assert_int_equal(ntfs_volume_record(ntfs_boot(0, 4, -10), &size), 0);
	assert_int_equal(ntfs_volume_record(ntfs_boot(129, 4, -10), &size), 0);
	assert_int_equal(ntfs_volume_record(ntfs_boot(8, 4, -128), &size), 0);
	assert_int_equal(ntfs_volume_record(ntfs_boot(8, 4, 127), &size), 0);
	assert_int_equal(ntfs_volume_record(ntfs_boot(8, 4, -10) + 1, &size), 0);
}

static void test_ntfs_flags(void **state)
{
	uint8_t record[1024] = "FILE";

	record[20] = 56;
	record[56] = 0x10; /* $STANDARD_INFORMATION */
	record[60] = 72;
	record[128] = 0x70; /* $VOLUME_INFORMATION */
	record[132] = 40;
	record[148] = 24;
	record[162] = 1;
	assert_int_equal(ntfs_volume_flags(record, sizeof(record)), NTFS_VOLUME_DIRTY);
	record[162] = 0;
	assert_int_equal(ntfs_volume_flags(record, sizeof(record)), 0);
	record[162] = 1;
	record[60] = 0; /* would never end */
	assert_int_equal(ntfs_volume_flags(record, sizeof(record)), 0);
	record[60] = 72;
	record[149] = 0xff; /* value beyond the record */
	assert_int_equal(ntfs_volume_flags(record, sizeof(record)), 0);
	record[61] = 0xff; /* attribute beyond the record */
	assert_int_equal(ntfs_volume_flags(record, sizeof(record)), 0);
	record[0] = 'B';
	assert_int_equal(ntfs_volume_flags(record, sizeof(record)), 0);
}

/* Without them it writes to dirty volumes and beside a hibernated Windows, and makes images sparse.
 */
static void test_ntfs_drivers(void **state)
{
	const struct fs_type *type = fs_type_find("ntfs");

	assert_string_equal(type->drivers[0], "ntfs3");
	assert_string_equal(type->drivers[1], "ntfs");
	assert_null(fs_driver_write_data("ntfs3"));
	assert_non_null(strstr(fs_driver_write_data("ntfs"), "errors=remount-ro"));
	assert_non_null(strstr(fs_driver_write_data("ntfs"), "disable_sparse"));
}

static void test_windows(void **state)
{
	static const struct {
		const char *head;
		size_t length;
		enum windows_state want;
	} cases[] = {
		{ "", 0, WINDOWS_NONE },
		{ "hi", 2, WINDOWS_HIBERNATED },
		{ "hibr....", 8, WINDOWS_HIBERNATED },
		{ "HIBR....", 8, WINDOWS_HIBERNATED },
		{ "RSTR....", 8, WINDOWS_HIBERNATED },
		{ "wake....", 8, WINDOWS_RESUMED },
		{ "WAKE....", 8, WINDOWS_RESUMED },
		{ "\0\0\0\0\0\0\0\0", 8, WINDOWS_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(windows_state_of((const uint8_t *)cases[i].head, cases[i].length),
				 cases[i].want);
}

static void test_mountinfo(void **state)
{
	static const char list[] =
		"21 1 8:1 / /mnt/a\\040b rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=x\n"
		"22 1 8:2 /sub /srv rw - ext4 /dev/sda2 ro,rwx\n"
		"23 1 0:33 / /data ro master:2 - btrfs /dev/sdb1 rw,subvol=/\n"
		"garbage\n";
	struct blockdev dev = { .path = "/dev/none" };
	struct mounted m;

	dev.devnum = makedev(8, 1);
	assert_true(mounted_find(list, &dev, &m));
	assert_string_equal(m.place, "/mnt/a b");
	assert_true(m.writable);
	dev.devnum = makedev(8, 2);
	assert_true(mounted_find(list, &dev, &m));
	assert_string_equal(m.place, "");
	assert_false(m.writable);
	dev.devnum = makedev(8, 17);
	assert_false(mounted_find(list, &dev, &m));
	strcpy(dev.path, "/dev/sdb1");
	assert_true(mounted_find(list, &dev, &m));
	assert_string_equal(m.place, "/data");
}

static void test_filesystems(void **state)
{
	static const char list[] = "nodev\tsysfs\n\text3\n\text4\nnodev\tfuse\n\tfuseblk\n";

	assert_true(fs_list_has(list, "ext4"));
	assert_true(fs_list_has(list, "fuse"));
	assert_false(fs_list_has(list, "ext"));
	assert_false(fs_list_has(list, "nodev"));
	assert_false(fs_list_has("", "ext4"));
}

static void test_refusals(void **state)
{
	assert_string_equal(fs_type_refusal("crypto_LUKS"), "encrypted (LUKS)");
	assert_string_equal(fs_type_refusal("isw_raid_member"), "RAID member");
	assert_string_equal(fs_type_refusal("linux_raid_member"), "RAID member");
	assert_non_null(fs_type_refusal("apfs"));
	assert_null(fs_type_refusal("ext4"));
	assert_null(fs_type_refusal("ntfs"));
}

static void test_image_id(void **state)
{
	struct image_id id;

	assert_int_equal(image_id_parse(NULL, &id, NULL), 0);
	assert_int_equal(id.kind, IMAGE_ID_NONE);
	assert_int_equal(image_id_parse("sha256:ABCDEF0123", &id, NULL), 0);
	assert_int_equal(id.kind, IMAGE_ID_SHA256);
	assert_string_equal(id.value, "abcdef0123");
	assert_int_equal(image_id_parse("LABEL=x", &id, NULL), 0);
	assert_int_equal(id.kind, IMAGE_ID_LABEL);
	assert_int_equal(image_id_parse("1234-ABCD", &id, NULL), 0);
	assert_int_equal(id.kind, IMAGE_ID_UUID);
	assert_int_equal(image_id_parse("sha256:abc", &id, NULL), -EINVAL);
	assert_int_equal(image_id_parse("sha256:xyzxyzxyz", &id, NULL), -EINVAL);
	assert_int_equal(image_id_parse("md5:abcdefabcdef", &id, NULL), -EINVAL);
}

static int parse(struct uevent *ev, const char *text, size_t size)
{
	memcpy(ev->text, text, size);
	return uevent_parse(ev, size);
}

static void test_uevent(void **state)
{
	static const char text[] =
		"change@/devices/x/block/sr0\0ACTION=change\0DEVPATH=/devices/x/block/sr0\0"
		"SUBSYSTEM=block\0DISK_MEDIA_CHANGE=1\0DEVNAME=sr0\0DEVTYPE=disk\0SEQNUM=7";
	static const char udev[] = "libudev\0\376\355\312\376";
	static struct uevent ev;

	assert_int_equal(parse(&ev, text, sizeof(text)), 0);
	assert_string_equal(ev.action, "change");
	assert_string_equal(ev.devpath, "/devices/x/block/sr0");
	assert_string_equal(ev.subsystem, "block");
	assert_string_equal(ev.devname, "sr0");
	assert_string_equal(ev.modalias, "");
	assert_true(ev.media_change);
	assert_int_equal(parse(&ev, udev, sizeof(udev)), -EBADMSG);
	assert_int_equal(parse(&ev, "", 0), -EBADMSG);
	assert_int_equal(parse(&ev, "add@/x", 6), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fs_state),   cmocka_unit_test(test_ntfs_record),
		cmocka_unit_test(test_ntfs_flags), cmocka_unit_test(test_windows),
		cmocka_unit_test(test_mountinfo),  cmocka_unit_test(test_filesystems),
		cmocka_unit_test(test_refusals),   cmocka_unit_test(test_image_id),
		cmocka_unit_test(test_uevent),	   cmocka_unit_test(test_ntfs_drivers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
