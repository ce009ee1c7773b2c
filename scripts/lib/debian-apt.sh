# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A private apt: the machine's mirrors, with nothing of its lists, cache or hooks touched. For debian-sources.sh and
# debian-packages.sh.
# Wants: the paths $apt (of this apt, made here) and $log; $architecture of packages (amd64 without).
# Sets: $answer, why the last request failed; $offline, not empty once the network was found to be down.
# shellcheck disable=SC2154,SC2034 # those

export LC_ALL=C
answer='' offline='' lists_read=''

say() { echo "${0##*/}: $*"; }
die() {
	say "$@" >&2
	exit 1
}

# Sets $cache, and makes it. A path that depends on the directory is invalid, says the XDG Base Directory Specification.
find_cache() {
	home=${HOME:-$(getent passwd "$(id -u)" | cut -d : -f 6)}
	case ${XDG_CACHE_HOME:-} in
	/*) cache=$XDG_CACHE_HOME/mkvinitrd ;;
	*)
		cache=$home/.cache/mkvinitrd
		[ -d "$home" ] || die "there is no home directory '$home' for the cache: set XDG_CACHE_HOME to a directory that can be written to"
		;;
	esac
	make_cache "$cache"
}

make_cache() {
	{ mkdir -p "$1" 2>/dev/null && [ -w "$1" ]; } ||
		die "cannot write to the cache $1: set XDG_CACHE_HOME to a directory that can be written to"
}

# explain_full FILE: ends the script if the cache is full, as FILE or what is free says; what failed then gives no better reason
explain_full() {
	free=$(df -m --output=avail "$cache" | tail -n 1)
	[ "$free" -lt 2 ] || grep -qsF 'No space left on device' "$1" || return 0
	die "no space left in the cache $cache ($((free)) MiB free): free some there, or set XDG_CACHE_HOME to a directory that has it"
}

# take_lock FD FILE: one process at a time; its file is open as FD
take_lock() {
	flock -n "$1" && return
	say "waiting for another run, which holds $2" >&2
	flock "$1"
}

# Awk: the machine's apt sources, in either syntax, as stanzas of `type` for this release, or for the suite `target` of the
# same mirrors. A third party's repository or a backport must not replace a package of the release.
# shellcheck disable=SC2016 # awk's variables
source_stanzas='
function retarget(suite,    rest) {
	if (target == "") return suite
	rest = suite
	sub(/^[^-\/]*/, "", rest)
	if (rest == "") return target
	return (rest ~ /^-/ && target ~ /^[a-z]+$/ && target !~ /^(sid|unstable|testing)$/) ? target rest : ""
}
function suites(list, uris,    n, i, word, kept) {
	n = split(list, word, /[ \t\n]+/)
	for (i = 1; i <= n; i++)
		if (word[i] !~ /-(backports|proposed)/ && (word[i] ~ "^" codename "([-/]|$)" ||
		    (aliases && word[i] ~ /^(oldoldstable|oldstable|stable|testing|unstable|sid)([-\/]|$)/ && uris ~ /debian/)) &&
		    retarget(word[i]) != "")
			kept = kept " " retarget(word[i])
	return kept
}
function keys(own) {
	if (target == "" || keyring == "") return own
	return (own ~ /BEGIN PGP/ || own == "") ? " " keyring : own " " keyring
}
function flush(    kept) {
	kept = suites(field["suites"], field["uris"])
	if (kept != "" && field["enabled"] !~ /no|false/ && field["types"] ~ /deb/ &&
	    field["uris"] !~ /cdrom:/ && (" " field["components"] " ") ~ /[ \t\n]main[ \t\n]/) {
		printf "Types: %s\nURIs:%s\nSuites:%s\nComponents: main\n", type, field["uris"], kept
		if (keys(field["signed-by"]) != "") printf "Signed-By:%s\n", keys(field["signed-by"])
		if (field["trusted"] != "") printf "Trusted:%s\n", field["trusted"]
		print ""
	}
	split("", field)
	name = ""
}
function option(options, key,    word, n, i) {
	n = split(options, word, /[ \t]+/)
	for (i = 1; i <= n; i++)
		if (index(word[i], key "=") == 1) return " " substr(word[i], length(key) + 2)
	return ""
}
function one_line(    options) {
	sub(/[ \t]#.*/, "")
	if (match($0, /\[[^]]*\]/)) {
		options = substr($0, RSTART + 1, RLENGTH - 2)
		$0 = substr($0, 1, RSTART - 1) substr($0, RSTART + RLENGTH)
	}
	field["types"] = $1; field["uris"] = " " $2; field["suites"] = $3
	field["signed-by"] = option(options, "signed-by")
	gsub(/,/, " ", field["signed-by"])
	field["trusted"] = option(options, "trusted")
	$1 = $2 = $3 = ""
	field["components"] = $0
	flush()
}
FNR == 1 { flush() }
/^[ \t]*#/ { next }
FILENAME ~ /\.list$/ { if ($1 ~ /^deb(-src)?$/) one_line(); next }
/^[ \t]*$/ { flush(); next }
/^[ \t]/ { field[name] = field[name] "\n" $0; next }
{ name = tolower(substr($0, 1, index($0, ":") - 1)); field[name] = substr($0, index($0, ":") + 1) }
END { flush() }
'

# Prints the machine's apt source files.
apt_source_files() {
	eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
	# shellcheck disable=SC2154 # both are set by the eval
	for file in "$list" "$parts"*.list "$parts"*.sources; do
		[ ! -f "$file" ] || echo "$file"
	done
}

# write_stanzas TYPE SUITE: fails where the machine's sources have nothing of this release.
write_stanzas() {
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
	keyring=''
	for file in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
		[ ! -f "$file" ] || keyring=$file
	done
	# who has the release by its name may have sid beside it
	for aliases in 0 1; do
		apt_source_files | tr '\n' '\0' | xargs -0 -r awk -v codename="$codename" -v aliases=$aliases -v type="$1" \
			-v target="$2" -v keyring="$keyring" "$source_stanzas" >"$apt/parts/mkvinitrd.sources" || explain_full /dev/null
		[ ! -s "$apt/parts/mkvinitrd.sources" ] || return 0
	done
	answer="apt's sources have no entry for release '$codename' with component main; add one to /etc/apt/sources.list"
	return 1
}

# write_apt_config TYPE SUITE: TYPE is deb or deb-src; SUITE is empty for the machine's own release.
write_apt_config() {
	mkdir -p "$apt/parts" "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/missing" || explain_full /dev/null
	write_stanzas "$1" "$2" || return 1
	index=source/Sources
	# shellcheck disable=SC2016 # apt's variables
	[ "$1" = deb-src ] || index='binary-$(ARCHITECTURE)/Packages'
	cat >"$apt/apt.conf" <<-END
		#clear APT::Update;
		#clear Acquire::IndexTargets;
		APT::Update::Error-Mode "any";
		APT::Sandbox::User "root";
		APT::Architecture "${architecture:-amd64}";
		APT::Architectures { "${architecture:-amd64}"; };
		Acquire::Retries "0";
		Acquire::http::Timeout "10";
		Acquire::https::Timeout "10";
		Acquire::Languages "none";
		Acquire::GzipIndexes "true";
		Acquire::IndexTargets::$1::${index##*/} {
			MetaKey "\$(COMPONENT)/$index";
			flatMetaKey "${index##*/}";
			ShortDescription "${index##*/}";
			Description "\$(RELEASE)/\$(COMPONENT) ${index##*/}";
			flatDescription "\$(RELEASE) ${index##*/}";
			Optional "0";
		};
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$apt/parts";
		Dir::State "$apt/state";
		Dir::State::status "/dev/null";
		Dir::Cache "$apt/cache";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
	END
	# of runs that had them
	rm -f "$apt"/cache/*.bin
}

network_down() {
	case $answer in *resolv* | *onnect* | *nreachable* | *'timed out'*) return 0 ;; *) return 1 ;; esac
}

# request DIRECTORY ARG...: apt-get ARG... there, once more where the network may have been away for a moment. Fails with
# $answer, without a try where the network is known to be down.
request() {
	answer=$offline
	[ -z "$offline" ] || return 1
	place=$1
	shift
	for pause in 3 0; do
		if (cd "$place" && exec apt-get -q -c "$apt/apt.conf" "$@") >"$apt/output" 2>&1; then
			cat "$apt/output" >>"$log"
			return 0
		fi
		explain_full "$apt/output"
		cat "$apt/output" >>"$log"
		answer=$(sed -n -e 's/^E: Failed to fetch [^ ]* *//p' -e 's/^[EW]: //p' "$apt/output" |
			sed -e 's/ *\[IP:.*//' -e 's/  */ /g' -e 's/[. ]*$//' | sed -n 1p)
		: "${answer:=apt-get failed, see $log}"
		network_down || return 1
		case $answer in *'timed out'*) break ;; esac
		sleep "$pause"
	done
	offline=$answer
	return 1
}

# New package lists; what the mirrors did not have before is asked for again after them.
read_lists() {
	lists_read="$lists_read $apt "
	request / update || return 1
	rm -rf "$apt/missing"
	mkdir "$apt/missing"
	cp "$apt/parts/mkvinitrd.sources" "$apt/fresh"
}

# refresh_lists TYPE SUITE: lists are good for a day; old ones are better than none. Fails with $answer where there are none.
refresh_lists() {
	write_apt_config "$1" "$2" || return 1
	if [ -n "$(find "$apt/fresh" -mtime -1 2>/dev/null)" ] && cmp -s "$apt/fresh" "$apt/parts/mkvinitrd.sources"; then
		return 0
	fi
	[ -n "$offline" ] || say "reading the package lists of ${2:-this release}" >&2
	read_lists && return
	if cmp -s "$apt/fresh" "$apt/parts/mkvinitrd.sources"; then
		say "no new package lists of ${2:-this release} ($answer): using those of $(date -r "$apt/fresh" +%F)" >&2
		return 0
	fi
	return 1
}

# A version that is listed and missing may have been replaced by a newer one since. Succeeds where there are newer lists now.
lists_renewed() {
	case $lists_read in *" $apt "*) return 1 ;; esac
	[ -z "$offline" ] && [ -z "$(find "$apt/fresh" -mmin -60)" ] || return 1
	say 'reading the package lists again' >&2
	read_lists
}

# newer VERSION THAN; busybox has a dpkg and a dpkg-deb of its own, which do less
newer() { /usr/bin/dpkg --compare-versions "$1" gt "$2"; }

# Versions on stdin, newest first and each once
sort_versions() {
	sorted=''
	while read -r new; do
		before=''
		for old in $sorted; do
			[ "$old" != "$new" ] || continue 2
			[ -n "$new" ] && newer "$new" "$old" && before="$before $new" new=''
			before="$before $old"
		done
		sorted="$before $new"
	done
	# shellcheck disable=SC2086 # a list of words
	[ -z "$sorted" ] || printf '%s\n' $sorted
}
