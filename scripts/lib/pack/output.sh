# shellcheck shell=sh disable=SC2154,SC2034 # variables of pack
# SPDX-License-Identifier: GPL-2.0-or-later
# The formats that pack writes, and the proof that what was written can be read.

# set_format OUT FORMAT: by the ending, or as the user says
set_format() {
	format=$2
	[ -n "$format" ] || case $1 in
	*.tgz) format=tar.gz ;;
	*.txz) format=tar.xz ;;
	*.tar.zst | *.tar.xz | *.tar.gz | *.tar.bz2) format=tar.${1##*.} ;;
	*.cpio.zst | *.cpio.xz | *.cpio.gz | *.cpio.bz2) format=cpio.${1##*.} ;;
	*.tar | *.cpio | *.erofs | *.cloop | *.vhd | *.vhdx | *.vdi | *.vmdk | *.qcow2 | *.ext4 | *.raw) format=${1##*.} ;;
	*.sqfs | *.squashfs | *.sfs) format=squashfs ;;
	*.img) format=raw ;;
	esac
	case $format in
	tar | cpio | erofs | cloop | squashfs | ext4 | raw | vhd | vhdx | vdi | vmdk | qcow2) compressor='' ;;
	tar.zst | tar.xz | tar.gz | tar.bz2 | cpio.zst | cpio.xz | cpio.gz | cpio.bz2) compressor=${format#*.} ;;
	'') usage "cannot tell the format from '$1': use $endings, or --format" ;;
	*) usage "unknown format '$format': expected tar, tar.zst, tar.xz, tar.gz, tar.bz2, the same of cpio, squashfs, erofs, cloop, ext4, raw, vhd, vhdx, vdi, vmdk or qcow2" ;;
	esac
}

endings='.tar.zst .tar.xz .tar.gz .tar.bz2 .tar .cpio .sqfs .erofs .cloop .ext4 .raw .vhd .vhdx .vdi .vmdk or .qcow2'

# check_level: a number that the compressor has
check_level() {
	case $format in
	*.zst | squashfs) range='1 22' ;;
	*.xz) range='0 9' ;;
	*.gz | *.bz2 | cloop) range='1 9' ;;
	erofs) range='1 12' ;;
	*) usage "--level: $format has no compression levels" ;;
	esac
	case $level in
	*[!0-9]* | ???*) ;;
	*) [ "$level" -lt "${range% *}" ] || [ "$level" -gt "${range#* }" ] || return 0 ;;
	esac
	usage "--level: $format has the levels ${range% *} to ${range#* }, not '$level'"
}

need_tools() {
	for tool in tar:tar du:coreutils find:findutils; do
		case $(LC_ALL=C "${tool%:*}" --version 2>/dev/null) in
		*GNU*) ;;
		*) die \
			"the ${tool%:*} in PATH ($(command -v "${tool%:*}" || echo none)) is not that of GNU, which is needed: apt-get install ${tool#*:}" ;;
		esac
	done
	case $compressor in
	xz) need xz xz-utils ;;
	zst) need zstd zstd ;;
	bz2) need bzip2 bzip2 ;;
	esac
	case $format in
	cpio*) need cpio cpio ;;
	squashfs) need mksquashfs squashfs-tools ;;
	erofs) need mkfs.erofs erofs-utils ;;
	cloop) need create_compressed_fs cloop-utils && need mke2fs e2fsprogs ;;
	ext4) need mke2fs e2fsprogs ;;
	esac
	case $format in raw | vhd | vhdx | vdi | vmdk | qcow2) need_disk_tools ;; esac
	[ -z "$verity" ] || need veritysetup cryptsetup-bin
	[ -z "$sign_key" ] || need minisign minisign
}

# fail_tool WHAT: with the tool's last word
fail_tool() {
	tool_reason=$(cat "$log" "$work"/log.* 2>/dev/null | grep -v '^[[:space:]]*$' | tail -n 1 |
		tr -dc '[:print:]')
	die "$1: ${tool_reason:-a tool gave no reason}"
}

compress() {
	case $compressor in
	'') cat ;;
	gz) gzip -n "-${level:-9}" ;;
	bz2) bzip2 "-${level:-9}" ;;
	# blocks that unpackroot decodes in parallel with little memory
	xz) xz -T0 --lzma2="preset=${level:-6},dict=2MiB" --block-size=2MiB ;;
	zst) compress_zstd ;;
	esac
}

# By default a size within 3 % of that of level 19 in about half of its time: optimal parsing with
# short matches, few searches, and a window of 16 MiB, which a client has to have while it unpacks.
# Blocks of a fixed size, whatever the number of processors is.
compress_zstd() {
	case $level in
	'') zstd -q -T0 -17 -B32M --long=24 \
		--zstd=strategy=7,minMatch=3,searchLog=3,targetLength=32,wlog=24 ;;
	2?) zstd -q -T0 --ultra "-$level" ;;
	*) zstd -q -T0 "-$level" ;;
	esac
}

decompress() {
	case $compressor in
	'') cat ;;
	gz) gzip -dc ;;
	bz2) bzip2 -dc ;;
	xz) xz -dc ;;
	zst) zstd -q -dc --long=27 ;;
	esac
}

# cpio leaves out what its header cannot hold, and is content with that.
check_cpio() {
	[ -n "$(find "$tree" ${one_file_system:+-xdev} -type f -size +4294967295c -print -quit 2>/dev/null)" ] || return 0
	big=$(sparse=--sparse && tar_stream 2>/dev/null | LC_ALL=C tar -tvf - 2>/dev/null | awk '
		/^-/ && $3 > 4294967295 { sub(/^([^ ]+ +)([^ ]+ +)([^ ]+ +)([^ ]+ +)([^ ]+ +)/, ""); print; exit }')
	[ -z "$big" ] ||
		die "a cpio archive holds files of less than 4 GiB, and '$big' has more: use tar, squashfs, erofs or ext4, or --exclude it"
}

stage_cpio() {
	cd "$stage" && find . -print0 | LC_ALL=C sort -z | cpio -0 -o -H newc --reproducible --quiet
}

# from_archive: the archive as it is before compression
from_archive() {
	case $format in
	cpio*) part "making the cpio archive" stage_cpio 2>"$work/log.cpio" ;;
	*) part "reading '$input'" tar_stream 2>"$work/log.tar" ;;
	esac
}

# Both ends of the compressor are hashed; what is read back must be the same. A small system has no
# /dev/fd.
write_archive() {
	{
		from_archive | part 'hashing' tee /proc/self/fd/3 |
			part "compressing" compress >"$output_temp" 2>"$work/log.compress" || :
	} 3>&1 | part 'hashing' sha256sum >"$work/sum"
}

verify_archive() {
	part 'reading back' decompress <"$output_temp" 2>"$work/log.compress" |
		part 'hashing' sha256sum >"$work/sum.back"
	cmp -s "$work/sum" "$work/sum.back"
}

# The newest time of the tree, of those that squashfs can hold: seconds from 1970 to 2106
newest_time() {
	find "$tree" ${one_file_system:+-xdev} -printf '%T@\n' 2>/dev/null |
		awk '$1 > newest { newest = $1 } END { if (newest > 4294967295) newest = 4294967295; printf "%.0f\n", int(newest) }'
}

# Of a stream mksquashfs takes neither mode nor time of the root; its times are bounded by the
# newest of the tree. It fails at a record with a time before 1970: without the record the time is
# 1970.
# A root that is read where it is touched, over a network, has smaller blocks: of a library a
# program needs a part.
write_squashfs() {
	block=256K
	[ -z "$trace" ] || block=64K
	newest=${SOURCE_DATE_EPOCH:-$(newest_time)}
	no_pax=',delete=mtime'
	part "reading '$input'" "$stream" 2>"$work/log.tar" |
		part 'mksquashfs' env SOURCE_DATE_EPOCH="$newest" mksquashfs - "$output_temp" \
			-tar -quiet -no-progress -noappend -comp zstd \
			-Xcompression-level "${level:-19}" -b "$block" -root-mode "$top_mode" \
			>"$work/log.compress" 2>&1 || :
}

# squashfs_field FILE OFFSET: a number of 64 bits of its superblock (kernel:
# fs/squashfs/squashfs_fs.h)
squashfs_field() {
	od -A n -t u8 -j "$2" -N 8 "$1" | tr -d ' '
}

# traced_stream: what of tar_stream comes before the rest of the tree
traced_stream() {
	tar_tree -cf - -C "$work/extra" --no-recursion --null . -T "$work/extras" -C "$tree" \
		-T "$work/first"
}

# write_trace: OUT.trace, what of OUT a boot needs, in lines FIRST COUNT of 4096 bytes (vdattach(8),
# first): the data of the traced files, which end where an image of them alone has its inodes, and
# the tables at the end.
write_trace() {
	[ -n "$trace" ] || return 0
	part_image=$work/traced.sqfs
	output_temp=$part_image
	stream=traced_stream
	pack_step 'measuring' tar write_squashfs
	stream=tar_stream
	data=$((($(squashfs_field "$part_image" 64) + 4095) / 4096))
	tables=$(($(squashfs_field "$data_temp" 64) / 4096)) \
	end=$((($(squashfs_field "$data_temp" 40) + 4095) / 4096))
	output_begin "$out.trace"
	printf '%s %s\n' $tables $((end - tables)) 0 $data >"$output_temp"
	rm -f "$part_image"
}

# Everything is decompressed once.
# All is read back into a file, which unsquashfs removes and makes: never a device. Before 4.6 it
# does not know - either.
verify_squashfs() {
	unsquashfs -q -n -pf "$work/read-back" "$output_temp" >/dev/null 2>"$work/log.compress" &&
		rm -f "$work/read-back"
}

# warn_lost KIND WHAT OTHERS: says what the format cannot hold; KIND is as tar lists it, x (xattrs)
# or a (ACLs)
warn_lost() {
	run find_lost "$1" >"$work/lost"
	[ ! -s "$work/lost" ] ||
		say "warning: the root has $2 (such as $(cat "$work/lost")), which ${format%%.*} cannot hold: they are left out; $3 keep them"
}

# The first file that has it
find_lost() {
	{ sparse=--sparse && tar_stream 2>/dev/null; } | LC_ALL=C tar --xattrs --xattrs-include='*' --acls -tvvf - 2>/dev/null | awk -v kind="  $1: " '
		substr($0, 1, 5) != kind { if (/^[-a-zA-Z]/) { sub(/^([^ ]+ +)([^ ]+ +)([^ ]+ +)([^ ]+ +)([^ ]+ +)/, ""); path = $0 } next }
		{ print path; exit }'
}

# stage_tree: the stream as files, for tools that read a directory
stage_tree() {
	[ "$(id -u)" = 0 ] ||
		[ -z "$(find "$tree" ${one_file_system:+-xdev} ! -uid "$(id -u)" -print -quit 2>/dev/null)" ] || need_root "making $format of other users' files"
	mkdir "$work/stage"
	need_room "$work" "$tree_bytes" "a copy of the root (TMPDIR says where)"
	pack_step 'copying' tar write_stage
	stage=$work/stage
}

write_stage() {
	sparse=--sparse
	part "reading '$input'" tar_stream 2>"$work/log.tar" |
		part 'copying' tar --numeric-owner --xattrs --xattrs-include='*' \
			--acls -C "$work/stage" -xpf - 2>"$work/log.compress" || :
}

# A UUID by the content: the same for the same, another for another. overlayroot tells images apart
# by it.
content_uuid() {
	part "reading '$input'" tar_stream 2>"$work/log.tar" | sha256sum |
		sed 's/^\(.\{8\}\)\(.\{4\}\).\(.\{3\}\).\(.\{3\}\)\(.\{12\}\).*/\1-\2-4\3-8\4-\5/' \
			>"$work/uuid"
}

write_erofs() {
	# mkfs.erofs 1.5 fails without a word of that
	long_name=$(cd "$stage" && find . -regextype posix-extended -regex '.*/[^/]{255}' |
		head -n 1)
	mkfs.erofs --quiet "-zlz4hc,${level:-12}" -T "${SOURCE_DATE_EPOCH:-0}" -U "$uuid" \
		"$output_temp" "$stage" >"$log" 2>&1 && return
	[ -z "$long_name" ] ||
		echo "a name of 255 bytes, which this mkfs.erofs cannot store: $long_name" >>"$log"
	return 1
}

verify_erofs() { fsck.erofs --extract "$output_temp" >"$log" 2>&1; }

# fs_bytes: room for the tree and its metadata, and --free more
fs_bytes() {
	used=$(du -sb --apparent-size -B4096 "$stage" | cut -f 1)
	files=$(find "$stage" | wc -l)
	bytes=$(((used + files) * 4096 + files * 512))
	echo $(((bytes + bytes / 12 + 24 * 1048576 + ${free:-0} * 1048576) / 1048576 * 1048576))
}

# ext4_link FILE: as $ext4, since tools of e2fsprogs take what follows a ? in a name for options
ext4_link() {
	ext4=$work/ext4
	ln -sfn "$(readlink -f "$1")" "$ext4"
}

# make_ext4 FILE BYTES [MKE2FS OPTION...]: no time of now, no random number. At ext4_offset, if that
# is set.
make_ext4() {
	ext4_link "$1"
	ext4_file=$ext4 ext4_bytes=$2
	shift 2
	[ "$(stat -L -c %s "$ext4_file")" -ge "$ext4_bytes" ] ||
		truncate -s "$ext4_bytes" "$ext4_file"
	E2FSPROGS_FAKE_TIME=${SOURCE_DATE_EPOCH:-1}
	export E2FSPROGS_FAKE_TIME
	mke2fs -q -F -t ext4 -m 1 -L "$label" -U "$uuid" \
		-E "hash_seed=$uuid,root_owner=0:0${ext4_offset:+,offset=$ext4_offset}" \
		-d "$stage" "$@" "$ext4_file" "$((ext4_bytes / 1024))k" >"$log" 2>&1 &&
		fix_ext4_times "$ext4_file${ext4_offset:+?offset=$ext4_offset}"
}

# mke2fs copies the times at which the copy was made and read.
fix_ext4_times() {
	dumpe2fs -h "$1" 2>/dev/null | awk -v at="@${SOURCE_DATE_EPOCH:-1}" -F ': *' '
		/^Inode count/ { n = $2 } /^Free inodes/ { n -= $2 }
		END { for (i = 2; i <= n; i += i == 2 ? 9 : 1) for (f = split("atime ctime crtime atime_extra ctime_extra crtime_extra", name, " "); f; f--)
			print "set_inode_field <" i "> " name[f], name[f] ~ /extra/ ? 0 : at }' >"$work/times" &&
		debugfs -w -f "$work/times" "$1" >/dev/null 2>"$work/times.log" &&
		! grep -v '^debugfs [0-9]' "$work/times.log" >"$log"
}

write_ext4() { make_ext4 "$output_temp" "$(fs_bytes)"; }
verify_ext4() { ext4_link "$output_temp" && e2fsck -f -n "$ext4" >"$log" 2>&1; }

# A read-only file system of exactly this size, in blocks of zlib
write_cloop() {
	: >"$work/cloop.ext4"
	make_ext4 "$work/cloop.ext4" "$(fs_bytes)" -O ^has_journal,^resize_inode -m 0 || return
	create_compressed_fs -q -L "${level:-9}" -B 131072 "$work/cloop.ext4" "$output_temp" \
		>"$log" 2>&1
}

verify_cloop() {
	applet vdattach cat "$output_temp" 2>"$log" | cmp -s - "$work/cloop.ext4"
}

# pack_step WHAT PROGRAM FUNCTION: with progress; the status of all parts of a pipe counts
pack_step() {
	: >"$pipe_log"
	step_status=0
	progress "$1" "$tree_bytes" "$2" step_logged "$3" || step_status=$?
	if failed=$(pipe_failed); then
		cat "$work"/log.* 2>/dev/null | grep -v 'socket ignored$' >"$log" || :
		case $failed in
		reading*) die "cannot read all of '$input', so nothing was packed: $(grep -v '^tar: Exiting\|socket ignored' "$work/log.tar" | head -n 1)" ;;
		*) explain_full ;;
		esac
		fail_tool "packing failed while $failed"
	fi
	[ $step_status != 0 ] || return 0
	explain_full
	fail_tool "$1 failed"
}

# What the shell says of a redirection goes there, too.
step_logged() { "$1" 2>"$work/log.step"; }

# A tool that ran out of space may have removed what it wrote.
explain_full() {
	[ -d "${output_file%/*}/" ] ||
		die "cannot write '$out': its directory is not there any more"
	if grep -qs 'No space left' "$work"/log* ||
		[ "$(df -P -B1 "${output_file%/*}/" | awk 'END { print ($4 < 65536) }')" = 1 ]; then
		die "cannot write '$out': no space left"
	fi
}

write_output() {
	case $format in
	tar*) pack_step 'packing' tar write_archive ;;
	cpio*)
		warn_lost x 'xattrs, capabilities or ACLs' 'tar, squashfs, erofs and ext4'
		check_cpio
		stage_tree
		pack_step 'packing' cpio write_archive
		;;
	squashfs)
		warn_lost a ACLs 'tar, erofs and ext4'
		pack_step 'packing' tar write_squashfs
		;;
	*)
		pack_step 'hashing' tar content_uuid
		uuid=$(cat "$work/uuid")
		stage_tree
		case $format in
		erofs) pack_step 'packing' mkfs.erofs write_erofs ;;
		ext4) pack_step 'packing' mke2fs write_ext4 ;;
		cloop) pack_step 'packing' create_compressed_fs write_cloop ;;
		*) write_disk ;;
		esac
		;;
	esac
}

verify_output() {
	say 'reading back'
	: >"$pipe_log"
	case $format in
	tar* | cpio*) run step_logged verify_archive ;;
	raw | vhd | vhdx | vdi | vmdk | qcow2) run step_logged verify_disk ;;
	*) run step_logged "verify_$format" ;;
	esac || {
		explain_full
		fail_tool "what was written to '$out' cannot be read back as it was"
	}
	mkvinitrd identify -q "$output_temp" 2>"$log" ||
		fail_tool "what was written to '$out' is no root"
}
