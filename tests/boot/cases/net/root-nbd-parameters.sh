# promise: a root on an NBD server's disk by dracut's words finds at the second boot what the first
# has written; an exported squashfs is the root of an overlay; an exported medium is one for
# archiso's words
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
small_root "$WORK/small"
mkdir -p "$WORK/iso/arch/x86_64" "$WORK/iso/boot"
mksquashfs "$WORK/small" "$WORK/live.sfs" -quiet -no-progress -comp zstd -all-root
ext4 "$WORK/root.ext4" 64M nbdroot "$root_uuid" "$WORK/small"
cp "$WORK/live.sfs" "$WORK/iso/arch/x86_64/airootfs.sfs"
xorriso -as mkisofs -quiet -iso-level 3 -R -V ARCH -o "$WORK/arch.iso" "$WORK/iso" 2>/dev/null
card='-nic user,model=virtio-net-pci'
nbd_port
build nbd disk -s 'module =net'

for keep in first second; do
	serve_nbd '' "$WORK/root.ext4"
	boot nbd "root=nbd:10.0.2.2:$NBD_PORT:ext4:rw ip=dhcp test.keep=$keep" $card
	expect '=== root ext4 rw'
	expect_not 'I/O error'
	expect_small_boot
	end_nbd
	clean_ext4 "$WORK/root.ext4"
done
expect '=== kept first'

serve_nbd live "$WORK/live.sfs" -r
boot nbd "vi.mode=overlay vi.image=nbd://10.0.2.2:$NBD_PORT/live test.keep=ram" $card
expect '=== root overlay rw'
expect '=== wrote ram'
expect_small_boot
end_nbd

serve_nbd archiso "$WORK/arch.iso" -r
boot nbd "archisobasedir=arch archisolabel=ARCH archiso_nbd_srv=10.0.2.2:$NBD_PORT ip=dhcp" $card
expect '=== root overlay rw'
expect_small_boot
end_nbd
