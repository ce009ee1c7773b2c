// SPDX-License-Identifier: GPL-2.0-or-later
/* udev's names of disks, from a /sys of our own with what Linux has there for the disks of QEMU and
 * of real machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/findimg/device/links.h"

#define PCI "/devices/pci0000:00/0000:00:"
#define ATA PCI "1f.2/ata1/host0/target0:0:0/0:0:0:0"
#define USB PCI "04.0/usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:1"

static char root[64];

static void put_bytes(const char *dir, const char *file, const void *data, size_t size)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "mkdir -p %s%s", root, dir);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s%s/%s", root, dir, file);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

static void put(const char *dir, const char *file, const char *text)
{
	put_bytes(dir, file, text, strlen(text));
}

static void link_to(const char *target, const char *name)
{
	char to[512], from[512];

	snprintf(to, sizeof(to), "%s%s", root, target);
	snprintf(from, sizeof(from), "%s%s", root, name);
	assert_int_equal(symlink(to, from), 0);
}

/* dir: of the disk; device: what its link "device" leads to */
static void disk(const char *dir, const char *device)
{
	char link[512];

	put(dir, "size", "2048\n");
	snprintf(link, sizeof(link), "/class/block%s", strrchr(dir, '/'));
	link_to(dir, link);
	snprintf(link, sizeof(link), "%s/device", dir);
	link_to(device, link);
}

static void scsi(const char *device, const char *name, const char *vendor, const char *model)
{
	char dir[512];

	snprintf(dir, sizeof(dir), "%s/block/%s", device, name);
	put(device, "vendor", vendor);
	put(device, "model", model);
	disk(dir, device);
}

static const char ata_page[] =
	"\0\x83\0\x54"
	"\x02\0\0\x08QM00001 "
	"\x02\x01\0\x44"
	"ATA     QEMU HARDDISK                           QM00001             ";
static const char naa_page[] = "\0\x83\0\x18\x01\x03\0\x08\x50\0\xc5\0\xa1\xb2\xc3\xd4"
			       "\x61\x93\0\x08\x50\0\xc5\0\xa1\xb2\xc3\xd5";
static const char vendor_page[] = "\0\x83\0\x10\x02\0\0\x0c"
				  "drive-scsi0 ";

static int make_sys(void **state)
{
	strcpy(root, "/tmp/test_links.XXXXXX");
	assert_non_null(mkdtemp(root));
	put("/class/block", ".keep", "");
	scsi(ATA, "sda", "ATA     \n", "QEMU HARDDISK   \n");
	put_bytes(ATA, "vpd_pg83", ata_page, sizeof(ata_page) - 1);
	put(PCI "1f.2/ata1/ata_port/ata1", "port_no", "1\n");
	scsi(PCI "05.0/virtio3/host2/target2:0:0/2:0:0:0", "sdb", "QEMU\n", "QEMU HARDDISK\n");
	put_bytes(PCI "05.0/virtio3/host2/target2:0:0/2:0:0:0", "vpd_pg83", vendor_page,
		  sizeof(vendor_page) - 1);
	scsi(PCI "06.0/host3/target3:0:1/3:0:1:2", "sdc", "SEAGATE \n", "ST1000\n");
	put_bytes(PCI "06.0/host3/target3:0:1/3:0:1:2", "vpd_pg83", naa_page, sizeof(naa_page) - 1);
	scsi(USB, "sdd", "QEMU    \n", "QEMU HARDDISK\n");
	put(PCI "04.0/usb1/1-1", "idVendor", "46f4\n");
	put(PCI "04.0/usb1/1-1", "serial", "1-0000:00:04.0-1\n");
	disk(PCI "07.0/virtio4/block/vda", PCI "07.0/virtio4");
	put(PCI "07.0/virtio4/block/vda", "serial", "my root");
	put(PCI "08.0/nvme/nvme0", "model", "QEMU NVMe Ctrl                          \n");
	put(PCI "08.0/nvme/nvme0", "serial", "deadbeef            \n");
	disk(PCI "08.0/nvme/nvme0/nvme0n2", PCI "08.0/nvme/nvme0");
	put(PCI "08.0/nvme/nvme0/nvme0n2", "wwid", "nvme.8086-01\n");
	put(PCI "08.0/nvme/nvme0/nvme0n2", "nsid", "2\n");
	put("/devices/platform/fe320000.mmc/mmc_host/mmc0/mmc0:0001", "name", "SD128\n");
	put("/devices/platform/fe320000.mmc/mmc_host/mmc0/mmc0:0001", "serial", "0x1234abcd\n");
	disk("/devices/platform/fe320000.mmc/mmc_host/mmc0/mmc0:0001/block/mmcblk0",
	     "/devices/platform/fe320000.mmc/mmc_host/mmc0/mmc0:0001");
	disk("/devices/platform/fe320000.mmc/mmc_host/mmc0/mmc0:0001/block/mmcblk0/mmcblk0boot1",
	     "/devices/platform/fe320000.mmc/mmc_host/mmc0/mmc0:0001/block/mmcblk0");
	put("/devices/virtual/block/dm-0/dm", "name", "vg-lv\n");
	put("/devices/virtual/block/dm-0/dm", "uuid", "LVM-abc\n");
	disk("/devices/virtual/block/dm-0", "/devices/virtual/block/dm-0");
	return 0;
}

static int remove_sys(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static struct blockdev named(const char *name, unsigned int partition)
{
	struct blockdev dev = { .partition = partition };

	assert_int_equal(blockdev_read(root, name, &dev), 0);
	dev.partition = partition;
	return dev;
}

static bool has_id(const char *disk_name, unsigned int partition, const char *id)
{
	struct blockdev dev = named(disk_name, partition);
	struct fs_info fs = { 0 };

	assert_int_equal(link_id_check(id, NULL), 0);
	return link_id_match(root, &dev, &fs, id);
}

static bool has_path(const char *disk_name, unsigned int partition, const char *path)
{
	struct blockdev dev = named(disk_name, partition);

	assert_int_equal(link_path_check(path, NULL), 0);
	return link_path_match(root, &dev, path);
}

static void test_by_id(void **state)
{
	assert_true(has_id("sda", 0, "ata-QEMU_HARDDISK_QM00001"));
	assert_true(has_id("sda", 2, "ata-QEMU_HARDDISK_QM00001-part2"));
	assert_false(has_id("sda", 1, "ata-QEMU_HARDDISK_QM00001-part2"));
	assert_false(has_id("sda", 1, "ata-QEMU_HARDDISK_QM00001"));
	assert_false(has_id("sda", 0, "ata-QEMU_HARDDISK_QM0000"));
	assert_true(has_id("sda", 0, "scsi-1ATA_QEMU_HARDDISK_QM00001"));
	assert_true(has_id("sdb", 1, "scsi-0QEMU_QEMU_HARDDISK_drive-scsi0-part1"));
	assert_true(has_id("sdc", 0, "wwn-0x5000c500a1b2c3d4"));
	assert_true(has_id("sdc", 0, "scsi-35000c500a1b2c3d4"));
	assert_false(has_id("sdc", 0, "wwn-0x5000c500a1b2c3d5"));
	assert_true(has_id("sdd", 1, "usb-QEMU_QEMU_HARDDISK_1-0000:00:04.0-1-0:1-part1"));
	assert_true(has_id("vda", 0, "virtio-my_root"));
	assert_true(has_id("nvme0n2", 0, "nvme-nvme.8086-01"));
	assert_true(has_id("nvme0n2", 1, "nvme-QEMU_NVMe_Ctrl_deadbeef_2-part1"));
	assert_true(has_id("mmcblk0", 1, "mmc-SD128_0x1234abcd-part1"));
	assert_true(has_id("mmcblk0", 0, "mmc-SD128_0x1234abcd"));
	assert_false(has_id("mmcblk0boot1", 0, "mmc-SD128_0x1234abcd"));
	assert_true(has_id("dm-0", 0, "dm-name-vg-lv"));
	assert_true(has_id("dm-0", 0, "dm-uuid-LVM-abc"));
}

static void test_by_path(void **state)
{
	assert_true(has_path("sda", 0, "pci-0000:00:1f.2-ata-1"));
	assert_true(has_path("sda", 2, "pci-0000:00:1f.2-ata-1.0-part2"));
	assert_false(has_path("sda", 0, "pci-0000:00:1f.2-ata-2"));
	assert_true(has_path("sdb", 0, "pci-0000:00:05.0-scsi-0:0:0:0"));
	assert_true(has_path("sdc", 0, "pci-0000:00:06.0-scsi-0:0:1:2"));
	assert_true(has_path("sdd", 1, "pci-0000:00:04.0-usb-0:1:1.0-scsi-0:0:0:1-part1"));
	assert_true(has_path("vda", 0, "pci-0000:00:07.0"));
	assert_true(has_path("vda", 1, "virtio-pci-0000:00:07.0-part1"));
	assert_true(has_path("nvme0n2", 0, "pci-0000:00:08.0-nvme-2"));
	assert_true(has_path("mmcblk0", 0, "platform-fe320000.mmc"));
	assert_false(has_path("mmcblk0boot1", 0, "platform-fe320000.mmc"));
	assert_true(has_path("mmcblk0boot1", 0, "platform-fe320000.mmc-boot1"));
	assert_false(has_path("vda", 0, "pci-0000:00:08.0"));
}

/* Where a page ends in the middle of what it announces nothing is read behind it. */
static void test_cut_page(void **state)
{
	for (size_t n = 0; n < sizeof(ata_page) - 1; n++) {
		put_bytes(ATA, "vpd_pg83", ata_page, n);
		assert_false(has_id("sda", 0, "ata-QEMU_HARDDISK_QM00001"));
	}
	put_bytes(ATA, "vpd_pg83", ata_page, sizeof(ata_page) - 1);
}

static void test_refused(void **state)
{
	static const char *const ids[] = { "ieee1394-0001", "cciss-x", "memstick-1", "" };
	static const char *const paths[] = { "pci-0000:00:1f.2-sas-phy0-lun-0", "ip-10.0.0.1:3260",
					     "ccw-0.0.0200", "usb-1", "pci-0-part/by-uuid/x" };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		assert_true(link_id_check(ids[i], NULL) < 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_true(link_path_check(paths[i], NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_id),
		cmocka_unit_test(test_by_path),
		cmocka_unit_test(test_cut_page),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, make_sys, remove_sys);
}
