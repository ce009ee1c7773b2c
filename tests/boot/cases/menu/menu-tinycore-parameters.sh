# promise: Tiny Core's words in a root that is not Tiny Core: extensions of an ISO file and of lists
# on web and TFTP servers, a directory of an NFS server, a disk in a file, swap in a file and in the
# tc.swp of a partition, the one archive of settings that is found; pause waits for Enter, text is a
# runlevel
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
build core disk -s 'module =netfs loop squashfs isofs' -s 'applet packroot unpackroot'

small_root "$WORK/small"
mkdir -p "$WORK/small/usr/local/bin" "$WORK/small/mnt" "$WORK/small/opt"
cat >"$WORK/small/etc/tell" <<'TELL'
for name in iso web dep tftp; do [ -f /usr/local/bin/$name ] && echo "=== extension $name"; done
read -r line </mnt/nfs/hello && echo "=== nfs $line"
read -r line </mnt/tcvd/hello && echo "=== tcvd $line" && echo changed >/mnt/tcvd/changed
while read -r name type size rest; do echo "=== swap $type $size"; done </proc/swaps
read -r line </opt/mine && echo "=== restored $line"
TELL
# init forgets its arguments: a script tells them
rm "$WORK/small/sbin/init"
ln -s busybox "$WORK/small/bin/init"
printf '#!/bin/sh\necho "=== arguments $*" >/dev/console\nexec /bin/init "$@"\n' \
	>"$WORK/small/sbin/init"
chmod +x "$WORK/small/sbin/init"
for name in iso web dep tftp; do
	mkdir -p "$WORK/tcz/usr/local/bin"
	touch "$WORK/tcz/usr/local/bin/$name"
	mksquashfs "$WORK/tcz" "$WORK/$name.tcz" -quiet -no-progress
	rm -r "$WORK/tcz"
done
mkdir -p "$WORK/iso/cde/optional" "$WORK/www/tce" "$WORK/tftp/tce" "$WORK/export" "$WORK/disk/cd" \
	"$WORK/settings/opt" "$WORK/v"
mv "$WORK/iso.tcz" "$WORK/iso/cde/optional/"
echo iso.tcz >"$WORK/iso/cde/onboot.lst"
xorriso -as mkisofs -quiet -R -V CORE -o "$WORK/disk/cd/core.iso" "$WORK/iso" 2>/dev/null
mv "$WORK/web.tcz" "$WORK/dep.tcz" "$WORK/www/tce/"
printf 'tce/dep.tcz\n/tce/web.tcz\n' >"$WORK/www/list"
mv "$WORK/tftp.tcz" "$WORK/tftp/tce/"
echo tce/tftp.tcz >"$WORK/tftp/list"
echo served >"$WORK/export/hello"
echo inside >"$WORK/v/hello"
ext4 "$WORK/disk/v.img" 16M vdisk "$root_uuid" "$WORK/v"
for name in tc.swp swap.file; do truncate -s 8M "$WORK/disk/$name" &&
	chmod 600 "$WORK/disk/$name" && mkswap -q "$WORK/disk/$name"; done
fallocate -l 8M "$WORK/disk/tc.swp" && fallocate -l 8M "$WORK/disk/swap.file"
echo kept >"$WORK/settings/opt/mine"
tar -C "$WORK/settings" --owner=0 --group=0 -czf "$WORK/disk/mydata.tgz" opt
ext4 "$WORK/root.fs" 48M root "$host_uuid" "$WORK/small"
ext4 "$WORK/disk.fs" 64M data 6d6b7669-6e69-7472-6400-000000000003 "$WORK/disk"
disk "$WORK/disk.img" 83 "$WORK/root.fs" "$WORK/disk.fs"
serve_http "$WORK/www"
web=$http_pid
serve_nfs "$WORK/export"
trap 'kill $web $nfs_pid 2>/dev/null' EXIT
words="root=/dev/vda1 rw iso=vda2 tcvd=vda2/v.img swapfile=vda2 swapfile=/dev/vda2/swap.file ip=dhcp httplist=10.0.2.2:$HTTP_PORT/list"
words="$words tftplist=10.0.2.2:/list:no-ping nfsmount=10.0.2.2:/export:port=$NFS_PORT text pause test.run=/etc/tell"
boot_attended core "$words" 'press Enter to start the system => type ' -- \
	-drive "file=$WORK/disk.img,format=raw,if=virtio" \
	-nic "user,model=virtio-net-pci,tftp=$WORK/tftp"
for name in iso web dep tftp; do expect "=== extension $name"; done
expect '=== nfs served'
expect '=== tcvd inside'
expect '=== arguments 3'
[ "$(log | grep -c '=== swap .* 8188')" = 2 ] ||
	fail "not two files of swap: $(log | grep '=== swap')"
expect_small_boot
expect_not 'could not be used'
for p in 1 2; do
	part "$WORK/part" "$WORK/disk.img" $p
	clean_ext4 "$WORK/part"
done
debugfs -R "dump /v.img $WORK/v.after" "$WORK/part" 2>/dev/null
debugfs -R 'cat /changed' "$WORK/v.after" 2>/dev/null | grep -qx changed ||
	fail 'what was written to the disk in a file is not in it'

# restore alone finds the archive
boot core 'root=/dev/vda1 rw restore test.run=/etc/tell' \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_small_boot
expect '=== restored kept'
