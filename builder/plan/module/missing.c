// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drivers that a root cannot do without. An image that lacks one is built, since the command line,
 * a hook or a file may know better, but not without a word. Of a group only what the kernel has as
 * modules is missed: another of its drivers may be built in.
 */
#include <stdio.h>
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/profile/value.h"
#include "builder/resolve/module/dependencies.h"
#include "common/text.h"

/* One of them is enough: begins of places below kernel/, and names for what is built in. */
struct drivers {
	const char *const *places, *const *builtin;
};

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct drivers disks = {
	LIST("drivers/ata/ahci", "drivers/ata/pata_", "drivers/ata/sata_", "drivers/ata/ata_",
	     "drivers/nvme/host/nvme.", "drivers/mmc/host/", "drivers/usb/storage/",
	     "drivers/block/virtio_blk", "drivers/block/xen-blkfront", "drivers/scsi/virtio_scsi",
	     "drivers/scsi/hv_storvsc", "drivers/scsi/vmw_pvscsi", "drivers/scsi/xen-scsifront",
	     "drivers/scsi/aacraid/", "drivers/scsi/megaraid/", "drivers/scsi/mpt3sas/",
	     "drivers/scsi/smartpqi/", "drivers/scsi/hpsa", "drivers/message/fusion/mptspi",
	     "drivers/firewire/firewire-sbp2", "drivers/ufs/", "drivers/nvdimm/virtio_pmem"),
	LIST("ahci", "ata_piix", "nvme", "virtio_blk", "virtio_scsi", "usb_storage", "mmc_block",
	     "xen_blkfront", "hv_storvsc"),
};
static const struct drivers cards = {
	LIST("drivers/net/ethernet/", "drivers/net/usb/", "drivers/net/virtio_net",
	     "drivers/net/vmxnet3/", "drivers/net/hyperv/", "drivers/net/xen-netfront"),
	LIST("virtio_net", "e1000", "e1000e", "igb", "r8169", "hv_netvsc", "xen_netfront"),
};
static const struct drivers file_systems = {
	LIST("fs/ext4/", "fs/fat/vfat", "fs/exfat/", "fs/ntfs3/", "fs/ntfs/", "fs/xfs/",
	     "fs/btrfs/", "fs/f2fs/", "fs/isofs/"),
	LIST("ext4", "vfat", "exfat", "ntfs3", "ntfs", "xfs", "btrfs", "f2fs", "isofs"),
};

static bool is_one(const struct module *module, const struct drivers *drivers)
{
	const char *place = module->place + (has_prefix(module->place, "kernel/") ? 7 : 0);

	for (size_t i = 0; drivers->places[i]; i++)
		if (has_prefix(place, drivers->places[i]))
			return true;
	return false;
}

static bool lacks(const struct module_table *table, const struct drivers *drivers)
{
	bool has = false;

	for (size_t i = 0; i < table->count; i++) {
		if (!is_one(&table->modules[i], drivers))
			continue;
		if (table->modules[i].chosen)
			return false;
		has = true;
	}
	for (size_t i = 0; drivers->builtin[i]; i++)
		if (module_table_is_builtin(table, drivers->builtin[i]))
			return false;
	return has;
}

/* What the profile says of the root */
struct wanted {
	const struct stmt *root, *image; /* NULL: left to the command line */
	const char *mode, *where;
};

static bool is_mode(const struct wanted *wanted, const char *mode)
{
	return strcmp(wanted->mode, mode) == 0;
}

static bool is_remote(const struct wanted *wanted)
{
	return strstr(wanted->where, "://") || has_prefix(wanted->where, "nfs:");
}

static bool is_on_disk(const struct wanted *wanted)
{
	return !is_mode(wanted, "share") && !is_remote(wanted) &&
	       !has_prefix(wanted->where, "file:");
}

static void warn(struct planner *planner, const struct wanted *wanted, const char *lacking,
		 const char *consequence, const char *line)
{
	stmt_diag(planner->diag, DIAG_WARNING,
		  wanted->image && !is_on_disk(wanted) ? wanted->image : wanted->root, 0,
		  "%s is in the image: %s; add 'module %s'", lacking, consequence, line);
}

/* One module, which the kernel has and the image lacks, or which the kernel lacks as well */
static void warn_of_module(struct planner *planner, const struct wanted *wanted,
			   const struct module_table *table, const char *name)
{
	const struct module *module = module_table_find(table, name);
	char lacking[64];

	if (module && module->chosen)
		return;
	if (module) {
		snprintf(lacking, sizeof(lacking), "no module '%s'", name);
		warn(planner, wanted, lacking, "the root cannot be mounted", name);
		return;
	}
	/* a module that the image itself asks for is an error already */
	if (!module_table_lacks(table, name) || strcmp(name, "nbd") == 0)
		return;
	stmt_diag(planner->diag, DIAG_WARNING, wanted->image ? wanted->image : wanted->root, 0,
		  "kernel %s has no driver '%s', and the root cannot be mounted without; install "
		  "the package of the kernel's extra modules, or use a kernel that has it",
		  planner->host->kver, name);
}

static void warn_of_hardware(struct planner *planner, const struct wanted *wanted,
			     const struct module_table *table)
{
	const bool no_disk = lacks(table, &disks), no_card = lacks(table, &cards);

	if (is_remote(wanted) && no_card)
		warn(planner, wanted, "no driver of a network card", "no server can be reached",
		     "=net =virtio");
	/* of a root in RAM the command line may name the server */
	if (!is_on_disk(wanted) || (is_mode(wanted, "tmpfs") && !wanted->image && !no_card))
		return;
	if (no_disk)
		warn(planner, wanted, "no driver of a disk controller", "no disk will be found",
		     "=block =usb =virtio");
	else if (lacks(table, &file_systems))
		warn(planner, wanted, "no file system of a disk", "no partition can be mounted",
		     "=fs");
}

static void warn_of_modules(struct planner *planner, const struct wanted *wanted,
			    const struct module_table *table)
{
	static const struct {
		const char *mode, *image, *module;
	} needs[] = {
		{ "overlay", "", "overlay" },
		{ "overlay", "/", "loop" },
		{ "loop", "", "loop" },
		{ "share", "9p:", "9p" },
		{ "share", "9p:", "9pnet_virtio" },
		{ "share", "virtiofs:", "virtiofs" },
		{ "share", "nfs:", "nfs" },
		{ "disk", "nbd:", "nbd" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (is_mode(wanted, needs[i].mode) && has_prefix(wanted->where, needs[i].image))
			warn_of_module(planner, wanted, table, needs[i].module);
}

/* The layer's own file system, by the name of the file */
static void warn_of_layer(struct planner *planner, const struct wanted *wanted,
			  const struct module_table *table)
{
	static const char *const endings[][2] = {
		{ ".sfs", "squashfs" },
		{ ".sqfs", "squashfs" },
		{ ".squashfs", "squashfs" },
		{ ".erofs", "erofs" },
	};
	const char *dot = strrchr(wanted->where, '.');

	for (size_t i = 0; dot && is_mode(wanted, "overlay") && i < ARRAY_SIZE(endings); i++)
		if (strcmp(dot, endings[i][0]) == 0)
			warn_of_module(planner, wanted, table, endings[i][1]);
}

int plan_warn_missing(struct planner *planner, const struct module_table *table, struct error **err)
{
	const struct stmt *root = profile_last(planner->profile, STMT_ROOT);
	const struct stmt *image = profile_last(planner->profile, STMT_IMAGE);
	const struct wanted wanted = { root, image, root ? root->argv[0] : "",
				       image ? image->argv[0] : "" };

	if (wanted.root) {
		warn_of_hardware(planner, &wanted, table);
		warn_of_modules(planner, &wanted, table);
		warn_of_layer(planner, &wanted, table);
		return 0;
	}
	if (planner->profile->stmts.len)
		return 0;
	return plan_note(
		&planner->plan->notes,
		strdup("the profile is empty, and the image has no driver to find a root with; "
		       "begin with 'include overlay' or another of 'mkvinitrd profile list'"),
		err);
}
