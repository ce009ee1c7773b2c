# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd's credentials. Those of SMBIOS, fw_cfg and the command line are taken by the root's
# systemd itself. Those that systemd-stub found beside the kernel lie in the initramfs alone,
# encrypted: they are put where LoadCredential= and ImportCredential= of the root's units look for
# such. Source: systemd-stub(7), systemd.exec(5).

give_credentials() {
	local file name store=$ROOT/run/credstore.encrypted
	for file in "$ROOT"/.extra/global_credentials/*.cred "$ROOT"/.extra/credentials/*.cred; do
		[ -f "$file" ] || continue
		name=${file##*/}
		name=${name%.cred}
		{ mkdir -p "$store" && chmod 700 "$store" && cat "$file" >"$store/$name" &&
			chmod 400 "$store/$name"; } ||
			warn "the credential $name is not passed on: $store cannot be written"
	done
}
