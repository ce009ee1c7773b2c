# A compressed read-only image (squashfs, erofs) on a disk, USB drive or CD, under a writable layer. The default.
# SPDX-License-Identifier: GPL-2.0-or-later
include common

root overlay

# Where the image lies on its partition. Make one with: mkvinitrd pack DIRECTORY root.sqfs
# Other places:  file:root.sqfs       a file of this machine, packed into the initramfs
#                http://server/x.sqfs fetched into memory (needs 'module =net')
image /live/root.sqfs

# The partition that has it: 'any' looks at all of them, also at a USB drive that is plugged in late.
# To be sure which one: UUID=..., LABEL=LIVE, PARTUUID=..., /dev/sda1, usb, cdrom
host any

# Where changes go:
#   ram                  forgotten at power-off
#   ram:2G               the same, with a limit of its own
#   dir:/changes         a directory on the partition of the image (ext4, xfs, btrfs, f2fs)
#   file:/changes.img,4G a file that is made at the first boot; for FAT, exFAT and NTFS drives too
#   device:LABEL=changes a partition
#   archive:/settings    RAM, and /etc, /root and /home in settings.tar.zst on that partition (any file system): saved at
#                        shutdown and by vinitrd-save, see mkvinitrd-boot(7)
#   A partition or file may be a LUKS volume: 'include luks' as well.
#   With ',rollback=3' behind a directory, file or partition the last three states of it are kept, to go back to.
#   A directory or file of another partition: dir:LABEL=data:/changes
persist ram

# How much memory changes in RAM may take.
size 50%

# Prove before use that the image is the right one; sha256sum root.sqfs tells the number.
#verify sha256:0000000000000000000000000000000000000000000000000000000000000000

# Copy the image to memory, so that the drive can be pulled out.
#param vi.toram
