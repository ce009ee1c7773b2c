# A compressed read-only image (squashfs, erofs) on a disk, USB drive or CD, under a writable layer. The default.
# SPDX-License-Identifier: GPL-2.0-or-later
include common

root overlay
# For images of which each block is verified (verify verity:).
module =verity

# Path of the image on its partition. Create one with: mkvinitrd pack DIRECTORY root.sqfs
# Alternatives:  file:root.sqfs       a file of this machine, stored in the initramfs
#                http://server/x.sqfs downloaded to RAM (needs 'module =net')
image /live/root.sqfs

# The partition that holds it: 'any' searches all, including a USB drive that is plugged in late.
# To be specific: UUID=..., LABEL=LIVE, PARTUUID=..., /dev/sda1, usb, cdrom
host any

# Where changes go:
#   ram                  lost at power-off
#   ram:2G               the same, with its own limit
#   dir:/changes         a directory on the partition of the image (ext4, xfs, btrfs, f2fs)
#   file:/changes.img,4G a file, created at the first boot; for FAT, exFAT and NTFS drives too
#   device:LABEL=changes a partition
#   archive:/settings    RAM, and /etc, /root and /home in settings.tar.zst on that partition (any file system): saved at
#                        shutdown and by vinitrd-save, see mkvinitrd-boot(7)
#   A partition or file may be a LUKS volume; add 'include luks'.
#   ',rollback=3' after a directory, file or partition keeps the last three states, to go back to.
#   A directory or file on another partition: dir:LABEL=data:/changes
persist ram

# Memory limit of changes in RAM.
size 50%

# Verify the image before use; run sha256sum root.sqfs. Or verify each block as it is read, by root.sqfs.verity beside the image; or
# its signature root.sqfs.minisig. 'mkvinitrd pack --verity --sign-key' makes both.
#verify sha256:0000000000000000000000000000000000000000000000000000000000000000
#verify verity:0000000000000000000000000000000000000000000000000000000000000000
#verify minisign:RWxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx

# Copy the image to RAM, so that the drive can be removed.
#param vi.toram
