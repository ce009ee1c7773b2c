// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/device/blockdev.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "common/file.h"

/* SCSI peripheral device type of CD-ROM drives, as in /sys/block/sr0/device/type */
#define SCSI_TYPE_ROM	 5
#define MEDIA_POLL_MSECS "2000"

/* sysfs paths are short: one that does not fit names nothing */
static bool blockdev_join(char *to, size_t size, const char *dir, const char *name)
{
	int n = snprintf(to, size, "%s/%s", dir, name);

	return n > 0 && (size_t)n < size;
}

static bool read_attr(const char *dir, const char *name, char *to, size_t size)
{
	char path[PATH_MAX];

	if (!blockdev_join(path, sizeof(path), dir, name))
		return false;
	if (read_start(AT_FDCWD, path, to, size) < 0)
		return false;
	to[strcspn(to, "\n")] = '\0';
	return true;
}

static uint64_t read_number(const char *dir, const char *name)
{
	char text[32];

	return read_attr(dir, name, text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

void blockdev_first_entry(const char *dir, const char *name, char *to, size_t size)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *d = NULL;

	*to = '\0';
	if (blockdev_join(path, sizeof(path), dir, name))
		d = opendir(path);
	if (!d)
		return;
	while (!*to && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			snprintf(to, size, "%.63s", entry->d_name);
	closedir(d);
}

/* Boot partitions of an eMMC lie in the directory of its disk, too, and are disks of their own. */
static bool is_partition_of(const char *name, const char *disk, size_t n)
{
	return strncmp(name, disk, n) == 0 && isdigit((unsigned char)name[n + (name[n] == 'p')]);
}

static bool is_partitioned(const char *dir, const char *disk)
{
	struct dirent *entry;
	size_t n = strlen(disk);
	bool found = false;
	DIR *d = opendir(dir);

	if (!d)
		return false;
	while (!found && (entry = readdir(d)))
		found = is_partition_of(entry->d_name, disk, n);
	closedir(d);
	return found;
}

static const char *bus_of(const char *devpath)
{
	static const struct {
		const char *part, *bus;
	} table[] = {
		{ "/usb", "usb" },  { "/virtio", "virtio" },	{ "/nvme", "nvme" },
		{ "/ata", "ata" },  { "/mmc", "mmc" },		{ "/fw", "firewire" },
		{ "/vbd-", "xen" }, { "/virtual/", "virtual" }, { "/host", "scsi" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strstr(devpath, table[i].part))
			return table[i].bus;
	return "other";
}

static void set_names(struct blockdev *dev, const char *name)
{
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	snprintf(dev->path, sizeof(dev->path), "/dev/%s", name);
	/* sysfs spells the slash of a name like cciss/c0d0 as '!' */
	for (char *p = dev->path; *p; p++)
		if (*p == '!')
			*p = '/';
}

/* dir: the real directory of the whole disk in sysfs */
static void read_disk(const char *dir, struct blockdev *dev)
{
	const char *slash = strrchr(dir, '/');

	snprintf(dev->disk, sizeof(dev->disk), "%.63s", slash ? slash + 1 : dir);
	dev->removable = read_number(dir, "removable") != 0;
	dev->cdrom = read_number(dir, "device/type") == SCSI_TYPE_ROM ||
		     (strncmp(dev->disk, "sr", 2) == 0 && isdigit((unsigned char)dev->disk[2]));
	read_attr(dir, "dm/name", dev->dm_name, sizeof(dev->dm_name));
	if (!read_attr(dir, "device/wwid", dev->wwid, sizeof(dev->wwid)) &&
	    !read_attr(dir, "wwid", dev->wwid, sizeof(dev->wwid)))
		*dev->wwid = '\0';
}

static void read_devnum(const char *dir, struct blockdev *dev)
{
	unsigned int major_number, minor_number;
	char text[32];

	if (read_attr(dir, "dev", text, sizeof(text)) &&
	    sscanf(text, "%u:%u", &major_number, &minor_number) == 2)
		dev->devnum = makedev(major_number, minor_number);
}

/* Partitions of a mapped disk are mapped devices, too: the uuid tells, as kpartx and vdattach have
 * it. */
static void read_mapped_partition(const char *dir, struct blockdev *dev)
{
	char uuid[128], disk[sizeof(dev->disk)];

	if (!read_attr(dir, "dm/uuid", uuid, sizeof(uuid)) ||
	    sscanf(uuid, "part%u-", &dev->partition) != 1)
		return;
	blockdev_first_entry(dir, "slaves", disk, sizeof(disk));
	if (!*disk) {
		dev->partition = 0;
		return;
	}
	snprintf(dev->disk, sizeof(dev->disk), "%s", disk);
	/* as if it were plugged in there, for the order */
	snprintf(dev->devpath, sizeof(dev->devpath), "/devices/virtual/block/%s/%s", disk,
		 dev->name);
}

int blockdev_read(const char *sysfs, const char *name, struct blockdev *ret)
{
	char link[PATH_MAX], real[PATH_MAX], *devices;
	struct blockdev dev = { 0 };

	if (strlen(name) >= sizeof(dev.name) || strchr(name, '/'))
		return -ENODEV;
	snprintf(link, sizeof(link), "%s/class/block/%s", sysfs, name);
	/* hidden: a single path of a multipath NVMe disk, which has no device of its own */
	if (!realpath(link, real) || read_number(real, "hidden"))
		return -ENODEV;
	set_names(&dev, name);
	devices = strstr(real, "/devices/");
	snprintf(dev.devpath, sizeof(dev.devpath), "%.511s", devices ? devices : real);
	snprintf(dev.bus, sizeof(dev.bus), "%s", bus_of(dev.devpath));
	dev.size = read_number(real, "size") * 512;
	dev.partition = (unsigned int)read_number(real, "partition");
	read_devnum(real, &dev);
	blockdev_first_entry(real, "holders", dev.holder, sizeof(dev.holder));
	if (dev.partition && strrchr(real, '/'))
		*strrchr(real, '/') = '\0';
	read_disk(real, &dev);
	read_mapped_partition(real, &dev);
	dev.has_partitions = !dev.partition && is_partitioned(real, dev.name);
	*ret = dev;
	return 0;
}

const char *blockdev_emmc_part(const char *disk)
{
	if (strncmp(disk, "mmcblk", 6) != 0)
		return "";
	return disk + 6 + strspn(disk + 6, "0123456789");
}

bool blockdev_same_disk(const struct blockdev *a, const struct blockdev *b)
{
	return *a->wwid && strcmp(a->wwid, b->wwid) == 0 && strcmp(a->disk, b->disk) != 0 &&
	       a->size == b->size && a->partition == b->partition && strcmp(a->bus, "usb") != 0 &&
	       strcmp(b->bus, "usb") != 0;
}

static int rank(const struct blockdev *dev)
{
	if (strcmp(dev->bus, "virtual") == 0)
		return 3;
	if (dev->cdrom)
		return 1;
	if (dev->removable || strcmp(dev->bus, "usb") == 0)
		return 0;
	return 2;
}

int natural_compare(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			char *end_a, *end_b;
			unsigned long long x = strtoull(a, &end_a, 10), y = strtoull(b, &end_b, 10);

			if (x != y)
				return x < y ? -1 : 1;
			a = end_a;
			b = end_b;
		} else if (*a != *b) {
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

/* "0000:00:1f.2": hexadecimal with leading zeros, so it sorts as it is */
static bool is_pci_address(const char *text, size_t length)
{
	return length == 12 && text[4] == ':' && text[7] == ':' && text[10] == '.';
}

/* Component by component. */
static int compare_paths(const char *a, const char *b)
{
	while (*a || *b) {
		char part_a[64], part_b[64];
		size_t n = strcspn(a, "/"), m = strcspn(b, "/");
		int order;

		snprintf(part_a, sizeof(part_a), "%.*s", (int)MIN(n, sizeof(part_a) - 1), a);
		snprintf(part_b, sizeof(part_b), "%.*s", (int)MIN(m, sizeof(part_b) - 1), b);
		order = is_pci_address(part_a, n) && is_pci_address(part_b, m)
				? strcmp(part_a, part_b)
				: natural_compare(part_a, part_b);
		if (order)
			return order;
		a += n + (a[n] == '/');
		b += m + (b[m] == '/');
	}
	return 0;
}

static int compare_disks(const struct blockdev *a, const struct blockdev *b)
{
	char disk_a[sizeof(a->devpath)], disk_b[sizeof(b->devpath)];

	memcpy(disk_a, a->devpath, sizeof(disk_a));
	memcpy(disk_b, b->devpath, sizeof(disk_b));
	if (a->partition && strrchr(disk_a, '/'))
		*strrchr(disk_a, '/') = '\0';
	if (b->partition && strrchr(disk_b, '/'))
		*strrchr(disk_b, '/') = '\0';
	return compare_paths(disk_a, disk_b);
}

int blockdev_compare(const void *pa, const void *pb)
{
	const struct blockdev *a = pa, *b = pb;
	int order = rank(a) - rank(b);

	if (!order)
		order = compare_disks(a, b);
	if (!order && a->partition != b->partition) {
		if (!a->partition || !b->partition)
			return a->partition ? -1 : 1;
		return a->partition < b->partition ? -1 : 1;
	}
	return order ? order : strcmp(a->name, b->name);
}

/* Adds one to the array, which has room for *room. */
static int blockdev_append(struct blockdev **list, size_t *count, size_t *room,
			   const struct blockdev *dev)
{
	if (*count == *room) {
		size_t wanted = *room ? *room * 2 : 32;
		struct blockdev *bigger = reallocarray(*list, wanted, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		*list = bigger;
		*room = wanted;
	}
	(*list)[(*count)++] = *dev;
	return 0;
}

int blockdev_scan(const char *sysfs, struct blockdev **ret, size_t *ret_count, struct error **err)
{
	_cleanup_free_ struct blockdev *list = NULL;
	size_t count = 0, room = 0;
	char path[PATH_MAX];
	struct dirent *entry;
	int r = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/class/block", sysfs);
	d = opendir(path);
	if (!d)
		return error_sys(err, errno, "cannot list block devices in '%s'", path);
	while (!r && (entry = readdir(d))) {
		struct blockdev dev;

		if (entry->d_name[0] != '.' && blockdev_read(sysfs, entry->d_name, &dev) == 0)
			r = blockdev_append(&list, &count, &room, &dev);
	}
	closedir(d);
	if (r)
		return error_sys(err, r, "cannot list block devices");
	if (count)
		qsort(list, count, sizeof(*list), blockdev_compare);
	*ret = steal_ptr(&list);
	*ret_count = count;
	return 0;
}

bool blockdev_watch_media(const char *sysfs, const struct blockdev *dev, bool on)
{
	char dir[PATH_MAX], path[PATH_MAX + 32], now[32] = "";
	const char *want = on ? MEDIA_POLL_MSECS : "-1";
	_cleanup_close_ int fd = -1;

	snprintf(dir, sizeof(dir), "%s/block/%s", sysfs, dev->disk);
	/* "-1" is the default of the kernel: do not look, unless the drive reports by itself */
	if (!read_attr(dir, "events_poll_msecs", now, sizeof(now)) ||
	    strcmp(now, on ? "-1" : MEDIA_POLL_MSECS) != 0)
		return false;
	if (on && (!read_attr(dir, "events", now, sizeof(now)) || !strstr(now, "media_change")))
		return false;
	snprintf(path, sizeof(path), "%s/events_poll_msecs", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, want, strlen(want)) > 0;
}
