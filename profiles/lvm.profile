# What a root on a logical volume needs: a part of other profiles, 'include lvm'.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For the profiles 'disk' (host /dev/VG/LV, or root=/dev/mapper/VG-LV on the command line) and 'loop' (partition /dev/VG/LV,
# or kloop's words kroot=/dev/mapper/VG-LV klvm=VG). With 'include luks' the volume group may lie in a LUKS volume.
module =dm
binary /sbin/lvm
