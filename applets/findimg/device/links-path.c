// SPDX-License-Identifier: GPL-2.0-or-later
/* by-path: from the leaf to the root, as path_id goes. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets/findimg/device/links.h"

struct place {
	char pci[32], platform[64], usb[64], scsi[64], ata[32], ata_long[48], nvme[24], emmc[12];
};

/* "0000:00:1f.2" */
static bool is_pci(const char *text)
{
	return strlen(text) == 12 && text[4] == ':' && text[7] == ':' && text[10] == '.';
}

/* Hosts count from the first one of their controller. */
static unsigned int first_host(const char *controller)
{
	unsigned int lowest = UINT_MAX, number;
	DIR *d = opendir(controller);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (sscanf(entry->d_name, "host%u", &number) == 1 && number < lowest)
			lowest = number;
	if (d)
		closedir(d);
	return lowest == UINT_MAX ? 0 : lowest;
}

static void take_scsi(const char *text, unsigned int first, struct place *p)
{
	unsigned int host, channel, target, lun;

	if (sscanf(text, "%u:%u:%u:%u", &host, &channel, &target, &lun) != 4)
		return;
	if (*p->ata)
		snprintf(p->ata_long, sizeof(p->ata_long), "%s.%u", p->ata,
			 channel ? channel : target);
	else
		snprintf(p->scsi, sizeof(p->scsi), "-scsi-%u:%u:%u:%u", host - first, channel,
			 target, lun);
}

/* above: the path so far; part: its next component */
static void take_part(const char *above, const char *part, unsigned int *first_number,
		      struct place *p)
{
	char path[PATH_MAX + 128], number[16];
	const char *dash = strchr(part, '-');

	if (is_pci(part)) {
		*p = (struct place){ 0 };
		snprintf(p->pci, sizeof(p->pci), "pci-%s", part);
	} else if (isdigit((unsigned char)*part) && dash && strchr(part, ':')) {
		snprintf(p->usb, sizeof(p->usb), "-usb-0:%.50s", dash + 1);
	} else if (strncmp(part, "ata", 3) == 0 && isdigit((unsigned char)part[3])) {
		snprintf(path, sizeof(path), "%s/%s/ata_port/%s", above, part, part);
		if (!link_attr(path, "port_no", number, sizeof(number)))
			snprintf(number, sizeof(number), "%.8s", part + 3);
		snprintf(p->ata, sizeof(p->ata), "-ata-%s", number);
	} else if (strncmp(part, "host", 4) == 0 && isdigit((unsigned char)part[4])) {
		*first_number = first_host(above);
	} else if (!*p->platform && !*p->pci && strlen(above) > 9 &&
		   strcmp(above + strlen(above) - 9, "/platform") == 0) {
		snprintf(p->platform, sizeof(p->platform), "platform-%.50s", part);
	} else {
		take_scsi(part, *first_number, p);
	}
}

static void place_of(const char *real, struct place *p)
{
	char copy[PATH_MAX], platform[sizeof(p->platform)] = "";
	unsigned int first = 0;
	char *part, *next;

	*p = (struct place){ 0 };
	snprintf(copy, sizeof(copy), "%s", real);
	for (part = strstr(copy, "/devices/"); part; part = next) {
		next = strchr(part + 1, '/');
		if (next)
			*next = '\0';
		*part = '\0';
		take_part(copy, part + 1, &first, p);
		*part = '/';
		if (*p->platform)
			snprintf(platform, sizeof(platform), "%s", p->platform);
		if (next)
			*next = '/';
	}
	snprintf(p->platform, sizeof(p->platform), "%s", platform);
}

static bool is_at(const char *name, size_t length, const struct place *p, const char *ata)
{
	char text[320];

	snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s", p->platform,
		 *p->platform && *p->pci ? "-" : "", p->pci, p->usb, ata, p->scsi, p->nvme,
		 p->emmc);
	/* older names of virtio disks */
	if (strncmp(name, "virtio-", 7) == 0) {
		name += 7;
		length -= 7;
	}
	return *text && strlen(text) == length && strncmp(text, name, length) == 0;
}

bool link_path_match(const char *sysfs, const struct blockdev *dev, const char *name)
{
	char link[PATH_MAX], real[PATH_MAX], number[16];
	unsigned int part;
	struct place p;
	size_t length = link_split(name, &part);

	snprintf(link, sizeof(link), "%s/class/block/%s", sysfs, dev->disk);
	if (part != dev->partition || !realpath(link, real))
		return false;
	place_of(real, &p);
	if (strncmp(dev->disk, "nvme", 4) == 0 && link_attr(real, "nsid", number, sizeof(number)))
		snprintf(p.nvme, sizeof(p.nvme), "-nvme-%s", number);
	/* as udev's rules have it for the boot partitions */
	if (*blockdev_emmc_part(dev->disk))
		snprintf(p.emmc, sizeof(p.emmc), "-%.8s", blockdev_emmc_part(dev->disk));
	return is_at(name, length, &p, p.ata) ||
	       (*p.ata_long && is_at(name, length, &p, p.ata_long));
}

int link_path_check(const char *name, struct error **err)
{
	static const char *const other[] = {
		"-sas-", "-fc-", "-ip-", "ccw-", "-vmbus-", "-nst", "/"
	};
	bool known = strncmp(name, "pci-", 4) == 0 || strncmp(name, "virtio-pci-", 11) == 0 ||
		     strncmp(name, "platform-", 9) == 0;

	for (size_t i = 0; i < ARRAY_SIZE(other) && known; i++)
		known = !strstr(name, other[i]);
	return known ? 0
		     : error_make(err, EINVAL,
				  "'/dev/disk/by-path/%s' cannot be found without udev, only disks "
				  "of ATA, SCSI, NVMe, virtio, USB and MMC at pci- and platform-: "
				  "name the device by UUID= or PARTUUID=",
				  name);
}
