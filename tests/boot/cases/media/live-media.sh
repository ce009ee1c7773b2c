# promise: media laid out for live-boot and Slax, and an ISO in a file (findiso=) boot with those
# systems' own words; changes of Slax are kept, and the directories that live-boot's
# persistence.conf names: bound, as a union, as links
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
build overlay overlay
small_root "$WORK/small"
mkdir -p "$WORK/small/home" "$WORK/small/opt" "$WORK/small/srv" "$WORK/keep/home" \
	"$WORK/keep/srv/sub"
touch "$WORK/small/opt/old" "$WORK/small/srv/image"
cat >"$WORK/small/etc/tell" <<'TELL'
for file in /home/mine /srv/sub/note /srv/image /opt/old; do [ -f $file ] && echo "=== has $file"; done
echo more >>/srv/sub/note
echo more >/opt/new
rm /opt/old
TELL
small_image "$WORK/root.sqfs"
touch "$WORK/keep/home/mine" "$WORK/keep/srv/sub/note"
printf '/home\n/opt union\n/srv link\n' >"$WORK/keep/persistence.conf"
ext4 "$WORK/keep.ext4" 16M persistence "$root_uuid" "$WORK/keep"
mkdir -p "$WORK/host/live" "$WORK/host/slax/changes" "$WORK/iso/live" "$WORK/top/bin" \
	"$WORK/top/etc"
cp "$WORK/root.sqfs" "$WORK/host/live/filesystem.squashfs"
cp "$WORK/root.sqfs" "$WORK/host/slax/01-core.sb"
echo 'from layer 02' >"$WORK/top/kept"
mksquashfs "$WORK/top" "$WORK/host/slax/02-more.sb" -quiet -no-progress -all-root
cp "$WORK/root.sqfs" "$WORK/iso/live/filesystem.squashfs"
xorriso -as mkisofs -quiet -R -V LIVEISO -o "$WORK/host/live.iso" "$WORK/iso" 2>/dev/null
ext4 "$WORK/host.ext4" 40M livehost "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4" "$WORK/keep.ext4"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"

boot overlay 'boot=live toram persistence test.run=/etc/tell' $medium
expect_small_boot
expect '=== root overlay rw'
for file in /home/mine /srv/sub/note /srv/image /opt/old; do expect "=== has $file"; done
part "$WORK/keep.ext4" "$WORK/disk.img" 2
clean_ext4 "$WORK/keep.ext4"
for file in /opt/rw/new /srv/sub/note; do
	debugfs -R "cat $file" "$WORK/keep.ext4" 2>/dev/null | grep -qx more ||
		fail "$file is not in the store"
done
debugfs -R 'stat /opt/rw/old' "$WORK/keep.ext4" 2>/dev/null | grep -q 'Type: character special' ||
	fail 'what was removed is not marked in the store'
boot overlay 'from=slax perch test.keep=slax1' $medium
expect_small_boot
expect '=== kept from layer 02'
boot overlay 'from=slax perch' $medium
expect_small_boot
expect '=== kept slax1'
boot overlay 'boot=live findiso=/live.iso toram' $medium
expect_small_boot
expect '=== root overlay rw'
expect 'vda1 is no longer needed'
part "$WORK/host.ext4" "$WORK/disk.img" 1
clean_ext4 "$WORK/host.ext4"
