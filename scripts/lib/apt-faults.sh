# shellcheck shell=sh disable=SC2154 # work, wanted, top: of scripts/deps
# SPDX-License-Identifier: GPL-2.0-or-later
# What stopped apt, in one line with what to do, for scripts/deps. $work/log has apt's messages, in
# English.

seen() { grep -qE "$1" "$work/log"; }

# first SED...: of the first line that it prints
first() { sed -n "$@" "$work/log" | head -n 1; }

# "E: Could not get lock FILE. It is held by process N (NAME)", or who holds it cannot be seen:
# "FILE - open (11: ...)"
locked_by() {
	seen '^E: (Could not get lock|Unable to (acquire|lock) )' || return 0
	sed -n -e 's/.*Could not get lock \(.*\)\. It is held by \(process [0-9]* ([^)]*)\).*/\1, held by \2/p' \
		-e 's/.*Could not get lock \([^ ]*\) - open.*/\1/p' "$work/log" | tail -n 1
}

# The server that did not answer, and whether it is the proxy
unreachable() {
	server=$(first "s/.*\(Temporary failure resolving\|Could not resolve\|Could not connect to\|Cannot initiate the connection to\|Unable to connect to\) '\{0,1\}\([^ ']*\).*/\2/p")
	server=${server%:}
	eval "$(apt-config shell proxy Acquire::http::Proxy proxies Acquire::https::Proxy)"
	set -- "${proxy:-} " "${http_proxy:-} " "${proxies:-} " "${https_proxy:-} "
	case ${server:+"$*"} in
	*"//$server"[:/\ ]* | *"@$server"[:/\ ]*)
		echo "no network: apt cannot reach its proxy $server; correct or remove it where it is set (http_proxy, or Acquire::http::Proxy in /etc/apt), then run this again"
		;;
	*)
		echo "no network: apt cannot reach ${server:-its package server}, and packages must be installed: $wanted; connect, or set Acquire::http::Proxy in /etc/apt, then run this again"
		;;
	esac
}

# Faults of what is installed already
broken_system() {
	if seen 'dpkg was interrupted'; then
		echo "an installation on this machine was interrupted, and must be finished before anything is installed: run as root: dpkg --configure -a, then this again"
	elif seen 'needs to be reinstalled, but'; then
		package=$(first 's/.*The package \([^ ]*\) needs to be reinstalled.*/\1/p')
		echo "package $package is installed in part, and apt's sources do not have it: run as root: dpkg --remove --force-remove-reinstreq $package, then this again"
	elif seen 'fix-broken install'; then
		echo "packages of this machine lack others ($(first '/unmet dependencies:$/{n;s/^ *//p}')): run as root: apt-get --fix-broken install, then this again"
	elif seen 'held broken packages|Held packages were changed|Packages need to be removed but'; then
		held=$(apt-mark showhold 2>/dev/null | paste -s -d ' ')
		why=$(first '/unmet dependencies:$/{n;s/^ *//p}')
		echo "packages do not fit those that this machine has${why:+ ($why)}: ${held:+$held held back, see apt-mark unhold; else }packages of another release are in the way, see apt-cache policy"
	elif seen '^Errors were encountered while processing:'; then
		echo "dpkg cannot install or configure $(sed -n '/^Errors were encountered/,/^E: /s/^ //p' "$work/log" | paste -s -d ' '), its messages are above: when it is fixed, or removed, run as root: dpkg --configure -a, then this again"
	else
		return 1
	fi
}

# Faults of package lists and mirrors
broken_lists() {
	if seen 'is not valid yet|is expired'; then
		echo "apt refuses the package lists ($(first 's/^E: \(Release file .* is \(not valid yet\|expired\)[^.]*\).*/\1/p')): is the clock of this machine right? It says $(LC_ALL=C date)"
	elif seen 'is not signed|NO_PUBKEY|signatures? (were|was|couldn)'; then
		echo "apt refuses the package lists: $(first 's/^[EW]: //; /is not signed\|NO_PUBKEY\|signature/p'); is the package with its keys (debian-archive-keyring) up to date?"
	elif seen 'Unable to locate package|no installation candidate'; then
		echo "apt's sources have no package $(sed -n "s/.*Unable to locate package \([^ ]*\).*/\1/p;s/.*Package '\([^']*\)' has no installation candidate.*/\1/p" "$work/log" | sort -u | paste -s -d ' '): is this Debian 12 or later, with component main in /etc/apt?"
	elif seen '^E: Failed to fetch'; then
		echo "apt's mirror does not give what its lists name: $(first 's/^E: Failed to fetch \(.*\)/\1/p'); name another mirror in /etc/apt, or run this again later"
	else
		return 1
	fi
}

# Sets $missed: "NAME_VERSION" of each package that the mirror does not give, without the epoch, as files are named
missing_files() {
	missed=$(sed -n 's/^E: Failed to fetch [^ ]*\/\([^/ ]*\)_[^_/ ]*\.deb  *\(40[34]\|410\|File not found\|Failed to stat\|Hash Sum mismatch\).*/\1/p' "$work/log" |
		sed 's/%7e/~/g; s/%2b/+/g; s/_[0-9]*%3a/_/' | sort -u)
	[ -n "$missed" ]
}

# What the lists name and the mirror lacks is passed over for another version. Fails where nothing is left to pass over.
pass_over_missing() {
	missing_files || return 1
	if [ -z "$pinned" ]; then
		eval "$(apt-config shell preferences Dir::Etc::preferencesparts/d)"
		pinned=$work/preferences.d
		mkdir "$pinned"
		[ ! -d "${preferences:-}" ] || cp -R "$preferences/." "$pinned"
		: >"$pinned/zz-missing"
	fi
	passed=''
	for file in $missed; do
		LC_ALL=C apt-cache madison "${file%%_*}" >"$work/versions" 2>/dev/null
		version=$(awk '{ print $3 }' "$work/versions" | grep -E "^([0-9]+:)?$(echo "${file#*_}" | sed 's/[.+]/\\&/g')\$" | head -n 1)
		[ -n "$version" ] || continue
		! grep -qxF "Pin: version $version" "$pinned/zz-missing" || continue
		printf 'Package: %s\nPin: version %s\nPin-Priority: -1\n\n' "${file%%_*}" "$version" >>"$pinned/zz-missing"
		passed="$passed${passed:+, }${file%%_*} $version"
	done
	[ -n "$passed" ] || return 1
	first '/^E: Failed to fetch/{s/^E: Failed to fetch //p}' >"$work/mirror"
	say "the mirror does not have $passed: trying other versions"
}

reason() {
	if [ -s "$work/mirror" ]; then
		echo "apt's mirror does not give what its lists name, nor another version that fits: $(cat "$work/mirror"); name another mirror in /etc/apt, or run this again later"
	elif broken_system; then
		return
	elif seen 'enough free space|No space left on device'; then
		echo "no space left for packages: $(first '/enough free space\|No space left/p')"
	elif seen 'Read-only file system'; then
		echo "packages cannot be installed, as a file system is read-only: $(first '/Read-only file system/s/^[EW]: //p')"
	elif seen 'Temporary failure resolving|Could not resolve|Could not connect|Unable to connect|Network is unreachable|Cannot initiate the connection|[Cc]onnection timed out|Connection failed'; then
		unreachable
	elif broken_lists; then
		return
	else
		echo "apt-get could not install the packages (its messages are above): fix the problem, then run this again"
	fi
}

# explain: ends the script, unless what is wanted was installed and something else failed with it
explain() {
	[ -z "$(locked_by)" ] || fail_locked
	if [ -z "$(missing "$what")" ]; then
		say "the packages are there, though $(reason)"
		return
	fi
	echo "deps: $(reason)" >&2
	exit 3
}
