# promise: with vi.persist=archive: what the user changed and removed in /etc and /root is back
# after the next boot, from a FAT USB drive that is mounted only to read and to save; a cut or
# damaged archive falls back to the one before; norestore leaves it alone
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day skel/archive.bats leaves the archive alone with norestore, at the end as well.
build overlay overlay -s 'image /live/root.sqfs' -s 'persist archive:/virt_linux/'
small_root "$WORK/small"
mkdir -p "$WORK/small/root" "$WORK/small/opt" "$WORK/small/home/user"
echo image >"$WORK/small/etc/changed"
echo image >"$WORK/small/etc/doomed"
echo doomed >"$WORK/small/home/user/doomed"
# tells what is there; then changes it
cat >"$WORK/small/etc/turn" <<'TURN'
for file in /etc/changed /etc/doomed /root/new /root/old /home/user/x.bak /home/user/doomed; do
	if [ -e $file ]; then read -r line <$file; echo "=== $file: $line"; else echo "=== $file: none"; fi
done
grep -c '/dev/sda\|/dev/vda' /proc/mounts
case $cmdline in
*test.turn=1*)
	echo user >/etc/changed; rm /etc/doomed /home/user/doomed; echo mine >/root/new; echo x >/home/user/x.bak
	echo '*.bak' >/opt/.xfiletool.lst
	/run/initramfs/bin/vinitrd-save && echo '=== saved by hand'
	echo later >/root/new
	;;
*test.turn=2*) echo third >/root/new ;;
esac
TURN
mkdir -p "$WORK/old/root"
echo old >"$WORK/old/root/old"
tar -C "$WORK/old" -czf "$WORK/root.tgz" root
small_image "$WORK/root.sqfs"
vfat "$WORK/stick.vfat" 80 STICK "$WORK/root.sqfs=live/root.sqfs" \
	"$WORK/root.tgz=virt_linux/root.tgz"
disk "$WORK/disk.img" c "$WORK/stick.vfat"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"
turn='test.run=/etc/turn'

boot overlay "$turn test.turn=1" $medium
expect_small_boot
expect '=== /etc/changed: image'
expect '=== /root/old: old'
expect '=== saved by hand'
expect 'mkvinitrd: saving settings to /virt_linux/saved.tar.zst'
part "$WORK/stick" "$WORK/disk.img" 1
clean_vfat "$WORK/stick"
mdir -b -i "$WORK/stick" ::virt_linux | grep -q 'saved.tar.zst.1$' ||
	fail 'the generation before is missing'

if check_all; then
	boot overlay "$turn norestore test.turn=2" $medium
	expect_small_boot
	expect '=== /etc/changed: image'
	expect 'the saved settings /virt_linux/saved.tar.zst stay as they are'
fi

boot overlay "$turn test.turn=2" $medium
expect_small_boot
expect '=== /etc/changed: user'
expect '=== /etc/doomed: none'
expect '=== /home/user/doomed: none'
expect '=== /home/user/x.bak: none'
expect '=== /root/new: later'
expect '=== /root/old: old'

# the newest one is cut off: the one before, which is that of the first boot's end
part "$WORK/stick" "$WORK/disk.img" 1
clean_vfat "$WORK/stick"
mcopy -i "$WORK/stick" ::virt_linux/saved.tar.zst "$WORK/newest"
truncate -s -40 "$WORK/newest"
mcopy -o -i "$WORK/stick" "$WORK/newest" ::virt_linux/saved.tar.zst
disk "$WORK/disk.img" c "$WORK/stick"
boot overlay "$turn" $medium
expect_small_boot
expect '/virt_linux/saved.tar.zst is damaged'
expect '=== /root/new: later'
expect '=== /etc/doomed: none'
part "$WORK/stick" "$WORK/disk.img" 1
clean_vfat "$WORK/stick"
mcopy -i "$WORK/stick" ::virt_linux/saved.tar.zst - | zstd -dc | tar -xOf - root/new | grep -qx later || fail 'what was restored was not saved again'
check_all || return 0
boot overlay "$turn" $medium
expect_small_boot
expect_not 'is damaged'
expect '=== /root/new: later'
expect '=== /etc/doomed: none'
