# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds and judges one image beside the one it is to replace. Needs preset.sh, root.sh,
# state.sh, tools.sh.
#   build_job FILE PRESET KVER   in a subshell with a directory $work of its own: writes $work/result (lines KEY VALUE), and, if the image is
#                           not as it is recorded, the new one as build_temp and its record as $work/record

# build_output PRESET KVER: sets build_path. 'auto' is where boot loaders look, or another name
# where another generator writes that.
build_output() {
	case $preset_output in
	auto)
		build_path=$sysroot/boot/initrd.img-$2
		for build_other in usr/sbin/update-initramfs usr/bin/dracut usr/sbin/dracut \
			usr/bin/mkinitcpio; do
			[ ! -x "$sysroot/$build_other" ] ||
				build_path=$sysroot/boot/mkvinitrd-$2.img
		done
		[ "$1" = default ] || build_path=$build_path.$1
		;;
	*) build_path=$sysroot$(printf %s "$preset_output" |
		sed "s/%[kK]/$(printf %s "$2" | sed 's/[&/\\]/\\&/g')/g") ;;
	esac
	[ -z "$output" ] || build_path=$output
	build_temp=${build_path%/*}/.${build_path##*/}.mkvinitrd-new
}

# build_with COMMAND [ARGUMENT...]: the builder, with what the preset and the root say
build_with() {
	build_command=$1
	shift
	set -- "$build_command" -q -p "$preset_profile" -k "$build_kver" "$@"
	[ -z "$sysroot" ] || set -- "$@" -r "$sysroot"
	while IFS= read -r build_line; do
		[ -z "$build_line" ] || set -- "$@" -s "$build_line"
	done <<LINES
$preset_lines
$build_root_lines
LINES
	mkvinitrd "$@"
}

# All that an image is made of: its list of members, what is generated, and the hash of each file.
# Reading them takes less time than compressing, and no file of the system has to be trusted to have
# a new time when it is new.
build_inputs() {
	build_with plan --format=list -o "$work/list" >"$work/log" 2>&1 || return
	LC_ALL=C awk '$1 == "file" { print $3 }' "$work/list" | LC_ALL=C sort -u >"$work/sources"
	{
		printf 'builder %s\n' "$(mkvinitrd --version)"
		printf '%s\n' "$preset_profile" "$preset_lines" "$build_root_lines" "$build_path" |
			sed 's/^/setting /'
		mkvinitrd profile show "$preset_profile" 2>/dev/null | sed 's/^/profile /'
		sed "s|^\(file [^ ]* \)$work/|\1@/|" "$work/list"
		tr '\n' '\000' <"$work/sources" | LC_ALL=C xargs -0 -r sha256sum -- 2>>"$work/log" |
			sed "s|  $work/|  @/|"
	} >"$work/inputs"
	[ -s "$work/sources" ] && [ "$(grep -c '^\\\{0,1\}[0-9a-f]\{64\}  ' "$work/inputs")" = \
		"$(wc -l <"$work/sources")" ]
}

build_result() {
	printf '%s %s\n' "$@" >>"$work/result"
}

# build_failed TEXT: why there is no new image, in one line
build_failed() {
	build_result status failed
	build_result reason "$*"
	rm -f "$build_temp"
	exit 1
}

# The builder's first error: its last line sums up
build_reason() {
	grep -a -m 1 'error: ' "$work/log" >"$work/reason" || failure_reason >"$work/reason"
	plain_text <"$work/reason" |
		sed 's/^mkvinitrd: //; s/^error: //; s/; make room, or write to another directory with -o$//'
}

# build_judge IMAGE: against the root of the command line
build_judge() {
	mkvinitrd ls "$1" >"$work/members" 2>"$work/log" ||
		build_failed "cannot read '$1': $(build_reason)"
	build_missing=$(root_verify "$work/members" "$build_kver") ||
		build_failed "$root_text: the image lacks $build_missing; add it to the preset ('line ...') or see 'root' in mkvinitrd-update(8)"
}

build_write() {
	build_with build -o "$build_temp" >"$work/log" 2>&1 || build_failed "$(build_reason)"
	mkvinitrd check -q -k "$build_kernel" ${sysroot:+-r "$sysroot"} "$build_temp" >"$work/log" \
		2>&1 || build_failed "$(build_reason)"
	build_judge "$build_temp"
	build_hash=$(sha256sum <"$build_temp") || build_failed "cannot read '$build_temp'"
	mkvinitrd cat "$build_temp" etc/mkvinitrd/sentinel >"$work/sentinel" 2>"$work/log" ||
		build_failed "$(build_reason)"
	build_sentinel=$(sed -n 's/^xxh128=//p' "$work/sentinel")
	[ -n "$build_sentinel" ] || build_failed "the sentinel of '$build_temp' has no hash"
	{
		printf 'image %s\nsha256 %s\n' "$build_path" "${build_hash%% *}"
		printf 'sentinel %s\n' "$build_sentinel"
		printf 'kernel %s\npreset %s\nvmlinuz %s\ncmdline %s\n' "$build_kver" \
			"$build_preset" "$build_kernel" "$build_cmdline"
		printf 'keep %s\nentry %s\n--\n' "$preset_previous" "$preset_entry"
		cat "$work/inputs"
	} >"$work/record" || build_failed "no space left in '${TMPDIR:-/tmp}'"
}

# build_kernel_file KVER: sets build_kernel, empty if there is none
build_kernel_file() {
	for build_kernel in "$sysroot/boot/vmlinuz-$1" "$sysroot/lib/modules/$1/vmlinuz" \
		"$sysroot/usr/lib/modules/$1/vmlinuz" ''; do
		[ ! -r "$build_kernel" ] || return 0
	done
	return 1
}

build_job() {
	build_preset=$2 build_kver=$3 build_root_lines='' build_path='' build_temp=''
	: >"$work/result"
	preset_read "$1" || build_failed "the preset has mistakes, see above"
	build_output "$2" "$3"
	build_result image "$build_path"
	build_kernel_file "$3" || build_failed "there is no kernel vmlinuz-$3 in $sysroot/boot"
	build_cmdline=$(root_cmdline "$preset_cmdline")
	root_examine "$build_cmdline" || [ "$preset_root" != auto ] || build_failed "$root_why"
	build_root_lines=$root_lines
	[ "$preset_root" = auto ] || build_root_lines=$(root_unknown)
	[ "$preset_root" = auto ] || : >"$work/needs"
	build_result root "$root_text$(root_parts)"
	build_inputs || build_failed "$(build_reason)"
	if [ -n "$output" ]; then
		build_write
		{ mv -f -T "$build_temp" "$output" && sync "${output%/*}/"; } ||
			build_failed "cannot write '$output'"
		build_result status built
	elif state_matches "$2@$3" "$work/inputs" "$build_path"; then
		build_judge "$build_path"
		build_result status unchanged
	elif [ -n "$dry_run" ]; then
		build_result status outdated
	else
		# the builder, too, writes beside it first
		rm -f "$build_temp" "$build_temp".* "${build_temp%/*}/.${build_temp##*/}".*
		build_write
		build_result status built
	fi
}
