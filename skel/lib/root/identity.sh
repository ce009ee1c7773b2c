# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# One root for many machines: host name, machine-id and SSH host keys are those of the machine, not
# of the image that all of them boot.
# Written only where the root's changes go: to memory, or to a store, which keeps what it has. A
# root that is written to as it is keeps its own, and for vi.identity=machine has files of this boot
# mounted over them.

# machine_identity: nothing to do for a root that is of one machine
machine_identity() {
	case $P_IDENTITY:$P_MODE:$P_PERSIST in
	root:*) return 0 ;;
	machine:*) ;;
	:tmpfs:* | :overlay:* | :*:ram) [ -n "${NET_LINKS:-}" ] || return 0 ;;
	*) return 0 ;;
	esac
	COVER='' FRESH=''
	case $P_MODE:$P_PERSIST in
	*:ram | *:ram:* | tmpfs: | tmpfs:none | overlay: | overlay:none | *:archive:*) FRESH=1 ;;
	tmpfs:* | overlay:* | *:dir:* | *:file:* | *:device:*) ;;
	*) COVER=1 ;;
	esac
	machine_name
	machine_id
	[ -n "$COVER" ] || own_keys
}

# identity_file PATH TEXT: written, or mounted over for this boot
identity_file() {
	local file
	inside "$1"
	file=$NEWROOT$RET
	if [ -z "$COVER" ]; then
		{ mkdir -p "${file%/*}" && rm -f "$file" &&
			printf '%s\n' "$2" >"$file"; } 2>/dev/null ||
			warn "$1 of the root cannot be written"
		return 0
	fi
	{ mkdir -p "$RAMFS/identity" && printf '%s\n' "$2" >"$RAMFS/identity/${1##*/}" &&
		[ -e "$file" ] &&
		$RUN mount -o bind "$RAMFS/identity/${1##*/}" "$file"; } ||
		warn "the root keeps its own $1"
}

# machine_name: vi.hostname=, or what the lease or ip= says
machine_name() {
	local name=${P_HOSTNAME:-${NET_HOST:-}}
	[ -n "$name" ] || return 0
	host_pattern "$name"
	case $RET in
	'' | -* | *[!A-Za-z0-9.-]*)
		warn "the host name '$RET' cannot be used: the root keeps its own"
		return 0
		;;
	esac
	$RUN hostname "$RET" || warn "the host name '$RET' cannot be set"
	identity_file /etc/hostname "$RET"
}

# host_pattern TEXT: with ${mac}, ${mac:hexhyp}, ${uuid}, ${serial}, ${ip} of this machine, in RET
host_pattern() {
	local text=$1 value key
	# shellcheck disable=SC2016 # as it stands in parameters
	for key in mac mac:hexhyp uuid serial ip; do
		case $text in *"\${$key}"*) ;; *) continue ;; esac
		machine_value "$key"
		value=$RET
		swap "$text" "\${$key}" "$value"
		text=$RET
	done
	RET=$text
}

# machine_value KEY: with what host names cannot have left out, in RET
machine_value() {
	case $1 in
	mac | mac:hexhyp) machine_mac ;;
	uuid) first_line "$ROOT/sys/class/dmi/id/product_uuid" ;;
	serial) first_line "$ROOT/sys/class/dmi/id/product_serial" ;;
	ip) RET=${NET_IP:-} ;;
	esac
	case $1 in
	mac) swap "$RET" : '' ;;
	*) RET=$(printf '%s' "$RET" | tr ':. _' '----' | tr -cd 'A-Za-z0-9-') ;;
	esac
}

# machine_mac: of the link that the root came over, or of the first one, in RET
machine_mac() {
	local dir link=${NET_LINKS:-}
	link=${link# }
	if [ -n "$link" ]; then
		first_line "$ROOT/sys/class/net/${link%% *}/address"
		return 0
	fi
	for dir in "$ROOT/sys/class/net"/*; do
		first_line "$dir/type"
		[ "$RET" = 1 ] || continue
		first_line "$dir/address"
		return 0
	done
	RET=''
}

# machine_facts: what tells this machine from others, and stays: the firmware's number, or the
# hardware address where a vendor has given all his boards the same one, in RET
machine_facts() {
	first_line "$ROOT/sys/class/dmi/id/product_uuid"
	RET=$(printf '%s' "$RET" | tr 'A-F' 'a-f')
	case $RET in
	'' | 03000200-0400-0500-0006-000700080009 | 12345678-1234-5678-90ab-cddeefaabbcc) ;;
	*[!0-]*) case $RET in *[!f-]*) return 0 ;; esac ;;
	esac
	machine_mac
}

# machine_id: a hash of it in the form that machine-id(5) asks for, so that nobody can tell the
# number from it
machine_id() {
	local id
	inside /etc/machine-id
	first_line "$NEWROOT$RET"
	case $RET in '' | uninitialized) ;; *) [ -n "$FRESH$COVER" ] || return 0 ;; esac
	machine_facts
	[ -n "$RET" ] || return 0
	id=$(printf 'mkvinitrd machine-id %s' "$RET" | sha256sum) || return 0
	version_4 "$id"
	id=$RET
	identity_file /etc/machine-id "$id"
	[ -z "$COVER" ] || {
		# it would be written through
		mkdir -p "$ROOT/run/systemd/system" &&
			ln -sf /dev/null \
				"$ROOT/run/systemd/system/systemd-machine-id-commit.service"
	}
}

# version_4 DIGITS: 32 of them, with the version and the variant of a random UUID, in RET
version_4() {
	local digits=${1%"${1#????????????????????????????????}"} first second
	first=${digits%"${digits#????????????}"}
	digits=${digits#?????????????}
	second=${digits%"${digits#???}"}
	digits=${digits#????}
	RET=${first}4${second}a$digits
}

# own_keys: host keys that the image brings are known to all who have it; those in a store are the
# machine's. systemd has missing ones made before sshd starts; other inits find two that are made at
# once.
own_keys() {
	local key
	is_program /usr/bin/ssh-keygen && [ -d "$NEWROOT/etc/ssh" ] || return 0
	for key in "$NEWROOT"/etc/ssh/ssh_host_*_key; do
		[ -f "$key" ] || continue
		[ -n "$FRESH" ] || return 0
		rm -f "$key" "$key.pub" "$key-cert.pub"
	done
	inside "$INIT"
	case $RET in
	*/systemd) keys_unit ;;
	*) for key in ed25519 ecdsa; do
		$RUN chroot "$NEWROOT" /usr/bin/ssh-keygen -q -t $key -N '' \
			-f "/etc/ssh/ssh_host_${key}_key" </dev/null ||
			warn "an SSH host key ($key) could not be made"
	done ;;
	esac
}

keys_unit() {
	local units=$ROOT/run/systemd/system
	mkdir -p "$units/sysinit.target.wants" || return 0
	cat >"$units/mkvinitrd-ssh-keys.service" <<'UNIT'
[Unit]
Description=SSH host keys of this machine
DefaultDependencies=no
After=local-fs.target systemd-random-seed.service
Before=sysinit.target ssh.service sshd.service ssh.socket sshd.socket
ConditionPathIsReadWrite=/etc/ssh

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A
UNIT
	ln -sf ../mkvinitrd-ssh-keys.service "$units/sysinit.target.wants/" ||
		warn 'the root has no SSH host keys: no unit makes them'
}
