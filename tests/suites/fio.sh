# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# fio's jobs that verify what they have written, by its engine nbd
# shellcheck disable=SC2154 # of run

# JOB SIZE, and what the job leaves to its user. A job that only reads what another has written runs
# on the same disk after it.
fio_jobs='
examples/basic-verify.fio size=32M
examples/nbd.fio size=256M
examples/surface-scan.fio size=64M
t/jobs/t0002-13af05ae-pre.fio+t/jobs/t0002-13af05ae-post.fio size=5G
t/jobs/t0003-0ae2c6e1-pre.fio size=2G
t/jobs/t0003-0ae2c6e1-post.fio size=2G
t/jobs/t0004-8a99fdf6.fio size=2G
t/jobs/t0005-f7078f7b.fio size=128M
t/jobs/t0006-82af2a7c.fio size=4G
t/jobs/t0008-ae2fafc8.fio size=64M
t/jobs/t0025.fio size=1M
t/jobs/t0026.fio size=1M'

# fio_run SOURCE JOB SIZE: where the device is, is all that is taken out of a job, and how long one
# that ends by the clock runs
fio_run() {
	nbdkit -U - memory "$3" --run "'$top/tests/suites/run' --in fio_job '$1' '$2'"
}

# fio_job SOURCE JOB[+JOB]
fio_job() {
	for job in $(echo "$2" | tr + ' '); do
		sed -e '/^\(ioengine\|filename\|direct\|fill_device\)=/d' \
			-e 's/^runtime=.*/runtime=5/' "$1/$job" >"$TMPDIR/job.fio"
		fio --ioengine=nbd --uri="nbd+unix:///?socket=$unixsocket" --verify_state_save=0 \
			--verify_fatal=1 --end_fsync=1 \
			--output-format=terse --terse-version=3 "$TMPDIR/job.fio" || return
	done
}

suite_fio() {
	source=$(unpack fio '*/examples' '*/t/jobs') || return
	echo "$fio_jobs" | while read -r job size; do
		[ -n "$job" ] || continue
		for of in $(variant_names); do
			trial fio "$job" "$of" "$top/tests/suites/run" --in fio_run "$source" \
				"$job" "$size"
		done
	done
}
