// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/device/links.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const id_kinds[] = {
	"ata-", "scsi-",    "wwn-",	"nvme-",    "virtio-",	"usb-",
	"mmc-", "dm-name-", "dm-uuid-", "md-name-", "md-uuid-", "lvm-pv-uuid-",
};

void link_add(struct link_ids *ids, const char *fmt, ...)
{
	va_list ap;

	if (ids->count == ARRAY_SIZE(ids->id))
		return;
	va_start(ap, fmt);
	vsnprintf(ids->id[ids->count++], sizeof(ids->id[0]), fmt, ap);
	va_end(ap);
}

void link_clean(const char *text, size_t length, char *to, size_t size)
{
	size_t n = 0;

	length = strnlen(text, length);
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	for (size_t i = 0; i < length && n + 1 < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (isspace(c) && (n == 0 || isspace((unsigned char)text[i - 1])))
			continue;
		/* as udev_replace_chars: the rest is safe in a file name */
		to[n++] = isalnum(c) || c >= 0x80 || strchr("#+-.:=@_", c) ? (char)c : '_';
	}
	to[n] = '\0';
}

bool link_attr(const char *dir, const char *name, char *to, size_t size)
{
	char path[PATH_MAX + 64], text[512];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (n < 0)
		return false;
	link_clean(text, (size_t)n, to, size);
	return *to != '\0';
}

static void add_nvme(const char *dir, struct link_ids *ids)
{
	char wwid[160], model[64], serial[64], number[16];

	if (link_attr(dir, "wwid", wwid, sizeof(wwid)))
		link_add(ids, "nvme-%s", wwid);
	if (!link_attr(dir, "device/model", model, sizeof(model)) ||
	    !link_attr(dir, "device/serial", serial, sizeof(serial)))
		return;
	link_add(ids, "nvme-%s_%s", model, serial);
	if (link_attr(dir, "nsid", number, sizeof(number)))
		link_add(ids, "nvme-%s_%s_%s", model, serial, number);
}

/* What a disk is called, whatever part of it is meant. */
static void add_disk(const char *dir, const char *disk, struct link_ids *ids)
{
	char name[64], serial[64];

	if (strncmp(disk, "nvme", 4) == 0) {
		add_nvme(dir, ids);
	} else if (strncmp(disk, "vd", 2) == 0) {
		if (link_attr(dir, "serial", serial, sizeof(serial)))
			link_add(ids, "virtio-%s", serial);
	} else if (strncmp(disk, "mmcblk", 6) == 0) {
		/* the boot partitions of an eMMC are other disks of the same device */
		if (!*blockdev_emmc_part(disk) &&
		    link_attr(dir, "device/name", name, sizeof(name)) &&
		    link_attr(dir, "device/serial", serial, sizeof(serial)))
			link_add(ids, "mmc-%s_%s", name, serial);
	} else {
		link_scsi_ids(dir, ids);
	}
}

/* As mdadm writes it: four groups of eight digits */
static void md_uuid(const char *from, char *to, size_t size)
{
	size_t n = 0, digits = 0;

	for (; *from && n + 2 < size; from++) {
		if (*from == '-')
			continue;
		if (digits && digits % 8 == 0)
			to[n++] = ':';
		to[n++] = *from;
		digits++;
	}
	to[n] = '\0';
}

/* An array is known by what its members say. */
static void add_md(const char *dir, const char *disk, struct link_ids *ids)
{
	char member[64], path[80], uuid[40];
	struct fs_info fs;
	const char *colon;

	blockdev_first_entry(dir, "slaves", member, sizeof(member));
	if (strncmp(disk, "md", 2) != 0 || !*member)
		return;
	snprintf(path, sizeof(path), "/dev/%s", member);
	if (fs_probe(path, 0, &fs, NULL) < 0 || strcmp(fs.type, "linux_raid_member") != 0)
		return;
	/* HOST:NAME; /dev/md/NAME leaves the host away */
	colon = strchr(fs.label, ':');
	if (*fs.label)
		link_add(ids, "md-name-%s", fs.label);
	if (colon)
		link_add(ids, "md-name-%s", colon + 1);
	md_uuid(fs.uuid, uuid, sizeof(uuid));
	link_add(ids, "md-uuid-%s", uuid);
}

static bool has_id(const struct link_ids *ids, const char *name, size_t length)
{
	for (size_t i = 0; i < ids->count; i++)
		if (strlen(ids->id[i]) == length && strncmp(ids->id[i], name, length) == 0)
			return true;
	return false;
}

size_t link_split(const char *name, unsigned int *ret_part)
{
	const char *at = NULL;
	size_t digits;

	for (const char *p = name; (p = strstr(p, "-part")); p++)
		at = p;
	*ret_part = 0;
	digits = at ? strspn(at + 5, "0123456789") : 0;
	if (!digits || at[5 + digits])
		return strlen(name);
	*ret_part = (unsigned int)strtoul(at + 5, NULL, 10);
	return (size_t)(at - name);
}

static bool directory_of(const char *sysfs, const char *name, char *real)
{
	char link[PATH_MAX];

	snprintf(link, sizeof(link), "%s/class/block/%s", sysfs, name);
	return realpath(link, real) != NULL;
}

bool link_id_match(const char *sysfs, const struct blockdev *dev, const struct fs_info *fs,
		   const char *name)
{
	struct link_ids ids = { .count = 0 };
	char real[PATH_MAX], uuid[160];
	unsigned int part;
	size_t length;

	if (strncmp(name, "lvm-pv-uuid-", 12) == 0)
		return strcmp(fs->type, "LVM2_member") == 0 && strcmp(fs->uuid, name + 12) == 0;
	if (!directory_of(sysfs, dev->name, real))
		return false;
	if (*dev->dm_name)
		link_add(&ids, "dm-name-%s", dev->dm_name);
	if (link_attr(real, "dm/uuid", uuid, sizeof(uuid)))
		link_add(&ids, "dm-uuid-%s", uuid);
	if (has_id(&ids, name, strlen(name)))
		return true;
	ids.count = 0;
	length = link_split(name, &part);
	if (part != dev->partition || !directory_of(sysfs, dev->disk, real))
		return false;
	add_disk(real, dev->disk, &ids);
	add_md(real, dev->disk, &ids);
	return has_id(&ids, name, length);
}

int link_id_check(const char *name, struct error **err)
{
	for (size_t i = 0; i < ARRAY_SIZE(id_kinds); i++)
		if (strncmp(name, id_kinds[i], strlen(id_kinds[i])) == 0)
			return 0;
	return error_make(err, EINVAL,
			  "'/dev/disk/by-id/%s' cannot be found without udev, only names that "
			  "begin with ata-, scsi-, wwn-, nvme-, virtio-, usb-, mmc-, dm-, md- or "
			  "lvm-pv-uuid-: name the device by UUID= or PARTUUID=",
			  name);
}
