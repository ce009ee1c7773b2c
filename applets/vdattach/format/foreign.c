// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "applets/vdattach/format/format.h"

struct magic {
	const char *name;
	size_t offset;
	size_t length;
	const char *bytes;
};

/*
 * By offset from the start. Sources: qemu docs/interop and block drivers (qed, parallels,
 * bochs); of archives and forensic images, file(1). An OVA is a tar archive that has disks.
 */
static const struct magic head_magic[] = {
	{ "qed", 0, 4, "QED\0" },
	{ "parallels", 0, 16, "WithoutFreeSpace" },
	{ "parallels", 0, 16, "WithouFreSpacExt" },
	{ "bochs", 0, 22, "Bochs Virtual HD Image" },
	{ "gzip", 0, 3, "\x1f\x8b\x08" },
	{ "xz", 0, 6,
	  "\xfd"
	  "7zXZ\0" },
	{ "zstd", 0, 4, "\x28\xb5\x2f\xfd" },
	{ "bzip2", 4, 6, "1AY&SY" },
	{ "zip", 0, 4, "PK\3\4" },
	{ "7z", 0, 6, "7z\xbc\xaf\x27\x1c" },
	{ "ova", 257, 5, "ustar" },
	{ "ewf", 0, 8, "EVF\t\r\n\xff\0" },
	{ "aff", 0, 5, "AFF10" },
	{ "sparseimage", 0, 4, "sprs" },
	{ "wim", 0, 8, "MSWIM\0\0\0" },
};

/* By offset from the last 512 bytes. */
static const struct magic tail_magic[] = {
	{ "dmg", 0, 4, "koly" },
};

static const struct magic *foreign_find(const struct magic *table, size_t n, const uint8_t *data,
					size_t size)
{
	for (size_t i = 0; i < n; i++) {
		const struct magic *m = table + i;

		if (m->offset + m->length <= size &&
		    memcmp(data + m->offset, m->bytes, m->length) == 0)
			return m;
	}
	return NULL;
}

const char *vd_foreign_probe(const struct vd_probe *probe)
{
	const struct magic *m;

	m = foreign_find(head_magic, ARRAY_SIZE(head_magic), probe->head, probe->head_size);
	if (!m)
		m = foreign_find(tail_magic, ARRAY_SIZE(tail_magic), probe->tail, probe->tail_size);
	return m ? m->name : NULL;
}

bool vd_foreign_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(head_magic); i++) {
		if (strcmp(head_magic[i].name, name) == 0)
			return true;
	}
	return strcmp(tail_magic[0].name, name) == 0;
}
