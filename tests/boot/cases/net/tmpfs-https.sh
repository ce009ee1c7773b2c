# promise: a root comes over https from nginx, verified by a certificate of the profile; an unknown
# issuer and a clock of 2001 are named, and nothing is booted
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day netfetch.bats names the clock, for a certificate that is not valid yet.
small_root "$WORK/small"
mkdir "$WORK/www"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/www/small.tar.xz" .
serve_https "$WORK/www"
build netboot netboot -s "certificate $WORK/lab.pem"
build unknown netboot
card='-netdev user,id=n0 -device virtio-net-pci,netdev=n0'
url=https://10.0.2.2:$HTTP_PORT/small.tar.xz

boot netboot "ip=dhcp rw vi.image=$url" $card
expect_small_boot
expect '=== root tmpfs rw'
expect_not 'is not verified'
boot unknown "ip=dhcp rw panic=1 vi.image=$url" $card
expect 'unknown issuer: the certificate of'
expect 'to do: add the issuer.s certificate to the profile'
expect_not '=== '
if check_all; then
	boot netboot "ip=dhcp rw panic=1 vi.image=$url" $card -rtc base=2001-09-09T01:46:40
	expect "this machine's clock says 2001-09-09"
	expect 'to do: set this machine.s clock'
	expect_not '=== '
fi
