// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Media that other live systems laid out: which image and which store the parameters of a system
 * (table/live.c for live-boot) mean when all of them are known.
 */
#include <string.h>

#include "applets/bootplan/settle.h"
#include "applets/bootplan/table/value.h"

static const char * or (const char *text, const char *other)
{
	return *text ? text : other;
}

/* Without a '/' at its begin and end */
static const char *bare(struct plan *plan, const char *dir)
{
	size_t len;

	dir += *dir == '/';
	len = strlen(dir);
	return plan_text(plan, "%.*s", (int)(len && dir[len - 1] == '/' ? len - 1 : len), dir);
}

static const char *dracut_image(struct plan *plan, const char *dir)
{
	if (plan_has(plan, S_IMAGE) && plan_rank(plan, S_IMAGE) >= plan_rank(plan, S_LIVE))
		return NULL; /* of root=live:ADDRESS */
	dir = or (dir, "LiveOS");
	plan_set(plan, S_ALSO, 0, plan_text(plan, "/%s/rootfs.img", dir));
	plan_set(plan, S_ALSO, 0, plan_text(plan, "/%s/ext3fs.img", dir));
	return plan_text(plan, "/%s/%s", dir, or (plan_get(plan, S_LIVE_FILE), "squashfs.img"));
}

static const char *live_boot_image(struct plan *plan, const char *dir)
{
	if (strstr(plan_get(plan, S_IMAGE), "://") &&
	    plan_rank(plan, S_IMAGE) >= plan_rank(plan, S_LIVE))
		return NULL; /* of fetch= */
	dir = or (dir, "live");
	plan_set(plan, S_ALSO, 0, plan_text(plan, "/%s/", dir));
	return plan_text(plan, "/%s/filesystem.squashfs", dir);
}

/* A path of layerfs-path= counts from the directory of the images, or is one of the running live
 * system. */
static const char *casper_image(struct plan *plan, const char *dir)
{
	const char *file = plan_get(plan, S_LIVE_FILE);

	dir = or (dir, "casper");
	if (!*file)
		return plan_text(plan, "/%s/", dir);
	if (strncmp(file, "/cdrom/", 7) == 0)
		return file + strlen("/cdrom");
	return *file == '/' ? file : plan_text(plan, "/%s/%s", dir, file);
}

static const char *archiso_image(struct plan *plan, const char *dir)
{
	const char *url = plan_get(plan, S_LIVE_URL),
		   *arch = or (plan_get(plan, S_LIVE_ARCH), "x86_64");
	size_t len = strlen(url);

	if (len && url[len - 1] == '/')
		len--;
	dir = or (dir, "arch");
	if (!len)
		plan_set(plan, S_ALSO, 0, plan_text(plan, "/%s/%s/airootfs.erofs", dir, arch));
	return plan_text(plan, "%.*s/%s/%s/airootfs.sfs", (int)len, url, dir, arch);
}

static const char *slax_image(struct plan *plan, const char *dir)
{
	if (!*dir) {
		plan_set(plan, S_ALSO, 0, "/minios/");
		plan_set(plan, S_ALSO, 0, "/porteus/");
	}
	return plan_text(plan, "/%s/", or (dir, "slax"));
}

static const char *knoppix_image(struct plan *plan, const char *dir)
{
	return plan_text(plan, "/%s/KNOPPIX", or (dir, "KNOPPIX"));
}

/* Without a directory and a partition any would do. */
static const char *puppy_image(struct plan *plan, const char *dir)
{
	if (!*dir && !plan_has(plan, S_LIVE_HOST) && !plan_has(plan, S_HOST))
		return NULL;
	return plan_text(plan, "%s%s/%s", *dir ? "/" : "", dir, plan_get(plan, S_LIVE_FILE));
}

/* A path of sq= counts from the top of the medium. */
static const char *antix_image(struct plan *plan, const char *dir)
{
	const char *file = plan_get(plan, S_LIVE_FILE);

	if (*file == '/')
		return file + (file[1] == '/');
	return plan_text(plan, "/%s/%s", or (dir, "antiX"), or (file, "linuxfs"));
}

static const char *liveslak_image(struct plan *plan, const char *dir)
{
	return plan_text(plan, "/%s/system/", or (dir, "liveslak"));
}

static const char *miso_image(struct plan *plan, const char *dir)
{
	return plan_text(plan, "/%s/x86_64/", or (dir, "manjaro"));
}

static const struct layout {
	const char *name;
	const char *(*image)(struct plan *plan, const char *dir);
} layouts[] = {
	{ "dracut", dracut_image },   { "live", live_boot_image }, { "casper", casper_image },
	{ "archiso", archiso_image }, { "slax", slax_image },	   { "knoppix", knoppix_image },
	{ "puppy", puppy_image },     { "antix", antix_image },	   { "liveslak", liveslak_image },
	{ "miso", miso_image },
};

/* An image that a parameter of a higher rank names is no part of a medium. */
static void settle_image(struct plan *plan, const char *dir)
{
	const int rank = MAX(plan_rank(plan, S_LIVE),
			     MAX(plan_rank(plan, S_LIVE_NFS), plan_rank(plan, S_LIVE_NETBOOT)));
	const char *image = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (strcmp(plan_get(plan, S_LIVE), layouts[i].name) == 0)
			image = layouts[i].image(plan, dir);
	if (image)
		plan_set(plan, S_IMAGE, rank, image);
	if (!plan_has(plan, S_IMAGE) || plan_rank(plan, S_IMAGE) <= rank)
		return;
	plan_force(plan, S_LIVE, 0, "");
	plan_force(plan, S_ALSO, 0, "");
	plan_force(plan, S_MARK, 0, "");
	plan_force(plan, S_LIVE_NFS, 0, "");
}

/* ${pxeserver} stands for the server of the lease */
static void settle_nbd(struct plan *plan)
{
	static const char lease[] = "${pxeserver}";
	const char *server = plan_get(plan, S_ARCHISO_NBD);

	if (!*server)
		return;
	if (strncmp(server, lease, strlen(lease)) == 0)
		server += strlen(lease);
	plan_set(plan, S_LIVE_HOST, plan_rank(plan, S_ARCHISO_NBD),
		 plan_text(plan, "nbd://%s/%s", server,
			   or (plan_get(plan, S_ARCHISO_NBD_NAME), "archiso")));
}

/* Of a medium in a file the parameters tell the label, not that of the partition with the file. */
static void settle_medium(struct plan *plan)
{
	settle_nbd(plan);
	if (plan_has(plan, S_LIVE_NETBOOT))
		plan_force(plan, S_LIVE_NFS, plan_rank(plan, S_LIVE_NETBOOT),
			   plan_get(plan, S_NFSROOT));
	if (plan_has(plan, S_ISO) || plan_has(plan, S_LIVE_NFS))
		plan_force(plan, S_MARK, 0, "");
	else if (plan_has(plan, S_LIVE_HOST))
		plan_set(plan, S_HOST, plan_rank(plan, S_LIVE_HOST), plan_get(plan, S_LIVE_HOST));
}

static void settle_cow(struct plan *plan)
{
	const char *host = plan_get(plan, S_COW_HOST), *dir = plan_get(plan, S_COW_DIR);
	const char *label = plan_get(plan, S_LIVE_HOST); /* of archisolabel= */

	if (!*host)
		return;
	if (strncmp(label, "LABEL=", 6) != 0)
		label = "LABEL=";
	if (!*dir)
		dir = plan_text(plan, "persistent_%s/%s", label + 6,
				or (plan_get(plan, S_LIVE_ARCH), "x86_64"));
	plan_set(plan, S_PERSIST, plan_rank(plan, S_COW_HOST),
		 plan_text(plan, "archiso:%s:/%s", host, dir + (*dir == '/')));
}

/*
 * liveslak keeps changes without being asked, where its medium has a place for them. 'persist ram'
 * of a profile is meant for its own image, 'nop' for the medium.
 */
static bool keeps_by_itself(const struct plan *plan)
{
	if (plan_has(plan, S_PERSIST) && (strcmp(plan_get(plan, S_PERSIST), "ram") != 0 ||
					  plan_rank(plan, S_PERSIST) >= plan_rank(plan, S_LIVE)))
		return false;
	return strcmp(plan_get(plan, S_LIVE), "liveslak") == 0 && !plan_has(plan, S_TORAM) &&
	       !plan_has(plan, S_ISO);
}

/* What the parameters of a store leave open */
static void settle_store(struct plan *plan, const char *dir)
{
	const char *store = plan_get(plan, S_PERSIST), *path = plan_get(plan, S_CASPER_PATH),
		   *whole = NULL;

	path += *path == '/';
	if (strcmp(store, "casper:") == 0)
		whole = plan_text(plan, "casper:/%s", path);
	else if (strcmp(store, "antix:") == 0)
		whole = plan_text(plan, "file:/%s/rootfs", or (dir, "antiX"));
	else if (keeps_by_itself(plan))
		whole = "liveslak:/persistence";
	else if (strcmp(store, "live:") == 0)
		whole = plan_text(plan, "live:%s:/%s",
				  or (plan_get(plan, S_LIVE_LABEL), "persistence"), path);
	else if (strncmp(store, "slax:", 5) == 0 && store[strlen(store) - 1] == ':')
		whole = plan_text(plan, "%s/%s/changes", store, or (dir, "slax"));
	if (whole)
		plan_force(plan, S_PERSIST,
			   MAX(plan_rank(plan, S_PERSIST), plan_rank(plan, S_LIVE)), whole);
	settle_cow(plan);
}

void settle_live(struct plan *plan)
{
	const char *dir = bare(plan, plan_get(plan, S_LIVE_DIR)), *root = plan_get(plan, S_ROOT);

	if (plan_has(plan, S_RD_LIVE) && !plan_has(plan, S_LIVE) && *root) {
		take_root_medium(plan, strncmp(root, "live:", 5) == 0 ? root + 5 : root,
				 plan_rank(plan, S_RD_LIVE));
		plan_force(plan, S_ROOT, 0, "");
	}
	settle_medium(plan);
	settle_image(plan, dir);
	if (strcmp(plan_get(plan, S_LIVE), "archiso") == 0 && plan_has(plan, S_LIVE_NFS) &&
	    plan_rank(plan, S_TORAM) == RANK_NONE)
		plan_force(plan, S_TORAM, plan_rank(plan, S_LIVE_NFS), "1");
	settle_store(plan, dir);
}
