# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Changes in a LUKS volume, which is a file on the data partition. qemu-img writes LUKS without
# device-mapper and without root.

# ask_passphrase: into $work/key, without a newline, as cryptsetup takes it from the console
ask_passphrase() {
	: >"$work/key"
	chmod 600 "$work/key"
	if [ -n "$key_file" ]; then
		cat -- "$key_file" >"$work/key" 2>"$work/log" ||
			die "cannot read '$key_file': $(failure_reason)"
	else
		[ -t 0 ] ||
			usage '--encrypt asks for a passphrase on a terminal; without one use --key-file'
		echo_mark=$undo_count
		at_exit stty "$(stty -g)"
		stty -echo
		printf 'usb: passphrase for the changes: ' >&2
		read -r passphrase || passphrase=''
		printf '\nusb: the same again: ' >&2
		read -r again || again=''
		echo >&2
		undo_to "$echo_mark"
		[ "$passphrase" = "$again" ] || die 'the passphrases differ, nothing was changed'
		printf %s "$passphrase" >"$work/key"
	fi
	[ -s "$work/key" ] || die 'the passphrase is empty, nothing was changed'
}

# make_volume: $work/changes.luks, $encrypt MiB, with an ext4 file system inside
make_volume() {
	run_or_die 'making the file system for changes' truncate -s "${encrypt}M" \
		"$work/changes.ext4"
	run_or_die 'making the file system for changes' mke2fs -q -F -t ext4 -m 0 -L changes \
		-E root_owner=0:0 "$work/changes.ext4"
	say "encrypting $encrypt MiB for changes"
	# on a busy machine it cannot always measure how long a key should take: then once more
	for attempt in 1 2 3 4 5 6 7 8 9 10; do
		run_logged qemu-img convert -f raw -O luks --object "secret,id=key,file=$work/key" \
			-o key-secret=key "$work/changes.ext4" "$work/changes.luks" && break
		case $attempt:$(cat "$work/log") in [1-9]:*'accurate CPU usage'*) continue ;; esac
		die "encrypting the file system for changes failed: $(failure_reason)"
	done
	run_or_die 'reading back the encrypted file system' qemu-img compare \
		--object "secret,id=key,file=$work/key" --image-opts \
		"driver=raw,file.filename=$work/changes.ext4" \
		"driver=luks,key-secret=key,file.filename=$work/changes.luks"
	rm "$work/key" "$work/changes.ext4"
}

# put_volume: once; an update keeps it
put_volume() {
	hash_file "$work/changes.luks" 'hashing the changes'
	data_put "$work/changes.luks" "/changes/$root_name.luks"
	run_sync "$drive"
	forget_cache
	data_has "$work/changes.luks" "$hash" "/changes/$root_name.luks"
}
