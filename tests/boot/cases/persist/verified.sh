# promise: verified by dm-verity each block is proven when it is read, and a flipped one is an I/O
# error that names it; another root hash, another
# key or another content is refused and leaves no root; the hash tree may lie beside the image or
# behind it
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day verifyimg.bats refuses another root hash, and another key; one image has both blocks
# that are read and one that is flipped, and the image on a disk is read to its end.
build netboot netboot
build loop loop -s 'image /images/root.ext4'
card='-nic user,model=virtio-net-pci'
small_root "$WORK/small"
for name in data more; do
	dd if=/dev/urandom of="$WORK/small/$name" bs=4k count=64 status=none
done
cat >"$WORK/small/etc/read" <<'READ'
cat /more >/dev/null && echo '=== read more'
cat /data >/dev/null && echo '=== read all'
READ
mkdir "$WORK/www"
PACK="$TOP/scripts/pack -q"
minisign -G -W -p "$WORK/key.pub" -s "$WORK/key" >/dev/null
minisign -G -W -p "$WORK/other.pub" -s "$WORK/other" >/dev/null
KEY=$(tail -n 1 "$WORK/key.pub")
OTHER=$(tail -n 1 "$WORK/other.pub")
$PACK --verity --sign-key "$WORK/key" "$WORK/small" "$WORK/www/root.sqfs"
$PACK --sign-key "$WORK/key" "$WORK/small" "$WORK/www/root.tar.zst"
root_hash=$(cat "$WORK/www/root.sqfs.roothash")
serve_http "$WORK/www"
url=http://10.0.2.2:$HTTP_PORT

if check_all; then
	boot netboot "ip=dhcp vi.mode=overlay vi.image=$url/root.sqfs vi.verify=verity:$root_hash test.run=/etc/read" $card
	expect_small_boot
	expect '=== read all'
	expect_not 'is not verified'
fi

# the third block of /data
offset=$(dd if="$WORK/small/data" bs=4k skip=2 count=1 status=none | head -c 16 | python3 -c '
import sys
print(open(sys.argv[1], "rb").read().index(sys.stdin.buffer.read()))' "$WORK/www/root.sqfs")
mkdir "$WORK/www/flipped"
cp "$WORK/www/root.sqfs" "$WORK/www/root.sqfs.verity" "$WORK/www/flipped"
python3 - "$WORK/www/flipped/root.sqfs" "$offset" <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    byte = f.read(1)[0]
    f.seek(int(sys.argv[2]))
    f.write(bytes([byte ^ 1]))
PYTHON
boot netboot "ip=dhcp vi.mode=overlay vi.image=$url/flipped/root.sqfs vi.verify=verity:$root_hash test.run=/etc/read" $card
expect_small_boot
expect 'root.sqfs is verified while it is read, as /dev/dm-0'
expect_not 'is not verified'
expect '=== read more'
expect "verity: .* data block $((offset / 4096)) is corrupted"
expect_not '=== read all'

if check_all; then
	other=vi.verify=verity:$(printf %064d 0)
	boot netboot "ip=dhcp panic=1 vi.mode=overlay vi.image=$url/root.sqfs $other" $card
	expect 'does not have the root hash that is trusted'
	expect_not '=== '
fi

boot netboot "ip=dhcp rw vi.image=$url/root.tar.zst vi.verify=minisign:$KEY test.run=/etc/read" \
	$card
expect_small_boot
expect '=== root tmpfs rw'
expect '=== read all'
expect 'the signature is good: file:root.tar.zst sha256:'

if check_all; then
	boot netboot "ip=dhcp rw panic=1 vi.image=$url/root.tar.zst vi.verify=minisign:$OTHER" $card
	expect 'was signed with another key'
	expect 'root.tar.zst is not what vi.verify=minisign: allows'
	expect_not '=== '
fi

# a list that is signed, of an archive that is another one
rm "$WORK/www/root.tar.zst.minisig"
tar -C "$WORK/small" --exclude=./data -cf - . | zstd -q >"$WORK/www/root.tar.zst"
boot netboot "ip=dhcp rw panic=1 vi.image=$url/root.tar.zst vi.verify=minisign:$KEY" $card
expect 'expecting the checksum of the signed list'
expect 'the archive is damaged or another one'
expect_not '=== '

# mode loop: what is verified is only read; the tree behind the file system
ext4 "$WORK/root.ext4" 32M root "$root_uuid" "$WORK/small"
size=$(stat -c %s "$WORK/root.ext4")
root_hash=$(veritysetup format --data-blocks=$((size / 4096)) --hash-offset="$size" \
	"$WORK/root.ext4" "$WORK/root.ext4" | sed -n 's/^Root hash:[[:space:]]*//p')
mkdir -p "$WORK/host/images"
mv "$WORK/root.ext4" "$WORK/host/images"
ext4 "$WORK/host.ext4" 64M host "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
boot loop "rw vi.verify=verity:$root_hash test.run=/etc/read" \
	-drive "file=$WORK/disk.img,format=raw,if=virtio,snapshot=on"
expect_small_boot
expect '=== root overlay rw'
expect '=== read all'
