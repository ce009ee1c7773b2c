#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# mkvinitrd vm without booting: what QEMU is given, and what is said when it ends early, hangs, or
# has no KVM. A real boot, and a command in the guest, is tests/boot/cases/media/vm.sh.
load ../../lib/env
bats_require_minimum_version 1.5.0

setup_file() {
	KERNEL=$("$BATS_TEST_DIRNAME/../../lib/small-kernel" "$BATS_FILE_TMPDIR")
	export KERNEL
}

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	export MKVINITRD=$HOST/mkvinitrd TMPDIR=$BATS_TEST_TMPDIR/tmp
	cd "$BATS_TEST_TMPDIR"
	mkdir tmp fake tree
	: >i.img
}

teardown() {
	# every way ends without temporary files
	run ls -A tmp
	assert_output ''
}

# qemu_is SCRIPT: instead of QEMU this runs; it has a function `console`, the file of -serial
# file:FILE, and `port NAME`
qemu_is() {
	cat >fake/qemu-system-x86_64 <<SCRIPT
#!/bin/sh
printf '%s\n' "\$@" >"$BATS_TEST_TMPDIR/arguments"
console() { sed -n 's/^file:\(.*console.*\)/\1/p' "$BATS_TEST_TMPDIR/arguments"; }
port() { sed -n "s/^file,id=\$1,path=//p" "$BATS_TEST_TMPDIR/arguments"; }
$1
SCRIPT
	chmod +x fake/qemu-system-x86_64
	PATH=$PWD/fake:$PATH
}

# vm ARGUMENT...: in a bounded time
vm() {
	run --separate-stderr timeout 60 "$TOP/scripts/vm" -r "$KERNEL" "$@" </dev/null
}

# argument_after WORD: what QEMU got behind it
argument_after() {
	grep -xA 1 -e "$1" arguments | grep -vx -e "$1" -e --
}

@test "a QEMU that refuses its options is one line at once, in each way to run it" {
	local way
	for way in '-w text' '' '-l console.log' '--timing' '-T 50' '--'; do
		# shellcheck disable=SC2086 # words
		vm -i i.img --qemu '-device nosuch' $way
		assert_failure 1
		assert_output ''
		assert_equal "$stderr" \
			"vm: QEMU ended with status 1: -device nosuch: 'nosuch' is not a valid device model name"
	done
	vm -t tree --qemu '-device nosuch' -- true
	assert_failure 125
	assert_equal "$stderr" "vm: QEMU ended with status 1: -device nosuch: 'nosuch' is not a valid device model name"
	# as before there were commands, what follows -- and has a dash is QEMU's
	vm -i i.img -w text -- -no-such-option
	assert_failure 1
	assert_equal "$stderr" 'vm: QEMU ended with status 1: -no-such-option: invalid option'
}

@test "directories and disks with commas, spaces and colons arrive whole" {
	qemu_is 'exit 0'
	mkdir 'a, b=c:d'
	truncate -s 1M 'x, y:z.img' 'w.qcow2' 'v,format=raw'
	vm -t 'a, b=c:d' -d 'x, y:z.img' -d w.qcow2 -d v,format=raw -d w.qcow2,format=raw -w never
	assert_failure 1
	assert_equal "$(argument_after -virtfs)" \
		"local,path=$PWD/a,, b=c:d,mount_tag=host0,security_model=none,multidevs=remap"
	assert_equal "$(argument_after -drive)" "if=virtio,format=raw,file=$PWD/x,, y:z.img
if=virtio,format=qcow2,file=$PWD/w.qcow2
if=virtio,format=raw,file=$PWD/v,,format=raw
if=virtio,format=raw,file=$PWD/w.qcow2"
	qemu-img create -q -f qcow2 other.img 1M
	vm -i i.img -d other.img
	assert_failure 1
	assert_regex "$stderr" "^vm: 'other.img' is a disk image in the format 'qcow2': "
	vm -i i.img -d other.img,format=raw
	assert_success
	# the real one takes such a path, and refuses another only because it is not there
	PATH=${PATH#*:}
	vm -t 'a, b=c:d' -i i.img --qemu '-device nosuch'
	assert_equal "$stderr" "vm: QEMU ended with status 1: -device nosuch: 'nosuch' is not a valid device model name"
}

@test "a text of the console ends the run, also one that no line end follows; a QEMU that ends without it does too" {
	qemu_is 'printf "hello\nlogin: " >"$(console)"; exec sleep 50'
	vm -i i.img -w 'login: '
	assert_success
	assert_output 'hello
login: '
	vm -i i.img -w 'login: ' -l console.log --timing
	assert_success
	assert_output ''
	assert_equal "$(cat console.log)" "$(printf 'hello\nlogin: ')"
	assert_regex "$stderr" "^vm: [0-9.]+ s to build, [0-9.]+ s to 'login: ', [0-9.]+ s in all"
	qemu_is 'echo hello >"$(console)"'
	vm -i i.img -w 'login: '
	assert_failure 1
	assert_equal "$stderr" "vm: the console never showed 'login: '"
	qemu_is 'exec sleep 50'
	vm -i i.img -w x -T 1
	assert_failure 1
	assert_equal "$stderr" "vm: stopped by the time limit of 1 s: the console never showed 'x'"
}

@test "--timing reports the first prompt, at the terminal too" {
	qemu_is 'log=$(sed -n "s/.*logfile=//p" "$BATS_TEST_TMPDIR/arguments"); printf "hello\r\n~ # \033[6n" >>"$log"; sleep 3'
	export BATS_TEST_TMPDIR
	vm -i i.img --timing
	assert_success
	assert_regex "$stderr" '^vm: [0-9.]+ s to build, [0-9.]+ s to the prompt, [0-9.]+ s in all'
}

@test "a command: its output, errors and status; a guest that does not come to it; a limit" {
	qemu_is 'echo begin >"$(port status)"; echo out >"$(port out)"; echo err >"$(port err)"; echo "end $STATUS" >"$(port status)"'
	local status_wanted
	for status_wanted in 0 1 42 255; do
		STATUS=$status_wanted vm -t tree -- anything
		assert_equal "$status" "$status_wanted"
		assert_output out
		assert_equal "$stderr" err
	done
	qemu_is 'head -c 3000000 /dev/zero | tr "\0" x >"$(port out)"; echo "end 0" >"$(port status)"'
	vm -t tree -- anything
	assert_success
	assert_equal ${#output} 3000000
	qemu_is 'printf "mkvinitrd: \033[31mno root\n" >"$(console)"'
	vm -t tree -- anything
	assert_failure 125
	assert_equal "$stderr" 'vm: the VM did not come to run the command
vm: the end of its console:
mkvinitrd: [31mno root'
	qemu_is 'echo begin >"$(port status)"; exec sleep 50'
	vm -t tree -T 1 -- anything
	assert_failure 124
	assert_equal "$stderr" 'vm: stopped by the time limit of 1 s: the VM ended before the command did'
}

@test "a report that cannot be written is one line" {
	qemu_is 'echo text >"$(console)"'
	run --separate-stderr bash -c 'PATH=$PWD/fake:$PATH "$1" -r "$2" -i i.img -w text --json >/dev/full' \
		bash "$TOP/scripts/vm" "$KERNEL"
	assert_failure 1
	assert_equal "$stderr" 'vm: cannot write the result to standard output; the VM was ended'
}

@test "a reader that goes away ends the VM" {
	qemu_is 'yes >"$(port out)"; exec sleep 50'
	run timeout 30 bash -c '"$1" -r "$2" -t tree -- anything | head -n 1' bash \
		"$TOP/scripts/vm" "$KERNEL"
	assert_line --index 0 y
}

@test "what contradicts itself or is no number is refused before anything is built" {
	qemu_is 'exit 0'
	while read -r arguments; do
		# shellcheck disable=SC2086 # words
		vm $arguments
		assert_failure 2
		assert_equal "${#stderr_lines[@]}" 2
	done <<-'ARGUMENTS'
		-T abc
		-m 0
		-m 99999999999999999999
		--cpus=-1
		--arch=sparc
		--share=nfs
		-t tree true
		-t tree true -- false
		-i i.img -- true
		-w x -t tree -- true
		--no-such-option
	ARGUMENTS
	for arguments in '-t nowhere' '-i nowhere.img' '-d nowhere.img -i i.img' '-k nowhere' \
		'-k 1.2.3'; do
		# shellcheck disable=SC2086 # words
		vm $arguments
		assert_failure 1
		assert_equal "${#stderr_lines[@]}" 1
	done
	vm --tree= -i i.img
	assert_failure 2
	for log in nowhere/log tree; do
		vm -w x -i i.img -l $log
		assert_failure 1
		assert_equal "$stderr" "vm: cannot write the console to '$log' (-l)"
	done
	[ ! -e arguments ]
}

# with_kvm STATE ARGUMENT...: vm with another /dev, where kvm is missing, or a file
with_kvm() {
	local state=$1
	shift
	run --separate-stderr timeout 60 unshare -m sh -ec 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3
		mknod -m 666 /dev/zero c 1 5 && mknod -m 666 /dev/urandom c 1 9
		[ $1 = missing ] || : >/dev/kvm; shift; exec "$@"' sh "$state" "$TOP/scripts/vm" -r "$KERNEL" -i i.img -w x "$@" </dev/null
}

@test "KVM is used only after a program ran in it; missing, refused or hanging it is one line" {
	qemu_is 'case "$*" in *isa-debug-exit*) exit 33 ;; esac; echo x >"$(console)"; exec sleep 50'
	with_kvm there -K
	assert_success
	assert_equal "$(argument_after -accel)" kvm
	with_kvm missing -K
	assert_failure 1
	assert_equal "${#stderr_lines[@]}" 1
	assert_regex "$stderr" '^vm: KVM does not work here: there is no /dev/kvm: '
	with_kvm missing --accel=auto
	assert_success
	assert_regex "$stderr" '^vm: note: emulating the machine, KVM does not work here: there is no /dev/kvm: '
	assert_equal "$(argument_after -accel)" tcg
	qemu_is 'echo "qemu-system-x86_64: failed to initialize kvm: Permission denied" >&2; exit 1'
	with_kvm there -K
	assert_failure 1
	assert_equal "$stderr" 'vm: KVM does not work here: failed to initialize kvm: Permission denied; without -K the machine is emulated'
	qemu_is 'trap "" TERM INT; case "$*" in *isa-debug-exit*) sleep 100 & wait ;; esac; echo x >"$(console)"; exec sleep 50'
	with_kvm there -K
	assert_failure 1
	assert_equal "$stderr" 'vm: KVM does not work here: it did not run three instructions within 5 seconds; without -K the machine is emulated'
	with_kvm there
	assert_success
	assert_equal "$(argument_after -accel)" tcg
}

@test "a signal leaves no process and no file" {
	qemu_is 'echo $$ >"$BATS_TEST_TMPDIR/pid"; echo begin >"$(port status)"; exec sleep 50'
	export BATS_TEST_TMPDIR
	for signal in INT TERM HUP; do
		rm -f pid
		env --default-signal "$TOP/scripts/vm" -r "$KERNEL" -t tree -- true 2>/dev/null &
		while [ ! -s pid ]; do sleep 0.05; done
		kill -$signal $!
		status=0
		wait $! || status=$?
		assert_equal "$status" $((128 + $(kill -l $signal)))
		run kill -0 "$(cat pid)"
		assert_failure
		assert_equal "$(ls -A tmp)" ''
	done
}
