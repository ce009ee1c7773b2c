# promise: with 'include splash' and splash on the command line plymouth draws the screen, the
# passphrase of a LUKS root is typed there, and the root's own plymouth has it afterwards; where the
# boot fails the shell is seen
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day splash.bats and skel/console/splash.bats have what is packed, and what plymouth is told.
. "$TOP/tests/boot/lib/volumes.sh"
luks_uuid=11112222-3333-4444-5555-666677778888
PLYMOUTH=$("$TOP/tests/boot/plymouth") || fail 'there is no plymouth'
few_modules xts ecb aes_generic algif_skcipher bochs
sysroot cryptsetup
cp -a "$PLYMOUTH/." "$WORK/sysroot/"
# a theme whose background no console has
mkdir -p "$WORK/sysroot/etc/plymouth"
printf '[Daemon]\nTheme=spinner\nShowDelay=0\n' >"$WORK/sysroot/etc/plymouth/plymouthd.conf"
sed -i 's/^Background\(Start\|End\)Color=.*/Background\1Color=0x2040a0/' \
	"$WORK/sysroot/usr/share/plymouth/themes/spinner/spinner.plymouth"
build_volumes x 'include disk' 'include luks' 'include splash'

small_root "$WORK/small"
for file in /usr/bin/plymouth /usr/lib/x86_64-linux-gnu/libply.so.5 /lib/x86_64-linux-gnu/libc.so.6 \
	/lib64/ld-linux-x86-64.so.2; do
	mkdir -p "$WORK/small${file%/*}"
	cp -L "$PLYMOUTH$file" "$WORK/small$file"
done
cat >"$WORK/small/etc/left" <<'LEFT'
/usr/bin/plymouth --ping && echo '=== the splash runs in the root'
/usr/bin/plymouth quit --wait
/usr/bin/plymouth --ping || echo '=== the splash has ended'
ls /run/udev/data/c226* 2>/dev/null && echo '=== what udev has not seen is left'
LEFT
ext4 "$WORK/root.fs" 48M lvroot "$root_uuid" "$WORK/small"
encrypt "$WORK/root.fs" "$WORK/luks" $luks_uuid
disk "$WORK/disk.img" 83 "$WORK/luks"

# corner FILE: the first pixel of a screen as the monitor dumps it
corner() {
	head -n 3 "$1" | tr '\n' ' ' >"$WORK/header"
	tail -c +$(($(stat -c %s "$WORK/header") + 1)) "$1" | head -c 3 | xxd -p
}
# screen_is FILE COLOUR: the background of the theme; texts are drawn as well
screen_is() {
	[ "$(corner "$1")" = "$2" ] || fail "${1##*/} is $(corner "$1"), not $2, in its corner"
}

splash='splash plymouth.ignore-serial-consoles plymouth.debug=stream:/dev/ttyS0'
boot_attended x "root=UUID=$root_uuid rw rd.luks.uuid=$luks_uuid test.keep=one test.run=/etc/left $splash" \
	'queuing password request with boot splash => keys wrong' \
	'asks: It was not opened by that. => monitor info status' \
	"queuing password request with boot splash => monitor screendump $WORK/asking.ppm" \
	' => keys secret' \
	-- -vga std -drive "file=$WORK/disk.img,format=raw,if=virtio"
screen_is "$WORK/asking.ppm" 2040a0
[ "$(tail -c +16 "$WORK/asking.ppm" | xxd -p -c 3 | sort -u | wc -l)" -gt 20 ] ||
	fail 'the splash has no picture of what is asked'
expect_not 'Enter passphrase for /dev/vda1: *$'
expect 'mkvinitrd: the splash is left to the root'
expect '=== root ext4 rw'
expect '=== the splash runs in the root'
expect '=== the splash has ended'
expect_not '=== what udev has not seen'
expect_small_boot

# a root that is not there: the console is what is seen, and takes what is typed
boot_attended x "root=UUID=$host_uuid rw vi.timeout=3 vi.shell $splash" \
	"showing splash screen => monitor screendump $WORK/splash.ppm" \
	"locate failed => monitor screendump $WORK/rescue.ppm" \
	'exit the shell to continue => type plymouth --ping || echo no splash' \
	"no splash => monitor screendump $WORK/shell.ppm" \
	' => type poweroff -f' \
	-- -vga std -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '^no splash'
screen_is "$WORK/shell.ppm" 000000

# not wanted, or without a screen: as ever
DEVICES='-vga std'
typing x "root=UUID=$root_uuid ro rd.luks.uuid=$luks_uuid splash nosplash" secret
expect 'Enter passphrase for /dev/vda1'
expect_not 'the splash'
expect_small_boot
