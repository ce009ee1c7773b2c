# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For the boot cases of power cuts: QEMU is killed while the root in an image writes. Read after lib.sh.
. "$TOP/tests/boot/hosts.sh"

# boot_until_cut WORDS MARK SECONDS: kills the machine a moment after the console has said MARK
boot_until_cut() {
	BOOTS=$((BOOTS + 1))
	LOG=$WORK/serial-$BOOTS.log
	qemu-system-x86_64 -accel tcg -cpu max,-erms,-fsrm -m 1024 -nodefaults -display none -no-reboot \
		-serial "file:$LOG" -nic none -kernel "$KDIR/vmlinuz" -initrd "$WORK/loop.initramfs" \
		-append "console=ttyS0 no_timer_check panic=-1 quiet $1" $MEDIUM </dev/null >"$WORK/qemu.log" 2>&1 &
	cut_pid=$!
	timeout 300 sh -c "tail -n +1 -F --pid=$cut_pid '$LOG' 2>/dev/null | grep -q -m 1 -e '$2'" || fail "never said: $2"
	case $3 in 0*) sleep "$3" ;; esac
	kill -KILL $cut_pid 2>/dev/null || :
	wait $cut_pid 2>/dev/null || :
}

# Each line on the console comes after the fsync of what it names.
writer() {
	cat >"$1" <<'WRITER'
i=0 before=0
[ ! -s /count ] || read -r before </count
while [ $i -lt 400 ]; do
	i=$((i + 1))
	dd if=/dev/urandom of=/new.$((i % 40)) bs=40k count=$((i % 5 + 1)) conv=fsync 2>/dev/null
	echo $((before + i)) | dd of=/count conv=fsync 2>/dev/null
	echo "=== synced $i: $((before + i))"
done
WRITER
}

cut_format() { # FORMAT FS MOMENT...
	cut_format=$1 cut_fs=$2
	shift 2
	rm -rf "$WORK/host"
	mkdir "$WORK/host"
	image "$cut_format" "$WORK/raw.img" "$WORK/host"
	rm -f "$WORK/disk.img"
	host_disk "$cut_fs" "$WORK/host"
	for moment; do
		cut_once "$moment"
	done
}

# cut_once N[:SECONDS]: the machine is cut off after the root has said N
cut_once() {
	boot_until_cut "rw vi.image=/$IMAGE test.run=/etc/writer" "=== synced ${1%:*}[^0-9]" "${1#*:}"
	synced=$(log | sed -n 's/^=== synced .*: //p' | tail -n 1)
	[ -n "$synced" ] || fail "$cut_format on $cut_fs: nothing was synced"
	part "$WORK/host.fs" "$WORK/disk.img" 1
	"replay_$cut_fs" "$WORK/host.fs"
	put_back "$WORK/host.fs"
	host_files "$cut_fs" "$WORK/after"
	image_after_cut "$WORK/after" "$WORK/after.img"
	part "$WORK/root.fs" "$WORK/after.img" 1
	e2fsck -fp "$WORK/root.fs" >"$WORK/fsck.log" 2>&1 || [ $? = 1 ] || fail "e2fsck: $(cat "$WORK/fsck.log")"
	clean_ext4 "$WORK/root.fs"
	count=$(debugfs -R 'cat /count' "$WORK/root.fs" 2>/dev/null)
	[ "${count:-0}" -ge "$synced" ] || fail "$cut_format on $cut_fs: $synced was fsynced, the root has ${count:-nothing}"
	echo "$cut_format on $cut_fs: cut after $synced, found $count"
}

replay_ext4() {
	e2fsck -fp "$1" >"$WORK/fsck.log" 2>&1 || [ $? = 1 ] || fail "e2fsck of the host: $(cat "$WORK/fsck.log")"
}

replay_vfat() {
	fsck.vfat -a "$1" >"$WORK/fsck.log" 2>&1 || [ $? = 1 ] || fail "fsck.vfat of the host: $(cat "$WORK/fsck.log")"
	clean_vfat "$1"
}

replay_exfat() {
	fsck.exfat -y "$1" >"$WORK/fsck.log" 2>&1 || [ $? = 1 ] || fail "fsck.exfat of the host: $(cat "$WORK/fsck.log")"
	clean_exfat "$1"
}

replay_ntfs() {
	ntfsfix -d "$1" >"$WORK/fsck.log" 2>&1 || fail "ntfsfix of the host: $(cat "$WORK/fsck.log")"
}

put_back() {
	dd if="$1" of="$WORK/disk.img" bs=1M seek=1 conv=notrunc status=none
}

# Leaks are allowed after a cut (status 2, and 3 of qemu-img), errors are not.
image_after_cut() {
	"$VDATTACH" check "$1/$IMAGE" >"$WORK/check.log" 2>&1 || [ $? = 2 ] || fail "vdattach check: $(cat "$WORK/check.log")"
	"$VDATTACH" cat -o "$2" "$1/$IMAGE" || fail 'vdattach cat'
	case $cut_format in
	vdi | qcow2* | vmdk*) qemu-img check "$1/$IMAGE" >"$WORK/check.log" 2>&1 || [ $? = 3 ] || fail "qemu-img check: $(cat "$WORK/check.log")" ;;
	esac
}

# cut_images: what each case begins with
cut_images() {
	build loop loop
	writer_root "$WORK/small"
	writer "$WORK/small/etc/writer"
	ext4 "$WORK/small.ext4" 48M bbroot "$root_uuid" "$WORK/small"
	disk "$WORK/raw.img" 83 "$WORK/small.ext4"
}
