# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of media: files on the partition that the image was found on.
HOST=/run/initramfs/host

# host FILE...: small files on the image's partition
host() {
	local file
	for file in "$@"; do
		mkdir -p "$(dirname "$ROOT$HOST/$file")"
		echo x >"$ROOT$HOST/$file"
	done
}
