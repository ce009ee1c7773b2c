#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vi.persist=archive: what is restored at boot, and vinitrd-save.
load lib.bash

# The partition has the files given; the fake of unpackroot refuses those that hold "bad".
stick() {
	local file
	mkdir -p "$ROOT/run/initramfs/store"
	for file in "$@"; do
		mkdir -p "$ROOT/run/initramfs/store${file%/*}"
		echo "${CONTENT:-good}" >"$ROOT/run/initramfs/store$file"
	done
	fake unpackroot <<'FAKE'
for last in "$@"; do before=$archive archive=$last; done
! grep -q bad "$before"
FAKE
}

config() { cat "$ROOT/run/initramfs/archive/config"; }

restored() {
	stick /d/saved.tar.zst /d/saved.tar.zst.1
	cmdline 'vi.mode=overlay vi.image=/root.sfs vi.size=1g vi.persist=archive:LABEL=s:/d/saved.tar.zst'
	boot
	calls 'overlayroot --state /run/initramfs/state -l /run/initramfs/host/root.sfs -u ram -s 1g /newroot' \
		'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/store -H LABEL=s' \
		'packroot --names -C /newroot' \
		'unpackroot --over --removed /run/initramfs/archive/base /run/initramfs/store/d/saved.tar.zst /newroot' \
		'umount /run/initramfs/store' 'switch_root /newroot /sbin/init' &&
		not_called 'saved.tar.zst.1' &&
		! grep -q store "$ROOT/run/initramfs/state" &&
		[ "$(config)" = $'DEVICE=/dev/vda1\nID=1234\nFILE=/d/saved.tar.zst\nSKIP=\nDAMAGED=' ] &&
		[ -e "$ROOT/run/initramfs/bin/vinitrd-save" ]
}
@test "the names of the image are noted, then the newest archive is put over the root; the partition is let go" {
	both with_programs restored
}

# install_shutdown copies them
with_programs() {
	touch "$ROOT/bin/packroot" "$ROOT/bin/findimg"
	cp "$SKEL/vinitrd-save" "$ROOT/"
	"$@"
}

restored_from_ntfs() {
	stick /D/Saved.tar.zst
	cmdline 'vi.mode=overlay vi.image=/root.sfs vi.persist=archive:LABEL=s:/d/saved'
	echo "/dev/vda1 $ROOT/run/initramfs/store ntfs3 rw 0 0" >"$ROOT/proc/mounts"
	boot
	calls 'unpackroot --over --removed /run/initramfs/archive/base /run/initramfs/store/D/Saved.tar.zst /newroot' &&
		config | grep -qx FILE=/D/Saved.tar.zst
}
@test "on NTFS the archive is found in any letter case, and saved by the same name" { both \
	with_programs restored_from_ntfs; }

falls_back() {
	CONTENT=bad stick /s.tar.zst
	stick /s.tar.zst.1
	cmdline 'vi.mode=overlay vi.image=/root.sfs vi.persist=archive:/s'
	boot
	said '/s.tar.zst is damaged' &&
		calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/store -H /dev/vda1' \
			'unpackroot --over --removed /run/initramfs/archive/base /run/initramfs/store/s.tar.zst.1 /newroot' &&
		config | grep -qx DAMAGED=1 && config | grep -qx SKIP= && config |
		grep -qx FILE=/s.tar.zst
}
@test "a damaged archive: the one before, and the damaged one will not be kept" { both \
	with_programs falls_back; }

all_bad() {
	CONTENT=bad stick /s.tar.zst /s.tar.zst.1 /s.tar.zst.2
	cmdline 'vi.mode=overlay vi.image=/root.sfs vi.persist=archive:/s'
	boot
	said 'no archive could be restored' && config | grep -qx SKIP=1 &&
		calls 'switch_root /newroot /sbin/init'
}
@test "nothing but damaged archives: the boot continues, they are not overwritten" { both \
	with_programs all_bad; }

in_between() {
	stick /s.tar.zst.new /s.tar.zst.1
	cmdline 'vi.mode=overlay vi.image=/root.sfs vi.persist=archive:/s'
	boot
	calls 'unpackroot --over --removed /run/initramfs/archive/base /run/initramfs/store/s.tar.zst.new /newroot' && not_called 'zst.1 '
}
@test "a cut between the two renames: the new one counts when it is whole" { both with_programs \
	in_between; }

virtual_linux() {
	stick /virt_linux/root.tgz /virt_linux/update.tgz
	cmdline 'vi.mode=tmpfs vi.image=/r.tar vi.persist=archive:UUID=1:/virt_linux/'
	boot
	calls 'unpackroot --over --removed /run/initramfs/archive/base /run/initramfs/store/virt_linux/root.tgz /newroot' \
		'unpackroot --over --removed /run/initramfs/archive/base /run/initramfs/store/virt_linux/update.tgz /newroot' &&
		not_called etc.tgz && config | grep -qx FILE=/virt_linux/saved.tar.zst
}
@test "Virtual Linux's archives, in a root in RAM too" { both with_programs virtual_linux; }

tiny_core() {
	stick /tce/my.tgz
	cmdline 'vi.mode=tmpfs vi.image=/r.tar restore=sda1/tce mydata=my'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/store -H /dev/sda1' \
		'unpackroot --over --removed /run/initramfs/archive/base /run/initramfs/store/tce/my.tgz /newroot' &&
		config | grep -qx FILE=/tce/my.tar.zst
}
@test "Tiny Core's restore= and mydata=" { both with_programs tiny_core; }

left_alone() {
	local word
	for word in norestore base clean=; do
		stick /s.tar.zst
		cmdline "vi.mode=overlay vi.image=/root.sfs vi.persist=archive:/s $word"
		boot
		not_called 'unpackroot' && config | grep -qx SKIP=1 || return 1
	done
}
@test "norestore, base and clean= leave it alone" { both with_programs left_alone; }

gone() {
	fake findimg <<'FAKE'
case "$*" in *store*) exit 3 ;; esac
printf 'DEVICE=/dev/vda1\nFSTYPE=vfat\nFILE=/run/initramfs/host/root.sfs\n'
FAKE
	cmdline 'vi.mode=overlay vi.image=/root.sfs vi.persist=archive:LABEL=s:/s'
	boot
	said 'nothing is restored, and nothing will be saved' &&
		calls 'switch_root /newroot /sbin/init' &&
		[ ! -e "$ROOT/run/initramfs/archive/config" ] && not_called vinitrd-save
}
@test "the partition is not there: the boot continues and says so" { both with_programs gone; }

# The tree of the running root, for vinitrd-save.
saving() {
	mkdir -p "$ROOT/run/initramfs/archive" "$ROOT/oldroot/opt" "$ROOT/archive"
	printf '%s\n' DEVICE=/dev/sdb1 ID=77 FILE=/d/s.tar.zst "SKIP=${SKIP:-}" \
		"DAMAGED=${DAMAGED:-}" |
		tee "$ROOT/run/initramfs/archive/config" >"$ROOT/archive/config"
}
run_save() {
	# shellcheck disable=SC2086
	run timeout 60 $SH "$SKEL/vinitrd-save" "$@"
}

save_end() {
	DAMAGED=1 saving
	echo mine >"$ROOT/oldroot/opt/.filetool.lst"
	echo '*.bak' >"$ROOT/oldroot/opt/.xfiletool.lst"
	run_save --end
	[ "$status" = 0 ] && calls 'findimg -t 5 -w -m /archive/mnt -H UUID=77' \
		'packroot -T /archive/lists/.filetool.lst --base /archive/base -X /archive/lists/.xfiletool.lst --damaged -C /oldroot /archive/mnt/d/s.tar.zst' \
		'sync' 'umount /archive/mnt' && grep -qx DAMAGED= "$ROOT/archive/config" &&
		[ "$(cat "$ROOT/archive/mnt/d/s.tar.zst.list")" = \
			$'mine\n\nopt/.filetool.lst\nopt/.xfiletool.lst' ]
}
@test "at the end: by the lists of the root, to the partition by its id, which is unmounted again" { both save_end; }

save_remount() {
	saving
	fake findimg <<<'case "$*" in *" -w "*) exit 1 ;; esac'
	run_save --inner
	calls 'findimg -t 5 -m /run/initramfs/archive/mnt -H UUID=77' \
		'mount -o remount,rw /run/initramfs/archive/mnt' \
		'mount -o remount,ro /run/initramfs/archive/mnt' \
		'umount /run/initramfs/archive/mnt' || return 1
	fake findimg <<<'echo "findimg: no such disk" >&2; exit 3'
	: >"$CALLS"
	run_save --inner
	[ "$status" = 1 ] && said 'no such disk' && said 'nothing is saved' && not_called packroot
}
@test "a partition that the image holds read-only is made writable meanwhile; a missing one is reported" { both save_remount; }

save_skips() {
	SKIP=1 saving
	run_save --end
	[ "$status" = 0 ] && said 'stay as they are' && not_called . || return 1
	run_save --inner
	calls 'packroot -T /run/initramfs/archive/lists/.filetool.lst --base /run/initramfs/archive/base -C / /run/initramfs/archive/mnt/d/s.tar.zst'
}
@test "left alone at boot, left alone at the end, but saved by hand" { both save_skips; }

save_fails() {
	saving
	fake packroot <<<'exit 1'
	run_save --end
	[ "$status" = 1 ] && calls 'umount /archive/mnt' &&
		[ ! -e "$ROOT/archive/mnt/d/s.tar.zst.list" ]
}
@test "a save that failed is a failure" { both save_fails; }

end_of_shutdown() {
	saving
	cp "$SKEL/vinitrd-save" "$ROOT/bin/"
	fake sh <<<'exit 1'
	: >"$ROOT/proc/mounts"
	# shellcheck disable=SC2086
	run timeout 60 $SH "$SKEL/shutdown" poweroff
	calls 'sh /bin/vinitrd-save --end' 'poweroff -f' &&
		said 'mkvinitrd: busy: the settings could not be saved'
}
@test "the shutdown saves, and is not clean when that failed" { both end_of_shutdown; }

protected() {
	: >"$ROOT/dev/console"
	: >"$ROOT/bin/age"
	stick /s.tar.zst.age /s.key /s.pub
	fake age <<<'case "$*" in *plain*) cp "$ROOT/run/initramfs/store/s.pub" "$ROOT/run/initramfs/archive/plain" ;; esac'
	cmdline 'vi.mode=overlay vi.image=/root.sfs vi.persist=archive:/s protect'
	boot
	calls 'age -d -o /run/initramfs/archive/identity /run/initramfs/store/s.key' \
		'age -d -i /run/initramfs/archive/identity -o /run/initramfs/archive/plain /run/initramfs/store/s.tar.zst.age' \
		'unpackroot --over --removed /run/initramfs/archive/base /run/initramfs/archive/plain /newroot' &&
		config | grep -qx FILE=/s.tar.zst.age &&
		[ ! -e "$ROOT/run/initramfs/archive/plain" ] &&
		[ -e "$ROOT/run/initramfs/archive/recipients" ]
}
@test "protect: the key is opened with the passphrase, and with it the archive" { both \
	with_programs protected; }

not_protected() {
	: >"$ROOT/dev/console"
	stick /s.tar.zst
	cmdline 'vi.mode=overlay vi.image=/root.sfs vi.persist=archive:/s protect'
	boot
	said 's.key and .pub are not there' && not_called 'unpackroot' && config |
		grep -qx SKIP=1 || return 1
	stick /s.key /s.pub
	: >"$ROOT/bin/age"
	fake age <<<'exit 1'
	: >"$CALLS"
	boot
	[ "$(grep -c '^age -d -o' "$CALLS")" = 3 ] && not_called 'unpackroot' && config |
		grep -qx SKIP=1 &&
		calls 'switch_root /newroot /sbin/init'
}
@test "protect without a key, or without the passphrase in three tries: nothing plain is read or written" { both with_programs not_protected; }

save_protected() {
	saving
	sed -i 's/zst$/zst.age/' "$ROOT/archive/config"
	mkdir -p "$ROOT/archive/mnt/d"
	fake packroot <<<'for last; do :; done; echo x >"$last"'
	fake age <<<'for last; do before2=$before before=$now now=$last; done; echo secret >"$before"'
	for n in 1 2 3 4; do run_save --end || return 1; done
	[ ! -e "$ROOT/archive/plain" ] &&
		[ "$(ls "$ROOT/archive/mnt/d")" = \
			$'s.tar.zst.age\ns.tar.zst.age.1\ns.tar.zst.age.2\ns.tar.zst.age.list' ] ||
		return 1
	fake age <<<'exit 1'
	run_save --end
	[ "$status" = 1 ] && [ ! -e "$ROOT/archive/plain" ] &&
		[ ! -e "$ROOT/archive/mnt/d/s.tar.zst.age.new" ]
}
@test "a protected save: plain in memory only, with its generations" { both save_protected; }
