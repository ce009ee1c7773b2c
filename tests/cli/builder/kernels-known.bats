#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# What the builder knows of kernels, against real ones: Debian's 6.1, 6.12 and the current one.
# shellcheck disable=SC2154 # output, stderr, status: by bats
bats_require_minimum_version 1.5.0
load builder

setup_file() {
	kernels 6.1 6.12 current >"$BATS_FILE_TMPDIR/kernels"
	[ "$(wc -l <"$BATS_FILE_TMPDIR/kernels")" = 3 ]
}

setup() {
	builder_setup
	unset MKVINITRD_DATA MKVINITRD_APPLETS
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	mapfile -t kernels <"$BATS_FILE_TMPDIR/kernels"
}

# use_kernel DIRECTORY: S, KVER and INDEX are its root, its version and where its indexes are
use_kernel() {
	S=$1
	KVER=$(basename "$S"/lib/modules/*)
	INDEX=$S/lib/modules/$KVER
}

# Reads names of modules or paths of files, gives sorted names in one spelling.
normal() {
	sed 's|.*/||; s|\.ko.*||; s|-|_|g' | sort -u
}

# In the image or the plan on stdin.
packed() {
	sed -n 's|^lib/modules/[^/]*/\(kernel/.*\.ko[.a-z]*\)\( .*\)*$|\1|p'
}

# group NAME: the modules that 'module =NAME' brings, and all that the kernel has built in
group() {
	printf 'module =%s\nfirmware none\n' "$1" >"$1.profile"
	{ plan -p "./$1.profile" | packed && cat "$INDEX/modules.builtin"; } | normal
}

# has GROUP NAME...: each is in it or built in
has() {
	group "$1" >have
	printf '%s\n' "${@:2}" | normal | comm -23 - have >lacks
	[ ! -s lacks ] || { echo "$KVER, =$1 lacks: $(paste -sd' ' lacks)" && return 1; }
}

@test "every profile builds on each kernel, is called good, and holds what modprobe would load for each module in it" {
	for kernel in "${kernels[@]}"; do
		use_kernel "$kernel"
		for profile in "$TOP"/profiles/*.profile; do
			profile=$(basename "$profile" .profile)
			options=()
			case $profile in
			common) options=(-s 'root disk') ;;
			# parts of others, with programs of the machine: below
			luks | lvm | raid | tpm2 | fido2 | ssh | splash) continue ;;
			tls) continue ;;               # a part without modules
			rescue) options=(-s 'module =md =dm =crypto =drm =vm =mmc =cdrom') ;;
			esac
			# what is in an image does not depend on how it is packed
			[ -n "${CHECK_ALL:-}" ] || options+=(-s 'compress none')
			"$M" build -q -p "$profile" -r "$S" -o "$profile.img" "${options[@]}" || { echo "$profile on $KVER" && return 1; }
			"$M" check -q -k "$S/vmlinuz" "$profile.img"
			"$M" ls "$profile.img" | packed | sed 's/[.]ko.*/.ko/' | sort >modules
			[ "$(wc -l <modules)" -gt 20 ]
			normal <modules >names
			xargs modprobe -C /dev/null -d "$S" -S "$KVER" -a --show-depends <names |
				sed -n "s|^insmod .*/lib/modules/$KVER/\([^ ]*[.]ko\).*|\1|p" |
				sort -u >needed
			comm -13 modules needed >lacks
			[ ! -s lacks ] ||
				{ echo \
					"$profile on $KVER lacks what modprobe loads: $(cat lacks)" && return 1; }
		done
	done
}

@test "what the profiles luks, lvm and raid ask of a kernel is in each kernel" {
	for kernel in "${kernels[@]}"; do
		use_kernel "$kernel"
		printf 'include disk\nmodule dm_crypt =crypto =dm =md\n' >t.profile
		build
		"$M" check -q -k "$S/vmlinuz" out.img
		"$M" ls out.img | packed | normal >have
		grep -x dm_crypt have
		grep -x raid1 have
	done
}

# Names in the tables of the builder, in profiles and in scripts of the image.
named_modules() {
	sed -n '/companions\[\] = {/,/^};/p' "$TOP/builder/resolve/module/modules.c" |
		sed 's|, "[^"]*" },$||' | grep -o '"[a-z0-9_]*"' | tr -d '"'
	cat "$TOP"/profiles/*.profile | sed -n 's/^\(module\|blacklist\) //p' | tr ' ' '\n' |
		grep -x '[a-z0-9_]*'
	find "$TOP/skel/lib" -name "*.sh" -exec cat {} + |
		sed -n 's/2>.*//; s/.*modprobe -[aq] \([a-z0-9_ ]*\).*/\1/p' | tr ' ' '\n' |
		grep -x '[a-z0-9_]\{1,\}'
	find "$TOP/applets" -name '*.c' -exec cat {} + |
		sed -n 's/.*module_request("\([a-z0-9_]*\)").*/\1/p'
}

@test "every module that tables, profiles and scripts name is one of each kernel, or known not to be" {
	named_modules | sort -u >named
	[ "$(wc -l <named)" -gt 35 ]
	for name in ntfs3 ublk_drv bonding dm_crypt; do grep -qx "$name" named; done
	for kernel in "${kernels[@]}"; do
		use_kernel "$kernel"
		{ cut -d: -f1 "$INDEX/modules.dep" && cat "$INDEX/modules.builtin"; } | normal >have
		comm -23 named have | paste -sd' ' >lacks
		# NTFS: no driver, ntfs3, or ntfs. Before ublk there was nbd.
		case $KVER in
		6.1.*) known='ntfs ntfs3 ublk_drv' ;;
		6.12.*) known='ntfs' ;;
		*) known='ntfs3' ;;
		esac
		[ "$(cat lacks)" = "$known" ] || { echo "$KVER has no: $(cat lacks)" && return 1; }
	done
}

@test "every pattern of a module group matches something in one of the kernels" {
	sed -n '/groups\[\] = {/,/^};/p' "$TOP/builder/resolve/module/group.c" |
		grep -o '"[^"]*/[^"]*"' | tr -d '"!' | sort -u >patterns
	for kernel in "${kernels[@]}"; do
		use_kernel "$kernel"
		{ cut -d: -f1 "$INDEX/modules.dep" && cat "$INDEX/modules.builtin"; } |
			sed 's|^kernel/||; s|\.ko.*||'
	done >paths
	python3 - patterns paths >dead <<-'PYTHON'
		import fnmatch, re, sys
		patterns, paths = (open(name).read().split() for name in sys.argv[1:])
		for pattern in patterns:
		    if pattern.endswith("/"):
		        matches = any(path.startswith(pattern) or pattern == "/" for path in paths)
		    else:
		        wanted = re.compile(fnmatch.translate(pattern).replace(".*", "[^/]*"))
		        matches = any(wanted.fullmatch(path) for path in paths)
		    if not matches:
		        print(pattern)
	PYTHON
	# not configured by Debian on amd64
	[ "$(cat dead)" = drivers/usb/chipidea/ ]
}

@test "module groups hold the drivers that people expect of them, on each kernel" {
	for kernel in "${kernels[@]}"; do
		use_kernel "$kernel"
		case $KVER in
		6.1.*) ntfs='' ublk='' ;;
		6.12.*) ntfs=ntfs3 ublk=ublk_drv ;;
		*) ntfs=ntfs ublk=ublk_drv ;;
		esac
		has block nvme ahci ata_piix virtio_blk virtio_scsi sd_mod sr_mod mmc_block \
			sdhci_pci megaraid_sas mpt3sas hpsa aacraid \
			hv_storvsc vmw_pvscsi xen_blkfront firewire_ohci firewire_sbp2 loop nbd
		has usb xhci_pci ehci_pci ohci_pci uhci_hcd usb_storage uas usbhid hid_generic \
			sd_mod
		has net e1000 e1000e igb igc ixgbe ice r8169 realtek tg3 bnxt_en bnx2 alx atlantic \
			sky2 forcedeth virtio_net vmxnet3 hv_netvsc \
			xen_netfront r8152 ax88179_178a asix cdc_ether bonding 8021q af_packet
		# shellcheck disable=SC2086 # none or one
		has fs ext4 xfs btrfs vfat exfat f2fs isofs udf squashfs erofs overlay fuse nfs \
			nfsv4 9p 9pnet_virtio virtiofs jfs nilfs2 \
			nls_utf8 nls_cp437 nls_iso8859_1 nls_ascii $ntfs
		has virtio virtio_pci virtio_blk virtio_scsi virtio_net virtio_console \
			virtio_balloon virtio_rng 9p 9pnet_virtio virtiofs
		has vm virtio_blk hv_storvsc hv_netvsc vmw_pvscsi vmxnet3 xen_blkfront \
			xen_netfront ahci ata_piix nvme e1000 e1000e
		# shellcheck disable=SC2086 # none or one
		has loop loop nbd dm_mod dm_snapshot dm_zero fuse $ublk
		has md raid0 raid1 raid10 raid456 dm_mod
		has dm dm_mod dm_crypt dm_snapshot dm_thin_pool dm_mirror dm_raid dm_verity \
			dm_integrity dm_cache
		has hid hid_generic usbhid hid_apple hid_logitech_dj hid_microsoft i2c_hid atkbd \
			i8042
		has netfs nfs nfsv3 nfsv4 cifs 9p
		has cdrom sr_mod cdrom isofs udf
		has mmc mmc_block sdhci_pci sdhci_acpi rtsx_pci_sdmmc
		has drm i915 amdgpu nouveau bochs virtio_gpu
	done
}

@test "the group of ciphers holds what the kernel's own names for LUKS ciphers and hashes lead to" {
	for kernel in "${kernels[@]}"; do
		use_kernel "$kernel"
		group crypto >have
		for name in aes xts cbc ecb essiv hmac sha256 sha512 serpent twofish crc32c; do
			run -0 modprobe -C /dev/null -d "$S" -S "$KVER" \
				--show-depends "crypto-$name"
			printf '%s\n' "$output" |
				sed -n 's|^insmod \([^ ]*\).*|\1|p; s|^builtin ||p' | normal |
				comm -23 - have >lacks
			[ ! -s lacks ] || { echo "$KVER, crypto-$name: $(cat lacks)" && return 1; }
		done
	done
}
