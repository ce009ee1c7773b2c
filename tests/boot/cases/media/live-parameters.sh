# promise: the parameters of live-boot, archiso, MiniOS and Porteus beyond the usual ones: a store
# that is only read, on removable media alone; media proven by sums and signatures, or not booted;
# ISO files and media from servers; sessions in a file; chosen layers; what was kept is there in the
# next boot
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/live.sh"
live_root
card='-nic user,model=virtio-net-pci'
KEEP_UUID=6d6b7669-6e69-7472-6400-00000000cee9

# A key of OpenPGP and a certificate that signed itself, as who makes such media has them.
GNUPGHOME=$WORK/gnupg && export GNUPGHOME
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --pinentry-mode loopback --passphrase '' \
	--quick-gen-key 'Test <test@example.org>' ed25519 sign never 2>"$WORK/gpg.log" ||
	fail "gpg: $(cat "$WORK/gpg.log")"
gpg --batch --quiet --export >"$WORK/keyring.gpg"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$WORK/key.pem" -out "$WORK/codesign.crt" \
	-subj /CN=test -days 3650 \
	-addext extendedKeyUsage=codeSigning 2>"$WORK/openssl.log" ||
	fail "openssl: $(cat "$WORK/openssl.log")"
gpgconf --kill gpg-agent
set --
for program in gpgv openssl; do
	set -- "$@" -s "file /bin/$program $(command -v $program) 755"
	for library in $(ldd "$(command -v $program)" | grep -o '/[^ ]*'); do
		case " $* " in *" file $library "*) ;; *) set -- "$@" \
			-s "file $library $library 755" ;; esac
	done
done
build overlay overlay -s 'applet e2fsck mke2fs' -s 'module =netfs' "$@" \
	-s "file /etc/mkvinitrd/keyring.gpg $WORK/keyring.gpg" \
	-s "file /etc/mkvinitrd/codesign.crt $WORK/codesign.crt"

# live-boot: of two stores with the label the one on the USB drive; what it holds is shown, and no
# byte of it changes
mkdir -p "$WORK/live/live" "$WORK/store/rw" "$WORK/store/home" "$WORK/store/opt/rw" \
	"$WORK/store/srv" "$WORK/store/work" "$WORK/store/opt/work" "$WORK/decoy"
mkdir -p "$WORK/small/home" "$WORK/small/opt" "$WORK/small/srv"
cat >"$WORK/small/etc/store" <<'TELL'
for file in /home/mine /opt/changed /opt/image /srv/note; do [ -f $file ] && echo "=== has $file"; done
for file in /home/new /opt/new /srv/new /new; do echo written >$file && echo "=== new $file"; done
echo more >>/srv/note && echo more >>/home/mine && echo '=== more'
TELL
touch "$WORK/small/opt/image" "$WORK/store/home/mine" "$WORK/store/opt/rw/changed" \
	"$WORK/store/srv/note"
echo before >"$WORK/store/rw/kept"
printf '/ union\n/home\n/opt union\n/srv link\n' >"$WORK/store/persistence.conf"
printf '/ union\n' >"$WORK/decoy/persistence.conf"
layer filesystem "$WORK/live/live/filesystem.squashfs" "$WORK/small"
(cd "$WORK/live" && find . -type f -exec sha256sum {} +) >"$WORK/sha256sum.txt"
mv "$WORK/sha256sum.txt" "$WORK/live/"
ext4 "$WORK/live.fs" 24M d-live "$host_uuid" "$WORK/live"
ext4 "$WORK/decoy.fs" 16M persistence "$root_uuid" "$WORK/decoy"
ext4 "$WORK/store.fs" 16M persistence "$KEEP_UUID" "$WORK/store"
disk "$WORK/disk.img" 83 "$WORK/live.fs" "$WORK/decoy.fs"
disk "$WORK/stick.img" 83 "$WORK/store.fs"
before=$(sha256sum <"$WORK/stick.img")
drive="-drive file=$WORK/disk.img,format=raw,if=virtio"
boot overlay 'boot=live components persistence persistence-media=removable-usb persistence-read-only verify-checksums test.run=/etc/store' $drive \
	-device qemu-xhci -drive "file=$WORK/stick.img,format=raw,if=none,id=s" \
	-device usb-storage,drive=s,removable=on
expect_small_boot
expect 'verifying the files in sha256sum.txt'
expect '=== kept before'
for file in /home/mine /opt/changed /opt/image /srv/note; do expect "=== has $file"; done
for file in /home/new /opt/new /srv/new /new; do expect "=== new $file"; done
expect '=== more'
[ "$(sha256sum <"$WORK/stick.img")" = "$before" ] || fail 'the store was written to'
part "$WORK/part" "$WORK/disk.img" 2
cmp "$WORK/part" "$WORK/decoy.fs" || fail 'a store on another disk was written to'

# live-boot: an ISO file of a web server, with its list of sums; then one that is not what the list
# tells
mkdir "$WORK/www"
xorriso -as mkisofs -quiet -R -V LIVE -o "$WORK/www/live.iso" "$WORK/live" 2>/dev/null
echo damaged >>"$WORK/live/live/note"
(cd "$WORK/live" && md5sum live/note) >"$WORK/live/md5sum.txt"
echo more >>"$WORK/live/live/note"
xorriso -as mkisofs -quiet -R -V LIVE -o "$WORK/www/bad.iso" "$WORK/live" 2>/dev/null
serve_http "$WORK/www"
boot overlay "boot=live fetch=http://10.0.2.2:$HTTP_PORT/live.iso verify-checksums ip=dhcp test.run=/etc/tell" $card
expect_small_boot
expect 'verifying the files in sha256sum.txt'
expect '=== top filesystem'
boot overlay "boot=live httpfs=http://10.0.2.2:$HTTP_PORT/bad.iso verify-checksums=md5 ip=dhcp panic=-1" $card
expect 'live/note: FAILED'
expect_not '=== '

# archiso: sum and both signatures, on a disk and over NFS; then an image that was changed after it
# was signed
archiso_files "$WORK/archiso" sfs
image=$WORK/archiso/arch/x86_64/airootfs.sfs
gpg --batch --quiet --detach-sign "$image"
openssl cms -sign -binary -noattr -in "$image" -signer "$WORK/codesign.crt" -inkey "$WORK/key.pem" \
	-outform DER -out "$image.cms.sig"
gpgconf --kill gpg-agent
proofs='checksum=y verify=y cms_verify=y'
ext4 "$WORK/archiso.fs" 32M ARCH "$host_uuid" "$WORK/archiso"
disk "$WORK/disk.img" 83 "$WORK/archiso.fs"
boot overlay "archisobasedir=arch archisolabel=ARCH $proofs copytoram=n test.run=/etc/tell" $drive
expect_small_boot
expect 'verifying the files in airootfs.sha512'
expect 'Good signature'
expect '=== top airootfs'
kill $http_pid
serve_nfs "$WORK/archiso"
boot overlay "archisobasedir=arch archiso_nfs_srv=\${pxeserver}:/export archiso_nfs_opt=port=$NFS_PORT $proofs ip=dhcp test.run=/etc/tell" $card
expect_small_boot
expect '10.0.2.2:/export is no longer needed'
expect '=== top airootfs'
mkdir "$WORK/other"
echo other >"$WORK/other/top"
mksquashfs "$WORK/other" "$image" -noappend -quiet -no-progress -all-root
(cd "${image%/*}" && sha512sum airootfs.sfs >airootfs.sha512)
boot overlay "archisobasedir=arch archiso_nfs_srv=10.0.2.2:/export archiso_nfs_opt=port=$NFS_PORT verify=y ip=dhcp panic=-1" $card
expect 'the signature of airootfs.sfs is not valid'
boot overlay "archisobasedir=arch archiso_nfs_srv=10.0.2.2:/export archiso_nfs_opt=port=$NFS_PORT cms_verify=y ip=dhcp panic=-1" $card
expect 'the signature of airootfs.sfs is not valid'
expect_not '=== '

# MiniOS on FAT: a session in a file of the size that was said, which the next boot continues with
mkdir -p "$WORK/minios/minios/changes"
layer core "$WORK/minios/minios/00-core.sb" "$WORK/small"
layer xfce "$WORK/minios/minios/05-xfce.sb"
layer extra "$WORK/minios/minios/modules/07-extra.sb"
printf '{\n  "default": null,\n  "sessions": {}\n}\n' >"$WORK/minios/minios/changes/session.json"
vfat "$WORK/minios.fs" 180 MINIOS
mcopy -s -i "$WORK/minios.fs" "$WORK/minios/minios" ::
disk "$WORK/disk.img" c "$WORK/minios.fs"
boot overlay 'from=/minios perch perchmode=raw perchsize=40 load=core,extra noload=xfce test.keep=one test.run=/etc/tell' $drive
expect_small_boot
expect '=== top extra'
expect_not '=== layer xfce'
expect '=== wrote one'
boot overlay 'from=/minios perchdir=resume toram=full test.keep=two test.run=/etc/tell' $drive
expect_small_boot
expect '=== kept one'
expect '=== layer xfce'
part "$WORK/part" "$WORK/disk.img" 1
clean_vfat "$WORK/part"
mtype -i "$WORK/part" ::minios/changes/session.json | grep -q '"default": "1"' ||
	fail 'the session is not told'
mcopy -i "$WORK/part" ::minios/changes/1/changes.img "$WORK/changes.img"
[ "$(stat -c %s "$WORK/changes.img")" = $((40 << 20)) ] || fail 'the file has another size'
clean_ext4 "$WORK/changes.img"
debugfs -R 'cat /changes/kept' "$WORK/changes.img" 2>/dev/null | paste -sd ' ' |
	grep -qx 'one two' || fail 'where MiniOS looks nothing was kept'

# Porteus on FAT: changes= in a file there, optional layers, partitions of the machine in fstab;
# then from the disk that tohd= copied to
mkdir -p "$WORK/porteus/porteus" "$WORK/empty"
touch "$WORK/small/etc/fstab"
echo "grep -o '^/dev/vd.. /media/vd..' /etc/fstab | while read -r line; do echo \"=== fstab \$line\"; done; . /etc/tell" >"$WORK/small/etc/tell2"
layer base "$WORK/porteus/porteus/base/001-base.xzm" "$WORK/small"
layer gimp "$WORK/porteus/porteus/optional/gimp.xzm"
layer games "$WORK/porteus/porteus/optional/games.xzm"
ext4 "$WORK/save.dat" 24M changes "$KEEP_UUID"
vfat "$WORK/porteus.fs" 80 PORTEUS "$WORK/save.dat=save.dat"
mcopy -s -i "$WORK/porteus.fs" "$WORK/porteus/porteus" ::
ext4 "$WORK/hd.fs" 32M hd "$root_uuid" "$WORK/empty"
ext4 "$WORK/unused.fs" 8M unused 6d6b7669-6e69-7472-6400-00000000cee8
disk "$WORK/disk.img" c "$WORK/porteus.fs" "$WORK/hd.fs" "$WORK/unused.fs"
for value in one two; do
	boot overlay "from=/porteus changes=EXIT:/save.dat load=gimp vi.automount tohd=/dev/vda2/copy test.keep=$value test.run=/etc/tell2" $drive
	expect_small_boot
	expect '=== top gimp'
	expect_not '=== layer games'
	expect "=== wrote $value"
	expect '=== fstab /dev/vda3 /media/vda3'
	expect_not '=== fstab /dev/vda[12]'
	[ $value = two ] || expect 'copying .*gimp.xzm to /dev/vda2/copy'
done
expect '=== kept one'
expect_not 'copying .*gimp.xzm'
part "$WORK/part" "$WORK/disk.img" 1
clean_vfat "$WORK/part"
mcopy -i "$WORK/part" ::save.dat "$WORK/save.after"
clean_ext4 "$WORK/save.after"
debugfs -R 'cat /changes/kept' "$WORK/save.after" 2>/dev/null | paste -sd ' ' |
	grep -qx 'one two' || fail 'where Porteus looks nothing was kept'
part "$WORK/part" "$WORK/disk.img" 2
clean_ext4 "$WORK/part"
