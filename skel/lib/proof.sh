# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# vi.verify=: the image is the one that is trusted, or the boot ends. P_VERIFY is the digits of a
# SHA-256, verity:ROOTHASH or
# minisign:KEY.

# gather_proof IMAGE: what lies beside an image, a file or an address, before the image is moved:
# PROOF_HASHES is its hash tree (empty:
# appended), PROOF_SIGNATURE its signature; or P_VERIFY becomes the checksum that a signed list has
# for it.
gather_proof() {
	PROOF_HASHES='' PROOF_SIGNATURE=''
	case $P_VERIFY in minisign:* | verity:*) ;; *) return 0 ;; esac
	[ -n "$RUN" ] || [ -x /bin/verifyimg ] ||
		fail VI106 "vi.verify=${P_VERIFY%%:*}: needs a program that this initramfs does not have" '' \
			"build it with the profile line 'applet verifyimg'"
	case $1 in
	*"$NL"*) fail VI703 "vi.verify=${P_VERIFY%%:*}: is for one image, and there are several layers" '' 'use vi.verify= with a single image' ;;
	esac
	make_dirs "$RAMFS/proof"
	case $P_VERIFY in
	verity:*) ! lies_beside "$1" .verity || PROOF_HASHES=$RET ;;
	minisign:*) gather_signature "$1" ;;
	esac
}

# lies_beside IMAGE SUFFIX: IMAGE.SUFFIX is there; RET is a file that stays when the medium is
# released
lies_beside() {
	local from
	set -- "${1%%|*}" "$2"
	case $1 in
	*://*)
		load net/fetch
		address_beside "$1" "$2"
		from=$RET
		;;
	*) from=$1$2 ;;
	esac
	RET=$RAMFS/proof/image$2
	bring_small "$from" "$RET"
}

# bring_small ADDRESS|FILE FILE: of a server an answer that there is no such file is no failure
bring_small() {
	case $1 in
	*://*)
		load net/fetch
		fetch_optional "$1" "$2"
		return
		;;
	esac
	[ -f "$1" ] || return 1
	if [ -n "$P_TORAM$P_TOHD" ]; then $RUN cp "$1" "$2"; else RET=$1; fi
}

gather_signature() {
	local first=${1%%"|"*} list name=${1##*/} sum
	list=${first%/*}/SHA256SUMS
	name=${name%%\?*}
	if lies_beside "$1" .minisig; then
		PROOF_SIGNATURE=$RET
		return 0
	fi
	lies_beside "$list" .minisig ||
		fail VI702 "the signature of $name is missing" \
			"looked for $name.minisig and SHA256SUMS.minisig beside it" \
			"sign it: minisign -S -m $name, or mkvinitrd pack --sign-key"
	PROOF_SIGNATURE=$RET
	RET=$RAMFS/proof/SHA256SUMS
	bring_small "$list" "$RET" ||
		fail VI702 "the list SHA256SUMS beside $name is missing" \
			'its signature SHA256SUMS.minisig is there'
	sum=$($RUN verifyimg minisign --sums "$name" "${P_VERIFY#minisign:}" "$PROOF_SIGNATURE" \
		"$RET") || fail_signature "the list SHA256SUMS"
	say "$name: expecting the checksum of the signed list"
	P_VERIFY=$sum PROOF_SIGNATURE=''
}

fail_signature() {
	fail VI701 "$1 is not what vi.verify=minisign: allows" 'the message of verifyimg above' \
		'sign it with the key that this initramfs trusts, or correct vi.verify='
}

# prove_file FILE|DEVICE: RET is what to use in its place
prove_file() {
	RET=$1
	case $P_VERIFY in
	'') ;;
	verity:*) prove_verity "$1" ;;
	minisign:*)
		say "verifying $1"
		working "verifying $1"
		$RUN verifyimg minisign "${P_VERIFY#minisign:}" "$PROOF_SIGNATURE" "$1" ||
			fail_signature "$1"
		;;
	*) prove_sum "$1" ;;
	esac
}

prove_sum() {
	local sum
	say "verifying $1"
	working "verifying $1"
	sum=$(sha256sum "$1")
	[ "${sum%% *}" = "$P_VERIFY" ] ||
		fail VI701 "the image is not the one that vi.verify= allows" \
			"sha256 expected $P_VERIFY, found ${sum%% *}" \
			'fetch the image again, or correct vi.verify='
}

# prove_verity FILE|DEVICE: each block is proven when it is read
prove_verity() {
	RET=$($RUN verifyimg verity --state "$STATE" ${PROOF_HASHES:+--hashes "$PROOF_HASHES"} \
		"${P_VERIFY#verity:}" "$1") ||
		fail VI701 "the image is not the one that vi.verify= allows" \
			'the message of verifyimg above' \
			'fetch the image and its .verity again, or correct vi.verify='
	say "$1 is verified while it is read, as $RET"
}

# unpack_signed: an archive of a server with a signature of its own. Status as of unpack_stream; a
# wrong archive leaves no half root.
unpack_signed() {
	local status=0 checker
	rm -f "$RAMFS/signed" && mkfifo "$RAMFS/signed" || return 1
	$RUN verifyimg minisign "${P_VERIFY#minisign:}" "$PROOF_SIGNATURE" - <"$RAMFS/signed" &
	checker=$!
	fetch_marked | tee "$RAMFS/signed" | $RUN unpackroot - "$NEWROOT" >"$RAMFS/unpacked" ||
		status=$?
	wait $checker || {
		# the part that came is nothing that was signed
		[ ! -e "$RAMFS/fetch.failed" ] || return 1
		[ "$status" = 4 ] || {
			$RUN umount "$NEWROOT" || warn 'the unverified root stays in memory'
			fail_signature "$SOURCE"
		}
	}
	return $status
}
