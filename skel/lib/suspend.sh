# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# A machine whose root is in an image sleeps when nobody waits for the disk any more: vdattach(8),
# SUSPEND. systemd is told so for this boot; other systems call vdattach.

# guard_sleep: systemd's own program, with the hooks and settings of the root, runs below vdattach
guard_sleep() {
	local program name dir
	inside "$INIT"
	case $RET in */systemd) ;; *) return 0 ;; esac
	for program in /usr/lib/systemd/systemd-sleep /lib/systemd/systemd-sleep; do
		is_program "$program" || continue
		for name in suspend hibernate hybrid-sleep suspend-then-hibernate; do
			dir=$ROOT/run/systemd/system/systemd-$name.service.d
			{ mkdir -p "$dir" &&
				printf \
					'[Service]\nExecStart=\nExecStart=/run/initramfs/bin/vdattach suspend %s %s\n' \
					"$program" "$name" >"$dir/mkvinitrd.conf"; } ||
				warn "$name: sleep may fail while the root is in use"
		done
		return 0
	done
}
