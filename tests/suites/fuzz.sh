# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The recorded conversations that nbdkit and libnbd start fuzzing from, as they are and damaged:
# nbdkit's are what clients say, and go to vdattach serve; libnbd's are what servers say, and go to
# vdattach's client
# shellcheck disable=SC2154 # of run

# fuzz_server RECORD
fuzz_server() {
	nbdkit -U - memory size=1M \
		--run "'$top/tests/suites/replay' server \"\$unixsocket\" 100 '$1'"
}

# fuzz_client RECORD: beside a disk, which is not asked for otherwise
fuzz_client() {
	nbdkit -U - memory size=1M --run "'$top/tests/suites/replay' client '$VDATTACH' 100 '$1'"
}

suite_fuzz() {
	by_nbdkit=$(unpack nbdkit '*/fuzzing/testcase_dir') || return
	by_libnbd=$(unpack libnbd) || return
	for record in "$by_nbdkit"/fuzzing/testcase_dir/*; do
		for of in $(variant_names); do
			trial fuzz "nbdkit/${record##*/}" "$of" "$top/tests/suites/run" \
				--in fuzz_server "$record"
		done
	done
	for record in "$by_libnbd"/fuzzing/testcase_dir/*; do
		trial fuzz "libnbd/${record##*/}" raw "$top/tests/suites/run" --in fuzz_client \
			"$record"
	done
}
