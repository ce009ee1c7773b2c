# An archive (rootfs.tar.zst, .xz, .gz) unpacked into memory: the machine needs no disk at all.
# SPDX-License-Identifier: GPL-2.0-or-later
include common

root tmpfs

# The archive. Without a line here it is the one that the command line names (vi.image=...), or rootfs.tar.* in the initramfs,
# put there by you: a second file after 'initrd' in the boot loader's menu is enough.
# The one that 'mkvinitrd pack DIRECTORY rootfs.tar.zst' makes is there four times as fast as .tar.xz, and as small.
#image file:rootfs.tar.zst      # packed into the initramfs; the path counts from the directory of this profile
#image /boot/rootfs.tar.xz      # on a partition of the machine
#image http://server/rootfs.tar.xz   # fetched while it is unpacked; needs 'module =net', see profile netboot

# The size of the memory file system; a share of the memory or an amount.
size 75%
#size 1500m

# Prove the archive while it is unpacked; sha256sum rootfs.tar.xz tells the number.
#verify sha256:0000000000000000000000000000000000000000000000000000000000000000
