// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "builder/profile/check.h"
#include "builder/profile/directives.h"
#include "builder/profile/value.h"

enum root_mode { ROOT_LOOP = 1, ROOT_TMPFS = 2, ROOT_OVERLAY = 4, ROOT_DISK = 8, ROOT_SHARE = 16 };

static unsigned mode_bit(const char *mode)
{
	for (unsigned i = 0; profile_root_modes[i]; i++)
		if (!strcmp(profile_root_modes[i], mode))
			return 1u << i;
	return 0;
}

struct use {
	const char *prefix; /* of the first argument */
	unsigned modes;	    /* in which it means something */
};

/* The modes that have a use for the value; all of them for one that is not listed. */
static unsigned modes_for(const char *value, const struct use *uses, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (after_prefix(value, uses[i].prefix))
			return uses[i].modes;
	return ~0u;
}

static const struct use image_uses[] = {
	{ "/", ROOT_LOOP | ROOT_TMPFS | ROOT_OVERLAY },
	{ "file:", ROOT_LOOP | ROOT_TMPFS | ROOT_OVERLAY },
	{ "http://", ROOT_TMPFS | ROOT_OVERLAY },
	{ "https://", ROOT_TMPFS | ROOT_OVERLAY },
	{ "ftp://", ROOT_TMPFS | ROOT_OVERLAY },
	{ "tftp://", ROOT_TMPFS | ROOT_OVERLAY },
	{ "nbd://", ROOT_OVERLAY | ROOT_DISK },
	{ "9p:", ROOT_SHARE },
	{ "virtiofs:", ROOT_SHARE },
	{ "nfs:", ROOT_SHARE },
};

/* A store makes a writable overlay of any read-only root that is a file system of its own. */
static const struct use persist_uses[] = {
	{ "none", ~0u },
	{ "archive:", ROOT_LOOP | ROOT_OVERLAY | ROOT_DISK | ROOT_TMPFS },
	{ "", ROOT_LOOP | ROOT_OVERLAY | ROOT_DISK },
};

/* The partitions of a disk that a server has are looked for by vdattach, as those of an image. */
static const struct use remote_partition_uses[] = { { "", ROOT_OVERLAY | ROOT_DISK } };
static const struct use partition_uses[] = { { "", ROOT_LOOP | ROOT_OVERLAY } };
static const struct use size_uses[] = { { "", ROOT_LOOP | ROOT_TMPFS | ROOT_OVERLAY | ROOT_DISK } };
static const struct use host_uses[] = { { "any", ~0u },
					{ "", ROOT_LOOP | ROOT_TMPFS | ROOT_OVERLAY | ROOT_DISK } };

/* A setting that the root mode has no use for was meant for another mode: refuse, rather than
 * ignore. */
static void check_use(const struct profile *profile, const struct stmt *root, enum stmt_kind kind,
		      const struct use *uses, size_t n, struct diag *diag)
{
	const struct stmt *stmt = profile_last(profile, kind);
	unsigned modes;

	if (!stmt)
		return;
	modes = modes_for(stmt->argv[0], uses, n);
	if (modes & mode_bit(root->argv[0]))
		return;
	stmt_diag(diag, DIAG_ERROR, stmt, 0, "'%s %s' means nothing with 'root %s' (%s:%u)",
		  stmt->directive, stmt->argv[0], root->argv[0], root->loc.file, root->loc.line);
}

/* A directory of layers, as Slax has it, is one for overlay. */
static void check_image_directory(const struct stmt *image, const struct stmt *root,
				  struct diag *diag)
{
	const char *path = image->argv[0];

	if (path[0] == '/' && path[strlen(path) - 1] == '/' &&
	    strcmp(root->argv[0], "overlay") != 0)
		stmt_diag(diag, DIAG_ERROR, image, 0, "'%s' is a directory; 'root %s' wants a file",
			  path, root->argv[0]);
}

/* What is copied into the image is not looked for on a host. */
static void check_embedded_host(const struct profile *profile, struct diag *diag)
{
	const struct stmt *image = profile_last(profile, STMT_IMAGE);
	const struct stmt *host = profile_last(profile, STMT_HOST);

	if (image && host && image->argv[0][0] != '/' && strcmp(host->argv[0], "any") != 0)
		stmt_diag(diag, DIAG_WARNING, host, 0,
			  "'host' has no use: 'image %s' lies on no disk", image->argv[0]);
}

void check_together(const struct profile *profile, struct diag *diag)
{
	const struct stmt *root = profile_last(profile, STMT_ROOT);
	const struct stmt *image = profile_last(profile, STMT_IMAGE);

	check_embedded_host(profile, diag);
	if (!root)
		return;
	check_use(profile, root, STMT_IMAGE, image_uses, ARRAY_SIZE(image_uses), diag);
	if (image)
		check_image_directory(image, root, diag);
	check_use(profile, root, STMT_PERSIST, persist_uses, ARRAY_SIZE(persist_uses), diag);
	if (image && after_prefix(image->argv[0], "nbd://"))
		check_use(profile, root, STMT_PARTITION, remote_partition_uses,
			  ARRAY_SIZE(remote_partition_uses), diag);
	else
		check_use(profile, root, STMT_PARTITION, partition_uses, ARRAY_SIZE(partition_uses),
			  diag);
	check_use(profile, root, STMT_SIZE, size_uses, ARRAY_SIZE(size_uses), diag);
	check_use(profile, root, STMT_HOST, host_uses, ARRAY_SIZE(host_uses), diag);
}
