# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# What somebody gets who logs in by SSH: the question that the console asks (see ssh.sh), and
# nothing else.
: "${SSH:=/run/initramfs/ssh}"
TRIED='' NUMBER='' PROMPT=''

# next_question: one that was not answered here
next_question() {
	{
		read -r NUMBER
		IFS= read -r PROMPT
	} 2>/dev/null <"$SSH/question" && [ "$NUMBER" != "$TRIED" ]
}

# report_opened PID: ends the session PID when there is nothing more to ask, whoever has answered
report_opened() {
	until [ -e "$SSH/opened" ]; do
		# nobody asks any more: the root starts
		{ [ -p "$SSH/answers" ] && sleep 0.2; } || break
	done
	[ ! -e "$SSH/opened" ] || printf '\n%s\n' "$(cat "$SSH/opened")"
	kill "$1"
}

end() {
	trap - TERM HUP INT
	kill "$REPORTER" 2>/dev/null
	stty echo 2>/dev/null
	exit "$1"
}

trap 'end 0' TERM
trap 'end 1' HUP INT
stty -echo 2>/dev/null
report_opened $$ &
REPORTER=$!
while :; do
	until next_question; do
		sleep 0.2
	done
	[ -z "$TRIED" ] || echo 'it was not opened by that'
	printf '%s' "$PROMPT"
	IFS= read -r answer || [ -n "$answer" ] || end 1
	echo
	# somebody else may have been wrong meanwhile: it is asked again, by another number
	asked=$PROMPT TRIED=''
	until next_question; do
		sleep 0.2
	done
	[ "$PROMPT" = "$asked" ] || continue
	TRIED=$NUMBER
	printf '%s %s\n' "$NUMBER" "$answer" >"$SSH/answers"
done
