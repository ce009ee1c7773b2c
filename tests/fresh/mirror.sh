# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the new releases of Debian of tests come from.

# find_mirror: sets $mirror: MKVINITRD_MIRROR, else the mirror of this machine's apt, if that has Debian,
# not its security updates or other people's packages. Empty for Debian's own servers: mmdebstrap knows
# them, and which have the updates of the suite.
find_mirror() {
	mirror=${MKVINITRD_MIRROR:-}
	[ -z "$mirror" ] || return 0
	# shellcheck disable=SC2016 # apt's variable
	uris=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null) || uris=''
	mirror=$(printf '%s\n' "$uris" | sed -n 's|^\(https\{0,1\}://.*/debian\)/$|\1|p' | head -n 1)
	case $mirror in *://deb.debian.org/debian) mirror='' ;; esac
}
