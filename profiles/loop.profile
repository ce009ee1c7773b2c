# A disk image in a file (raw, VHD, VDI, VMDK, VHDX, QCOW2) on a partition of this machine, booted like a disk.
# SPDX-License-Identifier: GPL-2.0-or-later
include common
# Exporters for image files.
module =loop

root loop
# For images of which each block is verified (verify verity:).
module =verity

# Path of the image on the partition that holds it.
image /images/root.img

# The partition that holds it: 'any' searches all. To be specific: UUID=..., LABEL=..., PARTUUID=..., /dev/sda2
host any

# The partition inside the image. Default: the only one, or the only one with a Linux file system, or the whole image if it
# has no partition table.
#partition 1
#partition whole

# Changes are written to the image itself. To store them elsewhere:
#persist ram
#persist file:/changes.img,8G
# The program for that, so that vi.persist= works on the command line too.
applet overlayroot
