#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for bash and zsh, typed into the shells: commands, options, values, operands, words of
# profiles.
load ../../lib/env
bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	export MKVINITRD_DATA=$TOP MKVINITRD_CACHE=none MKVINITRD_LIBEXEC=$TOP/scripts
	cd "$BATS_TEST_TMPDIR"
	mkdir bin build plan sys sys/lib sys/lib/modules sys/lib/modules/6.1.0-mine
	touch check vmlinuz-of-mine
	# what is typed is printed, and not done
	cat >bin/mkvinitrd <<SCRIPT
#!/bin/sh
case \$1 in --complete) exec "$HOST/mkvinitrd" "\$@" ;; esac
case "\$1 \$2" in 'profile list') exec "$HOST/mkvinitrd" "\$@" ;; esac
printf '<%s>' "\$@"
echo
SCRIPT
	cat >bin/lsblk <<'SCRIPT'
#!/bin/sh
case "$*" in *MODEL*) echo '/dev/sdy 14.9G USB DISK 2.0'; echo '/dev/sdz 29G Other' ;; *) echo /dev/sdy; echo /dev/sdz ;; esac
SCRIPT
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
}

# What is typed (@ stands for the key) | what the program gets. A letter behind the key shows where
# the word ends.
typed() {
	cat <<'TYPED'
bu@x|<build><x>
plan --format=j@x|<plan><--format=json><x>
plan --for@j@x|<plan><--format=json><x>
build -o che@x|<build><-o><check><x>
build -r sy@x|<build><-r><sys/x>
build --prof@ov@x|<build><--profile=overlay><x>
build -p ov@x|<build><-p><overlay><x>
build -r sys -k 6.@x|<build><-r><sys><-k><6.1.0-mine><x>
profile sh@net@x|<profile><show><netboot><x>
identify --mode t@x|<identify><--mode><tmpfs><x>
ls che@x|<ls><check><x>
vm --arc@arm@x|<vm><--arch=arm64><x>
vm --accel k@x|<vm><--accel><kvm><x>
vm -a vi.sh@x|<vm><-a><vi.shell><x>
uki --pcr-bank sha3@x|<uki><--pcr-bank><sha384><x>
uki --splash vmlin@x|<uki><--splash><vmlinuz-of-mine><x>
usb --data ext@x|<usb><--data><ext4><x>
usb /dev/sdy@vmlin@x|<usb></dev/sdy><vmlinuz-of-mine><x>
usb --yes /dev/sdz@x|<usb><--yes></dev/sdz><x>
iso --lay@virt@x|<iso><--layout=virtual-linux><x>
iso --append vi.sh@x|<iso><--append><vi.shell><x>
frugal --boot-path sy@x|<frugal><--boot-path><sys/x>
frugal --upd@sys vmlin@x|<frugal><--update><sys><vmlinuz-of-mine><x>
pack --format squ@x|<pack><--format><squashfs><x>
pack sys vmlin@x|<pack><sys><vmlinuz-of-mine><x>
pxe --sysroot sys -k 6.@x|<pxe><--sysroot><sys><-k><6.1.0-mine><x>
TYPED
}

# typed_in_bash KEYS: prints what the program then gets
typed_in_bash() {
	printf '%s\n' "PATH='$PATH'; source '$TOP/docs/completion/mkvinitrd.bash'; bind 'set bell-style none'" "mkvinitrd $1" exit >keys
	timeout 60 script -qc 'TERM=dumb bash --norc --noprofile -i' /dev/null <keys | tr -d '\r' |
		grep -o '<.*>$'
}

@test "bash completes what is typed, in a directory that has things of the same names" {
	local keys expected
	while IFS='|' read -r keys expected; do
		# bash writes --format=X in two steps: after the name it waits for the '='
		keys=${keys//--for@/--format=}
		keys=${keys//--prof@/--profile=}
		keys=${keys//--arc@/--arch=}
		keys=${keys//--lay@/--layout=}
		run typed_in_bash "${keys//@/$'\t'}"
		assert_output "$expected"
	done < <(typed)
}

# candidates WORD...: of the last word, in bash
candidates() {
	COMP_TYPE=${COMP_TYPE:-9} bash -c '
		type=$COMP_TYPE
		source "$1"; shift
		COMP_WORDS=(mkvinitrd "$@") COMP_CWORD=$# COMPREPLY=() COMP_TYPE=$type
		_mkvinitrd 2>/dev/null
		[ ${#COMPREPLY[@]} = 0 ] || printf "%s\n" "${COMPREPLY[@]}"' bash "$TOP/docs/completion/mkvinitrd.bash" "$@"
}

@test "bash offers every command, and every long option of each" {
	run candidates ''
	for command in build plan check why ls cat unpack diff size chart explain identify efi \
		hardware profile vm pxe usb frugal iso uki pack update help; do
		assert_line "$command"
	done
	for command in build plan check why ls cat unpack diff size chart explain identify efi \
		hardware profile vm uki pxe pack update usb iso frugal; do
		run candidates $command --
		for option in $("$HOST/mkvinitrd" $command --help |
			grep -oE '^  (-., |    )--[a-z0-9-]+' | sed 's/.*--/--/'); do
			assert_line -- "$option"
		done
	done
}

@test "bash completes lines of profiles by the tables of the profile language" {
	run candidates build -s "'"
	for directive in include root image host persist module compress hook \
		keymap; do assert_line "$directive"; done
	run candidates build -s "'root ov"
	assert_output 'root overlay'
	run candidates build -s "'compress "
	assert_output $'compress zstd\ncompress xz\ncompress gzip\ncompress lz4\ncompress none'
	run candidates build -s '"module =vi'
	assert_output 'module =virtio'
	run candidates build -s "'include lu"
	assert_output 'include luks'
	run candidates build -s "'param vi.t"
	assert_line 'param vi.toram'
	run candidates build -s "'size "
	refute_output --partial '['
	run typed_in_bash "build -s 'root ov"$'\t'
	assert_output '<build><-s><root overlay>'
}

@test "bash lists disks with size and model, and inserts the path" {
	cat >bin/mkvinitrd <<'SCRIPT'
#!/bin/sh
[ "$1" != --complete ] || echo '@||TARGET|disk|'
SCRIPT
	run candidates usb /dev/sdy
	assert_output /dev/sdy
	COMP_TYPE=63 run candidates usb /dev/sd
	assert_output $'/dev/sdy 14.9G USB DISK 2.0\n/dev/sdz 29G Other'
}

# typed_in_zsh <LINES-OF-KEYS: in one shell, since the start of its completion takes seconds
typed_in_zsh() {
	cat >zshrc <<ZSH
fpath=('$TOP/docs/completion' \$fpath)
autoload -U compinit
compinit -u -D
unsetopt beep
PS1=
ZSH
	cat >drive <<'ZSH'
zmodload zsh/zpty
zpty shell 'TERM=dumb zsh -f -i'
zpty -w shell 'source ./zshrc; echo read""y'
zpty -r -m shell line '*ready*'
while IFS= read -r keys; do
	zpty -w -n shell "mkvinitrd $keys"$'\r'
	zpty -r -m shell line '*<[a-z]*>*=end=*'
	print -r -- "$line"
done
zpty -d shell
ZSH
	timeout 120 zsh -f drive | tr -d '\r' | sed -n 's/^\(<.*>\)=end=$/\1/p'
}

@test "zsh completes what is typed" {
	echo 'echo =end=' >>bin/mkvinitrd
	sed -i '/^echo$/d' bin/mkvinitrd
	{
		typed
		echo "build -s 'root ov@|<build><-s><root overlay>"
	} >table
	cut -d '|' -f 1 table | tr @ '\t' | typed_in_zsh >got
	diff <(cut -d '|' -f 2 table) got
}
