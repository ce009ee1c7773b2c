# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# vi.report=URL: a server that shows how far each machine of a room is (mkvinitrd pxe --serve). What
# it answers means nothing, and a server that is gone must not hold up a boot.

# report STATE [TEXT]
report() {
	local query
	[ -n "${NET_DEV:-}" ] || return 0
	url_text "${2:-}"
	first_line "$ROOT/sys/class/net/$NET_DEV/address"
	query="state=$1&mac=$RET&text=$URL_TEXT"
	case $P_REPORT in
	*\?*) report_request "$P_REPORT&$query" ;;
	*) report_request "$P_REPORT?$query" ;;
	esac
}

# report_request URL: the only place that asks a server
report_request() {
	$RUN timeout 3 wget -q -T 2 -O /dev/null "$1" >/dev/null 2>&1 || :
}

# url_text TEXT: as part of a URL's query, in URL_TEXT. What is no plain character is an underscore.
url_text() {
	local rest=$1 char
	URL_TEXT=''
	while [ -n "$rest" ] && [ ${#URL_TEXT} -lt 200 ]; do
		char=${rest%"${rest#?}"} rest=${rest#?}
		case $char in
		[A-Za-z0-9.:/,=\'\(\)_-]) URL_TEXT=$URL_TEXT$char ;;
		' ') URL_TEXT=$URL_TEXT+ ;;
		*) URL_TEXT=${URL_TEXT}_ ;;
		esac
	done
}
