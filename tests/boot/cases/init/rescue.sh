# promise: vi.break stops before a phase and the shell continues, vi.debug traces to a file, hooks
# run, a rescue shell can mount the root by hand; an error in a script does not end process 1
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
echo "=== hook before $P_MODE is assembled, root $P_ROOT"
HOOK
build disk disk -s "hook assemble $WORK/hook"
small_disk "$WORK/disk.img" bbroot
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"

# console_boot "APPEND" INPUT [QEMU ARGS]: as boot, with a typist: each line of INPUT is "TEXT TO
# WAIT FOR|LINE TO TYPE"
console_boot() {
	BOOTS=$((BOOTS + 1))
	LOG=$WORK/serial-$BOOTS.log
	rm -f "$WORK/tty.in" "$WORK/tty.out"
	mkfifo "$WORK/tty.in" "$WORK/tty.out"
	typed_append=$1 typed_input=$2
	shift 2
	timeout -k 5 "${BOOT_TIMEOUT:-240}" qemu-system-x86_64 -accel tcg -cpu max,-erms,-fsrm \
		-m 1024 -nodefaults -display none -no-reboot \
		-chardev "pipe,id=tty,path=$WORK/tty" -serial chardev:tty -nic none \
		-kernel "$KERNEL" -initrd "$WORK/disk.initramfs" \
		-append "$KERNEL_PARAMETERS $typed_append" "$@" </dev/null >"$WORK/qemu.log" 2>&1 &
	qemu=$!
	python3 - "$WORK" "$LOG" "$typed_input" <<'PYTHON'
import os, sys
work, log, script = sys.argv[1:]
steps = [line.split("|", 1) for line in script.splitlines() if line]
keyboard = os.open(work + "/tty.in", os.O_WRONLY)
screen = os.open(work + "/tty.out", os.O_RDONLY)
seen = b""
with open(log, "wb") as f:
    while chunk := os.read(screen, 65536):
        f.write(chunk)
        f.flush()
        seen += chunk
        while steps and steps[0][0].encode() in seen:
            seen = seen[seen.index(steps[0][0].encode()) + len(steps[0][0]):]
            os.write(keyboard, steps.pop(0)[1].encode() + b"\n")
PYTHON
	wait $qemu || fail "QEMU ended with status $?"
}

console_boot 'root=LABEL=bbroot rw vi.break=attach vi.debug' "# |cat /run/initramfs/state; grep -q '+ locate' /run/initramfs/init.log && echo === tra''ced
=== traced|exit" $medium
expect 'stopped before attach'
expect 'device /dev/vda1'
expect '=== traced'
expect '=== hook before disk is assembled, root LABEL=bbroot'
expect_small_boot

console_boot 'root=LABEL=nowhere rw vi.timeout=1 vi.shell' \
	'# |mount -t ext4 /dev/vda1 /newroot; exit' $medium
expect 'locate failed'
expect 'vda1 .*bbroot'
expect '=== busybox init reached'

# every day skel/failures.bats
if check_all; then
	console_boot 'root=LABEL=nowhere rw vi.timeout=1 panic=2' '' $medium
	expect 'rebooting in 2 seconds'
fi

# with_scripts: the image with what lies in $WORK/tree over it, in a segment of its own
with_scripts() {
	truncate -s %4 "$WORK/disk.initramfs"
	(cd "$WORK/tree" && find . -type f | cpio -o -H newc --quiet) >>"$WORK/disk.initramfs"
}

# A script that the shell gives up on: process 1 continues, and so does a boot from the shell.
mkdir -p "$WORK/tree/lib/mkvinitrd"
sed 's/^locate() {$/&\n\t: $((08))/' "$TOP/skel/lib/locate.sh" >"$WORK/tree/lib/mkvinitrd/locate.sh"
with_scripts
console_boot 'root=LABEL=bbroot rw vi.shell' "# |mount -t ext4 /dev/vda1 /newroot; exit" $medium
expect 'locate failed: a script of the initramfs ended'
expect '=== busybox init reached'
expect_not 'Kernel panic'

# Not even the library of all scripts can be read.
echo 'if then' >"$WORK/tree/lib/mkvinitrd/util.sh"
with_scripts
console_boot 'root=LABEL=bbroot rw' "# |reboot -f" $medium
expect 'the scripts of this initramfs cannot be used'
expect_not 'Kernel panic'
