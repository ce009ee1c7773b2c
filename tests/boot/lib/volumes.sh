# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases with volume groups and LUKS volumes. They are made without a device-mapper: lvm
# writes metadata alone, and qemu-img encrypts. Read after lib.sh.

LVM=$("$TOP/tests/boot/lvm")
LVM_LIBRARIES=$LVM/lib/x86_64-linux-gnu:$LVM/usr/lib/x86_64-linux-gnu

# lvm_on DEVICE ARGS...: sees this device alone
lvm_on() {
	lvm_device=$1
	shift
	LVM_SYSTEM_DIR=$WORK/lvm LVM_SUPPRESS_FD_WARNINGS=1 \
		"$LVM/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" \
		--library-path "$LVM_LIBRARIES" "$LVM/sbin/lvm" "$@" --driverloaded n --config "
		devices { filter=[\"a|^$lvm_device\$|\", \"r|.*|\"] use_devicesfile=0 hints=\"none\" obtain_device_list_from_udev=0 external_device_info_source=\"none\" }
		backup { backup=0 archive=0 } global { locking_dir=\"$WORK/lvm\" }" >"$WORK/lvm.log" 2>&1 || fail "lvm $*: $(cat "$WORK/lvm.log")"
}

# physical_volume OUT VG LV=FS...: a physical volume with that volume group, whose logical volumes
# have these file systems (multiples of 4 MiB)
physical_volume() {
	volume_out=$1 volume_group=$2 volume_mib=8
	shift 2
	for pair in "$@"; do volume_mib=$((volume_mib + $(stat -c %s "${pair#*=}") / 1048576)); done
	truncate -s ${volume_mib}M "$volume_out"
	volume_loop=$(losetup -f --show "$volume_out")
	lvm_on "$volume_loop" pvcreate "$volume_loop"
	lvm_on "$volume_loop" vgcreate "$volume_group" "$volume_loop"
	# the first extent is at 1 MiB, each volume behind the one before
	volume_mib=1
	for pair in "$@"; do
		size=$(($(stat -c %s "${pair#*=}") / 1048576))
		lvm_on "$volume_loop" lvcreate -an -Zn -Wn -y -L "${size}m" -n "${pair%%=*}" \
			"$volume_group"
		dd if="${pair#*=}" of="$volume_out" bs=1M seek=$volume_mib conv=notrunc,sparse \
			status=none
		volume_mib=$((volume_mib + size))
	done
	losetup -d "$volume_loop"
}

# clean_volume PV VG MIB [OFFSET]: the volume group is whole, the file system of that size in its
# first logical volume (or at that MiB) clean; it is in $WORK/lv.fs then
clean_volume() {
	volume_loop=$(losetup -r -f --show "$1")
	lvm_on "$volume_loop" vgck "$2"
	losetup -d "$volume_loop"
	dd if="$1" of="$WORK/lv.fs" bs=1M skip="${4:-1}" count="$3" conv=sparse status=none
	clean_ext4 "$WORK/lv.fs"
}

# encrypt IN OUT UUID: a LUKS volume with the content of IN, passphrase 'secret'. Version 1, which
# qemu-img knows; its own way to format it measures the processor, and fails on a busy one
encrypt() {
	truncate -s $(($(stat -c %s "$1") + 4194304)) "$2"
	printf secret | cryptsetup luksFormat -q --type luks1 --cipher aes-xts-plain64 \
		--key-size 512 --hash sha256 \
		--pbkdf-force-iterations 1000 --uuid "$3" "$2" -
	qemu-img convert -n -f raw --object secret,id=s,data=secret --target-image-opts "$1" \
		"driver=luks,key-secret=s,file.filename=$2"
}

# decrypt IN OUT
decrypt() {
	qemu-img convert --object secret,id=s,data=secret \
		--image-opts "driver=luks,key-secret=s,file.filename=$1" -O raw "$2"
}

# sysroot PROGRAM...: $WORK/sysroot with the kernel's modules and these programs of this machine, or
# of lvm's packages
sysroot() {
	mkdir -p "$WORK/sysroot/lib" "$WORK/sysroot/etc" "$WORK/sysroot/usr" "$WORK/sysroot/sbin"
	cp -a "$KDIR/lib/modules" "$WORK/sysroot/lib/"
	for program in "$@"; do
		[ ! -e "$LVM/sbin/$program" ] || program=$LVM/sbin/$program
		program=$(PATH=$PATH:/sbin:/usr/sbin command -v "$program")
		cp "$program" "$WORK/sysroot/sbin/"
		LD_LIBRARY_PATH=$LVM_LIBRARIES ldd "$program" | grep -o '/[^ ]*' |
			while read -r library; do
				directory=$WORK/sysroot$(dirname "${library#"$LVM"}")
				mkdir -p "$directory"
				cp -L "$library" "$directory/"
				gcc=$(dirname "$library")/libgcc_s.so.1
				[ ! -e "$gcc" ] || cp -L "$gcc" "$directory/"
			done
	done
}

# build_volumes NAME LINE...: an image of these profile lines
build_volumes() {
	volumes_name=$1
	shift
	printf '%s\n' "$@" >"$WORK/$volumes_name.profile"
	"$MKVINITRD" build -q -p "$WORK/$volumes_name.profile" -r "$WORK/sysroot" -k "$KVER" \
		-o "$WORK/$volumes_name.initramfs" ||
		fail "mkvinitrd build: $*"
}

# small_ext4 OUT: the small root as an ext4 file system of 32 MiB
small_ext4() {
	small_root "$WORK/small"
	ext4 "$1" 32M lvroot "$root_uuid" "$WORK/small"
	rm -r "$WORK/small"
}
