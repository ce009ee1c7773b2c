// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/vbox-uuid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vdi/vdi.h"
#include "applets/vdattach/format/vmdk/vmdk.h"

struct ids {
	char uuid[VDI_UUID_TEXT], modified[VDI_UUID_TEXT]; /* "" = has none */
};

static void ids_of_vdi(const struct vdi_header *header, struct ids *ret)
{
	vdi_uuid_format(header->uuid, ret->uuid);
	vdi_uuid_format(header->modified, ret->modified);
}

static void ids_of_vmdk(const struct vmdk_descriptor *d, struct ids *ret)
{
	snprintf(ret->uuid, sizeof(ret->uuid), "%s", d->uuid ? d->uuid : "");
	snprintf(ret->modified, sizeof(ret->modified), "%s",
		 d->modified_uuid ? d->modified_uuid : "");
}

/* A file that cannot be read, or is of another kind, simply has no ids. */
static void ids_of_file(struct source *source, struct ids *ret)
{
	struct vmdk_descriptor descriptor;
	struct vdi_header header;

	*ret = (struct ids){ .uuid = "" };
	if (vdi_header_read(source, &header, NULL) == 0) {
		ids_of_vdi(&header, ret);
		return;
	}
	if (!vmdk_find_descriptor(source, &descriptor))
		return;
	ids_of_vmdk(&descriptor, ret);
	vmdk_descriptor_release(&descriptor);
}

static bool has_uuid(const void *uuid, struct source *file)
{
	struct ids ids;

	ids_of_file(file, &ids);
	return strcasecmp(ids.uuid, uuid) == 0;
}

int vbox_find_parent(struct vd_image *image, const char *uuid, struct vd_parent_ref *ret,
		     struct error **err)
{
	int r = vd_parent_search(image, has_uuid, uuid, ret, err);

	if (r < 0 || ret->n_names)
		return r;
	return error_make(err, ENOENT,
			  "%s: its parent, the image with UUID %s, is not among the files beside "
			  "it: put it there or name it",
			  image->source->name, uuid);
}

static void ids_of_image(const struct vd_image *image, struct ids *ret)
{
	*ret = (struct ids){ .uuid = "" };
	if (image->format == &vd_format_vdi)
		ids_of_vdi(&((const struct vdi_state *)image->state)->header, ret);
	else if (image->format == &vd_format_vmdk)
		ids_of_vmdk(&((const struct vmdk_state *)image->state)->descriptor, ret);
}

int vbox_matches_parent(struct vd_image *image, struct vd_image *candidate, const char *uuid,
			const char *modified, struct error **err)
{
	const char *name = image->source->name, *parent = candidate->source->name;
	struct ids ids;

	ids_of_image(candidate, &ids);
	if (strcasecmp(ids.uuid, uuid) != 0)
		return error_make(err, ESTALE, "%s: continues UUID %s, but '%s' has %s", name, uuid,
				  parent, ids.uuid[0] ? ids.uuid : "none");
	if (!modified || strcasecmp(ids.modified, modified) == 0)
		return 0;
	if (!image->read_only)
		return error_make(err, ESTALE,
				  "%s: its parent '%s' was written to after it was made: attach it "
				  "read-only (-r) to save what is left",
				  name, parent);
	findings_add(&image->findings, FINDING_ERROR,
		     "%s: its parent '%s' was written to after it was made", name, parent);
	return 0;
}

/* Need not be random, only unlike all that it was before: a mixing counter (splitmix64). */
void vbox_next_uuid(uint8_t *uuid)
{
	for (unsigned int half = 0; half < 2; half++) {
		uint64_t x = get_le64(uuid + 8ul * half) + 0x9e3779b97f4a7c15ULL;

		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
		x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
		put_le64(uuid + 8ul * half, x ^ x >> 31);
	}
	uuid[7] = (uint8_t)((uuid[7] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}
