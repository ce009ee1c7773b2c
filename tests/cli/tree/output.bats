#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/lib/output.sh: files appear complete or not at all, and nothing is left behind, under both
# shells.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

SHELLS=(dash 'busybox sh')

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir tmp
	export TMPDIR=$PWD/tmp LIB=$BATS_TEST_DIRNAME/../../../scripts/lib
}

teardown() {
	umount ro 2>/dev/null || :
}

# script: standard input becomes ./s, after what every user of the library begins with
script() {
	{
		cat <<-'HEAD'
			set -eu
			name=try
			. "$LIB/common.sh"
			. "$LIB/output.sh"
			output_setup
		HEAD
		cat
	} >s
}

# each COMMAND...: with `shell` set to each of the two
each() {
	for shell in "${SHELLS[@]}"; do
		rm -rf out
		mkdir out
		"$@"
	done
}

nothing_left() {
	assert_equal "$(ls -A out | paste -s -d ' ')" "$1"
	assert_equal "$(ls -A tmp)" ''
}

@test "a finished file replaces the old one, with its permissions, at once and with any name" {
	script <<-'END'
		output_begin "$1"
		echo new >"$output_temp"
		[ ! -e "$1" ] || cat "./$1"
		output_commit "$1"
	END
	commits() {
		(
			cd out
			for file in plain -dash 'with space' $'it'"'"$'s\nquote'; do
				echo old >"./$file"
				chmod 640 "./$file"
				run $shell ../s "$file"
				assert_output old
				assert_equal "$(cat "./$file") $(stat -c %a "./$file")" 'new 640'
			done
			rm -- *
			ln -s target link
			run $shell ../s link
			assert_success
			assert_equal "$(readlink link) $(cat target)" 'target new'
			rm link target
		)
		nothing_left ''
	}
	each commits
}

@test "what is no place for a file is refused before anything is made" {
	script <<-'END'
		output_begin "$1"
	END
	mkfifo fifo
	mkdir dir ro
	mount -t tmpfs -o ro none ro
	ln -s nowhere/x link
	refuses() {
		for pair in "dir:'dir' is a directory" "fifo:'fifo' is a device or the like" \
			"missing/x:there is no directory 'missing'" \
			"/dev/sdzz:was a device meant that is not there" \
			"/dev/mapper/none:was a device meant\|no directory" \
			"/proc/x:is for devices" "ro/x:read-only" \
			"link:is a link that leads nowhere" ":expected the name of a file"; do
			run -1 $shell ./s "${pair%%:*}"
			assert_equal "${#lines[@]}" 1
			grep -q "${pair#*:}" <<<"$output"
		done
		[ ! -e /dev/sdzz ]
		nothing_left ''
	}
	each refuses
}

@test "a failure, a full disk and a lack of room keep the old file" {
	script <<-'END'
		need_room out "$1" 'the image'
		output_begin out/file
		dd if=/dev/zero of="$output_temp" bs=64k count=64 status=none || die "cannot write"
		output_commit out/file
	END
	mkdir small
	mount -t tmpfs -o size=1m tmpfs small
	fails() {
		rmdir out && ln -sfn small out
		echo old >out/file
		run -1 $shell ./s 1
		assert_line 'try: cannot write'
		run -1 $shell ./s 100000000
		assert_output --partial "the image needs 96 MiB in 'out', which has"
		assert_equal "$(cat out/file) $(ls -A small)" 'old file'
		rm out
		mkdir out
	}
	each fails
	umount small
}

@test "every part of a pipe counts, and the part that failed is named, not the one that it broke" {
	script <<-'END'
		make_work_directory
		pipe_log=$work/pipe
		try() {
			: >"$pipe_log"
			part "reading" sh -c "$1" | part "packing" sh -c "$2" || :
			if failed=$(pipe_failed); then echo "$failed"; else echo fine; fi
		}
		try 'echo a' 'cat >/dev/null'
		try 'echo a; exit 7' 'cat >/dev/null'
		try 'yes' 'exit 3'
	END
	parts() {
		run --separate-stderr $shell ./s
		assert_output $'fine\nreading (status 7)\npacking (status 3)'
		nothing_left ''
	}
	each parts
}

@test "what was registered is undone in reverse order, whatever its arguments are" {
	script <<-'END'
		at_exit printf '%s\n' "first it's" 'two
		lines' -x
		mark=$undo_count
		at_exit echo second
		undo_to "$mark"
		at_exit echo "\$(third)"
		exit 5
	END
	undoes() {
		run -5 $shell ./s
		assert_output $'second\n$(third)\nfirst it\'s\ntwo\nlines\n-x'
	}
	each undoes
}

@test "INT and TERM at any moment leave no file, no mount and no process, and end the script by the signal" {
	script <<-'END'
		unmount() { umount "$work/m"; }
		pack() { tar -C /usr/bin -cf - . | (sleep "$MARK" & cat; kill $!) >"$output_temp"; }
		make_work_directory
		hold_signals
		mkdir "$work/m"
		mount -t tmpfs tmpfs "$work/m"
		at_exit unmount
		release_signals
		output_begin out/file
		progress packing 100000000 tar pack
		output_commit out/file
		: >out/done
	END
	interrupts() {
		echo old >out/file
		for moment in 0 1 2 3 4 6 8 11 14 18; do
			signal=$((moment % 2 ? 0 : 1))
			[ "$signal" = 1 ] && signal=INT || signal=TERM
			export MARK=98765.$moment
			env --default-signal $shell ./s 2>log &
			pid=$!
			sleep "$(printf '0.%04d' $((moment * 500)))"
			kill -$signal $pid 2>/dev/null || :
			status=0
			wait $pid || status=$?
			if [ ! -e out/done ]; then
				assert_equal "$status" $((128 + $(kill -l $signal)))
				assert_equal "$(cat out/file)" old
			fi
			rm -f out/done
			echo old >out/file
			nothing_left file
			run ! grep -F "$TMPDIR" /proc/mounts
			# what another program could have left: the mark of this run
			run ! grep -las "sleep[^.]$MARK" /proc/[0-9]*/cmdline
		done
	}
	each interrupts
}

@test "a tool that is starting another when it is ended leaves none" {
	script <<-'END'
		forks() { sh -c 'for n in $(seq 400); do sleep "$MARK" & done; wait'; }
		run forks
	END
	starts() {
		for moment in 1 2 3 4 5; do
			export MARK=87654.$moment
			env --default-signal $shell ./s 2>log &
			pid=$!
			until grep -las "sleep[^.]$MARK" /proc/[0-9]*/cmdline >/dev/null; do :; done
			kill -TERM $pid
			status=0
			wait $pid || status=$?
			assert_equal "$status" 143
			run ! grep -las "sleep[^.]$MARK" /proc/[0-9]*/cmdline
		done
	}
	each starts
}

@test "progress: lines with rate and time left where there is no terminal, a line that is rewritten on one" {
	script <<-'END'
		slow() { sh -c 'for i in 1 2 3 4 5 6 7 8; do dd bs=100k count=1 of=/dev/null status=none; sleep 0.3; done' <"$1"; }
		progress_text packing 50000000 100000000 10
		echo
		head -c 3000000 /dev/zero >tmp/zeros
		progress packing 3000000 sh slow tmp/zeros
	END
	shows() {
		run $shell ./s
		assert_line --index 0 --regexp '^packing: 50 %, 4.8 MiB/s, 0:10 left$'
		run env script -qec "$shell ./s" /dev/null
		assert_output --regexp $'\r''packing: [0-9]+ %, [0-9.]+ MiB/s'
		rm -f tmp/zeros
	}
	each shows
}

@test "what shows the progress has no part in a lock when the tool has ended" {
	script <<-'END'
		for n in $(seq 40); do
			exec 8<out
			flock 8
			progress packing 1 true true
			exec 8<&-
			flock -n out true || die "$n: out is still locked"
		done
	END
	free() { run -0 $shell ./s; }
	each free
}
