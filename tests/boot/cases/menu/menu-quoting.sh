# promise: text that scripts/lib/quote.sh writes for GRUB, isolinux, iPXE and systemd-boot reaches
# the kernel as it was: blanks, UTF-8, dollars, brackets
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day quote.bats reads the same texts with grub-emu, bootplan and the kernel's rules.
. "$TOP/tests/boot/lib/menus.sh"
name=menu-quoting
. "$TOP/scripts/lib/quote.sh"

# An initramfs that only tells what it got
tell() {
	mkdir -p "$WORK/tell/bin" "$WORK/tell/proc" "$WORK/tell/dev"
	cp /bin/busybox "$WORK/tell/bin/busybox"
	cat >"$WORK/tell/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
read -r line </proc/cmdline
echo "=== cmdline $line" >/dev/ttyS0
/bin/busybox sleep 1
/bin/busybox poweroff -f
INIT
	chmod +x "$WORK/tell/init"
	(cd "$WORK/tell" && find . | cpio --quiet -o -H newc) >"$WORK/initrd.initramfs"
}

# words_for LOADER: a command line with every text that this loader can have; texts.LOADER has what
# must arrive
words_for() {
	: >"$WORK/texts.$1"
	words='console=ttyS0 no_timer_check panic=-1'
	number=0
	while IFS= read -r text; do
		parameter=$(kernel_parameter "t.$number" "$text" 2>/dev/null) || continue
		"quote_$1_words" "$parameter" >/dev/null 2>&1 || continue
		words="$words $parameter"
		printf '%s\n' "t.$number=$text" >>"$WORK/texts.$1"
		number=$((number + 1))
	done <"$WORK/texts"
	[ $number -ge 15 ] || fail "$1 can have $number texts only"
	"quote_$1_words" "$words" || fail "$1 cannot have the command line"
}

# arrived LOADER
arrived() {
	log | sed -n 's/^=== cmdline //p' | tail -n 1 >"$WORK/cmdline"
	[ -s "$WORK/cmdline" ] || fail "$1 started no kernel"
	python3 "$TOP/tests/cli/tree/quote.py" kernel "$(cat "$WORK/cmdline")" |
		grep '^t\.' >"$WORK/arrived"
	diff -u "$WORK/texts.$1" "$WORK/arrived" || fail "$1 changed these parameters"
}

by_grub() {
	directory="/It's \$my dir; #1"
	mkdir -p "$WORK/host/boot/grub" "$WORK/host$directory"
	cp "$KDIR/vmlinuz" "$WORK/initrd.initramfs" "$WORK/host$directory/"
	{
		echo 'set timeout=0'
		echo "menuentry $(quote_grub_text "it's \"\$x\" {}") {"
		echo "linux $(quote_grub_path "$directory/vmlinuz") $(words_for grub)"
		echo "initrd $(quote_grub_path "$directory/initrd.initramfs")"
		echo '}'
	} >"$WORK/host/boot/grub/grub.cfg"
	ext4 "$WORK/host.fs" 64M quoting "$host_uuid" "$WORK/host"
	disk "$WORK/disk.img" 83 "$WORK/host.fs"
	grub_pc "$WORK/disk.img" ext2
	boot_firmware -drive "file=$WORK/disk.img,format=raw,if=virtio"
	arrived grub
}

by_isolinux() {
	mkdir -p "$WORK/cd/isolinux"
	cp "$KDIR/vmlinuz" "$WORK/cd/isolinux/vmlinuz"
	cp "$WORK/initrd.initramfs" "$WORK/cd/isolinux/initrd.gz"
	cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$WORK/cd/isolinux/"
	printf 'serial 0 115200\ndefault a\nlabel a\nmenu label %s\nkernel %s\ninitrd %s\nappend %s\n' "$(quote_syslinux_text "it's \$x")" \
		"$(quote_syslinux_path vmlinuz)" "$(quote_syslinux_path initrd.gz)" \
		"$(words_for syslinux)" >"$WORK/cd/isolinux/isolinux.cfg"
	xorriso -as mkisofs -quiet -R -b isolinux/isolinux.bin -c isolinux/boot.cat \
		-no-emul-boot -boot-load-size 4 -boot-info-table \
		-o "$WORK/cd.iso" "$WORK/cd" >"$WORK/xorriso.log" 2>&1 ||
		fail "xorriso: $(cat "$WORK/xorriso.log")"
	boot_firmware -cdrom "$WORK/cd.iso"
	arrived syslinux
}

by_ipxe() {
	mkdir "$WORK/tftp"
	cp "$KDIR/vmlinuz" "$WORK/tftp/vmlinuz"
	cp "$WORK/initrd.initramfs" "$WORK/tftp/initrd"
	printf '#!ipxe\necho %s\nkernel vmlinuz %s\ninitrd initrd\nboot\n' "$(quote_ipxe_text "it's \$x")" "$(words_for ipxe)" >"$WORK/tftp/menu.ipxe"
	boot_pxe "$WORK/tftp" menu.ipxe
	arrived ipxe
}

by_sdboot() {
	printf 'title %s\nlinux %s\ninitrd %s\noptions %s\n' "$(quote_sdboot_text "it's \$x")" "$(quote_sdboot_path '/my dir/vmlinuz')" \
		"$(quote_sdboot_path '/my dir/initrd')" "$(words_for sdboot)" >"$WORK/entry.conf"
	echo 'timeout 0' >"$WORK/loader.conf"
	vfat "$WORK/esp" 96 ESP
	mmd -i "$WORK/esp" ::EFI ::EFI/BOOT ::loader ::loader/entries '::my dir'
	mcopy -i "$WORK/esp" /usr/lib/systemd/boot/efi/systemd-bootx64.efi ::EFI/BOOT/BOOTX64.EFI
	mcopy -i "$WORK/esp" "$WORK/loader.conf" ::loader/loader.conf
	mcopy -i "$WORK/esp" "$WORK/entry.conf" ::loader/entries/a.conf
	mcopy -i "$WORK/esp" "$KDIR/vmlinuz" '::my dir/vmlinuz'
	mcopy -i "$WORK/esp" "$WORK/initrd.initramfs" '::my dir/initrd'
	disk "$WORK/efi.img" ef "$WORK/esp"
	boot_firmware -bios /usr/share/ovmf/OVMF.fd -drive "file=$WORK/efi.img,format=raw,if=virtio"
	arrived sdboot
}

tell
python3 "$TOP/tests/cli/tree/quote.py" texts 70 | grep -v '^.\{25\}' >"$WORK/texts"
for loader in ${LOADERS:-grub isolinux ipxe sdboot}; do
	"by_$loader"
	echo "# $loader"
done
