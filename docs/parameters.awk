# SPDX-License-Identifier: GPL-2.0-or-later
# bootplan list | awk -f docs/parameters.awk: the list in mkvinitrd-boot(7), as scdoc has it.
BEGIN {
	FS = "\t"
	title["used"] = "Used"
	title["unsupported"] = "Recognised, not supported"
	title["left"] = "Left to the root's own scripts"
}

# NAME or NAME=, with the characters that mean something to scdoc escaped; root=KIND: is a parameter of its own
function name_of(pattern, name) {
	name = pattern
	if (match(name, /^root=[a-z0-9]+:?/) || match(name, /=/))
		name = substr(name, 1, RSTART + RLENGTH - 1)
	gsub(/[*_\\]/, "\\\\&", name)
	return name
}

function flush_use() {
	if (text == "")
		return
	if (begun)
		print "\t"
	print "\t" title[use] ":"
	while (length(text) > 91) {
		cut = 91
		while (substr(text, cut, 1) != " ")
			cut--
		print "\t" substr(text, 1, cut - 1)
		text = substr(text, cut + 1)
	}
	print "\t" text
	text = ""
	begun = 1
}

$1 != "mkvinitrd" {
	if ($1 != owner || $2 != use)
		flush_use()
	if ($1 != owner) {
		if (owner != "")
			print ""
		print "*" $1 "*"
		begun = 0
	}
	owner = $1
	use = $2
	name = name_of($3)
	if (!seen[owner, name]++)
		text = text (text == "" ? "" : " ") "*" name "*"
}

END {
	flush_use()
}
