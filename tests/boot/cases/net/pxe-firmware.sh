# promise: machines boot from dnsmasq and nginx as mkvinitrd pxe configures them: by BIOS, by UEFI's
# PXE and by UEFI HTTP boot, each with its own loader, and from dnsmasq's proxyDHCP beside another
# DHCP server; a machine's own choice counts; the local disk boots by BIOS and by UEFI
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day the local disk by BIOS alone, and one machine through the proxy: pxe-servers.bats asks
# dnsmasq what each type of client gets.
. "$TOP/tests/boot/lib/menus.sh"
. "$TOP/tests/boot/lib/netlab.sh"
in_lab "$0"
export MKVINITRD
few_modules e1000
small_root "$WORK/small"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/rootfs.tar.xz" .
a=52:54:00:00:00:0a b=52:54:00:00:00:0b c=52:54:00:00:00:0c
# $a boots the first entry, as any machine; two more have something else
"$TOP/scripts/pxe" -o "$WORK/srv" -t 1 -u http://10.5.0.1 -r "$KDIR" -k "$KVER" --host "$b=reboot" \
	--host "$c=local" \
	-a 'console=ttyS0 no_timer_check printk.devkmsg=on' "$WORK/rootfs.tar.xz" ||
	fail 'mkvinitrd pxe'
serve_nginx "$WORK/srv/nginx.conf"

# machine bios|uefi|http MAC [QEMU ARGUMENT...]: boots by network
machine() {
	firmware=$1 card=netdev=card0,mac=$2
	shift 2
	case $firmware in
	bios) set -- -boot n -device "e1000,$card" "$@" ;;
	*) set -- -bios /usr/share/ovmf/OVMF.fd \
		-device "virtio-net-pci,$card,romfile=,bootindex=1" "$@" ;;
	esac
	case $firmware in
	http) set -- -fw_cfg name=opt/org.tianocore/IPv4PXESupport,string=n \
		-fw_cfg name=opt/org.tianocore/IPv6PXESupport,string=n "$@" ;;
	esac
	lab_machine "$@"
}

# sent FILE MAC: by TFTP to this machine
sent() {
	address=$(sed -n "s/.*DHCPACK(lan) \([0-9.]*\) $2.*/\1/p" "$WORK"/dnsmasq*.log | tail -n 1)
	grep -q "sent .*/$1 to $address" "$WORK/dnsmasq.log" ||
		fail "$2 did not get $1 by TFTP: $(grep 'tftp' "$WORK/dnsmasq.log")"
}

serve_dnsmasq "$WORK/srv/dnsmasq.conf"
machine uefi $a
expect_small_boot
expect '=== root tmpfs rw'
sent ipxe.efi $a
fetched 'GET /vmlinuz-'
fetched 'GET /initramfs-'
fetched 'GET /rootfs-'

machine bios $b
sent menu.ipxe $b
sent hosts/52-54-00-00-00-0b.ipxe $b

machine http $b
fetched 'GET /ipxe.efi.*UefiHttpBoot'

if check_all; then
	printf 'serial\nterminal_output serial\necho "=== the local disk"\nhalt\n' >"$WORK/local.cfg"
	vfat "$WORK/esp" 40 ESP
	grub-mkimage -O x86_64-efi -p / -c "$WORK/local.cfg" -o "$WORK/bootx64.efi" \
		echo halt serial terminal || fail grub-mkimage
	mmd -i "$WORK/esp" ::EFI ::EFI/BOOT
	mcopy -i "$WORK/esp" "$WORK/bootx64.efi" ::EFI/BOOT/BOOTX64.EFI
	disk "$WORK/disk.img" ef "$WORK/esp"
	machine uefi $c -drive "file=$WORK/disk.img,format=raw,if=none,id=disk" \
		-device virtio-blk-pci,drive=disk,bootindex=2
	expect '=== the local disk'
fi

# by BIOS the disk's own master boot record: GRUB behind it, which finds its second sector itself
printf 'serial\nterminal_output serial\necho "=== the disk of the BIOS"\nhalt\n' >"$WORK/local.cfg"
grub-mkimage -O i386-pc -p / -c "$WORK/local.cfg" -o "$WORK/core.img" biosdisk echo halt serial \
	terminal || fail grub-mkimage
truncate -s 4M "$WORK/bios.img"
cat /usr/lib/grub/i386-pc/boot.img "$WORK/core.img" |
	dd of="$WORK/bios.img" conv=notrunc status=none
machine bios $c -drive "file=$WORK/bios.img,format=raw,if=none,id=disk" \
	-device virtio-blk-pci,drive=disk
expect '=== the disk of the BIOS'
end_server "$dnsmasq_pid"

other_host 10.5.0.2
lab_server dnsmasq-other in_other dnsmasq -k -u root --port=0 --dhcp-range=10.5.0.200,10.5.0.220 \
	--dhcp-leasefile="$WORK/other-leases" --log-facility=- --pid-file
serve_dnsmasq "$WORK/srv/dnsmasq-proxy.conf"
machine bios $b
! check_all || machine uefi $b
