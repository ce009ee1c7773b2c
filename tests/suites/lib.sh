# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the suites of tests/suites share: sources, variants of images, a trial and what is looked at
# after it.
# Wants: the paths $top, $work and $results, and $VDATTACH.
# shellcheck disable=SC2154

# NAME DRIVER OPTIONS: what qemu-img makes for each
variants='
raw raw
vhd vpc subformat=dynamic,force_size=on
vhd-fixed vpc subformat=fixed,force_size=on
vdi vdi
vmdk vmdk subformat=monolithicSparse
vmdk-flat vmdk subformat=monolithicFlat
vhdx vhdx
qcow2 qcow2
qcow2-extended qcow2 extended_l2=on,cluster_size=64k'

variant_names() { echo "$variants" | awk 'NF { print $1 }'; }

# variant_field NAME FIELD
variant_field() { echo "$variants" | awk -v name="$1" -v field="$2" '$1 == name { print $field }'; }

# is_chosen LIST WORD: an empty list has all
is_chosen() {
	case " ${1:-$2} " in *" $2 "*) return 0 ;; esac
	return 1
}

# unpack PACKAGE [PATTERN...]: prints the directory of its source, kept in the cache for each
# version
unpack() {
	package=$1
	shift
	source=$("$top/tests/samples/fetch" "$package" 2>"$work/fetch.log") || {
		cat "$work/fetch.log" >&2
		return 1
	}
	place=${XDG_CACHE_HOME:-$HOME/.cache}/mkvinitrd/suites/${source##*/}
	if [ ! -e "$place/.complete" ]; then
		rm -rf "$place" "$place.partial"
		mkdir -p "$place.partial"
		archive=$(find "$source" -name '*.orig.tar.*' ! -name '*.asc')
		tar -C "$place.partial" --strip-components=1 --wildcards -xf "$archive" "$@" ||
			return
		: >"$place.partial/.complete"
		mv "$place.partial" "$place"
	fi
	echo "$package $(basename "$place" | sed 's/.*_//')" >>"$results.versions"
	echo "$place"
}

# reason SUITE TEST VARIANT: why it is left out; fails where it is not
reason() {
	awk -v suite="$1" -v test="$2" -v variant="$3" '
		$1 != suite || ($2 != "*" && $2 != test) { next }
		{ n = split($3, of, ",") }
		{ for (i = 1; i <= n; i++) if (of[i] == "*" || of[i] == variant) { $1 = $2 = $3 = ""; sub(/^ */, ""); print; found = 1; exit } }
		END { exit !found }' "$top/tests/suites/left-out"
}

# Servers that a trial has started end when their clients do, or are told to.
wait_for_servers() {
	for place in "$1"/*/; do
		[ -e "$place/served" ] || continue
		# shellcheck disable=SC2016 # for that shell
		timeout 20 sh -c 'until [ -e "$1/done" ]; do sleep 0.1; done' sh "$place" || {
			echo "vdattach serve did not end well:"
			cat "$place/log"
			return 1
		}
	done
}

# image_fault DRIVER IMAGE FORMAT: prints what is wrong with an image, nothing where vdattach and
# qemu agree that nothing is
image_fault() {
	"$VDATTACH" check -f "$3" "$2" >"$work/check.log" 2>&1 || {
		echo "vdattach check:"
		cat "$work/check.log"
	}
	case $1 in
	raw | vpc) ;;
	*) qemu-img check -f "$1" "$2" >"$work/check.log" 2>&1 || {
		echo "qemu-img check:"
		cat "$work/check.log"
	} ;;
	esac
	[ "$(qemu-img info -f "$1" --output=json "$2" | jq '."virtual-size"')" -le 4294967296 ] ||
		return 0
	rm -f "$work/cat"
	"$VDATTACH" cat -f "$3" -o "$work/cat" "$2" >"$work/check.log" 2>&1 || {
		echo "vdattach cat:"
		cat "$work/check.log"
	}
	qemu-img compare -f raw -F "$1" "$work/cat" "$2" >"$work/check.log" 2>&1 || {
		echo "qemu-img compare with what vdattach reads:"
		cat "$work/check.log"
	}
	rm -f "$work/cat"
}

# images_fault STATE DRIVER FORMAT: of all that a trial has served
images_fault() {
	used=
	for place in "$1"/*/; do
		[ -e "$place/served" ] || continue
		used=1
		image_fault "$2" "$place/image" "$3"
		[ ! -e "$place/last" ] ||
			qemu-img compare -f raw -F "$2" "$place/last" "$place/image" \
				>"$work/check.log" 2>&1 || {
			echo "not in the image, but a client read it before the server ended:"
			cat "$work/check.log"
		}
	done
	[ -n "$used" ] || echo "vdattach was not asked: a test for left-out"
}

# result SUITE TEST VARIANT passed|failed|left-out [REASON]: instead of that of an earlier run
result() {
	awk -v suite="$1" -v test="$2" -v variant="$3" \
		'!($1 == suite && $2 == variant && $3 == test)' "$results" >"$results.new" &&
		mv "$results.new" "$results"
	echo "$1 $3 $2 $4 ${5:-}" >>"$results"
	case $4 in
	passed) echo "ok - $1 $2 ($3)" ;;
	failed) echo "not ok - $1 $2 ($3)" ;;
	esac
}

# trial SUITE TEST VARIANT COMMAND [ARGUMENT...]: runs it in a directory of its own, in bounded
# time, with servers that are vdattach
trial() {
	suite=$1 test=$2 variant=$3
	shift 3
	if ! is_chosen "${SUITES_VARIANTS:-}" "$variant" ||
		! is_chosen "${SUITES_TESTS:-}" "$test"; then return 0; fi
	is_quick "$suite" "$test" "$variant" || return 0
	! grep -qxF "$suite $variant $test passed " "$results" || return 0
	if why=$(reason "$suite" "$test" "$variant"); then
		result "$suite" "$test" "$variant" left-out "$why"
		return
	fi
	trial_dir=$work/trial driver=$(variant_field "$variant" 2) trial_status=0
	rm -rf "$trial_dir"
	mkdir -p "$trial_dir/state" "$trial_dir/run"
	(
		cd "$trial_dir/run"
		SUITES_DRIVER=$driver SUITES_OPTIONS=$(variant_field "$variant" 3) \
		SUITES_STATE=$trial_dir/state
		PATH=$work/bin:$PATH TMPDIR=$trial_dir/run
		SUITES_FORMAT=${variant%-*}
		export SUITES_FORMAT SUITES_DRIVER SUITES_OPTIONS SUITES_STATE PATH TMPDIR
		"$top/ci/bounded" "${SUITES_LIMIT:-600}" "$@"
	) >"$trial_dir/log" 2>&1 </dev/null || trial_status=$?
	{
		[ "$trial_status" = 0 ] || echo "exit status $trial_status"
		wait_for_servers "$trial_dir/state"
		images_fault "$trial_dir/state" "$driver" "${variant%-*}"
	} >"$trial_dir/fault" 2>&1
	if [ -s "$trial_dir/fault" ]; then
		result "$suite" "$test" "$variant" failed
		{ tail -n "${SUITES_LINES:-40}" "$trial_dir/log" && cat "$trial_dir/fault"; } |
			sed 's/^/# /'
	else
		result "$suite" "$test" "$variant" passed
	fi
}

# is_wanted SUITE TEST: of any variant
is_wanted() {
	is_chosen "${SUITES_TESTS:-}" "$2" || return
	[ -z "${SUITES_QUICK:-}" ] || grep -q "^$1 $2 " "$top/tests/suites/quick"
}

# With -q only what the file quick names
is_quick() {
	[ -n "${SUITES_QUICK:-}" ] || return 0
	grep -qx "$1 $2 $3" "$top/tests/suites/quick"
}
