// SPDX-License-Identifier: GPL-2.0-or-later
/* archiso: its README.bootparams. */
#include "applets/bootplan/table/value.h"

#define MEDIUM                    \
	{ S_MODE, "overlay" },    \
	{                         \
		S_LIVE, "archiso" \
	}

static const struct parameter archiso[] = {
	{ "archisobasedir=*", USE, .sets = { MEDIUM, { S_LIVE_DIR, "%" } } },
	{ "archisolabel=*", USE, .sets = { MEDIUM, { S_LIVE_HOST, "LABEL=%" } } },
	{ "archisodevice=*", USE, .sets = { MEDIUM, { S_LIVE_HOST, "%" } } },
	{ "archisosearchuuid=?*", USE, .sets = { MEDIUM, { S_MARK, "?/boot/%.uuid" } } },
	{ "archisosearchfilename=/*", USE, .sets = { MEDIUM, { S_MARK, "%" } } },
	{ "archisosearchfilename=*", WRONG, .expected = "a path that begins with /" },
	{ "arch=?*", USE, .sets = { { S_LIVE_ARCH, "%" } } },
	{ "img_dev=*", USE, .sets = { { S_HOST, "%" } } },
	{ "img_label=*", USE, .sets = { { S_HOST, "LABEL=%" } } },
	{ "img_loop=/*", USE, .sets = { { S_ISO, "%" } } },
	{ "img_loop=*", USE, .sets = { { S_ISO, "/%" } } },
	{ "copytoram", SWITCH, .sets = { { S_TORAM, "1" } } },
	{ "copytoram=auto", USE, .sets = { { S_TORAM, "auto" } } },
	{ "copytoram=*", WRONG, .expected = "y, n or auto" },
	{ "cow_device=*", USE, .sets = { { S_COW_HOST, "%" } } },
	{ "cow_label=*", USE, .sets = { { S_COW_HOST, "LABEL=%" } } },
	{ "cow_directory=*", USE, .sets = { { S_COW_DIR, "%" } } },
	{ "cow_spacesize=*", CALL, .sets = { { S_SIZE, NULL } }, .call = take_size,
	  .expected = "a size such as 1500m, 2g or 75%" },
	{ "cow_flags=*", USE, .sets = { { S_COW_FLAGS, "%" } } },
	{ "cow_persistent=*", KEEP, .call = NULL }, /* of snapshots by the device mapper */
	{ "cow_chunksize=*", KEEP, .call = NULL },
	{ "dm_snap_prefix=*", KEEP, .call = NULL },
	{ "archiso_http_srv=*", USE, .sets = { MEDIUM, { S_LIVE_URL, "%" } } },
	{ "archiso_nfs_srv=?*", USE, .sets = { MEDIUM, { S_LIVE_NFS, "%" } } },
	{ "archiso_nfs_opt=*", USE, .sets = { { S_LIVE_NFSOPTS, "%" } } },
	{ "archiso_nbd_srv=?*", USE, .sets = { MEDIUM, { S_ARCHISO_NBD, "%" } } },
	{ "archiso_nbd_name=?*", USE, .sets = { { S_ARCHISO_NBD_NAME, "%" } } },
	{ "checksum", SWITCH, .sets = { { S_CHECKS, "sha512" } } },
	{ "verify=y", USE, .sets = { { S_CHECKS, "gpg" } } },
	{ "cms_verify=y", USE, .sets = { { S_CHECKS, "cms" } } },
};

static const char archiso_unsupported[] =
	"img_flags= copytoram_size= archiso_http_spc= copy_resolvconf= verify= cms_verify=";
static const char archiso_left[] = "mirror= script= accessibility=";

const struct table table_archiso = { "archiso",		  NULL,
				     RANK_FOREIGN,	  archiso,
				     ARRAY_SIZE(archiso), archiso_unsupported,
				     archiso_left };
