# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's source packages by a private apt, for scripts/musl-libs and tests/samples/fetch:
# nothing of the machine's own lists, cache or hooks is touched.
# Wants: $packages (names), the paths $cache, $apt, $versions, $log.
# shellcheck disable=SC2154 # those

say() { echo "${0##*/}: $*"; }
die() {
	say "$@" >&2
	exit 1
}

# Awk: the machine's apt sources, in either syntax, as deb-src stanzas of this release.
# A third party's repository or a backport must not replace a package of the release.
# shellcheck disable=SC2016 # awk's variables
source_stanzas='
function suites(list, uris,    n, i, word, kept) {
	n = split(list, word, /[ \t\n]+/)
	for (i = 1; i <= n; i++)
		if (word[i] !~ /-(backports|proposed)/ && (word[i] ~ "^" codename "([-/]|$)" ||
		    (word[i] ~ /^(oldoldstable|oldstable|stable|testing|unstable|sid)([-\/]|$)/ && uris ~ /debian/)))
			kept = kept " " word[i]
	return kept
}
function flush(    kept) {
	kept = suites(field["suites"], field["uris"])
	if (kept != "" && field["enabled"] !~ /no|false/ && field["types"] ~ /deb/ &&
	    field["uris"] !~ /cdrom:/ && (" " field["components"] " ") ~ /[ \t\n]main[ \t\n]/) {
		printf "Types: deb-src\nURIs:%s\nSuites:%s\nComponents: main\n", field["uris"], kept
		if (field["signed-by"] != "") printf "Signed-By:%s\n", field["signed-by"]
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

# A private apt: nothing of the machine's own lists, cache or hooks is touched.
write_apt_config() {
	mkdir -p "$apt/parts" "$apt/state/lists/partial" "$apt/cache/archives/partial"
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
	apt_source_files | tr '\n' '\0' |
		xargs -0 -r awk -v codename="$codename" "$source_stanzas" >"$apt/parts/mkvinitrd.sources"
	[ -s "$apt/parts/mkvinitrd.sources" ] ||
		die "apt's sources have no entry for release '$codename' with component main; add one to /etc/apt/sources.list"
	cat >"$apt/apt.conf" <<-END
		#clear APT::Update;
		#clear Acquire::IndexTargets::deb-src;
		APT::Update::Error-Mode "any";
		APT::Sandbox::User "root";
		Acquire::Retries "3";
		Acquire::Languages "none";
		Acquire::IndexTargets::deb-src::Sources {
			MetaKey "\$(COMPONENT)/source/Sources";
			flatMetaKey "Sources";
			ShortDescription "Sources";
			Description "\$(RELEASE)/\$(COMPONENT) Sources";
			flatDescription "\$(RELEASE) Sources";
			Optional "0";
		};
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$apt/parts";
		Dir::State "$apt/state";
		Dir::State::status "/dev/null";
		Dir::Cache "$apt/cache";
	END
}

private_apt() { apt-get -q -c "$apt/apt.conf" "$@"; }

# retry PAUSES COMMAND...: one attempt for each pause (seconds) that follows it.
retry() {
	pauses=$1
	shift
	for pause in $pauses; do
		if "$@" >>"$log" 2>&1; then return 0; fi
		sleep "$pause"
	done
	return 1
}

# Package lists are good for a day; old ones are better than none when there is no network.
refresh_lists() {
	write_apt_config
	if [ -n "$(find "$apt/fresh" -mtime -1 2>/dev/null)" ] &&
		cmp -s "$apt/fresh" "$apt/parts/mkvinitrd.sources"; then
		return
	fi
	say 'reading package lists'
	pauses='3 10 0'
	[ ! -f "$apt/fresh" ] || pauses=0
	if retry "$pauses" private_apt update; then
		cp "$apt/parts/mkvinitrd.sources" "$apt/fresh"
	elif [ -f "$apt/fresh" ]; then
		say 'no new package lists could be had, going on with the old ones' >&2
	else
		tail -n 15 "$log" >&2
		die 'cannot download the lists of source packages: is the network up?'
	fi
}

# One line "NAME VERSION" (without epoch) for each package: the newest of the release.
find_versions() {
	# shellcheck disable=SC2086 # a list of words
	(cd "$apt" && private_apt source --only-source --print-uris -qq $packages 2>>"$log") |
		sed -n "s/^'[^']*' \([^_ ]*\)_\([^ ]*\)\.dsc .*/\1 \2/p" >"$versions"
	for name in $packages; do
		[ -n "$(version_of "$name")" ] || die "apt knows no source package '$name', see $log"
	done
}

version_of() { sed -n "s/^$1 //p" "$versions"; }

# apt checks the hashes of what it downloads, dpkg-source checks them again on use.
fetch_source() {
	dir=$cache/sources/$1_$(version_of "$1")
	[ ! -d "$dir" ] || return 0
	say "downloading $1 $(version_of "$1")"
	rm -rf "$cache/sources/partial"
	mkdir -p "$cache/sources/partial"
	(cd "$cache/sources/partial" && retry '3 10 0' private_apt source --only-source --download-only "$1") || {
		rm -f "$apt/fresh" # the mirror may have a newer one
		tail -n 15 "$log" >&2
		die "cannot download the source of $1 $(version_of "$1"): is the network up?"
	}
	mv "$cache/sources/partial" "$dir"
}
