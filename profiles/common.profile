# Drivers for disks, USB drives, CDs and keyboards, and file systems: a part of other profiles.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Do not edit the shipped files: an update would undo it. Put a file of the same name into /etc/mkvinitrd/profiles; it can say
#     include common
# to take over the shipped one and then add to it. A later line replaces an earlier one (root, image, host, compress, ...) or
# adds to it (module, file, binary, ...). 'mkvinitrd profile show NAME' prints what comes out; mkvinitrd.profile(5) has all words.

# Drivers. '=name' is a group; at boot only those are loaded that the machine has hardware for.
#   =virtio  disks, network, 9p and virtiofs of QEMU, KVM and most clouds
#   =block   SATA, NVMe, SCSI, RAID controllers, SD cards, CD drives, other virtual disks
#   =usb     host controllers, USB drives and disks, keyboards
#   =fs      file systems that an image or its host may have
module =virtio =block =usb =fs
# An image in a file becomes a disk, and gets a writable layer:
module loop overlay

# More, if your machines need it:
#module =net              # wired network cards
#module =md =dm           # software RAID, device mapper
#module =hid              # keyboards of laptops that are not on USB or PS/2
#module nvidiafb i2c-*    # by name, or a pattern of names
#blacklist nouveau        # never load this one
# Looking for a floppy drive takes half a second, on machines that have none too.
blacklist floppy

# Firmware that the drivers above ask for: 'auto' takes what /lib/firmware has of it, 'none' nothing.
firmware auto

# Processor microcode, in front of everything else: 'auto' takes what the machine has installed.
#microcode auto

# zstd unpacks fast; 'xz' is smaller, 'lz4' and 'none' are for old or special kernels.
compress zstd

# Words for the kernel's command line that this image shall have as its defaults.
#param console=ttyS0,115200 panic=30
