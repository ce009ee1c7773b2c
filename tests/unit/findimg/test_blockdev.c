// SPDX-License-Identifier: GPL-2.0-or-later
/* The order of candidates and what is read from a /sys of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/findimg/device/blockdev.h"
#include "applets/findimg/report.h"

static char root[64];

static void put(const char *dir, const char *file, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "mkdir -p %s%s", root, dir);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s%s/%s", root, dir, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* dir: of the device below /devices; its size in sectors */
static void device(const char *dir, const char *size, const char *removable, const char *partition)
{
	char target[512], link[512];
	const char *name = strrchr(dir, '/') + 1;

	put(dir, "size", size);
	if (removable)
		put(dir, "removable", removable);
	if (partition)
		put(dir, "partition", partition);
	snprintf(target, sizeof(target), "%s%s", root, dir);
	snprintf(link, sizeof(link), "%s/class/block/%s", root, name);
	assert_int_equal(symlink(target, link), 0);
}

static int make_sys(void **state)
{
	strcpy(root, "/tmp/test_blockdev.XXXXXX");
	assert_non_null(mkdtemp(root));
	put("/class/block", ".keep", "");
#define PCI "/devices/pci0000:00/0000:00:"
	device(PCI "0a.0/virtio9/block/vdb", "2048", "0", NULL);
	device(PCI "04.0/virtio1/block/vda", "2048", "0", NULL);
	device(PCI "1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda", "4096", "0", NULL);
	device(PCI "1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda10", "8", NULL, "10");
	device(PCI "1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda2", "8", NULL, "2");
	device(PCI "1f.2/ata2/host1/target1:0:0/1:0:0:0/block/sr0", "0", "1", NULL);
	put(PCI "1f.2/ata2/host1/target1:0:0/1:0:0:0/block/sr0/device", "type", "5\n");
	device(PCI "14.0/usb1/1-1/1-1:1.0/host5/target5:0:0/5:0:0:0/block/sdb", "4096", "1", NULL);
	device(PCI "14.0/usb1/1-1/1-1:1.0/host5/target5:0:0/5:0:0:0/block/sdb/sdb1", "8", NULL,
	       "1");
	device(PCI "1d.0/nvme/nvme0/nvme0c0n1", "8", "0", NULL);
	put(PCI "1d.0/nvme/nvme0/nvme0c0n1", "hidden", "1\n");
	device(PCI "1e.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0", "8", "0", NULL);
	device(PCI "1e.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0/mmcblk0boot0", "8", "0", NULL);
	device("/devices/virtual/block/dm-0", "8", "0", NULL);
	put("/devices/virtual/block/dm-0/dm", "name", "vg-root\n");
	put(PCI "1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda2/holders/dm-0", "x", "");
	device("/devices/virtual/block/dm-6", "8", "0", NULL);
	device("/devices/virtual/block/dm-7", "8", "0", NULL);
	put("/devices/virtual/block/dm-7/dm", "uuid", "part2-VDATTACH-vdattach0\n");
	put("/devices/virtual/block/dm-7/slaves/dm-6", "x", "");
	device("/devices/virtual/block/cciss!c0d0", "8", "0", NULL);
	return 0;
}

static int remove_sys(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void test_scan_order(void **state)
{
	static const char *const want[] = { "sdb1",	  "sdb",	  "sr0",  "vda",   "vdb",
					    "mmcblk0",	  "mmcblk0boot0", "sda2", "sda10", "sda",
					    "cciss!c0d0", "dm-0",	  "dm-7", "dm-6" };
	struct blockdev *list;
	size_t count;

	assert_int_equal(blockdev_scan(root, &list, &count, NULL), 0);
	assert_int_equal(count, sizeof(want) / sizeof(*want));
	for (size_t i = 0; i < count; i++)
		assert_string_equal(list[i].name, want[i]);
	free(list);
}

static void test_fields(void **state)
{
	struct blockdev dev;

	assert_int_equal(blockdev_read(root, "sdb1", &dev), 0);
	assert_string_equal(dev.disk, "sdb");
	assert_string_equal(dev.bus, "usb");
	assert_true(dev.removable);
	assert_int_equal(dev.size, 4096);
	assert_int_equal(dev.partition, 1);
	assert_int_equal(blockdev_read(root, "sda", &dev), 0);
	assert_true(dev.has_partitions);
	assert_string_equal(dev.bus, "ata");
	assert_int_equal(blockdev_read(root, "sda2", &dev), 0);
	assert_string_equal(dev.holder, "dm-0");
	assert_int_equal(blockdev_read(root, "sr0", &dev), 0);
	assert_true(dev.cdrom);
	assert_int_equal(blockdev_read(root, "dm-0", &dev), 0);
	assert_string_equal(dev.dm_name, "vg-root");
	assert_int_equal(dev.partition, 0);
	assert_int_equal(blockdev_read(root, "dm-7", &dev), 0);
	assert_string_equal(dev.disk, "dm-6");
	assert_int_equal(dev.partition, 2);
	assert_int_equal(blockdev_read(root, "cciss!c0d0", &dev), 0);
	assert_string_equal(dev.path, "/dev/cciss/c0d0");
	assert_int_not_equal(blockdev_read(root, "gone", &dev), 0);
	assert_int_not_equal(blockdev_read(root, "../../etc", &dev), 0);
}

/* An eMMC without a partition table: its boot partitions are no partitions of it. */
static void test_emmc(void **state)
{
	struct blockdev dev;

	assert_int_equal(blockdev_read(root, "mmcblk0", &dev), 0);
	assert_false(dev.has_partitions);
	assert_string_equal(dev.bus, "mmc");
	assert_string_equal(blockdev_emmc_part(dev.disk), "");
	assert_int_equal(blockdev_read(root, "mmcblk0boot0", &dev), 0);
	assert_string_equal(dev.disk, "mmcblk0boot0");
	assert_string_equal(blockdev_emmc_part(dev.disk), "boot0");
	assert_string_equal(blockdev_emmc_part("sda"), "");
}

/* A disk at dir, which is below /devices, and its first partition; wwid: in this directory, or NULL
 */
static void add_disk(const char *dir, const char *wwid_in, const char *wwid)
{
	char path[256];

	device(dir, "4096", "0", NULL);
	snprintf(path, sizeof(path), "%s%s", dir, wwid_in);
	put(path, "wwid", wwid);
	snprintf(path, sizeof(path), "%s/%s%s", dir, strrchr(dir, '/') + 1,
		 strstr(dir, "nvme") ? "p1" : "1");
	device(path, "2048", NULL, "1");
}

static bool are_same(const char *a, const char *b)
{
	struct blockdev one, two;

	assert_int_equal(blockdev_read(root, a, &one), 0);
	assert_int_equal(blockdev_read(root, b, &two), 0);
	return blockdev_same_disk(&one, &two);
}

/* Two ports of a disk, two controllers of an NVMe namespace; USB bridges that all say the same */
static void test_paths(void **state)
{
	add_disk(PCI "20.0/host20/target20:0:0/20:0:0:0/block/sdm", "/device",
		 "naa.5000c50015ea71ac\n");
	add_disk(PCI "21.0/host21/target21:0:0/21:0:0:0/block/sdn", "/device",
		 "naa.5000c50015ea71ac\n");
	add_disk(PCI "22.0/host22/target22:0:0/22:0:0:0/block/sdo", "/device",
		 "naa.5000c50015ea71ad\n");
	add_disk(PCI "23.0/nvme/nvme5/nvme5n1", "", "eui.0000000000000001\n");
	add_disk(PCI "24.0/nvme/nvme6/nvme6n1", "", "eui.0000000000000001\n");
	add_disk(PCI "14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdp", "/device",
		 "naa.5000000000000001\n");
	add_disk(PCI "14.0/usb1/1-3/1-3:1.0/host7/target7:0:0/7:0:0:0/block/sdq", "/device",
		 "naa.5000000000000001\n");
	add_disk(PCI "25.0/host25/target25:0:0/25:0:0:0/block/sdr", "/device", "\n");
	add_disk(PCI "26.0/host26/target26:0:0/26:0:0:0/block/sds", "/device", "\n");
	assert_true(are_same("sdm", "sdn"));
	assert_true(are_same("sdm1", "sdn1"));
	assert_false(are_same("sdm", "sdn1"));
	assert_false(are_same("sdm", "sdm1"));
	assert_false(are_same("sdm", "sdo"));
	assert_true(are_same("nvme5n1p1", "nvme6n1p1"));
	assert_false(are_same("sdp", "sdq"));
	assert_false(are_same("sdr", "sds"));
}

static void test_natural(void **state)
{
	assert_true(natural_compare("sda2", "sda10") < 0);
	assert_true(natural_compare("a", "a1") < 0);
	assert_int_equal(natural_compare("host12", "host12"), 0);
	assert_true(natural_compare("b", "a9") > 0);
}

static void test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = { { 0, "0B" },
		      { 512, "512B" },
		      { 1536, "1.5K" },
		      { 1048576, "1M" },
		      { 1000204886016ULL, "931.5G" } };
	char text[32];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		format_size(cases[i].bytes, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
	format_size(UINT64_MAX, text, sizeof(text));
	assert_string_equal(text, "huge");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan_order), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_emmc),	   cmocka_unit_test(test_natural),
		cmocka_unit_test(test_sizes),	   cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, make_sys, remove_sys);
}
