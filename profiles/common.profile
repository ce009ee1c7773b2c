# Drivers for disks, USB drives, CDs, keyboards and file systems; included by other profiles.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Do not edit shipped profiles: an update would overwrite them. Create a file of the same name in /etc/mkvinitrd/profiles, with
#     include common
# to read the shipped one first. Later directives override earlier ones (root, image, host, compress, ...) or add to them
# (module, file, binary, ...). 'mkvinitrd profile show NAME' prints the result; see mkvinitrd.profile(5) for all directives.

# Drivers. '=name' is a group; at boot only drivers for existing hardware are loaded.
#   =virtio  disks, network, 9p and virtiofs of QEMU, KVM and most clouds
#   =block   SATA, NVMe, SCSI, RAID controllers, SD cards, CD drives, other virtual disks
#   =usb     host controllers, USB drives and disks, keyboards
#   =fs      file systems of images and of the partitions that hold them
module =virtio =block =usb =fs
# For image files and writable layers:
module loop overlay

# If your machines need more:
#module =net              # wired network cards
#module =md =dm           # software RAID, device mapper
#module =hid              # laptop keyboards that are not on USB or PS/2
#module nvidiafb i2c-*    # by name or pattern
#blacklist nouveau        # never load this one
# Probing for a floppy drive takes half a second, even on machines without one.
blacklist floppy

# Driver settings of the system (modprobe.d): 'auto' includes those of this machine, but not of another system (-r).
#modprobe auto

# Keyboard layout for passphrases and the rescue shell: 'auto' is that of the system, 'none' is us; or specify layouts.
#keymap de fr

# Firmware for the drivers above: 'auto' includes what /lib/firmware has, 'none' nothing.
firmware auto

# CPU microcode, at the start of the image: 'auto' includes what is installed.
#microcode auto

# zstd unpacks fast, xz is smaller; lz4 and none are for old or special kernels.
compress zstd

# Default kernel parameters of this image.
#param console=ttyS0,115200 panic=30
