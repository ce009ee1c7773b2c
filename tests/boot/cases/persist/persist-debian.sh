# promise: Debian with systemd: settings in an archive on FAT are back after the next boot; with
# rollback=N a boot that reached multi-user.target is a generation, and what it changed is there
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.12 current
# kernels: 6.12 current
# Every day persist-archive saves and restores settings on FAT with the small root, and installed-trixie is the systemd whose first
# boot becomes a generation and whose changes are there in the second.
build overlay overlay -s 'image /live/root-zstd.sqfs' -s 'persist archive:/settings/lab' -s 'applet e2fsck mke2fs'
debian_image root-zstd.sqfs
vfat "$WORK/stick.vfat" 200 STICK "$DEBIAN=live/root-zstd.sqfs"
echo var/lib/kept >"$WORK/list"
mmd -i "$WORK/stick.vfat" ::settings
mcopy -i "$WORK/stick.vfat" "$WORK/list" ::settings/.filetool.lst
ext4 "$WORK/changes.ext4" 64M changes "$root_uuid"
disk "$WORK/disk.img" c "$WORK/stick.vfat" "$WORK/changes.ext4"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"

# again WORDS: a second boot has what was kept. Every day the root's init is a program that shows
# it: that what comes back suits systemd is looked at with check-all.
again() {
	if check_all; then
		boot overlay "$1" $medium
		expect_good_boot
		expect '=== kept boot1'
	else
		boot overlay "$1 quiet init=/bin/cat -- /var/lib/kept" $medium
		expect '^boot1$'
		expect '/bin/cat ended (status 0)'
		expect 'mkvinitrd: clean'
	fi
}

boot overlay 'test.keep=boot1' $medium
expect_good_boot
expect 'mkvinitrd: saving settings to /settings/lab.tar.zst'
again ''
part "$WORK/part" "$WORK/disk.img" 1
clean_vfat "$WORK/part"

# every day installed-trixie's first boot becomes a generation, in a directory
check_all || return 0
boot overlay 'vi.persist=device:LABEL=changes,rollback=2 test.keep=boot1' $medium
expect_good_boot
again 'vi.persist=device:LABEL=changes,rollback=2'
part "$WORK/part" "$WORK/disk.img" 2
clean_ext4 "$WORK/part"
debugfs -R 'ls -p /.mkvinitrd/generation' "$WORK/part" 2>/dev/null | grep -q /0001/ ||
	fail 'the first boot is no generation'
