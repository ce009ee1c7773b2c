# promise: the power goes at any moment of 'mkvinitrd update', and the disk's cache with it: the
# machine boots by the old image or the new one, by itself, and the next update completes the set;
# with GRUB on ext4 and with systemd-boot on FAT
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day update-interrupted.bats kills updates, and its processes at what they write. One run is
# recorded, write by write; each moment of it is then the disk of a machine.
. "$TOP/tests/boot/lib/updating.sh"
if check_all; then CUTS=${CUTS:-25}; else CUTS=${CUTS:-3}; fi
SEED=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
echo "seed $SEED"
BOOT_TIMEOUT=${BOOT_TIMEOUT:-600}

# The init of the machine: the first time it updates, later it says what it finds and updates again.
cut_init() {
	cat <<'INIT'
#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
say() { printf '<3>=== %s\n' "$*" >/dev/kmsg; }
off() { sync; echo o >/proc/sysrq-trigger; sleep 600; }
mount -o remount,rw /
! grep -q ' /efi ' /etc/fstab || { modprobe vfat; mount /efi; } || say 'no /efi'
if [ ! -e /srv/begin ]; then
	printf '#!/bin/sh\necho two >/run/image\n' >/srv/hook
	echo update-begins-here >/srv/begin
	sync
	mkvinitrd update >/srv/log 2>&1 || say "update failed: $(cat /srv/log)"
	echo update-ends-here >/srv/end
	sync
	say recorded
	off
fi
say "booted by image $(cat /run/image)"
for image in /boot/initrd.img-*; do
	mkvinitrd check -q "$image" || say "incomplete: $image"
done
mkvinitrd update >/srv/log 2>&1 || say "update failed: $(cat /srv/log)"
for record in /var/lib/mkvinitrd/update/default@*; do
	image=$(sed -n 's/^image //p' "$record") sum=$(sed -n 's/^sha256 //p' "$record")
	[ "$sum" = "$(sha256sum <"$image" | cut -d ' ' -f 1)" ] || say "$image is not as recorded"
	grep -q "^$(sha256sum </srv/hook | cut -d ' ' -f 1)  /srv/hook" "$record" || say "$record is not of the new set"
done
say "left: $(find /boot /var/lib/mkvinitrd $(ls -d /efi 2>/dev/null) -name '.*' -o -name '*.new' -o -name journal -o -name '*.tmp' | tr '\n' ' ')"
off
INIT
}

# cut_disk OPTION...: QEMU starts from a disk that does one thing after the other, with these
# options of a block device
cut_disk() {
	boot_firmware $cut_firmware -blockdev "node-name=cut,$1" -device ide-hd,drive=cut
}

# cut_at NUMBER SEED: what the machine with the power cut then is, and makes of itself
cut_at() {
	cut_said=$("$TOP/tests/boot/moments" "$WORK/disk.img" "$WORK/writes" "$1" "$2" \
		"$WORK/cut.img") || fail 'moments'
	cut_disk "driver=raw,file.driver=file,file.filename=$WORK/cut.img"
	cut_by=$(log | sed -n 's/.*=== booted by image //p')
	echo "$loader, after write $1, $cut_said: booted by image ${cut_by:-unknown}"
	case $cut_by in
	one | two) ;;
	*) fail "$loader: after write $1 (seed $2) the machine did not boot by itself" ;;
	esac
	expect_not '=== incomplete'
	expect_not '=== update failed'
	expect_not '=== .* is not'
	expect '=== left: $'
}

# cut_update LOADER ESP FIRMWARE: the machine, one recorded update, and its moments
cut_update() {
	loader=$1 cut_firmware=$3
	machine_cmdline="$machine_cmdline init=/srv/init"
	machine_tree "$2"
	cut_init >"$WORK/tree/srv/init"
	chmod 755 "$WORK/tree/srv/init"
	: >"$WORK/tree/etc/mkvinitrd/presets/fallback.preset"
	"machine_disk_$loader"
	rm -f "$WORK/writes"
	truncate -s 4G "$WORK/writes"
	cp --sparse=always "$WORK/disk.img" "$WORK/cut.img"
	cut_disk "driver=blklogwrites,file.driver=file,log.driver=file,file.filename=$WORK/cut.img,log.filename=$WORK/writes"
	expect '=== recorded'
	expect_not '=== update failed'
	"$TOP/tests/boot/moments" "$WORK/disk.img" "$WORK/writes" update-begins-here \
		update-ends-here "$CUTS" "$SEED" >"$WORK/moments" || fail 'moments'
	while read -r number seed <&3; do
		cut_at "$number" "$seed"
	done 3<"$WORK/moments"
	rm -r "$WORK/disk.img" "$WORK/cut.img" "$WORK/kernel"
}

for loader in ${LOADERS:-grub sdboot}; do
	case $loader in
	grub) cut_update grub '' '' ;;
	sdboot) cut_update sdboot /efi '-bios /usr/share/ovmf/OVMF.fd' ;;
	esac
done
