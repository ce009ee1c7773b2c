// SPDX-License-Identifier: GPL-2.0-or-later
/* What the helpers of udev read from a SCSI device, of which ATA disks and USB drives are two
 * kinds. */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/findimg/device/links.h"

/* SPC: the designators of the page Device Identification */
enum { DESIGNATOR_VENDOR, DESIGNATOR_T10, DESIGNATOR_EUI, DESIGNATOR_NAA };
#define CODE_BINARY   1
#define ATA_MODEL_AT  8
#define ATA_SERIAL_AT 48
#define ATA_LENGTH    68

struct designator {
	unsigned int type, code;
	const uint8_t *data;
	size_t length;
};

struct page {
	uint8_t bytes[1024];
	size_t length;
};

static bool read_page(const char *dir, struct page *page)
{
	char path[PATH_MAX + 64];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/device/vpd_pg83", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, page->bytes, sizeof(page->bytes));
	page->length = n > 0 ? (size_t)n : 0;
	return n > 4;
}

/* The next one for the device itself after *at, which begins at 4 and grows by 4 at least. */
static bool next_designator(const struct page *page, size_t *at, struct designator *ret)
{
	while (*at + 4 <= page->length) {
		const uint8_t *head = page->bytes + *at;
		size_t length = head[3];

		if (*at + 4 + length > page->length)
			return false;
		*at += 4 + length;
		if ((head[1] & 0x30) != 0)
			continue;
		*ret = (struct designator){ head[1] & 0x0f, head[0] & 0x0f, head + 4, length };
		return true;
	}
	return false;
}

static void to_text(const struct designator *d, char *to, size_t size)
{
	size_t n = 0;

	if (d->code != CODE_BINARY) {
		link_clean((const char *)d->data, d->length, to, size);
		return;
	}
	for (size_t i = 0; i < d->length && n + 3 < size; i++)
		n += (size_t)snprintf(to + n, size - n, "%02x", d->data[i]);
	to[n] = '\0';
}

/* The one that scsi_id takes: of the highest kind, among NAA the one with an extension. */
static bool best_designator(const struct page *page, struct designator *ret)
{
	struct designator d;
	bool found = false;

	for (size_t at = 4; next_designator(page, &at, &d);)
		if (d.type <= DESIGNATOR_NAA && d.length > 0 &&
		    (!found || d.type > ret->type ||
		     (d.type == DESIGNATOR_NAA && ret->type == DESIGNATOR_NAA &&
		      d.length > ret->length))) {
			*ret = d;
			found = true;
		}
	return found;
}

static void add_scsi(const char *dir, const struct page *page, struct link_ids *ids)
{
	char text[128], vendor[32] = "", model[64] = "";
	struct designator d;

	if (!best_designator(page, &d))
		return;
	to_text(&d, text, sizeof(text));
	link_attr(dir, "device/vendor", vendor, sizeof(vendor));
	link_attr(dir, "device/model", model, sizeof(model));
	if (d.type == DESIGNATOR_VENDOR)
		link_add(ids, "scsi-0%s_%s_%s", vendor, model, text);
	else
		link_add(ids, "scsi-%u%s", d.type, text);
}

static void add_wwn(const struct page *page, struct link_ids *ids)
{
	struct designator d;
	char text[64];

	for (size_t at = 4; next_designator(page, &at, &d);) {
		if (d.type != DESIGNATOR_NAA || d.code != CODE_BINARY)
			continue;
		to_text(&d, text, sizeof(text));
		link_add(ids, "wwn-0x%s", text);
	}
}

/* libata puts model and serial of an ATA disk into the designator of T10 (SAT). */
static void add_ata(const struct page *page, struct link_ids *ids)
{
	char model[48], serial[32];
	struct designator d;

	for (size_t at = 4; next_designator(page, &at, &d);) {
		if (d.type != DESIGNATOR_T10 || d.length < ATA_LENGTH)
			continue;
		link_clean((const char *)d.data + ATA_MODEL_AT, ATA_SERIAL_AT - ATA_MODEL_AT, model,
			   sizeof(model));
		link_clean((const char *)d.data + ATA_SERIAL_AT, ATA_LENGTH - ATA_SERIAL_AT, serial,
			   sizeof(serial));
		link_add(ids, "ata-%s_%s", model, serial);
	}
}

/* The USB device that dir lies below: the nearest directory with a vendor's number */
static bool usb_device(const char *dir, char *to, size_t size)
{
	char number[16], *slash;

	snprintf(to, size, "%s", dir);
	while ((slash = strrchr(to, '/')) && slash != to) {
		*slash = '\0';
		if (link_attr(to, "idVendor", number, sizeof(number)))
			return true;
	}
	return false;
}

static bool add_usb(const char *dir, struct link_ids *ids)
{
	char usb[PATH_MAX], path[PATH_MAX + 16], real[PATH_MAX];
	char vendor[32], model[64], serial[128];
	unsigned int target, lun;
	const char *name;

	if (!strstr(dir, "/usb") || !usb_device(dir, usb, sizeof(usb)))
		return false;
	snprintf(path, sizeof(path), "%s/device", dir);
	if (!realpath(path, real) || !(name = strrchr(real, '/')) ||
	    sscanf(name + 1, "%*u:%*u:%u:%u", &target, &lun) != 2 ||
	    !link_attr(dir, "device/vendor", vendor, sizeof(vendor)) ||
	    !link_attr(dir, "device/model", model, sizeof(model)))
		return true;
	if (link_attr(usb, "serial", serial, sizeof(serial)))
		link_add(ids, "usb-%s_%s_%s-%u:%u", vendor, model, serial, target, lun);
	else
		link_add(ids, "usb-%s_%s-%u:%u", vendor, model, target, lun);
	return true;
}

void link_scsi_ids(const char *dir, struct link_ids *ids)
{
	struct page page;
	char vendor[32];

	if (add_usb(dir, ids) || !read_page(dir, &page))
		return;
	if (link_attr(dir, "device/vendor", vendor, sizeof(vendor)) && strcmp(vendor, "ATA") == 0)
		add_ata(&page, ids);
	add_scsi(dir, &page, ids);
	add_wwn(&page, ids);
}
