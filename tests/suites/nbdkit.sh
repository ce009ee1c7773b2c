# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# nbdkit as a client: its plugin nbd, behind filters that change what it asks for, between nbdcopy
# and vdattach
# shellcheck disable=SC2154 # of run

# NAME FILTER... PARAMETER...
nbdkit_jobs='
plain
blocksize --filter=blocksize minblock=4k maxdata=64k maxlen=1M
cache --filter=cache cache=writeback
fua-emulate --filter=fua fuamode=emulate
fua-force --filter=fua fuamode=force
multi-conn --filter=multi-conn multi-conn-mode=emulate
noparallel --filter=noparallel
nozero-emulate --filter=nozero zeromode=emulate
nozero-notrim --filter=nozero zeromode=notrim
offset --filter=offset offset=1M range=40M
readahead --filter=readahead
retry-request --filter=retry-request
scan --filter=scan
swab --filter=swab swab-bits=16
two-filters --filter=blocksize --filter=fua minblock=64k fuamode=force'

# nbdkit_client DATA FILTER... PARAMETER...: what is copied into the disk is read from it; then
# zeros and the data once more
nbdkit_client() {
	data=$1 filters='' parameters=''
	shift
	for word in "$@"; do
		case $word in
		--*) filters="$filters $word" ;;
		*) parameters="$parameters $word" ;;
		esac
	done
	export data
	# shellcheck disable=SC2016,SC2086 # for that shell; lists of words
	nbdkit -U - $filters nbd "socket=$unixsocket" $parameters --run '
		set -e
		nbdcopy --flush "$data" "$uri"
		nbdcopy "$uri" back
		cmp -n "$(stat -c %s "$data")" "$data" back
		truncate -s "$(stat -c %s "$data")" zeros
		nbdcopy --flush --sparse=0 zeros "$uri"
		nbdcopy --synchronous --flush --request-size=65536 --sparse=4096 "$data" "$uri"
		nbdcopy --synchronous --request-size=262144 "$uri" back
		cmp -n "$(stat -c %s "$data")" "$data" back'
}

suite_nbdkit() {
	echo "nbdkit as a client $(dpkg-query -f '${Version}' -W nbdkit)" >>"$results.versions"
	"$(command -v nbdkit)" -U - sparse-random size=32M seed=7 percent=20 \
		--run "nbdcopy --destination-is-zero \"\$uri\" '$work/data'" || return
	echo "$nbdkit_jobs" | while read -r name words; do
		[ -n "$name" ] || continue
		for of in $(variant_names); do
			# shellcheck disable=SC2086 # a list of words
			trial nbdkit "$name" "$of" nbdkit -U - memory size=48M \
				--run \
				"'$top/tests/suites/run' --in nbdkit_client '$work/data' $words"
		done
	done
}
