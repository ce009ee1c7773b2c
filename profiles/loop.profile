# A disk image in a file (raw, VHD) on a partition of this machine boots as if it were a disk.
# SPDX-License-Identifier: GPL-2.0-or-later
include common
# What can turn a file into a disk.
module =loop

root loop

# The image, as a path on the partition that holds it.
image /images/root.img

# The partition that holds it: 'any' looks at all of them. To be sure: UUID=..., LABEL=..., PARTUUID=..., /dev/sda2
host any

# The partition inside of the image. Without this line: the only one, or the whole image when it has none.
#partition 1
#partition whole

# Changes go into the image itself. To keep it as it is and put them elsewhere:
#persist ram
#persist file:/changes.img,8G
# The program for that, so that vi.persist= of the command line can ask for it too.
applet overlayroot
