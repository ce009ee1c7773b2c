# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Verification that parameters of other live systems ask for, with the files on their media. Nothing
# is booted that was to be proven and could not be.

# verify_medium IMAGE: P_CHECKS are sums[:DIGEST,..] (live-boot), sha512, gpg and cms (archiso,
# Manjaro); what lies on a server is fetched
verify_medium() {
	local check
	for check in $P_CHECKS; do
		case $check in
		sums) verify_sums 'sha512 sha256 sha1 md5' ;;
		sums:*)
			swap "${check#*:}" , ' '
			verify_sums "$RET"
			;;
		*) verify_images "$check" "$1" ;;
		esac
	done
}

# verify_images CHECK IMAGE: on a medium of Manjaro all of its images, whose sums are of md5
verify_images() {
	local image=$2 digest=sha512
	[ "$LIVE" != miso ] || image=$LAYERS digest=md5
	while IFS= read -r image; do
		case $1 in
		sha512)
			beside "$image" "${image%.*}.$digest"
			verify_list "$digest" "${image%.*}.$digest"
			;;
		gpg) verify_gpg "$image" ;;
		cms) verify_cms "$image" ;;
		esac
	done <<IMAGES
$image
IMAGES
}

# verify_sums DIGESTS: the lists at the top of the medium, as SHA256SUMS or sha256sum.txt; those
# that are there count
verify_sums() {
	local digest list found=''
	for digest in $1; do
		list=$IMAGE_TREE/$(echo "$digest" | tr '[:lower:]' '[:upper:]')SUMS
		[ -f "$list" ] || list=$IMAGE_TREE/${digest}sum.txt
		if [ -n "$IMAGE_TREE" ] && [ -f "$list" ]; then
			verify_list "$digest" "$list"
			found=1
		fi
	done
	[ -n "$found" ] || fail VI702 'verify-checksums: the medium has no checksum list' \
		"looked for: $1, as SHA256SUMS or sha256sum.txt" \
		'leave the parameter out'
}

# verify_list DIGEST FILE: all that it names, which counts from its directory
verify_list() {
	case $1 in md5 | sha1 | sha256 | sha512) ;; *) fail VI703 "checksums of type '$1' are not supported" '' 'use md5, sha1, sha256 or sha512' ;; esac
	say "verifying the files in ${2##*/}"
	working "verifying the files in ${2##*/}"
	grep -v '^#' "$2" >"$RAMFS/sums"
	[ -s "$RAMFS/sums" ] || fail VI702 "$2 lists no file"
	(cd "${2%/*}" && "${1}sum" -c "$RAMFS/sums") >"$RAMFS/verified" 2>&1 && return 0
	fail VI701 "files on the medium do not match ${2##*/}" \
		"$(grep -v ': OK$' "$RAMFS/verified" | head -n 5)" \
		'make the medium again, or leave the parameter out'
}

# beside IMAGE FILE: a file that has to be there, beside the image
beside() {
	local first=${SOURCE%%"|"*}
	if [ -n "$REMOTE" ] && [ ! -e "$2" ]; then
		fetch "${first%/*}/${2##*/}" "$2" || rm -f "$2"
	fi
	[ -f "$2" ] || fail VI702 \
		"${2##*/} is not beside ${1##*/}, which cannot be verified without" '' \
		'remove the parameter checksum, verify= or cms_verify='
}

# need_file FILE LINE: what the profile had to pack
need_file() {
	[ -e "$ROOT$1" ] || fail VI106 \
		"the signature cannot be verified: this initramfs has no $1" '' \
		"build it with the profile line '$2'"
}

verify_gpg() {
	need_file /bin/gpgv 'binary /usr/bin/gpgv'
	need_file /etc/mkvinitrd/keyring.gpg 'file /etc/mkvinitrd/keyring.gpg KEYRING'
	beside "$1" "$1.sig"
	$RUN gpgv --keyring "$ROOT/etc/mkvinitrd/keyring.gpg" "$1.sig" "$1" || bad_signature "$1"
}

# As archiso makes it; a certificate that signed itself is its own authority.
verify_cms() {
	local certificate=$ROOT/etc/mkvinitrd/codesign.crt \
		authority=$ROOT/etc/mkvinitrd/codesign_CA.crt
	need_file /bin/openssl 'binary /usr/bin/openssl'
	need_file /etc/mkvinitrd/codesign.crt 'file /etc/mkvinitrd/codesign.crt CERTIFICATE'
	[ -e "$authority" ] || authority=$certificate
	beside "$1" "$1.cms.sig"
	$RUN openssl cms -verify -binary -noattr -nointern -purpose any -in "$1.cms.sig" \
		-content "$1" -inform DER -out /dev/null \
		-certfile "$certificate" -CAfile "$authority" || bad_signature "$1"
}

bad_signature() {
	fail VI701 "the signature of ${1##*/} is not valid" 'the messages above' \
		'download the image again, or remove the parameter verify= or cms_verify='
}
