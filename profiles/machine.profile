# A root on an ordinary partition of one machine: 'mkvinitrd update' adds its file system, LVM, LUKS and RAID to this profile's drivers.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# As profile 'disk', without the file systems of other machines: those are two thirds of an image that has the drivers of one machine.
# Without `mkvinitrd update` name them:
#module ext4
root disk

# With 'hardware host' only those of this machine; the groups are explained in profile 'common'.
module =virtio =block =usb
blacklist floppy
firmware auto
compress zstd
