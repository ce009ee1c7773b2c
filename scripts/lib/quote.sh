# shellcheck shell=sh disable=SC2154 # name: of the script that reads this
# SPDX-License-Identifier: GPL-2.0-or-later
# Text in the configuration files of boot loaders. Each function prints TEXT as that loader needs it
# to see TEXT again, and returns 0; or it prints nothing, says on stderr which TEXT cannot be
# written there and why, and returns 1.
#
#   quote_cmdline VALUE            the value of a kernel parameter
#   kernel_parameter NAME VALUE    a whole parameter
#   quote_LOADER_text TEXT         the title of an entry
#   quote_LOADER_path PATH         the path of a kernel or initramfs
#   quote_LOADER_words CMDLINE     a kernel command line, as the kernel is to receive it
# where LOADER is grub, syslinux (isolinux, extlinux), ipxe, sdboot (systemd-boot), grub4dos or
# refind.

# quote_show TEXT: for messages, control characters escaped
quote_show() {
	TEXT=$1 LC_ALL=C awk 'BEGIN {
		for (i = 1; i < 32; i++)
			escape[sprintf("%c", i)] = sprintf("\\%03o", i)
		escape["\t"] = "\\t"
		escape["\n"] = "\\n"
		escape["\177"] = "\\177"
		text = ENVIRON["TEXT"]
		for (i = 1; i <= length(text); i++) {
			c = substr(text, i, 1)
			printf "%s", c in escape ? escape[c] : c
		}
	}'
}

# quote_refuse TEXT WHERE WHY
quote_refuse() {
	printf '%s\n' "${name:-mkvinitrd}: '$(quote_show "$1")' cannot be written into $2: $3" >&2
	return 1
}

# quote_plain TEXT WHERE: what no loader can have: empty, control characters, or no UTF-8
quote_plain() {
	[ -n "$1" ] || quote_refuse "$1" "$2" 'it is empty' || return 1
	if TEXT=$1 LC_ALL=C awk 'BEGIN { exit ENVIRON["TEXT"] !~ /[\001-\037\177]/ }'; then
		quote_refuse "$1" "$2" 'it has a control character'
		return 1
	fi
	command -v iconv >/dev/null ||
		quote_refuse "$1" "$2" 'iconv, which tells whether it is UTF-8, is not installed' ||
		return 1
	printf %s "$1" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1 ||
		quote_refuse "$1" "$2" 'it is not valid UTF-8'
}

# quote_edges TEXT WHERE: for loaders that strip blanks at both ends
quote_edges() {
	case $1 in
	' '* | *' ') quote_refuse "$1" "$2" 'blanks at its ends are lost there' ;;
	esac
}

# The kernel has no escape, only double quotes around blanks, and takes them off again. It counts a
# no-break space in Latin-1 as a blank, so a byte 0xa0 in UTF-8 ends a word as well: whatever is not
# plain ASCII goes into quotes.
quote_cmdline() {
	quote_plain "$1" 'a kernel parameter' || return 1
	case $1 in
	*\"*) quote_refuse "$1" 'a kernel parameter' \
		'the kernel has no way to write a double quote' ;;
	*[!A-Za-z0-9/._:=,+@%~-]*) printf '"%s"\n' "$1" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

kernel_parameter() {
	parameter=$(quote_cmdline "$2") || return 1
	printf '%s=%s\n' "$1" "$parameter"
}

# quote_words CMDLINE: its words as the kernel takes them apart, without their quotes, one a line
quote_words() {
	TEXT=$1 LC_ALL=C awk 'BEGIN {
		text = ENVIRON["TEXT"]
		for (i = 1; i <= length(text) + 1; i++) {
			c = substr(text, i, 1)
			if (c == "\"")
				quoted = !quoted
			else if (c != "" && (quoted || c != " "))
				word = word c
			else if (word != "") {
				print word
				word = ""
			}
		}
		exit quoted
	}'
}

# quote_balanced CMDLINE WHERE: what every loader wants of a command line
quote_balanced() {
	quote_plain "$1" "$2" || return 1
	quote_words "$1" >/dev/null || quote_refuse "$1" "$2" 'a double quote has no other one'
}

# single_quotes TEXT: a word for a shell and for GRUB, whose single quotes are the same; a plain one
# stays bare
single_quotes() {
	case $1 in
	'' | *[!A-Za-z0-9/._:=,+@%-]*) ;;
	*)
		printf '%s\n' "$1"
		return
		;;
	esac
	TEXT=$1 LC_ALL=C awk -v q="'" 'BEGIN {
		text = ENVIRON["TEXT"]
		gsub(q, q "\\" q q, text)
		print q text q
	}'
}

quote_grub_text() {
	quote_plain "$1" "GRUB's menu" && single_quotes "$1"
}

# GRUB hands the path to the kernel as BOOT_IMAGE, where a double quote would open a string.
quote_grub_path() {
	quote_plain "$1" "GRUB's menu" || return 1
	case $1 in
	*\"*) quote_refuse "$1" "GRUB's menu" \
		'GRUB passes the path to the kernel, which has no way to write a double quote' ;;
	[!/]*) quote_refuse "$1" "GRUB's menu" "a path begins with '/'" ;;
	*) single_quotes "$1" ;;
	esac
}

# GRUB takes words, puts double quotes around one that has a blank and no other, and a backslash
# before each quote and backslash, which the kernel would see.
quote_grub_words() {
	quote_balanced "$1" "GRUB's menu" || return 1
	case $1 in
	*[\\\']*)
		quote_refuse "$1" "GRUB's menu" \
			'GRUB passes backslashes and single quotes to the kernel with a backslash before them'
		return 1
		;;
	esac
	grub_words='' grub_nbsp=$(printf '\240')
	while IFS= read -r grub_word; do
		case $grub_word in
		*' '*) ;;
		*"$grub_nbsp"*)
			quote_refuse "$grub_word" "GRUB's menu" \
				"GRUB leaves out quotes where there is no blank, and the kernel takes byte 0xa0 (as in an 'à') for one"
			return 1
			;;
		esac
		grub_words="$grub_words $(single_quotes "$grub_word")"
	done <<WORDS
$(quote_words "$1")
WORDS
	printf '%s\n' "${grub_words# }"
}

# One line each, no quoting. The caret marks a hotkey in menu.c32 and vesamenu.c32.
quote_syslinux_text() {
	quote_plain "$1" "syslinux' menu" && quote_edges "$1" "syslinux' menu" || return 1
	case $1 in
	*^*) quote_refuse "$1" "syslinux' menu" "'^' marks a key there" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# Names outside ASCII depend on the code page; KERNEL ends at a blank, INITRD at a comma too.
quote_syslinux_path() {
	case $1 in
	'' | *[!A-Za-z0-9/._+@~-]*) quote_refuse "$1" "syslinux' menu" \
		'only letters, digits and / . _ + @ ~ - are safe in a path there' ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# The loader looks for parameters of its own without regard to quotes: initrd= anywhere, mem= and
# vga= after blanks, for which it takes any byte outside ASCII as well.
quote_syslinux_words() {
	quote_balanced "$1" "syslinux' menu" && quote_edges "$1" "syslinux' menu" || return 1
	if TEXT=$1 LC_ALL=C awk 'BEGIN {
		if (ENVIRON["TEXT"] ~ /initrd=|[\200-\377](mem|vga)=/)
			exit 0
		n = split(ENVIRON["TEXT"], part, "\"")
		for (i = 2; i <= n; i += 2)
			if (part[i] ~ / (mem|vga)=/)
				exit 0
		exit 1
	}'; then
		quote_refuse "$1" "syslinux' menu" \
			'syslinux would take a part of a quoted value for a parameter of its own'
		return 1
	fi
	[ ${#1} -le 2000 ] || quote_refuse "$1" "syslinux' menu" \
		'syslinux takes at most 2047 characters' || return 1
	printf '%s\n' "$1"
}

# quote_ipxe_tokens TEXT: iPXE splits at blanks, joins by one, expands ${...}, and ends a command at
# # || && ;
quote_ipxe_tokens() {
	# shellcheck disable=SC2016 # iPXE's variables
	case " $1 " in
	*'${'*) quote_refuse "$1" 'an iPXE script' '${ begins a setting there' ;;
	*'  '*) quote_refuse "$1" 'an iPXE script' \
		'iPXE joins several blanks to one, and loses those at the ends' ;;
	*' #'*) quote_refuse "$1" 'an iPXE script' \
		"a word that begins with '#' is a comment there" ;;
	*' || '* | *' && '* | *' ; '*) quote_refuse "$1" 'an iPXE script' \
		"'||', '&&' and ';' end a command there" ;;
	*'\ ') quote_refuse "$1" 'an iPXE script' \
		'a backslash at the end continues the line there' ;;
	*) printf '%s\n' "$1" ;;
	esac
}

quote_ipxe_text() {
	quote_plain "$1" 'an iPXE script' || return 1
	case $1 in
	-*) quote_refuse "$1" 'an iPXE script' "what begins with '-' is an option there" ;;
	*) quote_ipxe_tokens "$1" ;;
	esac
}

# A URI: what is no plain character of one is percent-encoded, which every server undoes.
quote_ipxe_path() {
	quote_plain "$1" 'an iPXE script' || return 1
	TEXT=$1 LC_ALL=C awk 'BEGIN {
		for (i = 1; i < 256; i++)
			code[sprintf("%c", i)] = sprintf("%%%02X", i)
		text = ENVIRON["TEXT"]
		for (i = 1; i <= length(text); i++) {
			c = substr(text, i, 1)
			printf "%s", c ~ /[A-Za-z0-9\/._~+-]/ ? c : code[c]
		}
		print ""
	}'
}

quote_ipxe_words() {
	quote_balanced "$1" 'an iPXE script' && quote_ipxe_tokens "$1"
}

# quote_ucs2 TEXT WHERE: for loaders that have two bytes for a character
quote_ucs2() {
	if TEXT=$1 LC_ALL=C awk 'BEGIN { exit ENVIRON["TEXT"] !~ /[\360-\364]/ }'; then
		quote_refuse "$1" "$2" 'it has characters beyond U+FFFF'
		return 1
	fi
}

# quote_sdboot_line TEXT: the rest of a line; double quotes around all of it are taken off.
# Characters beyond U+FFFF are lost on the way to UTF-16.
quote_sdboot_line() {
	quote_plain "$1" 'an entry of systemd-boot' &&
		quote_edges "$1" 'an entry of systemd-boot' || return 1
	quote_ucs2 "$1" 'an entry of systemd-boot' || return 1
	case $1 in
	\"*\") printf '"%s"\n' "$1" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

quote_sdboot_text() { quote_sdboot_line "$1"; }

# UEFI's separator cannot be a part of a name.
quote_sdboot_path() {
	case $1 in
	*\\*) quote_refuse "$1" 'an entry of systemd-boot' \
		'a backslash separates directories there' ;;
	*) quote_sdboot_line "$1" ;;
	esac
}

quote_sdboot_words() {
	quote_balanced "$1" 'an entry of systemd-boot' && quote_sdboot_line "$1"
}

quote_grub4dos_line() {
	quote_plain "$1" "grub4dos' menu" && quote_edges "$1" "grub4dos' menu" || return 1
	case $1 in
	*%*) quote_refuse "$1" "grub4dos' menu" "'%' begins a variable there" ;;
	*\\*) quote_refuse "$1" "grub4dos' menu" 'a backslash changes what comes behind it there' ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# The caret marks a hotkey, and $[ begins a colour.
quote_grub4dos_text() {
	case $1 in
	*^* | *'$['*) quote_refuse "$1" "grub4dos' menu" "'^' marks a key and '\$[' a colour there" ;;
	*) quote_grub4dos_line "$1" ;;
	esac
}

quote_grub4dos_path() {
	case $1 in
	'' | *[!A-Za-z0-9/._+@~-]*) quote_refuse "$1" "grub4dos' menu" \
		'only letters, digits and / . _ + @ ~ - are safe in a path there' ;;
	*)
		[ ${#1} -le 200 ] || quote_refuse "$1" "grub4dos' menu" \
			'grub4dos gives a kernel at most 1023 bytes, of the path and the parameters' ||
			return 1
		printf '%s\n' "$1"
		;;
	esac
}

# It looks for vga= and mem= anywhere, splits a line at operators that stand alone, and gives the
# kernel 1023 bytes, with the path.
quote_grub4dos_words() {
	quote_balanced "$1" "grub4dos' menu" && quote_grub4dos_line "$1" >/dev/null || return 1
	if quote_words "$1" | grep -q -e '.vga=' -e '.mem='; then
		quote_refuse "$1" "grub4dos' menu" \
			'grub4dos would take a part of a word for its vga= or mem='
		return 1
	fi
	case " $1 " in
	*' && '* | *' || '* | *' ! '* | *' | '* | *' > '* | *' >> '* | *' ;; '* | *' &; '* | \
		*' |; '* | *' { '* | *' } '*)
		quote_refuse "$1" "grub4dos' menu" 'a lone operator ends a command there'
		return 1
		;;
	esac
	[ "$(printf '%s' "$1" | wc -c)" -le 800 ] || quote_refuse "$1" "grub4dos' menu" \
		'grub4dos gives a kernel at most 1023 bytes, of the path and the parameters' || return 1
	printf '%s\n' "$1"
}

# A string in double quotes, in which a double quote is written twice.
quote_refind_text() {
	quote_plain "$1" "rEFInd's configuration" && quote_ucs2 "$1" "rEFInd's configuration" ||
		return 1
	printf '"%s"\n' "$(printf '%s' "$1" | sed 's/"/""/g')"
}

# UEFI's separator, which slashes in quotes are not made into. The path of the initramfs gets to the kernel as initrd=PATH, which
# its EFI stub ends at a blank.
quote_refind_path() {
	case $1 in
	*' '*) quote_refuse "$1" "rEFInd's configuration" \
		"the kernel's EFI stub ends the path of an initramfs at a blank" ;;
	*\\*)
		quote_refuse "$1" "rEFInd's configuration" 'a backslash separates directories there'
		;;
	*) quote_refind_text "$(printf %s "$1" | tr / '\134')" ;;
	esac
}

quote_refind_words() {
	quote_balanced "$1" "rEFInd's configuration" && quote_refind_text "$1"
}
