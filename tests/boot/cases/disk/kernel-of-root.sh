# promise: vi.kernel=image starts the newest kernel of the root in a VHDX, with its modules, and
# writes nothing but the root; without such a kernel the boot continues
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/lib/hosts.sh"
other=$("$TOP/scripts/kernels" current)
other_version=$(ls "$other/lib/modules")
# to look through all modules takes the emulated machine as long as the rest: with check-all
check_all || {
	"$TOP/tests/lib/emulated-kernel" "$other" "$WORK/other"
	other=$WORK/other
}
small_root "$WORK/small"
mkdir -p "$WORK/small/boot" "$WORK/small/usr/lib/modules"
ln -s usr/lib "$WORK/small/lib"
cp "$other/vmlinuz" "$WORK/small/boot/vmlinuz-$other_version"
cp -r "$other/lib/modules/$other_version" "$WORK/small/usr/lib/modules/"
# a kernel without its modules is none that the root can run with
cp "$KDIR/vmlinuz" "$WORK/small/boot/vmlinuz-$KVER"
cat >>"$WORK/small/etc/rc.d" <<'RC'
read -r version </proc/sys/kernel/osrelease && echo "=== kernel $version"
RC
sed -i '/^poweroff/i . /etc/rc.d' "$WORK/small/etc/rc"
ext4 "$WORK/root.fs" 260M kernelroot "$root_uuid" "$WORK/small"
disk "$WORK/raw.img" 83 "$WORK/root.fs"
mkdir "$WORK/host"
image vhdx "$WORK/raw.img" "$WORK/host"
host_disk ext4 "$WORK/host"
rm -r "$WORK/host" "$WORK/small" "$WORK/raw.img" "$WORK/root.fs"
build loop loop
boot loop "rw vi.image=/$IMAGE vi.kernel=image test.keep=first" $MEDIUM
expect "starting kernel $other_version of the root in place of $KVER"
expect "=== kernel $other_version"
expect '=== wrote first'
expect_small_boot
[ "$(log | grep -c 'mkvinitrd: clean')" = 2 ] || fail 'not both kernels ended cleanly'
expect_not 'mkvinitrd: warning'
host_clean ext4
# every day skel/kernel.bats goes on without it
if check_all; then
	boot loop "rw vi.image=/$IMAGE vi.kernel=$KVER" $MEDIUM
	expect "vi.kernel=$KVER: the root has no kernel $KVER: expected /boot/vmlinuz-$KVER with /lib/modules/$KVER; continuing with kernel $KVER"
	expect "=== kernel $KVER"
	expect '=== kept first'
	expect_small_boot
	host_clean ext4
fi
host_files ext4 "$WORK/after"
image_raw vhdx "$WORK/after" "$WORK/after.img"
part "$WORK/root.fs" "$WORK/after.img" 1
clean_ext4 "$WORK/root.fs"
debugfs -R 'cat /kept' "$WORK/root.fs" 2>/dev/null | grep -qx first || fail 'what was written is not in the image'
