# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases in which a machine sleeps while its root, in an image, is written and read. Read
# after hosts.sh.

# by which exporter the root's image is attached: all before it in the order of vdattach(8) are kept
# out
without() {
	case $1 in
	loop | dm) echo no_module ;;
	ublk) echo dm_mod ;;
	nbd) echo dm_mod,ublk_drv ;;
	fuse) echo dm_mod,ublk_drv,nbd ;;
	esac
}

# device_of EXPORTER: how the names of its devices begin
device_of() {
	case $1 in
	loop | fuse) echo loop ;;
	dm) echo dm- ;;
	ublk) echo ublkb ;;
	nbd) echo nbd ;;
	esac
}

# sleep_script: what the root runs: writers that flush, a reader past the cache, fio that verifies;
# sleeps; what fio found.
# test.cycles=N, test.kinds=mem,freeze,disk,off one after the other, N times; test.load=N writers.
# Hibernation is disk where the kernel continues at once with what it has written, off where the
# next boot resumes it. test.refused=direct,program,unwritten: what keeps the machine from it then,
# the first by the word and the second by a program that writes it.
sleep_script() {
	cat <<'SCRIPT'
word() { # the last one
	RET=''
	for w in $(busybox cat /proc/cmdline); do case $w in "test.$1="*) RET=${w#*=} ;; esac; done
	echo "$RET"
}
PATH=/bin:/sbin:/usr/bin:/usr/sbin
writer() { while :; do busybox dd if=/bin/busybox of="/written.$1" bs=64k count=30 conv=fsync 2>/dev/null || echo "=== bad write $1"; done; }
reader() { while :; do busybox dd if=/data of=/dev/null bs=16k iflag=direct 2>/dev/null || echo '=== bad read'; done; }
verifier() {
	while [ ! -e /tmp/stop ]; do
		fio --name=v --filename=/fio --size=3m --direct=1 --ioengine=libaio --iodepth=8 --bsrange=4k-64k --rw=randwrite \
			--verify=crc32c --verify_fatal=1 --do_verify=1 >/tmp/fio 2>&1 || { echo '=== bad fio'; busybox cat /tmp/fio; }
		echo verified >>/tmp/verified
	done
}
one_sleep() { # KIND
	case $1 in
	disk) echo test_resume >/sys/power/disk ;;
	off) echo shutdown >/sys/power/disk && set -- disk ;;
	esac
	enter_sleep "$1"
}
refused() {
	case $1 in
	unwritten) unwritten ;;
	*) unanswered "$1" ;;
	esac && echo "=== refused $1, and all continue"
}
# who waits for what does not answer, and cannot be stopped
unanswered() {
	busybox fsfreeze --freeze /
	echo >/kept &
	busybox sleep 1
	case $1 in
	direct) /run/initramfs/bin/vdattach suspend mem && echo '=== bad slept though somebody waits' ;;
	# by writev(2); it does not tell that writing has failed
	program) /run/initramfs/bin/vdattach suspend /run/initramfs/bin/busybox printf mem >/sys/power/state ;;
	esac
	busybox fsfreeze --unfreeze /
	wait $!
}
# nobody waits, but what was written goes to an image on a file system that takes nothing
unwritten() {
	busybox mkdir /tmp/outer /tmp/inner
	outer=$(/run/initramfs/bin/vdattach -e nbd /outer.img) && busybox mount -t ext4 "$outer" /tmp/outer
	inner=$(/run/initramfs/bin/vdattach -e nbd /tmp/outer/inner.img) && busybox mount -t ext4 "$inner" /tmp/inner
	busybox fsfreeze --freeze /tmp/outer
	echo kept >/tmp/inner/file
	/run/initramfs/bin/vdattach suspend mem && echo '=== bad slept with what is not written'
	busybox fsfreeze --unfreeze /tmp/outer
	busybox umount /tmp/inner && /run/initramfs/bin/vdattach detach "$inner" && busybox umount /tmp/outer &&
		/run/initramfs/bin/vdattach detach "$outer"
}
busybox mount -t tmpfs none /tmp
busybox dd if=/dev/urandom of=/data bs=64k count=64 2>/dev/null
busybox swapon /dev/vda2
echo 0 >/sys/power/image_size
echo enabled >/sys/class/tty/ttyS0/power/wakeup
echo 1 >/sys/module/printk/parameters/ignore_loglevel
others=''
for n in $(busybox seq "$(word load)"); do
	writer "$n" &
	others="$others $!"
done
reader &
others="$others $!"
verifier &
slept=0
for n in $(busybox seq "$(word cycles)"); do
	for kind in $(word kinds | busybox tr , ' '); do
		busybox sleep 0.$((n * 37 % 10))
		if one_sleep "$kind"; then slept=$((slept + 1)) && echo "=== slept $kind $slept"; else echo "=== bad $kind: not asleep"; fi
	done
done
echo >/tmp/stop
kill $others
wait
for way in $(word refused | busybox tr , ' '); do refused "$way"; done
busybox sync
busybox swapoff /dev/vda2
echo "=== verified $(busybox wc -l </tmp/verified) times"
echo "=== slept in all $slept"
SCRIPT
}

# image_with_swap FORMAT EXT4: $WORK/disk.img: a host with an image of that root, and a swap
# partition; IMAGE
image_with_swap() {
	rm -rf "$WORK/host"
	mkdir "$WORK/host"
	disk "$WORK/raw.img" 83 "$2"
	image "$1" "$WORK/raw.img" "$WORK/host"
	ext4 "$WORK/host.ext4" $(($(stat -c %s "$WORK/raw.img") / 1048576 + 200))M imghost \
		"$host_uuid" "$WORK/host"
	truncate -s 300M "$WORK/swap"
	mkswap -q "$WORK/swap"
	disk "$WORK/disk.img" 83 "$WORK/host.ext4" "$WORK/swap"
	rm -r "$WORK/host" "$WORK/swap" "$WORK/raw.img" "$WORK/host.ext4"
}

# sleeping_disk FORMAT: $WORK/disk.img: a host with the root in an image of that format, and a swap
# partition; IMAGE
sleeping_disk() {
	small_root "$WORK/small"
	mkdir -p "$WORK/small/usr/bin"
	for file in /usr/bin/fio $(ldd /usr/bin/fio | grep -o '/[^ :]* ' | sort -u); do
		mkdir -p "$WORK/small${file%/*}"
		cp -L "$file" "$WORK/small$file"
	done
	{
		echo 'enter_sleep() { if [ "$(word by)" = kernel ]; then echo "$1" >/sys/power/state; else /run/initramfs/bin/vdattach suspend "$1"; fi; }'
		sleep_script
	} >"$WORK/small/etc/sleep"
	mkdir "$WORK/outer"
	ext4 "$WORK/outer/inner.img" 8M inner "$host_uuid"
	ext4 "$WORK/small/outer.img" 16M outer "$host_uuid" "$WORK/outer"
	rm -r "$WORK/outer"
	ext4 "$WORK/root.ext4" 160M bbroot "$root_uuid" "$WORK/small"
	rm -r "$WORK/small"
	image_with_swap "$1" "$WORK/root.ext4"
	rm "$WORK/root.ext4"
}

# boot_sleeper WORDS: the return from S3 leads through firmware, which only starts a kernel as it is
boot_sleeper() {
	KERNEL=$KDIR/vmlinuz
	boot_attended loop "rw vi.image=/$IMAGE no_console_suspend test.run=/etc/sleep $1" -- \
		-M pc -smp 2 \
		-global PIIX4_PM.disable_s3=0 \
		-drive "file=$WORK/disk.img,format=raw,if=virtio,cache=unsafe"
	KERNEL=$VMLINUX
}

# slept_small N FORMAT: as slept, of the root of sleeping_disk
slept_small() {
	expect '=== verified [1-9]'
	expect_small_boot
	slept "$@"
}

# slept N FORMAT: the machine slept so many times, nothing was wrong, and host, image and root are
# whole
slept() {
	log | grep '^===' | sort | uniq -c | sort -rn | head -n 20
	expect "=== slept in all $1\$"
	expect_not '=== bad'
	# threads of the kernel may refuse once, as ext4's does that reads ahead after the mount:
	# then it is tried again
	expect_not 'Freezing user space processes failed'
	expect 'mkvinitrd: clean'
	host_clean ext4
	host_files ext4 "$WORK/after"
	image_raw "$2" "$WORK/after" "$WORK/after.img"
	part "$WORK/root.fs" "$WORK/after.img" 1
	clean_ext4 "$WORK/root.fs"
}
