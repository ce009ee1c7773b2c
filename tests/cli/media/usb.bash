# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of the commands that make media: a root, a kernel, tools that fail or interrupt.

setup_file() {
	KERNEL=$("$BATS_TEST_DIRNAME/../../lib/small-kernel" "$BATS_FILE_TMPDIR")
	export KERNEL
}

media_setup() {
	cd "$BATS_TEST_TMPDIR" || return
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	export MKVINITRD=$HOST/mkvinitrd TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir tmp bin
	small_root root.sqfs one
}

# small_root FILE TEXT: a squashfs with TEXT in it
small_root() {
	mkdir -p tree/bin
	echo "$2" >tree/text
	mksquashfs tree "$1" -quiet -no-progress -all-root -noappend >/dev/null
}

media_teardown() {
	[ ! -s loop ] || losetup -d "$(cat loop)" 2>/dev/null || :
}

# attach FILE: as a disk in $DISK
attach() {
	losetup -f --show "$1" >loop
	DISK=$(cat loop)
}

usb() {
	run "$TOP/scripts/usb" -r "$KERNEL" "$@" </dev/null
}

# listing: names and contents of everything here but the work of the test itself
listing() {
	find . -path ./bin -prune -o -path ./loop -prune -o -path ./before -prune -o -type f \
		-print | sort | xargs sha256sum
}

# nothing_left: no temporary file, loop device, mount or process of ours. Tools of a pipe end a
# little later than the script, and a loop device that a test beside this one looks at is detached
# when that closes it.
nothing_left() {
	for _ in $(seq 50); do
		[ -n "$(leftovers)" ] || return 0
		sleep 0.1
	done
	assert_equal "$(leftovers)" ''
}

leftovers() {
	ls -A tmp
	find . -path ./bin -prune -o -name '.*.tmp*' -print -o -name '.*.new' -print
	losetup -n -O NAME,BACK-FILE | grep -F "$PWD" |
		grep -v "^$(cat loop 2>/dev/null || echo none) "
	grep -F "$PWD" /proc/self/mountinfo
	env -u TMPDIR grep -slzx "TMPDIR=$PWD/tmp" /proc/[0-9]*/environ
}

# count_tools: wrappers in bin/ for all tools that media are made with. Each adds a line to "calls";
# the one whose number is in "moment" sends "signal" to the process in "pid", and continues.
count_tools() {
	local tool path
	for tool in blkid blockdev chmod cmp cp dd debugfs e2fsck grub-fstest grub-mkimage \
		grub-mkrescue grub-script-check losetup mcopy mdir mke2fs \
		mkfifo mkfs.exfat mkfs.f2fs mkfs.vfat mktemp mlabel mmd mount.exfat-fuse mtype mv \
		qemu-img realpath sbsign sbverify sfdisk sha256sum \
		sload.f2fs stat sync tar tee truncate umount wipefs xorriso zstd; do
		path=$(command -v "$tool") || continue
		cat >"bin/$tool" <<SH
#!/bin/sh
echo "$tool \$\$" >>"$PWD/calls" # tools of a pipe run at the same time
read -r moment <"$PWD/moment" # 0: calls are only counted
[ "\$moment" = 0 ] || [ "\$(awk -v me="\$\$" '\$2 == me { print NR; exit }' "$PWD/calls")" != "\$moment" ] || kill -s "\$(cat "$PWD/signal")" "\$(cat "$PWD/pid")"
exec "$path" "\$@"
SH
		chmod +x "bin/$tool"
	done
}

# interrupted MOMENT SIGNAL COMMAND...: status and output as by run; whether the moment was reached:
# was_interrupted; the last tool:
# last_call; all of them in bin/calls, calls_made is their number
interrupted() {
	echo "$1" >moment
	echo "$2" >signal
	: >calls
	shift 2
	run env --default-signal=INT,TERM PATH="$PWD/bin:$PATH" sh -c 'echo $$ >pid; exec "$@"' sh \
		"$@" </dev/null
	rm -f pid signal moment.was
	mv moment moment.was
	was_interrupted=no calls_made=$(wc -l <calls)
	[ "$calls_made" -lt "$(cat moment.was)" ] || was_interrupted=yes
	last_call=$(tail -n 1 calls | cut -d ' ' -f 1)
	rm -f moment.was
	mv calls bin/calls
}

# break_tool NAME SCRIPT: a tool in bin/ that does something else; $real is the right one
break_tool() {
	printf '#!/bin/sh\nreal=%s\n%s\n' "$(command -v "$1")" "$2" >"bin/$1"
	chmod +x "bin/$1"
}

# menu_of DRIVE
menu_of() {
	mtype -i "$1@@1M" ::/boot/grub/menu.cfg
}

# data_offset DRIVE: of the second partition
data_offset() {
	sfdisk -d "$1" | sed -n 's/^[^ ]*2 : start= *\([0-9]*\).*/\1/p' | awk '{ print $1 * 512 }'
}

# root_on DRIVE: path of its first root
root_on() {
	menu_of "$1" | sed -n 's/.*vi.image=\([^ ]*\).*/\1/p' | head -n 1
}
