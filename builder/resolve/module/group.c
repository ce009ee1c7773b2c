// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/group.h"

#include <fnmatch.h>
#include <string.h>

#include "common/macro.h"

/*
 * Patterns are matched against the path below kernel/ without ".ko*"; '*' does not cross a '/', and
 * a plain path that ends in '/' takes everything below it. '!' in front takes away; the last
 * pattern that matches decides. '=' in front is another group.
 */
struct module_group {
	const char *name;
	const char *const *patterns;
};

#define PATTERNS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct module_group groups[] = {
	{ "all", PATTERNS("/") },
	/* disks of every bus, and what lies on them; no targets, test drivers, PC cards, tapes and
	   media changers */
	{ "block",
	  PATTERNS("drivers/ata/", "drivers/block/", "!drivers/block/null_blk/",
		   "!drivers/block/brd", "!drivers/block/drbd/", "!drivers/block/rbd",
		   "!drivers/block/xen-blkback/", "drivers/cdrom/", "drivers/scsi/",
		   "!drivers/scsi/scsi_debug", "!drivers/scsi/st", "!drivers/scsi/ch",
		   "!drivers/scsi/pcmcia/", "!drivers/scsi/qla2xxx/tcm_*",
		   "!drivers/ata/pata_pcmcia", "drivers/nvme/host/", "!drivers/nvme/host/nvme-rdma",
		   "drivers/nvme/common/", "drivers/mmc/", "!drivers/mmc/core/sdio_uart",
		   "drivers/memstick/", "drivers/message/fusion/",
		   "!drivers/message/fusion/mpt[cl]*", "drivers/ufs/", "drivers/nvdimm/",
		   "drivers/firewire/firewire-*", "!drivers/firewire/firewire-net",
		   "drivers/hv/hv_vmbus", "drivers/misc/cardreader/", "drivers/md/dm-mod",
		   "drivers/virtio/virtio", "drivers/virtio/virtio_ring",
		   "drivers/virtio/virtio_pci*", "drivers/virtio/virtio_mmio") },
	{ "ata", PATTERNS("drivers/ata/", "drivers/scsi/s[dr]_mod") },
	{ "scsi", PATTERNS("drivers/scsi/", "!drivers/scsi/scsi_debug", "!drivers/scsi/pcmcia/") },
	{ "nvme", PATTERNS("drivers/nvme/host/", "drivers/nvme/common/") },
	{ "mmc", PATTERNS("drivers/mmc/", "drivers/misc/cardreader/") },
	{ "cdrom", PATTERNS("drivers/cdrom/", "drivers/scsi/sr_mod", "fs/isofs/", "fs/udf/") },
	{ "md", PATTERNS("drivers/md/", "!drivers/md/dm-vdo/", "lib/raid6/", "lib/raid/",
			 "crypto/async_tx/") },
	{ "dm", PATTERNS("drivers/md/dm-*", "drivers/md/persistent-data/") },
	{ "crypto", PATTERNS("crypto/", "!crypto/tcrypt", "arch/*/crypto/*", "lib/crypto/",
			     "drivers/crypto/", "drivers/md/dm-crypt") },
	/* host controllers, storage, and keyboards for the rescue shell */
	{ "usb",
	  PATTERNS("drivers/usb/host/", "!drivers/usb/host/sl811*", "drivers/usb/core/usbcore",
		   "drivers/usb/common/", "drivers/usb/storage/", "drivers/usb/dwc[23]/*",
		   "drivers/usb/chipidea/", "drivers/usb/roles/", "drivers/hid/usbhid/usbhid",
		   "drivers/hid/hid", "drivers/hid/hid-generic") },
	/* keyboards and what they hang on */
	{ "hid",
	  PATTERNS("drivers/hid/hid*", "!drivers/hid/hid-roccat*", "!drivers/hid/hid-sensor*",
		   "drivers/hid/usbhid/usbhid", "drivers/hid/i2c-hid/", "drivers/hid/surface-hid/",
		   "drivers/hid/intel-ish-hid/", "drivers/input/keyboard/", "drivers/input/serio/",
		   "!drivers/input/serio/serport", "!drivers/input/serio/parkbd") },
	/* wired network cards, and links made of several; wireless ones and modems need more than a
	   driver */
	{ "net",
	  PATTERNS("drivers/net/ethernet/", "!drivers/net/ethernet/sfc/falcon/", "drivers/net/phy/",
		   "drivers/net/mdio/", "drivers/net/pcs/", "drivers/net/usb/",
		   "!drivers/net/usb/cdc[-_]phonet", "!drivers/net/usb/cdc_mbim",
		   "!drivers/net/usb/hso", "!drivers/net/usb/qmi_wwan",
		   "!drivers/net/usb/sierra_net", "!drivers/net/usb/lg-vl600",
		   "drivers/net/hyperv/", "drivers/net/vmxnet3/", "drivers/net/virtio_net",
		   "drivers/net/xen-netfront", "drivers/net/mii", "drivers/net/mdio",
		   "drivers/net/net_failover", "drivers/net/bonding/", "net/8021q/8021q",
		   "net/core/failover", "net/packet/af_packet", "net/ipv6/ipv6") },
	/* file systems that a root or an image can lie on; not what only a server, a cluster or a
	   museum mounts */
	{ "fs", PATTERNS("fs/", "!fs/afs/", "!fs/bcachefs/", "!fs/ceph/", "!fs/coda/", "!fs/dlm/",
			 "!fs/ecryptfs/", "!fs/gfs2/", "!fs/jffs2/", "!fs/ubifs/", "!fs/vboxsf/",
			 "!fs/nfsd/", "!fs/ocfs2/", "!fs/orangefs/", "!fs/smb/",
			 "!fs/nfs/blocklayout/", "!fs/nfs/flexfilelayout/", "!fs/adfs/",
			 "!fs/affs/", "!fs/befs/", "!fs/bfs/", "!fs/efs/", "!fs/freevxfs/",
			 "!fs/hpfs/", "!fs/omfs/", "!fs/qnx[46]/*", "!fs/sysv/", "!fs/zonefs/",
			 "!fs/pstore/", "!fs/binfmt_misc", "!fs/cachefiles/", "!fs/autofs/",
			 "!fs/quota/", "net/9p/9pnet", "net/9p/9pnet_virtio", "net/9p/9pnet_fd") },
	{ "virtio",
	  PATTERNS("drivers/virtio/", "!drivers/virtio/virtio_vdpa", "drivers/block/virtio_blk",
		   "drivers/scsi/virtio_scsi", "drivers/scsi/sd_mod", "drivers/scsi/sr_mod",
		   "drivers/net/virtio_net", "drivers/char/hw_random/virtio-rng",
		   "drivers/char/virtio_console", "drivers/crypto/virtio/", "fs/fuse/virtiofs",
		   "net/9p/9pnet_virtio", "fs/9p/", "drivers/nvdimm/virtio_pmem",
		   "drivers/firmware/qemu_fw_cfg") },
	/* every hypervisor's paravirtual disks and network cards */
	{ "vm", PATTERNS("=virtio", "drivers/hv/", "drivers/net/hyperv/", "drivers/scsi/hv_storvsc",
			 "drivers/input/serio/hyperv-keyboard", "drivers/net/vmxnet3/",
			 "drivers/scsi/vmw_pvscsi", "drivers/misc/vmw_vmci/",
			 "drivers/block/xen-blkfront", "drivers/net/xen-netfront",
			 "drivers/scsi/xen-scsifront", "drivers/ata/ahci", "drivers/ata/ata_piix",
			 "drivers/nvme/host/", "drivers/nvme/common/",
			 "drivers/net/ethernet/intel/e1000*/*") },
	{ "drm", PATTERNS("drivers/gpu/drm/", "drivers/video/fbdev/core/",
			  "drivers/platform/x86/wmi", "drivers/platform/wmi/wmi") },
	{ "loop", PATTERNS("drivers/block/loop", "drivers/block/nbd", "drivers/block/ublk_drv",
			   "drivers/md/dm-mod", "drivers/md/dm-zero", "drivers/md/dm-snapshot",
			   "fs/fuse/fuse") },
	/* images of which each block is verified; with the hash by the processor's instructions */
	{ "verity", PATTERNS("drivers/md/dm-verity", "arch/*/crypto/sha256*") },
	{ "netfs",
	  PATTERNS("fs/nfs/", "fs/nfs_common/", "fs/lockd/", "fs/smb/client/", "fs/smb/common/",
		   "fs/9p/", "net/9p/9pnet", "net/9p/9pnet_fd", "net/sunrpc/") },
};

const struct module_group *module_group_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (strcmp(groups[i].name, name) == 0)
			return &groups[i];
	return NULL;
}

const char *module_group_name(const void *context, size_t i)
{
	return i < ARRAY_SIZE(groups) ? groups[i].name : NULL;
}

static bool pattern_matches(const char *pattern, const char *path, const char *full)
{
	size_t len = strlen(pattern);

	if (pattern[0] == '=')
		return module_group_has(module_group_find(pattern + 1), full);
	if (pattern[len - 1] != '/')
		return fnmatch(pattern, path, FNM_PATHNAME) == 0;
	return len == 1 || strncmp(path, pattern, len) == 0;
}

bool module_group_has(const struct module_group *group, const char *path)
{
	char bare[256];
	const char *start = strncmp(path, "kernel/", 7) == 0 ? path + 7 : path;
	const char *end = strstr(start, ".ko");
	size_t len = end ? (size_t)(end - start) : strlen(start);
	bool has = false;

	if (len >= sizeof(bare))
		return false;
	memcpy(bare, start, len);
	bare[len] = '\0';
	for (const char *const *p = group->patterns; *p; p++) {
		bool out = **p == '!';

		if (has == out && pattern_matches(*p + out, bare, path))
			has = !out;
	}
	return has;
}
