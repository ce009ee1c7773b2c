// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/tree/container.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define WHITEOUT  ".wh."
#define AUFS_OWN  ".wh..wh."
#define ID_LENGTH 64

static bool has_id(const char *path)
{
	size_t i;

	for (i = 0; i < ID_LENGTH; i++)
		if (!isxdigit((unsigned char)path[i]))
			return false;
	return true;
}

/* blobs/sha256/ID of OCI and Docker 25, ID/layer.tar of Docker before, ID.tar of podman */
static bool is_layer(const char *path)
{
	if (has_prefix(path, "blobs/sha256/"))
		return has_id(path + strlen("blobs/sha256/"));
	return has_id(path) && (strcmp(path + ID_LENGTH, "/layer.tar") == 0 ||
				strcmp(path + ID_LENGTH, ".tar") == 0);
}

static void container_count_whiteout(struct container *container, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (!has_prefix(name, WHITEOUT) || has_prefix(name, AUFS_OWN))
		return;
	if (container->whiteouts++ == 0)
		snprintf(container->first, sizeof(container->first), "%s", path);
}

int container_look(struct container *container, const char *path, struct error **err)
{
	if (has_prefix(path, "./"))
		path += 2;
	container_count_whiteout(container, path);
	if (strcmp(path, "manifest.json") == 0 || strcmp(path, "oci-layout") == 0)
		container->manifest = true;
	if (is_layer(path))
		container->layer = true;
	if (!container->manifest || !container->layer)
		return 0;
	return error_make(
		err, EBADMSG,
		"the archive is a container image (docker save, OCI), not a root: unpack its "
		"layers into one, by 'docker export' or 'umoci unpack', and pack that");
}
