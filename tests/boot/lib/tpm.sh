# shellcheck shell=sh disable=SC2034 # for the case
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases with a TPM, that of swtpm. Read after lib.sh and volumes.sh.

# what QEMU is told
TPM_DEVICE="-chardev socket,id=tpm,path=$WORK/tpm.ctrl -tpmdev emulator,id=tpm,chardev=tpm -device tpm-tis,tpmdev=tpm"

# run_swtpm: for the next machine, with which it ends
run_swtpm() {
	rm -f "$WORK/tpm.ctrl"
	swtpm socket --tpm2 --tpmstate "dir=$WORK/tpm" --ctrl "type=unixio,path=$WORK/tpm.ctrl" \
		--daemon --terminate || fail 'swtpm could not be started'
}

# enroll_tpm VOLUME ARG...: what a user does with systemd-cryptenroll; the PCRs are those of a TPM
# after a reset
enroll_tpm() {
	mkdir -p "$WORK/tpm"
	swtpm socket --tpm2 --tpmstate "dir=$WORK/tpm" --server "type=unixio,path=$WORK/tpm.data" \
		--ctrl "type=unixio,path=$WORK/tpm.data.ctrl" --flags not-need-init,startup-clear \
		--daemon --pid "file=$WORK/tpm.pid" || fail 'swtpm could not be started'
	enrolled=$1
	shift
	PASSWORD=secret systemd-cryptenroll "--tpm2-device=swtpm:path=$WORK/tpm.data" "$@" \
		"$enrolled" >"$WORK/enroll.log" 2>&1 ||
		fail "systemd-cryptenroll: $(cat "$WORK/enroll.log")"
	kill "$(cat "$WORK/tpm.pid")"
}

# extend_pcr N: a hook that extends that PCR of the bank sha256, where test.extend is on the command
# line: TPM2_PCR_Extend by the password session, without a password
extend_pcr() {
	cat <<HOOK
#!/bin/sh
grep -q test.extend /proc/cmdline || exit 0
{
	printf '\\200\\002\\000\\000\\000\\101\\000\\000\\001\\202\\000\\000\\000\\$(printf %03o "$1")'
	printf '\\000\\000\\000\\011\\100\\000\\000\\011\\000\\000\\000\\000\\000'
	printf '\\000\\000\\000\\001\\000\\013%32s' ''
} >/run/extend
cat /run/extend >/dev/tpmrm0 && echo '=== PCR $1 extended' >/dev/console
HOOK
}

# sysroot_program PROGRAM NAME...: the program at its place in $WORK/sysroot, with its libraries and
# these, which it loads by name
sysroot_program() {
	sysroot_path=$1
	shift
	{
		echo "$sysroot_path"
		ldd "$sysroot_path" | grep -o '/[^ ]*'
		for name in "$@"; do
			library=$(ldconfig -p | sed -n "s,^[[:space:]]$name (.*x86-64.*) => ,,p" | head -n 1)
			[ -n "$library" ] || fail "this machine has no $name"
			echo "$library"
			ldd "$library" | grep -o '/[^ ]*'
		done
	} | while read -r file; do
		mkdir -p "$WORK/sysroot${file%/*}"
		cp -L "$file" "$WORK/sysroot$file"
	done
}
