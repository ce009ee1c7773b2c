# shellcheck shell=dash
# shellcheck disable=SC2034 # WHY_NOT is for handover.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Can this kernel start the root's init? Afterwards is too late: when switch_root fails, the kernel
# panics. Sources: elf(5), the kernel's fs/binfmt_elf.c.

# number_at FIRST COUNT BYTES...: the little-endian number of COUNT bytes from the FIRST on, in RET
number_at() {
	local count=$2 shifted=0
	shift $(($1 + 2))
	RET=0
	while [ "$count" -gt 0 ]; do
		RET=$((RET + ($1 << shifted)))
		shifted=$((shifted + 8)) count=$((count - 1))
		shift
	done
}

# elf_header FILE: ELF_CLASS (1: 32 bits, 2: 64), ELF_MACHINE, and the header's bytes in RET; false: it is no ELF file
elf_header() {
	RET=$(od -An -v -tu1 -N 64 "$1" 2>/dev/null) || return 1
	# shellcheck disable=SC2086 # words
	set -- $RET
	[ $# = 64 ] && [ "$1 $2 $3 $4" = '127 69 76 70' ] || return 1
	ELF_CLASS=$5 ELF_MACHINE=$((${19} + ${20} * 256))
	[ "$6" = 1 ] || ELF_MACHINE=$((${19} * 256 + ${20})) ELF_CLASS=big
	RET=$*
}

# elf_interpreter FILE HEADER...: of a file of 64 bits, in RET; empty: it needs none
elf_interpreter() {
	local file=$1 offset size count
	shift
	number_at 32 8 "$@"
	offset=$RET
	number_at 54 2 "$@"
	size=$RET
	number_at 56 2 "$@"
	count=$RET
	[ "$size" = 56 ] && [ "$count" -lt 100 ] || count=0
	RET=$(od -An -v -tu1 -j "$offset" -N $((size * count)) "$file" 2>/dev/null)
	# shellcheck disable=SC2086 # words
	set -- $RET
	RET=''
	while [ $# -ge 56 ]; do
		[ "$1 $2 $3 $4" != '3 0 0 0' ] || {
			number_at 8 8 "$@"
			offset=$RET
			number_at 32 8 "$@"
			[ "$RET" -gt 1 ] && [ "$RET" -lt 4096 ] || RET=1
			RET=$(dd if="$file" bs=1 skip="$offset" count=$((RET - 1)) 2>/dev/null)
			return
		}
		shift 56
	done
}

# can_run PATH: WHY_NOT else. Only what is certain: an ELF file for another machine, or without its dynamic linker
can_run() {
	local own machine header
	elf_header "$ROOT/bin/busybox" || return 0
	own=$ELF_CLASS:$ELF_MACHINE
	inside "$1"
	set -- "$RET"
	elf_header "$NEWROOT$1" || return 0
	header=$RET machine=$ELF_CLASS:$ELF_MACHINE
	case $own:$machine in
	"$machine:$own") ;;
	2:62:1:3 | 2:62:1:62 | 2:183:1:40) return 0 ;; # of 32 bits, which many kernels run as well
	*)
		WHY_NOT="$1 is a program for another machine (ELF machine $ELF_MACHINE; this one is ${own#*:})"
		return 1
		;;
	esac
	[ "$ELF_CLASS" = 2 ] || return 0
	# shellcheck disable=SC2086 # words
	elf_interpreter "$NEWROOT$1" $header
	[ -n "$RET" ] || return 0
	header=$RET
	inside "$header"
	[ ! -e "$NEWROOT$RET" ] || return 0
	WHY_NOT="$1 needs $header, which the root does not have"
	return 1
}
