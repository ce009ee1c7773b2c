# promise: home=, tce= and vi.bind= bring directories and extensions of other partitions into the
# root, which keep what is written there; swap and compressed swap when asked for; all is let go at
# the end
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
build disk disk -s 'module zram'
small_root "$WORK/small"
mkdir -p "$WORK/small/home/tc" "$WORK/small/srv" "$WORK/small/usr/local" "$WORK/small/etc/sysconfig"
echo skeleton >"$WORK/small/home/tc/.profile"
cat >"$WORK/small/etc/tell" <<'TELL'
ls -1a /home/tc /srv
[ -x /usr/local/bin/hello ] && /usr/local/bin/hello
ls /usr/local/tce.installed
while read -r device rest; do echo "=== swap $device"; done </proc/swaps
echo written >>/home/tc/note
wc -l /home/tc/note
TELL
for extension in hello base; do mkdir -p "$WORK/$extension/usr/local/bin"; done
printf '#!/bin/sh\n. /usr/local/bin/base-part\n' >"$WORK/hello/usr/local/bin/hello"
chmod +x "$WORK/hello/usr/local/bin/hello"
echo "echo '=== hello from an extension'" >"$WORK/base/usr/local/bin/base-part"
mkdir -p "$WORK/data/tce/optional" "$WORK/data/other"
touch "$WORK/data/other/mine"
for extension in hello base; do
	mksquashfs "$WORK/$extension" "$WORK/data/tce/optional/$extension.tcz" -quiet -no-progress
done
echo base.tcz >"$WORK/data/tce/optional/hello.tcz.dep"
echo hello.tcz >"$WORK/data/tce/onboot.lst"
ext4 "$WORK/small.ext4" 32M tc "$host_uuid" "$WORK/small"
ext4 "$WORK/data.ext4" 32M data "$root_uuid" "$WORK/data"
truncate -s 16M "$WORK/swap"
mkswap "$WORK/swap" >/dev/null 2>&1
disk "$WORK/disk.img" 83 "$WORK/small.ext4" "$WORK/data.ext4" "$WORK/swap"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"
words='rw root=LABEL=tc home=vda2 tce=vda2 vi.bind=LABEL=data:/other:/srv vi.swap=auto vi.swap=zram:64m test.run=/etc/tell'

boot disk "$words" $medium
expect_small_boot
expect '^.profile'
expect '^mine'
expect '=== hello from an extension'
expect '=== swap /dev/vda3'
expect '=== swap /dev/zram0'
boot disk "$words" $medium
expect_small_boot
expect '^2 /home/tc/note'
for n in 1 2; do
	part "$WORK/part" "$WORK/disk.img" $n
	clean_ext4 "$WORK/part"
done
