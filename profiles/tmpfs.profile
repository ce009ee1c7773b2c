# An archive (rootfs.tar.zst, .xz, .gz) unpacked into RAM: the machine needs no disk.
# SPDX-License-Identifier: GPL-2.0-or-later
include common

root tmpfs

# The archive. Default: the one on the command line (vi.image=...), or rootfs.tar.* in the initramfs, for example from a
# second file after 'initrd' in the boot loader's menu.
# 'mkvinitrd pack DIRECTORY rootfs.tar.zst' creates one that unpacks four times as fast as .tar.xz, and is as small.
#image file:rootfs.tar.zst      # stored in the initramfs; the path is relative to the directory of this profile
#image /boot/rootfs.tar.xz      # on a partition of the machine
#image http://server/rootfs.tar.xz   # unpacked while downloading; needs 'module =net', see profile netboot

# Size limit of the root: a percentage of the memory or an amount.
size 75%
#size 1500m

# Verify the archive while unpacking; run sha256sum rootfs.tar.xz.
#verify sha256:0000000000000000000000000000000000000000000000000000000000000000
