# promise: when all processes by which the root's disk lives are killed at once (SysRq-i), the
# machine still goes off in bounded time, and says what happened
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
. "$TOP/tests/boot/lib/hosts.sh"
build loop loop
small_root "$WORK/small"
cat >"$WORK/small/etc/killed" <<'KILLED'
dd if=/dev/zero of=/big bs=64k count=64
echo '=== killing all'
echo 1 >/proc/sys/kernel/sysrq
echo i >/proc/sysrq-trigger
KILLED
ext4 "$WORK/small.ext4" 48M bbroot "$root_uuid" "$WORK/small"
disk "$WORK/raw.img" 83 "$WORK/small.ext4"
mkdir "$WORK/host"
image qcow2-backing "$WORK/raw.img" "$WORK/host"
host_disk ext4 "$WORK/host"
boot loop "rw vi.image=/$IMAGE test.run=/etc/killed" $MEDIUM
expect '=== killing all'
expect 'mkvinitrd: busy: all processes that served /dev/[a-z0-9-]* were killed: unwritten data is lost'
expect_not 'mkvinitrd: clean'
