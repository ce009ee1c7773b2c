# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases that cut the power of one machine again and again. Read after lib.sh and hosts.sh.
#   CUTS  how many cuts for each mode; SEED  of the moments and of what a disk's cache loses; MODES  which ones

CUTS=${CUTS:-30}
SEED=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}

# cut_tools: the load for the guest, in $WORK/cutwork; the same program checks here
cut_tools() {
	musl-gcc -static -Os -Wall -o "$WORK/cutwork" "$TOP/tests/boot/cutwork.c" ||
		fail 'cutwork does not compile'
}

# cut_root DIRECTORY: the small root with the load: for modes that keep files, and for archives
cut_root() {
	small_root "$1"
	mkdir -p "$1/root" "$1/cut"
	cp "$WORK/cutwork" "$1/bin/"
	echo 'exec cutwork write /cut noise' >"$1/etc/load"
	cat >"$1/etc/save" <<'SAVE'
cutwork verify /root/cut 0
while n=$(cutwork one /root/cut); do
	[ -n "$first" ] || echo "=== found $((n - 1))"
	first=no
	/run/initramfs/bin/vinitrd-save >/dev/null && echo "=== synced $n"
done
SAVE
}

# cut_plan MODE: CUTS lines 'MARK SECONDS LOSE': the first while a store is made, then one in five
# in the middle of the boot, the others under load; in every
# second one the disk has a cache that is lost (ntfs3 writes no journal and does not stand that)
cut_plan() {
	python3 - "$1" "$CUTS" "$SEED" <<'PYTHON'
import random, sys
mode, cuts, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(f"{mode} {seed}")
load = 8 if mode == "archive" else 2.5
for n in range(cuts):
    lose = chance.randrange(1 << 30) if n % 2 and not mode.endswith("ntfs") else "-"
    if n == 0 and mode.startswith("file"):
        print("making.a.store", "%.3f" % chance.uniform(0, 1.5), lose)
    elif n % 5 == 2:
        print("-", "%.3f" % chance.uniform(0.5, 9), lose)
    else:
        print(r"===.found.\d+\s", "%.3f" % chance.uniform(0, load), lose)
PYTHON
}

# cut_mode MODE CHECK WORDS: boots $WORK/disk.img CUTS times and cuts it; after each cut CHECK N
# looks at a copy of the disk, in $WORK/after.img: all up to record N is there
cut_mode() {
	cut_name=$1 cut_check=$2 cut_words=$3 cut_synced=0 cut_n=0 cut_loads=0
	cut_plan "$cut_name" >"$WORK/plan"
	while read -r mark seconds lose <&3; do
		cut_n=$((cut_n + 1))
		LOG=$WORK/serial-$cut_name-$cut_n.log
		cut_said=$("$TOP/tests/boot/cut" "$WORK/disk.img" "$LOG" "$mark" "$seconds" \
			"$lose" qemu-system-x86_64 -accel tcg \
			-cpu max,-erms,-fsrm -m 512 -nodefaults -display none \
			-no-reboot -serial "file:$LOG" -nic none \
			-kernel "$KERNEL" -initrd "$WORK/$cut_image.initramfs" \
			-append "$KERNEL_PARAMETERS quiet rw $cut_words") || fail 'the cut'
		cut_look "$mark"
		cp --sparse=always "$WORK/disk.img" "$WORK/after.img"
		"$cut_check" "$cut_synced"
		echo "$cut_name $cut_n: ${mark#-} + $seconds s: $cut_said; $cut_synced were synced"
		rm -f "$LOG"
	done 3<"$WORK/plan"
	[ "$cut_loads" -gt 0 ] || fail "$cut_name: no boot came to its load"
	echo "$cut_name: $cut_n cuts, $cut_loads of them under load, $cut_synced records"
}

# cut_said_last WORD: the last number that the guest said with it; a line that was cut off does not
# count, its number is another
cut_said_last() {
	sed -n "s/\x1b\[[0-9;?]*[a-zA-Z]//g; s/^=== $1 \([0-9]*\)\r\$/\1/p" "$LOG" | tail -n 1
}

# cut_look MARK: what the guest found when it came up is all that was synced before; then, what it
# has synced now
cut_look() {
	expect_not '=== FAILED'
	expect_not 'rescue shell'
	found=$(cut_said_last found)
	[ -n "$found" ] || case $1 in
	===*) fail "$cut_name, cut $cut_n, seed $SEED: the root did not come up" ;;
	esac
	[ -n "$found" ] || return 0
	cut_loads=$((cut_loads + 1))
	[ "$found" -ge "$cut_synced" ] ||
		fail "$cut_name, cut $cut_n, seed $SEED: $cut_synced were synced, the next boot found $found"
	synced=$(cut_said_last synced)
	cut_synced=${synced:-$found}
}

# replayed FS FILE: the journal is replayed, and then all is well
replayed() {
	case $1 in
	ext4)
		e2fsck -fp "$2" >"$WORK/fsck.log" 2>&1 || [ $? = 1 ] ||
			cut_fail "e2fsck -fp $2: $(cat "$WORK/fsck.log")"
		clean_ext4 "$2"
		;;
	vfat)
		fsck.vfat -a "$2" >"$WORK/fsck.log" 2>&1 || [ $? = 1 ] ||
			cut_fail "fsck.vfat: $(cat "$WORK/fsck.log")"
		clean_vfat "$2"
		;;
	exfat)
		fsck.exfat -y "$2" >"$WORK/fsck.log" 2>&1 || [ $? = 1 ] ||
			cut_fail "fsck.exfat: $(cat "$WORK/fsck.log")"
		clean_exfat "$2"
		;;
	ntfs) ntfsfix -d "$2" >"$WORK/fsck.log" 2>&1 ||
		cut_fail "ntfsfix: $(cat "$WORK/fsck.log")" ;;
	esac
}

cut_fail() {
	fail "$cut_name, cut $cut_n, seed $SEED ($cut_said): $*"
}

# records FILE DIRECTORY N: the ext4 file system in FILE has all up to record N in DIRECTORY
records() {
	rm -rf "$WORK/records"
	mkdir -p "$WORK/records${2%/*}"
	debugfs -R "rdump $2 $WORK/records${2%/*}" "$1" >/dev/null 2>&1
	verified "$WORK/records$2" "$3"
}

verified() {
	"$WORK/cutwork" verify "$1" "$2" >"$WORK/verify.log" || cut_fail "$(cat "$WORK/verify.log")"
}

# cut_images: what the modes boot
cut_images() {
	[ ! -e "$WORK/cutwork" ] || return 0
	cut_tools
	cut_root "$WORK/small"
	cp -a "$WORK/small" "$WORK/tree"
	small_image "$WORK/root.sqfs"
	ext4 "$WORK/root.ext4" 48M bbroot "$root_uuid" "$WORK/tree"
	disk "$WORK/raw.img" 83 "$WORK/root.ext4"
}

# cut_build NAME PROFILE [ARGS..]: the image that is to boot, once
cut_build() {
	cut_image=$1
	[ -e "$WORK/$1.initramfs" ] || build "$@"
}

build_overlay() {
	cut_build overlay overlay -s 'image /live/root.sqfs' -s 'persist file:/changes.img'
}

# host_with DIRECTORY: an ext4 host on $WORK/disk.img
host_with() {
	ext4 "$WORK/host.fs" "$(host_mib "$1")M" cuthost "$host_uuid" "$1"
	rm -f "$WORK/disk.img"
	disk "$WORK/disk.img" 83 "$WORK/host.fs"
}

live_host() {
	rm -rf "$WORK/host"
	mkdir -p "$WORK/host/live"
	cp "$WORK/root.sqfs" "$WORK/host/live"
}

check_dir() {
	part "$WORK/host.fs" "$WORK/after.img" 1
	replayed ext4 "$WORK/host.fs"
	records "$WORK/host.fs" /changes/upper/cut "$1"
}

mode_dir() {
	live_host
	host_with "$WORK/host"
	build_overlay
	cut_mode dir check_dir 'vi.persist=dir:/changes test.run=/etc/load'
}

# check_store N: the store in the file that was copied out; there is none until the first boot has
# made it, and on FAT it may have got its name and not yet its length: then it is made again
check_store() {
	[ -e "$WORK/changes.img" ] || {
		[ "$1" = 0 ] || cut_fail 'the store is not there'
		return 0
	}
	replayed ext4 "$WORK/changes.img"
	records "$WORK/changes.img" /upper/cut "$1"
	rm "$WORK/changes.img"
}

check_file_ext4() {
	part "$WORK/host.fs" "$WORK/after.img" 1
	replayed ext4 "$WORK/host.fs"
	debugfs -R "dump /changes.img $WORK/changes.img" "$WORK/host.fs" >/dev/null 2>&1
	[ -s "$WORK/changes.img" ] || rm -f "$WORK/changes.img"
	check_store "$1"
}

mode_file_ext4() {
	live_host
	host_with "$WORK/host"
	build_overlay
	cut_mode file-ext4 check_file_ext4 'vi.persist=file:/changes.img,40M test.run=/etc/load'
}

check_file_vfat() {
	part "$WORK/host.fs" "$WORK/after.img" 1
	replayed vfat "$WORK/host.fs"
	mcopy -n -i "$WORK/host.fs" ::changes.img "$WORK/changes.img" 2>/dev/null || :
	[ -s "$WORK/changes.img" ] || rm -f "$WORK/changes.img"
	check_store "$1"
}

vfat_host() {
	vfat "$WORK/host.fs" 120 STICK "$WORK/root.sqfs=live/root.sqfs"
	rm -f "$WORK/disk.img"
	disk "$WORK/disk.img" c "$WORK/host.fs"
}

mode_file_vfat() {
	vfat_host
	build_overlay
	cut_mode file-vfat check_file_vfat 'vi.persist=file:/changes.img,40M test.run=/etc/load'
}

check_device() {
	part "$WORK/host.fs" "$WORK/after.img" 1
	clean_vfat "$WORK/host.fs"
	part "$WORK/changes.img" "$WORK/after.img" 2
	replayed ext4 "$WORK/changes.img"
	records "$WORK/changes.img" /.mkvinitrd/upper/cut "$1"
}

mode_device() {
	vfat "$WORK/host.fs" 50 STICK "$WORK/root.sqfs=live/root.sqfs"
	ext4 "$WORK/changes.fs" 48M changes "$root_uuid"
	rm -f "$WORK/disk.img"
	disk "$WORK/disk.img" c "$WORK/host.fs" "$WORK/changes.fs"
	build_overlay
	cut_mode device check_device 'vi.persist=device:LABEL=changes test.run=/etc/load'
}

# The newest archive of those that are there has record N; all that have their names are whole.
check_archive() {
	part "$WORK/host.fs" "$WORK/after.img" 1
	replayed vfat "$WORK/host.fs"
	rm -rf "$WORK/saved"
	mkdir -p "$WORK/saved/root/cut"
	for name in saved.tar.zst saved.tar.zst.new saved.tar.zst.1; do
		mcopy -n -i "$WORK/host.fs" "::$name" "$WORK/saved.tar.zst" 2>/dev/null || continue
		zstd -qdc "$WORK/saved.tar.zst" 2>/dev/null |
			tar -xf - -C "$WORK/saved" 2>/dev/null && break
		case $name in *.new) ;; *) cut_fail "$name is not whole" ;; esac
	done
	rm -f "$WORK/saved.tar.zst"
	verified "$WORK/saved/root/cut" "$1"
}

mode_archive() {
	vfat_host
	cut_build archive overlay -s 'image /live/root.sqfs' -s 'persist archive:/saved'
	cut_mode archive check_archive 'test.run=/etc/save'
}

check_disk() {
	part "$WORK/host.fs" "$WORK/after.img" 1
	replayed ext4 "$WORK/host.fs"
	records "$WORK/host.fs" /cut "$1"
}

mode_disk() {
	cp --sparse=always "$WORK/raw.img" "$WORK/disk.img"
	cut_build disk disk
	cut_mode disk check_disk 'root=LABEL=bbroot test.run=/etc/load'
}

check_loop() {
	part "$WORK/host.fs" "$WORK/after.img" 1
	replayed "$loop_fs" "$WORK/host.fs"
	put_back "$WORK/host.fs" "$WORK/after.img"
	# nothing replays the journal of NTFS by itself
	[ "$loop_fs" != ntfs ] || put_back "$WORK/host.fs" "$WORK/disk.img"
	host_files "$loop_fs" "$WORK/out" "$WORK/after.img"
	check_image
	"$VDATTACH" cat -o "$WORK/out.img" "$WORK/out/$IMAGE" || cut_fail 'vdattach cat'
	part "$WORK/inner.fs" "$WORK/out.img" 1
	replayed ext4 "$WORK/inner.fs"
	records "$WORK/inner.fs" /cut "$1"
}

# What was allocated and is not used yet may be there after a cut (status 2, and 3 of qemu-img),
# errors may not.
check_image() {
	"$VDATTACH" check "$WORK/out/$IMAGE" >"$WORK/check.log" 2>&1 || [ $? = 2 ] ||
		cut_fail "vdattach check: $(cat "$WORK/check.log")"
	case $loop_format in
	vdi | qcow2* | vmdk*) qemu-img check "$WORK/out/$IMAGE" >"$WORK/check.log" 2>&1 ||
		[ $? = 3 ] || cut_fail "qemu-img check: $(cat "$WORK/check.log")" ;;
	esac
}

put_back() {
	dd if="$1" of="$2" bs=1M seek=1 conv=notrunc status=none
}

# mode_loop FORMAT-FS: an image on a partition
mode_loop() {
	loop_format=${1%-*} loop_fs=${1##*-}
	rm -rf "$WORK/host" "$WORK/disk.img"
	mkdir "$WORK/host"
	image "$loop_format" "$WORK/raw.img" "$WORK/host"
	# exfat of Linux gives no file that is larger than all space in use, and a cut may lose what
	# marks a file's new space as that: no host has one file only
	head -c 8M /dev/urandom >"$WORK/host/others"
	host_disk "$loop_fs" "$WORK/host"
	cut_build loop loop
	cut_mode "loop-$1" check_loop "vi.image=/$IMAGE test.run=/etc/load"
}

# cut_modes MODE...: dir file-ext4 file-vfat device archive disk, or loop-FORMAT-FS
cut_modes() {
	echo "seed $SEED"
	cut_images
	for mode; do
		case $mode in
		loop-*) mode_loop "${mode#loop-}" ;;
		*) "mode_$(echo "$mode" | tr - _)" ;;
		esac
		rm -rf "$WORK/disk.img" "$WORK/after.img" "$WORK/host.fs"
	done
}
