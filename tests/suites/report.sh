# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/conformance.md, from the results of a run
# shellcheck disable=SC2154 # of run

# Results have lines "SUITE VARIANT TEST passed|failed|left-out [REASON]".
report_counts() {
	awk -v names="$(variant_names | paste -sd ' ')" -v suites="$suites" '
		{ n[$1, $2, $4]++; n["", $2, $4]++ }
		function cell(suite, variant) {
			if (!((suite, variant, "passed") in n) && !((suite, variant, "failed") in n)) return "not run"
			return n[suite, variant, "passed"] + 0 " / " n[suite, variant, "failed"] + 0 " / " n[suite, variant, "left-out"] + 0
		}
		END {
			columns = split(suites, suite, " ")
			head = "| image |"; rule = "| --- |"
			for (i = 1; i <= columns; i++) { head = head " " suite[i] " |"; rule = rule " --- |" }
			print head " all |"; print rule " --- |"
			rows = split(names, variant, " ")
			for (j = 1; j <= rows; j++) {
				line = "| " variant[j] " |"
				for (i = 1; i <= columns; i++) line = line " " cell(suite[i], variant[j]) " |"
				print line " " cell("", variant[j]) " |"
			}
		}' "$results"
}

report_failed() {
	awk '$4 == "failed" { print "- " $1 " " $3 " (" $2 ")" }' "$results"
}

report_left_out() {
	awk '$4 == "left-out" && !seen[$1, $3]++ { line = "- " $1 " " $3 ":"; $1 = $2 = $3 = $4 = ""; sub(/^ */, ""); print line " " $0 }' "$results"
}

write_report() {
	{
		cat <<-END
			# Conformance

			What other projects' test suites find in disk images that \`vdattach serve\` writes and reads. This file is written by
			\`tests/suites/run -r\`; it is of $(date -u +%Y-%m-%d), with $(sort -u "$results.versions" | paste -sd , | sed 's/,/, /g').

			The suites come from Debian's source packages and are not changed. Programs named *qemu-nbd* and *nbdkit* stand in for the
			servers that they start: they make the disk that a test asks for with \`qemu-img\`, in the format under test, and serve it with
			vdattach. After each test \`vdattach check\` and \`qemu-img check\` find no error in the image, and \`qemu-img compare\` no
			difference between what qemu and vdattach read from it. A test that has not asked vdattach for a disk does not count as passed.

			Passed / failed / left out:

		END
		report_counts
		failed=$(report_failed)
		printf '\n## Failed\n\n%s\n\n## Left out\n\n' "${failed:-None.}"
		report_left_out
	} >"$work/report"
	mv "$work/report" "$top/docs/conformance.md"
}
