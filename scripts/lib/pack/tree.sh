# shellcheck shell=sh disable=SC2154,SC2034 # variables of pack
# SPDX-License-Identifier: GPL-2.0-or-later
# What of a root is packed: all of it as one tar stream, from which every format is made. Nothing in
# the tree is changed:
# members are left out ($work/exclude), and files from $work/extra/$extra_top take the place of
# others.

# What --slim leaves out. CATEGORY PATTERN...; patterns are those of a shell, below the root.
slim_list() {
	cat <<'LIST'
caches  var/cache/apt/archives/*.deb var/cache/apt/*.bin var/lib/apt/lists/* var/cache/man/* var/cache/dnf/* var/cache/yum/*
caches  var/cache/pacman/pkg/* var/cache/zypp/* var/cache/apk/* var/cache/debconf/*-old var/lib/dpkg/*-old root/.cache/* home/*/.cache/*
logs    var/log/journal/* var/log/*.gz var/log/*.[0-9] var/log/*/*.gz var/log/*/*.[0-9] var/crash/* var/tmp/* var/lib/systemd/coredump/*
docs    usr/share/doc/* usr/share/man/* usr/share/info/* usr/share/gtk-doc/* usr/share/help/* usr/share/doc-base/* usr/share/lintian/*
rescue  boot/*rescue* boot/*-fallback.img boot/*.old boot/*.bak usr/lib/modules/*/build usr/lib/modules/*/source usr/src/*
radio   {lib}/firmware/iwlwifi-* {lib}/firmware/intel/iwlwifi {lib}/firmware/ath[6-9]k {lib}/firmware/ath1[0-9]k {lib}/firmware/rtlwifi {lib}/firmware/rtw8[89]
radio   {lib}/firmware/rtl_bt {lib}/firmware/brcm/brcmfmac* {lib}/firmware/cypress {lib}/firmware/mediatek/*mt7[69]* {lib}/firmware/mediatek/BT_*
radio   {lib}/firmware/intel/ibt-* {lib}/firmware/qca {lib}/firmware/mrvl {lib}/firmware/ti-connectivity {lib}/firmware/libertas {lib}/firmware/rsi
LIST
}

# slim_file: the list in use, one "CATEGORY PATTERN" a line, {lib} as lib and usr/lib
slim_file() {
	{
		[ -z "$slim" ] || slim_list
		printf %s "$slim_lists" | while IFS= read -r list; do cat "$list" || exit 1; done
	} |
		sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' | awk '{ for (i = 2; i <= NF; i++) {
			if (index($i, "{lib}") == 1) { print $1, "lib" substr($i, 6); print $1, "usr/lib" substr($i, 6) } else print $1, $i } }'
}

# Where lib is a link to usr/lib, its patterns match nothing twice: tar does not go through links,
# nor does du.
apply_slim() {
	slim_file >"$work/slim"
	slim_total=0 slim_json=''
	categories=$(awk '!seen[$1]++ { print $1 }' "$work/slim")
	for category in $categories; do
		bytes=$(
			cd "$tree" || exit
			sed -n "s/^$category //p" "$work/slim" | while IFS= read -r pattern; do
				case $pattern in lib/*) [ ! -L lib ] || continue ;; esac
				for path in $pattern; do [ ! -e "$path" ] ||
					printf '%s\0' "./$path"; done
			done | du -sc ${one_file_system:+-x} --apparent-size -B1 --files0-from=- \
				2>/dev/null | awk 'END { print $1 + 0 }'
		)
		slim_total=$((slim_total + bytes))
		slim_json="$slim_json${slim_json:+, }\"$category\": $bytes"
		say "slim: $category, $(mib "$bytes") MiB less"
	done
	sed 's|^[^ ]* |./|' "$work/slim" >>"$work/exclude"
}

# drop PATH-PATTERN...: what tells one machine from another
drop() {
	for pattern in "$@"; do echo "./$pattern"; done >>"$work/exclude"
}

# tree_file PATH: whether the tree has a file there; one that a link leads out to is not its own
tree_file() {
	tree_real=$(readlink -f "$tree") || return
	[ -f "$tree/$1" ] && [ "$(readlink -f "$tree/$1")" = "${tree_real%/}/$1" ]
}

# replace PATH: copies the file to $work/extra, to be changed there; false when the tree has no such
# file
replace() {
	tree_file "$1" || return 1
	mkdir -p "$new_files/$(dirname "$1")"
	cp -p "$tree/$1" "$new_files/$1" 2>"$log" ||
		die "cannot read all of '$input', so nothing was packed: $(tail -n 1 "$log")"
	echo "./$1" | sed 's/[][*?\\]/\\&/g' >>"$work/exclude"
	changed=$new_files/$1
}

# edit PATH SED-SCRIPT; the times stay, so that a tree that needs no change gives the same bytes
edit() {
	replace "$1" || return 0
	sed "$2" "$tree/$1" >"$changed" || die "cannot change '$1'"
	touch -r "$tree/$1" "$changed"
}

reset_identity() {
	drop 'var/lib/dbus/machine-id' 'etc/ssh/ssh_host_*_key' 'etc/ssh/ssh_host_*_key.pub' \
		'etc/ssh/ssh_host_*_key-cert.pub' \
		'var/lib/systemd/random-seed' 'var/lib/systemd/credential.secret' \
		'var/lib/urandom/random-seed' 'var/lib/random-seed' \
		'var/log/lastlog' 'var/log/faillog' 'var/log/tallylog' 'var/lib/seedrng/*' \
		'boot/loader/random-seed' 'var/lib/dhcp/*.lease*' 'var/lib/dhclient/*' \
		'var/lib/dhcpcd/*' 'var/lib/dhcpcd5/*' \
		'var/lib/NetworkManager/*.lease' 'var/lib/NetworkManager/secret_key' \
		'var/lib/NetworkManager/seen-bssids' \
		'var/lib/NetworkManager/timestamps' 'var/lib/connman/*' \
		'etc/udev/rules.d/70-persistent-*.rules' \
		'etc/udev/rules.d/75-persistent-*.rules' 'etc/initramfs-tools/conf.d/resume' \
		'etc/nvme/hostnqn' 'etc/nvme/hostid' \
		'etc/iscsi/initiatorname.iscsi' 'var/lib/cloud/instance*' \
		'var/lib/cloud/instances/*' 'etc/lvm/backup/*' 'etc/lvm/archive/*'
	edit etc/machine-id d
	edit etc/hostname 's/.*/localhost/'
	edit etc/hosts '/^127\.0\.1\.1[[:space:]]/d'
	# disks of the machine that it was; what has no device (tmpfs, NFS) stays
	edit etc/fstab 's/^[[:space:]]*\(UUID=\|LABEL=\|PARTUUID=\|PARTLABEL=\|ID=\|"\|\/dev\/\|\/[^[:space:]]*[[:space:]][[:space:]]*\(none\|swap\)[[:space:]]\)/# \1/'
	drop_swap_files
	make_ssh_keys
}

# A swap file of the fstab, whose line goes as well
drop_swap_files() {
	tree_file etc/fstab || return 0
	awk '$1 ~ /^\/./ && $1 !~ /^\/dev\// && $3 == "swap" { print "." $1 }' "$tree/etc/fstab" |
		sed 's/[][*?\\]/\\&/g' >>"$work/exclude"
}

# Debian's sshd starts only with host keys, which nothing makes at boot
make_ssh_keys() {
	set -- "$tree"/etc/ssh/ssh_host_*_key
	[ -e "$1" ] || return 0
	for unit in ssh sshd; do
		[ -e "$tree/usr/lib/systemd/system/$unit.service" ] ||
			[ -e "$tree/lib/systemd/system/$unit.service" ] || continue
		[ -x "$tree/usr/bin/ssh-keygen" ] || continue
		dir=etc/systemd/system/$unit.service.d
		[ ! -e "$tree/$dir/host-keys.conf" ] || continue
		mkdir -p "$new_files/$dir"
		cat >"$new_files/$dir/host-keys.conf" <<-'UNIT'
			# by mkvinitrd pack, which left out the host keys: each machine makes its own
			[Service]
			ExecStartPre=
			ExecStartPre=/usr/bin/ssh-keygen -A
			ExecStartPre=/usr/sbin/sshd -t
		UNIT
		chmod 644 "$new_files/$dir/host-keys.conf"
		touch -r "$tree/usr/sbin/sshd" "$new_files/$dir/host-keys.conf"
		[ -d "$tree/$dir" ] || printf '%s\0' "./$extra_top/$dir" >>"$work/extras"
		chmod 755 "$new_files/$dir"
		touch -r "$tree/usr/sbin/sshd" "$new_files/$dir"
	done
}

# The root directory itself: one that others cannot enter makes a system in which only root can do
# anything.
check_top() {
	mkdir -p "$new_files"
	touch -r "$tree" "$work/extra"
	top_mode=$(stat -c %a "$tree") top_owner=$(stat -c %u:%g "$tree")
	case $top_mode in 755 | 555) ;; *) say "warning: / has mode 0$top_mode, packed as 0755" &&
		top_mode=755 ;; esac
	[ "$(id -u)" != 0 ] || [ "$top_owner" = 0:0 ] ||
		say "warning: / belongs to $top_owner, packed as owned by 0:0"
	chmod "$top_mode" "$work/extra"
}

# check_init: a tree without anything to start, in which a directory is a root, is packed, but
# cannot be meant
check_init() {
	! has_init "$tree" || return 0
	inner=''
	for dir in "$tree"/*/ "$tree"/*/*/; do [ -L "${dir%/}" ] || ! has_init "${dir%/}" ||
		inner=${dir#"$tree"/}; done
	[ -z "$inner" ] ||
		say "warning: '$input' has no /sbin/init or the like, and no /bin/sh, so that it cannot be booted as a root; its directory '${inner%/}' looks like a root"
}

# has_init DIR: what the boot would start; links may be absolute
has_init() {
	for init in sbin/init usr/sbin/init lib/systemd/systemd usr/lib/systemd/systemd etc/init \
		bin/init usr/bin/init bin/sh usr/bin/sh; do
		if [ -e "$1/$init" ] || [ -L "$1/$init" ]; then return 0; fi
	done
	return 1
}

# What takes the place of others is renamed as it is packed: its directory must have a name that the
# root has not.
choose_extra_top() {
	extra_top=replaced
	while [ -e "$tree/$extra_top" ] ||
		[ -L "$tree/$extra_top" ]; do extra_top=${extra_top}_; done
	new_files=$work/extra/$extra_top
}

# Decides all before anything is written
plan_tree() {
	mkdir "$work/extra"
	choose_extra_top
	: >"$work/extras"
	printf './%s\n' 'proc/*' 'sys/*' 'dev/*' 'run/*' 'tmp/*' lost+found >"$work/exclude"
	printf %s "$excludes" | while IFS= read -r pattern; do
		while :; do case $pattern in /* | ./*) pattern=${pattern#.} &&
			pattern=${pattern#/} ;; *) break ;; esac done
		printf './%s\n' "${pattern%/}"
	done >>"$work/exclude"
	[ -z "$one_file_system" ] || exclude_mounts
	exclude_own "$output_file" "$output_temp" "$work"
	[ -z "$slim$slim_lists" ] || apply_slim
	[ -n "$keep_identity" ] || reset_identity
	check_top
	check_init
	(cd "$tree" && find . -mindepth 1 -maxdepth 1 -print0) | LC_ALL=C sort -z >"$work/top" ||
		die "cannot read '$tree'"
	(cd "$work/extra" && find "./$extra_top" -mindepth 1 ! -type d -print0) |
		LC_ALL=C sort -z >>"$work/extras"
	plan_trace
	tree_bytes=$(du -sb ${one_file_system:+-x} "$tree" 2>/dev/null | cut -f 1) || :
	tree_bytes=$((${tree_bytes:-0} - ${slim_total:-0}))
}

# A bind mount may be of the same file system, which tar then takes for a part of the tree. Of what
# is mounted over a directory the empty directory is packed; a file below a mounted one cannot be
# read.
exclude_mounts() {
	awk '{ print $5 }' /proc/self/mountinfo | while IFS= read -r point; do
		point=$(printf '%b.' "$point") && point=${point%.}
		case $point in "${tree%/}"/?*) ;; *) continue ;; esac
		if [ ! -d "$point" ]; then
			case ${point#"${tree%/}"/} in proc/* | sys/* | dev/* | run/*) ;; *) say "warning: '$point' is mounted from elsewhere, and is left out" ;; esac
			exclude_path "$point"
		else
			exclude_path "$point" '/*'
		fi
	done
}

# exclude_path PATH [PATTERN]
exclude_path() {
	printf '%s%s\n' "$(printf './%s\n' "${1#"${tree%/}"/}" | sed 's/[][*?\\]/\\&/g')" "${2:-}" \
		>>"$work/exclude"
}

# What we write may lie below what we pack.
exclude_own() {
	for own in "$@"; do
		own=$(readlink -f "$own") || continue
		case $own in "${tree%/}"/*) printf './%s\n' "${own#"${tree%/}/"}" |
			sed 's/[][*?\\]/\\&/g' >>"$work/exclude" ;; esac
	done
}

# tar_tree ARGUMENT...: tar of what is packed. Holes of files are read, as where they are depends on
# the disk, unless $sparse says otherwise. no_pax are records that its reader does not take. Times
# of reading and of changes of owner are left out, and bounded by SOURCE_DATE_EPOCH.
tar_tree() {
	LC_ALL=C tar --format=pax \
		--pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime'"$no_pax" \
		--sort=name --numeric-owner \
		--xattrs --xattrs-include='*' \
		--acls ${SOURCE_DATE_EPOCH:+--mtime="@$SOURCE_DATE_EPOCH" --clamp-mtime} \
		${one_file_system:+--one-file-system} ${sparse:+"$sparse"} \
		--anchored \
		--wildcards --wildcards-match-slash --exclude-from="$work/exclude" \
		--transform="flags=rSH;s,^\\./$extra_top/,./," \
		--transform='flags=rSh;s,^\./\./,./,' "$@"
}

# The one stream. What takes the place of others comes first, so that the times of its directories,
# which follow, last; then what a boot opened.
tar_stream() {
	tar_tree -cf - -C "$work/extra" --no-recursion --null . -T "$work/extras" -C "$tree" \
		-T "$work/first" --recursion -T "$work/top"
}

# plan_trace: puts what $trace names into $work/first, as ././NAME, which no pattern matches; those
# of ./NAME keep it from coming twice.
plan_trace() {
	: >"$work/first"
	[ -n "$trace" ] || return 0
	run tar_tree --quoting-style=literal -cvf /dev/null -C "$tree" --null -T "$work/top" \
		>"$work/names" 2>/dev/null || :
	LC_ALL=C awk -v names="$work/names" '
		BEGIN { while ((getline line <names) > 0) if (line !~ /\/$/) have[line] = 1 }
		{ sub(/^\/*/, "./") }
		have[$0] { have[$0] = 0; print }' "$trace" >"$work/traced"
	[ -s "$work/traced" ] ||
		die "--trace: '$input' has none of the files that '$trace' names: expected lines like usr/bin/env, as vi.trace writes them into /run/initramfs/trace.files"
	sed 's,^,./,' "$work/traced" | tr '\n' '\0' >"$work/first"
	sed 's/[][*?\\]/\\&/g' "$work/traced" >>"$work/exclude"
	say "trace: $(wc -l <"$work/traced") of the $(wc -l <"$trace") files that it names come first"
}
