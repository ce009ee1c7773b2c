# promise: the power is cut at random moments, again and again on the same disk, for each dynamic format on each file system of the host: all that was fsynced is there, everything is consistent
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
. "$TOP/tests/boot/hosts.sh"
CUTS=${CUTS:-3}
. "$TOP/tests/boot/cuts.sh"
for format in ${FORMATS:-vhd vdi vmdk vhdx qcow2}; do
	for fs in ${HOSTS:-ext4 vfat exfat ntfs}; do
		cut_modes "loop-$format-$fs"
	done
done
