# promise: QEMU killed at random moments, again and again on the same disk, for each dynamic format on each file system of the
# host: all that was fsynced is there, everything is consistent
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
. "$TOP/tests/boot/cuts.sh"

seed=${SEED:-$(date +%s)}
echo "seed $seed, ${CUTS:=1} cuts each (SEED and CUTS in the environment change that)"

# moments: CUTS of N:SECONDS
moments() {
	seed=$((seed + 1))
	awk -v "seed=$seed" -v "n=$CUTS" 'BEGIN { srand(seed); while (n--) printf "%d:%.2f ", 1 + rand() * 45, rand() / 2 }'
}

cut_images
for format in ${FORMATS:-vhd vdi vmdk vhdx qcow2}; do
	for fs in ${HOSTS:-ext4 vfat exfat ntfs}; do
		# shellcheck disable=SC2046
		cut_format $format $fs $(moments)
	done
done
