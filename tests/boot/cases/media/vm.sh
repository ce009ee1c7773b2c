# promise: mkvinitrd vm runs a command in a directory of the host, by 9p and by virtiofs, and
# returns its output and status
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
small_root "$WORK/my, root"
# in_vm STATUS ARGUMENT...
in_vm() {
	wanted=$1 status=0
	shift
	MKVINITRD=$MKVINITRD "$TOP/scripts/vm" -r "$KDIR" -k "$KVER" -t "$WORK/my, root" \
		-l "$WORK/serial-vm.log" -T 200 --timing \
		"$@" >"$WORK/out" 2>"$WORK/err" || status=$?
	LOG=$WORK/serial-vm.log
	[ $status = "$wanted" ] || fail "status $status instead of $wanted: $(cat "$WORK/err")"
}
# shellcheck disable=SC2016 # the guest's shell expands it
in_vm 7 -- sh -c 'echo "out $*"; echo err >&2; echo kept >/kept; exit 7' x "it's" '$HOME  *'
[ "$(cat "$WORK/out")" = "out it's \$HOME  *" ] || fail "the output is: $(cat "$WORK/out")"
grep -qx err "$WORK/err" || fail "the errors are: $(cat "$WORK/err")"
grep -q '^vm: [0-9.]* s to build, [0-9.]* s to the command' "$WORK/err" || fail 'no times'
grep -q kept "$WORK/my, root/kept" || fail 'the guest wrote nothing into the shared directory'
expect 'mkvinitrd: clean'
in_vm 0 --share=virtiofs --net -- sh -c 'cat /proc/mounts; cat /etc/resolv.conf; exit'
grep -q '^host0 / virtiofs rw' "$WORK/out" ||
	fail "the root is not shared by virtiofs: $(cat "$WORK/out")"
grep -q '^nameserver ' "$WORK/out" || fail 'no network'
# every day a status of a command that there is
check_all || return 0
in_vm 127 -- /no/such/program
grep -q no/such/program "$WORK/err" ||
	fail "nothing is said of the missing program: $(cat "$WORK/err")"
