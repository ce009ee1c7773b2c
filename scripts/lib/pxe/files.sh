# shellcheck shell=sh disable=SC2154,SC2034 # variables of scripts/pxe, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# What scripts/pxe takes, known by its content, and how it comes into the directory: under a name
# with a part of its hash, so that no cache has an old one and no update changes a file that
# somebody is fetching. Read after output.sh.

# magic FILE OFFSET COUNT: these bytes as hexadecimal digits
magic() {
	od -A n -t x1 -j "$2" -N "$3" -- "$1" 2>/dev/null | tr -d ' \n'
}

# is_bios_kernel FILE: one with Linux' header for BIOS, which memtest86+ has as well
is_bios_kernel() {
	[ "$(magic "$1" 514 4)" = 48647253 ]
}

# efi_machine FILE: for which machine the EFI program is: x64, ia32, arm64; empty for anything else
efi_machine() {
	[ "$(magic "$1" 0 2)" = 4d5a ] || return 0
	efi_offset=$(od -A n -t u4 -j 60 -N 4 -- "$1" | tr -d ' ')
	case ${efi_offset:-0} in 0 | ????????*) return 0 ;; esac
	case $(magic "$1" "$efi_offset" 6) in
	504500006486) echo x64 ;;
	504500004c01) echo ia32 ;;
	5045000064aa) echo arm64 ;;
	esac
}

# check_kernel FILE OPTION
check_kernel() {
	{ [ -f "$1" ] && [ -r "$1" ]; } || die "no kernel '$1' that can be read ($2)"
	is_bios_kernel "$1" || [ "$(efi_machine "$1")" = arm64 ] ||
		die "'$1' is no Linux kernel that a boot loader can start ($2): expected a bzImage, or an EFI program for arm64"
}

# Of an installer: what a kernel unpacks
check_initrd() {
	{ [ -f "$1" ] && [ -r "$1" ]; } || die "no initramfs '$1' that can be read"
	mkvinitrd ls "$1" >/dev/null 2>&1 ||
		die "'$1' is no initramfs: expected cpio archives, plain or compressed (mkvinitrd ls lists them)"
}

# check_loader TYPE FILE
check_loader() {
	{ [ -f "$2" ] && [ -r "$2" ]; } || die "no boot loader '$2' that can be read (--loader)"
	loader_machine=$(efi_machine "$2")
	case $1:$loader_machine in
	bios:) [ "$(magic "$2" 0 2)" != 4d5a ] && return 0 ;;
	"$loader_machine":?*) return 0 ;;
	esac
	die "'$2' is no boot loader for $1: found ${loader_machine:+an EFI program for }${loader_machine:-no EFI program} (--loader)"
}

# What is no root, or none that comes whole over HTTP, is refused by its content; sets mode.
identify_root() {
	kind='' format=''
	facts=$(mkvinitrd identify --shell "$1") || exit 1
	eval "$facts"
	case $kind:$mode in
	cloop:*) die "'$1' is a cloop image, and by network only squashfs, erofs and archives boot: convert it with mkvinitrd pack" ;;
	*:overlay | *:tmpfs) ;;
	*) die "'$1' is a disk image ($kind${format:+, $format}), which boots from an NBD server (vi.image=nbd://...); for HTTP, pack its files with mkvinitrd pack" ;;
	esac
}

# sum FILE: its SHA-256
sum() {
	sha256sum <"$1" | cut -c 1-64
}

# hashed_name NAME SUM: only characters that need no quoting anywhere, by TFTP, HTTP, iPXE and the
# kernel, stay in it
hashed_name() {
	base=$(basename -- "$1")
	case $base in
	?*.tar.*) ending=tar.${base##*.} ;;
	?*.*) ending=${base##*.} ;;
	*) ending='' ;;
	esac
	printf '%s-%s%s\n' "${base%".$ending"}" "$(printf %.12s "$2")" "${ending:+.$ending}" |
		LC_ALL=C sed 's/[^A-Za-z0-9._-]/_/g;s/^[.-]/_/'
}

# copy_file FROM TO: why it fails is told by who calls it
copy_file() { cp -- "$1" "$2" 2>/dev/null; }

# install_file FROM NAME: whole and verified, or not at all
install_file() {
	output_begin "$output/$2"
	# what is served is for everybody
	{ run copy_file "$1" "$output_temp" && chmod 644 "$output_temp"; } ||
		die "cannot copy '$1' to '$output': $(explain_write "$output")"
	run cmp -s -- "$1" "$output_temp" ||
		die "'$output/$2' would not be the same as '$1': the copy reads back differently"
	output_commit "$output/$2"
}

# install_hashed FROM NAME: sets stored, the name in the directory, and stored_sum
install_hashed() {
	stored_sum=$(sum "$1") || exit 1
	stored=$(hashed_name "$2" "$stored_sum")
	# it is there: its time tells that it is in use again
	if cmp -s -- "$1" "$output/$stored"; then
		touch -c "$output/$stored"
	else
		install_file "$1" "$stored"
	fi
}

# install_text NAME: what is in $work/text, unless it is there already
install_text() {
	cmp -s "$work/text" "$output/$1" || install_file "$work/text" "$1"
}

# find_tree: sets root_hash where mkvinitrd pack --verity has put a hash tree beside the root, and
# it is that of the root
find_tree() {
	root_hash=''
	[ "$mode" = overlay ] && [ -r "$root.verity" ] && [ -r "$root.roothash" ] || return 0
	read -r root_hash <"$root.roothash" || [ -n "$root_hash" ] ||
		die "'$root.roothash' is empty: pack the root again with --verity"
	case $root_hash in
	*[!0-9a-f]* | '') die "'$root.roothash' does not hold a root hash: expected hexadecimal digits; pack the root again with --verity" ;;
	esac
	! command -v veritysetup >/dev/null ||
		veritysetup verify "$root" "$root.verity" "$root_hash" >/dev/null 2>&1 ||
		die "'$root.verity' is not the hash tree of '$root' with the root hash in '$root.roothash': pack the root again with --verity"
}

# install_proof: what clients that verify the root, or leave it here and fetch what its boot needs
# first, look for beside it
install_proof() {
	[ -z "$root_hash" ] || install_file "$root.verity" "$root_name.verity"
	[ ! -r "$root.minisig" ] || install_file "$root.minisig" "$root_name.minisig"
	# it holds positions in this root: one of an older root says nothing
	[ ! -r "$root.trace" ] || [ -n "$(find "$root" -newer "$root.trace")" ] ||
		install_file "$root.trace" "$root_name.trace"
}
