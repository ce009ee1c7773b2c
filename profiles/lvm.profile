# Support for a root on a logical volume: 'include lvm' in another profile.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For the profiles 'disk' (host /dev/VG/LV, or root=/dev/mapper/VG-LV on the command line) and 'loop' (partition /dev/VG/LV,
# or the parameters of kloop: kroot=/dev/mapper/VG-LV klvm=VG). With 'include luks' the volume group may be in a LUKS volume.
module =dm
binary /sbin/lvm
