# promise: Debian with systemd in an image, whoever serves it, suspends and hibernates by its own
# units every time, 20 times by each way to sleep, under load; hooks of the root run while systemd
# answers them; nothing is lost
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: 6.12 current
# Suspend-to-idle is tried in suspend and suspend-cycles: for the program that suspends it is one
# more word.
# shellcheck source=tests/boot/lib/hosts.sh
. "$TOP/tests/boot/lib/hosts.sh"
# shellcheck source=tests/boot/lib/sleeping.sh
. "$TOP/tests/boot/lib/sleeping.sh"
exporters=${EXPORTERS:-ublk nbd fuse dm loop} cycles=${CYCLES:-20}
cat >"$WORK/sleeper" <<'SLEEPER'
#!/bin/sh
say() { printf '<4>=== %s\n' "$*" >/dev/kmsg; }
writer() { while :; do dd if=/usr/bin/dpkg of="/var/written.$1" bs=64k conv=fsync 2>/dev/null || say "bad write $1"; done; }
reader() { while :; do dd if=/usr/bin/dpkg of=/dev/null bs=16k iflag=direct 2>/dev/null || say 'bad read'; done; }
cycles=$(sed 's/.*test\.cycles=\([0-9]*\).*/\1/' /proc/cmdline) slept=0
swapon /dev/vda2
echo 0 >/sys/power/image_size
writer 1 & writer 2 & reader &
for n in $(seq "$cycles"); do
	for kind in suspend hibernate; do
		if systemctl start systemd-$kind.service; then slept=$((slept + 1)) && say "slept $kind $slept"; else say "bad $kind"; fi
	done
done
say "slept in all $slept"
say "hooks $(sort /var/hooks | uniq -c | tr -s ' \n' ' ')"
kill $(jobs -p)
swapoff /dev/vda2
sync
systemctl poweroff
SLEEPER
cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
systemctl is-active -q multi-user.target && echo "$1" >>/var/hooks
HOOK
printf '[Unit]\nAfter=multi-user.target\n[Service]\nExecStart=/usr/local/sbin/sleeper\n' \
	>"$WORK/sleeper.service"
# a kernel that continues at once with what it has written
printf '[Sleep]\nHibernateMode=test_resume\n' >"$WORK/sleep.conf"
cat >"$WORK/commands" <<COMMANDS
write $WORK/sleeper /usr/local/sbin/sleeper
sif /usr/local/sbin/sleeper mode 0100755
mkdir /usr/lib/systemd/system-sleep
write $WORK/hook /usr/lib/systemd/system-sleep/hook
sif /usr/lib/systemd/system-sleep/hook mode 0100755
write $WORK/sleeper.service /etc/systemd/system/sleeper.service
symlink /etc/systemd/system/multi-user.target.wants/sleeper.service ../sleeper.service
rm /etc/systemd/sleep.conf
write $WORK/sleep.conf /etc/systemd/sleep.conf
COMMANDS
debian_image root.ext4
cp "$DEBIAN" "$WORK/root.ext4"
debugfs -w -f "$WORK/commands" "$WORK/root.ext4" >"$WORK/debugfs.log" 2>&1
build loop loop
for exporter in $exporters; do
	format=qcow2
	[ "$exporter" != loop ] || format=raw
	[ "$exporter" != dm ] || format=vhd
	image_with_swap $format "$WORK/root.ext4"
	BOOT_TIMEOUT=3600 boot_sleeper \
		"module_blacklist=$(without "$exporter") test.cycles=$cycles test.stay=1"
	expect "$IMAGE is /dev/$(device_of "$exporter")"
	expect "=== hooks *$((cycles * 2)) post $((cycles * 2)) pre"
	slept $((cycles * 2)) $format
	expect_good_boot
done
