# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases: makes disks, builds initramfs images, boots them in QEMU, reads the serial log.
# The runner sets: TOP (source tree), WORK (empty directory of the case), KDIR (kernel directory),
# KVER, VMLINUX (the kernel as an ELF file).
set -eu

# shellcheck source=tests/boot/lib/servers.sh
. "$TOP/tests/boot/lib/servers.sh"

MKVINITRD=${MKVINITRD:-$TOP/build/host/mkvinitrd}
root_uuid=6d6b7669-6e69-7472-6400-000000000001
BOOTS=0
# What -kernel gets. A bzImage first unpacks itself, which is the same at each boot and takes an
# emulated machine longer than the kernel's own start. The protocol of real machines is proven by
# what BIOS, UEFI, PXE and kexec boot, and with -kernel where a case says KERNEL=$KDIR/vmlinuz:
# disk-busybox on each kernel, and tmpfs-embedded, whose initramfs is large.
KERNEL=${VMLINUX:-$KDIR/vmlinuz}
# no_timer_check: an emulated timer on a busy machine may fail the kernel's check, which panics.
# oops=panic panic=-1: a kernel that oopses ends the case at once, not at its time limit.
# cryptomgr.notests: Linux' tests of its own ciphers; jent_mod_init and crypto_kdf108_init test
# theirs nevertheless, a twentieth of what the kernel does before init.
KERNEL_PARAMETERS='console=ttyS0 no_timer_check cryptomgr.notests oops=panic panic=-1 printk.devkmsg=on'
KERNEL_PARAMETERS="$KERNEL_PARAMETERS initcall_blacklist=jent_mod_init,crypto_kdf108_init"
# noreplace-smp: on one processor Linux rewrites each lock prefix of itself and of its modules, by
# a change of address space each. rodata=off: at the end it looks through all of its page tables for
# pages to write and to run. mitigations=off: calls by retpolines are slow to emulate. norandmaps:
# the emulator translates a program again for each address where it is mapped. None says anything of
# us, and together they are a fifth of a boot; what firmware boots goes without.
KERNEL_PARAMETERS="$KERNEL_PARAMETERS noreplace-smp rodata=off mitigations=off norandmaps"
host_uuid=6d6b7669-6e69-7472-6400-000000000002

# check_all: true where the hours of check-all are there, and not the minutes of every day
check_all() {
	[ -n "${CHECK_ALL:-}" ]
}

fail() {
	echo "FAIL: $*"
	[ ! -e "${LOG:-}" ] || tail -n 40 "$LOG" | tr -d '\r' | sed 's/^/  | /'
	exit 1
}

# debian_image NAME: sets DEBIAN to that image of the Debian root (tests/boot/debian-images)
debian_image() {
	DEBIAN=$("$TOP/tests/boot/debian-images" "$1") || fail "there is no image $1 of Debian"
}

# build NAME PROFILE [ARGS...]: an initramfs image $WORK/NAME.initramfs. Not as small as it can be,
# which takes seconds of each case:
# images of the profile netboot as users have them are those that mkvinitrd pxe makes.
build() {
	name=$1 profile=$2
	shift 2
	[ "$profile" != netboot ] || set -- -s 'compress zstd' "$@"
	"$MKVINITRD" build -q -p "$profile" -r "$KDIR" -k "$KVER" -o "$WORK/$name.initramfs" "$@" ||
		fail "mkvinitrd build -p $profile $*"
}

# few_modules [MODULE...]: KDIR has few modules from here on, with these, if it is 6.12. A firmware's drivers take an emulated machine
# a second for each MiB of an initramfs; images of all modules are what boot builds.
few_modules() {
	case $KVER in
	6.12.*) KDIR=$("$TOP/tests/lib/small-kernel" "$WORK/few-modules" "$@") || fail 'no kernel with few modules' ;;
	esac
}

# ext4 OUT SIZE LABEL UUID [DIRECTORY]: a clean ext4 file system holding DIRECTORY
ext4() {
	mke2fs -q -t ext4 -L "$3" -U "$4" -E root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0 \
		${5:+-d "$5"} "$1" "$2"
}

# vfat OUT MIB LABEL FILE=NAME...: a FAT32 file system with the files copied in
vfat() {
	vfat_out=$1 vfat_mib=$2 vfat_label=$3
	shift 3
	truncate -s "${vfat_mib}M" "$vfat_out"
	mkfs.vfat -F 32 -n "$vfat_label" -i 2EA7BEEF "$vfat_out" >/dev/null
	for pair in "$@"; do
		case ${pair#*=} in
		*/*) mmd -D s -i "$vfat_out" "::${pair#*=}/.." 2>/dev/null ||
			mmd -i "$vfat_out" "::$(dirname "${pair#*=}")" ;;
		esac
		mcopy -i "$vfat_out" "${pair%%=*}" "::${pair#*=}"
	done
}

# disk OUT TYPE FS...: a disk with an MBR and one partition per file system; the parts are punched
# in sparsely
disk() {
	disk_out=$1 disk_type=$2
	shift 2
	disk_start=2048
	disk_table="label: dos
label-id: 0x6d6b7669
"
	for fs in "$@"; do
		sectors=$(($(stat -c %s "$fs") / 512))
		disk_table="${disk_table}start=$disk_start, size=$sectors, type=$disk_type
"
		disk_start=$(((disk_start + sectors + 2047) / 2048 * 2048))
	done
	truncate -s $(((disk_start + 2048) * 512)) "$disk_out"
	printf '%s' "$disk_table" | sfdisk -q "$disk_out" >/dev/null
	disk_start=2048
	for fs in "$@"; do
		dd if="$fs" of="$disk_out" bs=1M seek=$((disk_start / 2048)) conv=notrunc,sparse \
			status=none
		disk_start=$(((disk_start + $(stat -c %s "$fs") / 512 + 2047) / 2048 * 2048))
	done
}

# part OUT DISK N: copies partition N out again, for fsck
part() {
	set -- "$1" "$2" $(sfdisk -J "$2" |
		jq -r ".partitiontable.partitions[$3 - 1] | \"\(.start * 512) \(.size * 512)\"")
	dd if="$2" of="$1" bs=64K skip="$3" count="$4" conv=sparse status=none \
		iflag=fullblock,skip_bytes,count_bytes
}

# boot NAME "APPEND" [QEMU ARGS...]: boots $WORK/NAME.initramfs until the machine powers off or the
# time is up
boot() {
	boot_image=$WORK/$1.initramfs boot_append=$2
	shift 2
	BOOTS=$((BOOTS + 1))
	LOG=$WORK/serial-$BOOTS.log
	emulate "$@"
	if has_emulator_failed; then
		echo "boot $BOOTS: the emulated machine failed before init ran; once more"
		emulate "$@"
	fi
	! grep -q -a -e 'Oops: ' -e 'kernel BUG at' "$LOG" ||
		fail "the kernel oopsed: $(log | grep -m 1 -e 'BUG: ' -e 'kernel BUG at')"
}

# choose_machine QEMU ARGS...: sets emulator. A PC with an IDE controller where a case has a disk or
# CD for it, or names a machine.
# Elsewhere without any: its drivers are half of the modules that a boot loads.
choose_machine() {
	emulator='qemu-system-x86_64 -cpu max,-erms,-fsrm'
	case " $* " in
	*cdrom* | *ide* | *' -M '* | *' -machine '*) ;;
	*) emulator="$emulator -M q35,sata=off,smbus=off,usb=off" ;;
	esac
}

# MACHINE=arm64: another emulator, with a kernel in KDIR for it
emulate() {
	choose_machine "$@"
	console=''
	[ "${MACHINE:-}" != arm64 ] ||
		emulator='qemu-system-aarch64 -M virt -cpu cortex-a72' console=console=ttyAMA0
	# shellcheck disable=SC2086 # words
	timeout -k 5 "${BOOT_TIMEOUT:-240}" $emulator -accel tcg -m "${MEMORY:-1024}" \
		-nodefaults -display none -no-reboot -serial "file:$LOG" -nic none \
		-kernel "$KERNEL" -initrd "$boot_image" \
		-append "$KERNEL_PARAMETERS $console systemd.show_status=1 $boot_append" "$@" \
		</dev/null >"$WORK/qemu.log" 2>&1 ||
		fail "QEMU ended with status $? (124 = time limit of ${BOOT_TIMEOUT:-240} s): $(cat "$WORK/qemu.log")"
}

# Once in some hundred boots QEMU 7.2's emulation breaks an interrupt of the kernel's first second
# (the stack and the flags change places): an exception there, with nothing of ours running yet,
# says nothing of us.
has_emulator_failed() {
	grep -q -a 'Fatal exception in interrupt' "$LOG" &&
		! grep -q -a 'Run /init as init process' "$LOG"
}

# The log with carriage returns and colours removed.
log() {
	sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g; s/\r//g' "$LOG"
}

expect() {
	log | grep -q -e "$1" || fail "the console never said: $1"
}

expect_not() {
	! log | grep -q -e "$1" || fail "the console said: $(log | grep -m 1 -e "$1")"
}

# What every successful boot shows: multi-user, no failed unit, the disks proven free.
expect_good_boot() {
	expect '=== multi-user reached'
	log | grep -q -e '=== failed-units *$' || fail "failed units: $(log | grep 'failed-units')"
	expect 'mkvinitrd: clean'
	expect_not 'Failed unmounting'
	expect_not 'mkvinitrd: .*busy'
}

clean_ext4() {
	e2fsck -fn "$1" >"$WORK/fsck.log" 2>&1 || fail "e2fsck -fn $1: $(cat "$WORK/fsck.log")"
	! grep -q 'recovering journal' "$WORK/fsck.log" || fail "$1: the journal was not empty"
}

clean_vfat() {
	fsck.vfat -n "$1" >"$WORK/fsck.log" 2>&1 || fail "fsck.vfat -n $1: $(cat "$WORK/fsck.log")"
	! grep -qi 'dirty bit' "$WORK/fsck.log" || fail "$1: dirty bit set"
}

# boot_pxe DIRECTORY BOOTFILE [QEMU ARGS...]: QEMU's iPXE ROM boots from QEMU's own DHCP and TFTP
# servers
boot_pxe() {
	pxe_directory=$1 pxe_file=$2
	shift 2
	BOOTS=$((BOOTS + 1))
	LOG=$WORK/serial-$BOOTS.log
	timeout -k 5 "${BOOT_TIMEOUT:-240}" qemu-system-x86_64 -accel tcg -cpu max,-erms,-fsrm \
		-m "${MEMORY:-1024}" \
		-nodefaults -display none -vga std -no-reboot -serial "file:$LOG" -boot n \
		-nic "user,model=${NIC:-virtio-net-pci},tftp=$pxe_directory,bootfile=$pxe_file" \
		"$@" </dev/null >"$WORK/qemu.log" 2>&1 ||
		fail "QEMU ended with status $? (124 = time limit of ${BOOT_TIMEOUT:-240} s): $(cat "$WORK/qemu.log")"
}

# small_root DIRECTORY: a root of busybox alone, whose init tells what it is, writes /kept and
# powers off.
# test.keep=TEXT on the command line is added to /kept, test.run=FILE is a script of the root to
# run.
small_root() {
	mkdir -p "$1/bin" "$1/sbin" "$1/etc" "$1/dev" "$1/proc" "$1/sys" "$1/run" "$1/tmp"
	cp "${SMALL_BUSYBOX:-/bin/busybox}" "$1/bin/busybox"
	for applet in sh mount umount cat echo sync poweroff reboot pivot_root chroot kill mkdir \
		grep blockdev dd rm sleep ls df wc; do
		ln -s busybox "$1/bin/$applet"
	done
	ln -s ../bin/busybox "$1/sbin/init"
	printf '::sysinit:/etc/rc\n' >"$1/etc/inittab"
	cat >"$1/etc/rc" <<'RC'
#!/bin/sh
if [ -c /dev/ttyAMA0 ]; then exec >/dev/ttyAMA0 2>&1; else exec >/dev/ttyS0 2>&1; fi
while read -r device target type rest; do [ "$target" = / ] && echo "=== root $type $rest"; done </proc/mounts
[ -d /sys/block ] && [ -c /dev/null ] && echo '=== moved mounts are here'
while read -r line; do echo "=== resolv $line"; done </etc/resolv.conf
while read -r line; do echo "=== kept $line"; done </kept
read -r cmdline </proc/cmdline
for word in $cmdline; do
	case $word in
	test.keep=*) echo "${word#*=}" >>/kept && echo "=== wrote ${word#*=}" ;;
	test.run=*) . "${word#*=}" ;; # a file of the root
	esac
done
echo written >/written
echo '=== busybox init reached'
poweroff
RC
	cat >"$1/etc/fill" <<'FILL'
dd if=/dev/zero of=/big bs=64k 2>&1
sync
cat /etc/rc >/dev/null && echo "=== read back $?"
rm /big
FILL
	chmod +x "$1/etc/rc"
}

# small_image OUT: that root as a squashfs; $WORK/small when the case has made it already
small_image() {
	[ -d "$WORK/small" ] || small_root "$WORK/small"
	mksquashfs "$WORK/small" "$1" -quiet -no-progress -noappend -comp zstd -all-root
	rm -r "$WORK/small"
}

# What a successful boot of the small root shows
expect_small_boot() {
	expect '=== busybox init reached'
	expect 'mkvinitrd: clean'
	expect_not 'mkvinitrd: .*busy'
}

# small_disk OUT LABEL: a disk with that root on an ext4 partition
small_disk() {
	small_root "$WORK/small"
	ext4 "$WORK/small.ext4" 32M "$2" "$host_uuid" "$WORK/small"
	disk "$1" 83 "$WORK/small.ext4"
	rm -r "$WORK/small" "$WORK/small.ext4"
}

# boot_firmware QEMU ARGS...: boots from disk or CD through BIOS or UEFI, as a PC does
boot_firmware() {
	BOOTS=$((BOOTS + 1))
	LOG=$WORK/serial-$BOOTS.log
	timeout -k 5 "${BOOT_TIMEOUT:-240}" qemu-system-x86_64 -accel tcg -cpu max,-erms,-fsrm \
		-m "${MEMORY:-1024}" \
		-nodefaults -display none -vga std -no-reboot -serial "file:$LOG" -nic none "$@" \
		</dev/null >"$WORK/qemu.log" 2>&1 ||
		fail "QEMU ended with status $? (124 = time limit of ${BOOT_TIMEOUT:-240} s): $(cat "$WORK/qemu.log")"
}

# typing NAME APPEND TEXT...: as boot, but a person at the serial line answers each prompt.
# DEVICES: arguments of QEMU beside those of the disk
typing() {
	typing_name=$1 typing_append=$2
	shift 2
	BOOTS=$((BOOTS + 1))
	LOG=$WORK/serial-$BOOTS.log
	: >"$LOG"
	choose_machine
	# shellcheck disable=SC2086 # words
	timeout -k 5 240 python3 - "$LOG" "$@" -- $emulator -accel tcg -m 1024 \
		-nodefaults -display none \
		-no-reboot -serial stdio -nic none -kernel "$KERNEL" \
		-initrd "$WORK/$typing_name.initramfs" \
		-append "$KERNEL_PARAMETERS $typing_append" ${DEVICES:-} -drive "file=$WORK/disk.img,format=raw,if=virtio" <<'PYTHON' || fail "QEMU ended with status $?"
import os, select, subprocess, sys
split = sys.argv.index("--")
log, answers, command = sys.argv[1], sys.argv[2:split], sys.argv[split + 1:]

def type(data):
    qemu.stdin.write(data)
    qemu.stdin.flush()

with open(log, "wb", buffering=0) as out, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as qemu:
    seen, probing, output = b"", False, qemu.stdout.fileno()
    while True:
        # what is typed between the prompt and the end of the echo is lost: a letter, taken back, tells
        if not probing or select.select([output], [], [], 1)[0]:
            data = os.read(output, 4096)
            if not data:
                break
            out.write(data)
            seen += data
            if probing or (b"Enter passphrase" in seen and seen.rstrip(b" ").endswith(b":")):
                seen, probing = b"", bool(answers)
                if probing:
                    type(b"x\x15")
        else:
            probing = False
            type(answers.pop(0).encode() + b"\n")
sys.exit(qemu.returncode)
PYTHON
}

# boot_attended NAME APPEND STEP... -- QEMU ARGS...: as boot, with somebody at serial line and
# monitor, see monitor.py
boot_attended() {
	attended_name=$1 attended_append=$2
	shift 2
	choose_machine "$@"
	for word in "$@"; do
		shift
		# shellcheck disable=SC2086 # words
		[ "$word" != -- ] ||
			set -- "$@" -- timeout -k 5 "${BOOT_TIMEOUT:-240}" $emulator -accel tcg \
				-m "${MEMORY:-1024}" -nodefaults -display none \
				-no-reboot -no-shutdown -nic none -kernel "$KERNEL" \
				-initrd "$WORK/$attended_name.initramfs" \
				-append "$KERNEL_PARAMETERS $attended_append"
		[ "$word" = -- ] || set -- "$@" "$word"
	done
	BOOTS=$((BOOTS + 1))
	LOG=$WORK/serial-$BOOTS.log
	"$TOP/tests/boot/monitor.py" "$LOG" "$WORK/monitor-$BOOTS" "$@" >"$WORK/qemu.log" 2>&1 ||
		fail "QEMU or its attendant ended with status $? (124 = time limit): $(cat "$WORK/qemu.log")"
}

# bare_guest: how an init of a case's own begins, on stdout
bare_guest() {
	cat <<'GUEST'
for pair in proc:/proc sysfs:/sys devtmpfs:/dev tmpfs:/run; do
	busybox mount -t "${pair%:*}" none "${pair#*:}"
done
exec >/dev/console 2>&1 </dev/console
PATH=/bin:/sbin:/usr/bin
die() {
	echo "=== FAILED $*"
	dmesg | tail -n 40
	poweroff -f
}
GUEST
}
