# promise: an archive of settings beside which a key of age lies is encrypted, when it is saved by
# hand and at the end, and asks for the passphrase at boot; without it nothing is restored and
# nothing saved
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
set -- -s "file /bin/age $(command -v age) 755"
for library in $(ldd "$(command -v age)" | grep -o '/[^ ]*'); do
	set -- "$@" -s "file $library $library 755"
done
build overlay overlay -s 'image /live/root.sqfs' -s 'persist archive:/s/lab' "$@"
small_root "$WORK/small"
mkdir -p "$WORK/small/root"
cat >"$WORK/small/etc/turn" <<'TURN'
read -r line </root/new && echo "=== new: $line"
case $cmdline in *test.save*) echo secretly >/root/new ;; esac
TURN
small_image "$WORK/root.sqfs"
age-keygen -o "$WORK/plain.key" 2>/dev/null
age-keygen -y "$WORK/plain.key" >"$WORK/lab.pub"
"$TOP/tests/boot/age-passphrase" secret <"$WORK/plain.key" >"$WORK/lab.key" || fail age-passphrase
vfat "$WORK/stick.vfat" 80 STICK "$WORK/root.sqfs=live/root.sqfs" "$WORK/lab.key=s/lab.key"
mcopy -i "$WORK/stick.vfat" "$WORK/lab.pub" ::s/lab.pub
disk "$WORK/disk.img" c "$WORK/stick.vfat"

typing overlay 'test.run=/etc/turn test.save' secret
expect_small_boot
expect 'saving settings to /s/lab.tar.zst.age'
typing overlay 'test.run=/etc/turn' wrong secret
expect_small_boot
expect '=== new: secretly'
# an empty one is refused as well
typing overlay 'test.run=/etc/turn test.save' wrong '' ''
expect_small_boot
expect_not '=== new'
expect 'nothing is restored'
expect_not 'saving settings'
part "$WORK/stick" "$WORK/disk.img" 1
clean_vfat "$WORK/stick"
mcopy -i "$WORK/stick" ::s/lab.tar.zst.age "$WORK/saved.age"
age -d -i "$WORK/plain.key" "$WORK/saved.age" | zstd -dc | tar -tf - | grep -qx root/new ||
	fail 'the archive is not what age reads'
! mdir -b -i "$WORK/stick" ::s | grep -q 'zst$' || fail 'a plain archive lies on the stick'
