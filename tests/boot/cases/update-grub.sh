# promise: a Debian whose only generator is mkvinitrd, with GRUB on BIOS: a new image boots and its predecessor is removed; one that crashes is tried twice, then the menu returns to the previous one by itself
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day update.bats runs the menu's counting in a shell, and installed-* boot a Debian.
. "$TOP/tests/boot/updating.sh"
BOOT_TIMEOUT=${BOOT_TIMEOUT:-600}
machine_tree ''
machine_turns <<'TURN'
case $n in
1) change two ;;
2) change broken 'echo c >/proc/sysrq-trigger' ;;
3) say finished ;;
esac
TURN
machine_disk_grub
machine_run
log | grep '=== image' | sed 's/.*=== //' >"$WORK/images"
printf 'image %s\n' one two broken broken two >"$WORK/expected"
cmp "$WORK/images" "$WORK/expected" || fail "expected images $(paste -s -d , "$WORK/expected"), found $(paste -s -d , "$WORK/images")"
expect '=== turn 1 by image one, previous 0, booted success'
expect '=== turn 2 by image two, previous 0, booted success'
expect '=== turn 3 by image two, previous 1, booted success'
expect '=== booted: .*this boot was by an image that is not the newest'
expect_not '=== failed-units [^ ]'
expect_not 'failed$'
part "$WORK/part" "$WORK/disk.img" 1
clean_ext4 "$WORK/part"
