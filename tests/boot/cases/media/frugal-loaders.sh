# promise: the entries that mkvinitrd frugal writes for rEFInd, GRUB 2, systemd-boot and the signed
# GRUB beside Windows start the installation, with quotes and UTF-8 in directory and title, and keep
# the same changes
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day frugal.bats reads the entries. Of grub4dos there is no package in Debian: quote.bats has
# what its manual says of a line.
small_image "$WORK/root.sqfs"
loaders=$("$TOP/tests/boot/efi-loaders") || fail 'no boot loaders'
loop=''
trap '[ -z "$loop" ] || { delpart "$loop" 2; losetup -d "$loop"; }' EXIT

# frugal DEVICE WORD DIRECTORY OPTION...: with DEVICE on $WORK/mnt, from a tmpfs copied to $WORK;
# boots add WORD to /kept
frugal() {
	MKVINITRD=$MKVINITRD KERNEL_PARAMETERS=$KERNEL_PARAMETERS unshare -m sh "$WORK/frugal" \
		"$@" || fail "mkvinitrd frugal $*"
}

# put FILE NAME: on the EFI system partition
put() { mcopy -D o -o -i "$WORK/disk.img@@1M" "$1" "::$2"; }

# boot_entry: as UEFI starts it
boot_entry() {
	boot_firmware -bios /usr/share/ovmf/OVMF.fd \
		-drive "file=$WORK/disk.img,format=raw,if=virtio"
	expect_small_boot
}

truncate -s 512M "$WORK/disk.img"
printf 'label: gpt\nstart=2048, size=262144, type=uefi\nstart=264192, size=700000, type=linux\n' |
	sfdisk -q "$WORK/disk.img"
mkfs.vfat -F 32 -s 1 -n ESP -i 2EA7BEEF --offset=2048 "$WORK/disk.img" 131072 >/dev/null 2>&1
mke2fs -q -F -t ext4 -E offset=$((264192 * 512)) "$WORK/disk.img" 350000k
mmd -i "$WORK/disk.img@@1M" ::EFI ::EFI/BOOT ::EFI/mkvinitrd ::EFI/debian ::loader \
	::loader/entries '::Größe'

loop=$(losetup -f --show "$WORK/disk.img")
addpart "$loop" 2 264192 700000 # not every kernel knows GPT
mkdir "$WORK/mnt"
# what is mounted where others see it may be mounted in a namespace of theirs for longer
cat >"$WORK/frugal" <<'FRUGAL'
device=$1 keep=$2 directory=$3
shift 3
case $device in
tmpfs) mount -t tmpfs none "$WORK/mnt" ;;
*) mount "$device" "$WORK/mnt" ;;
esac || exit
"$TOP/scripts/frugal" -q -r "$KDIR" -k "$KVER" -c -a "$KERNEL_PARAMETERS test.keep=$keep" -n 'Größe: {my} "root" $x' "$@" "$directory" "$WORK/root.sqfs" || exit
[ "$device" != tmpfs ] || cp -r "$directory" "$WORK/"
FRUGAL
frugal "${loop}p2" first "$WORK/mnt/My Größe"
delpart "$loop" 2
losetup -d "$loop"
loop=''

printf 'set timeout=0\nsource "(hd0,gpt2)/My Größe/grub.cfg"\n' >"$WORK/grub.cfg"
grub-mkimage -O x86_64-efi -p '(hd0,gpt1)/EFI/BOOT' -o "$WORK/grub.efi" part_gpt part_msdos fat \
	ext2 normal configfile linux search search_fs_uuid echo test
put "$WORK/grub.efi" EFI/BOOT/BOOTX64.EFI
put "$WORK/grub.cfg" EFI/BOOT/grub.cfg
boot_entry
expect '=== wrote first'

# systemd-boot and rEFInd without a driver read FAT: the EFI system partition itself, which is not
# mounted here
frugal tmpfs second "$WORK/mnt/esp" --host UUID=2EA7-BEEF --boot-path '/Größe'
grep -q '^linux /Größe/vmlinuz$' "$WORK/esp/systemd-boot.conf" ||
	fail "$(cat "$WORK/esp/systemd-boot.conf")"
for file in vmlinuz initramfs.img root.sqfs; do put "$WORK/esp/$file" "Größe/$file"; done
# all of them now: the file for changes takes what is free
for file in vmlinuz initramfs.img; do put "$WORK/esp/$file" "EFI/mkvinitrd/$file"; done
put "$WORK/esp/grub-esp.cfg" EFI/debian/grub.cfg
put "$loaders/usr/lib/shim/shimx64.efi.signed" EFI/mkvinitrd/shimx64.efi
put "$loaders/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" EFI/mkvinitrd/grubx64.efi
echo 'timeout 0' >"$WORK/loader.conf"
put "$WORK/loader.conf" loader/loader.conf
put "$WORK/esp/systemd-boot.conf" loader/entries/mkvinitrd.conf
put /usr/lib/systemd/boot/efi/systemd-bootx64.efi EFI/BOOT/BOOTX64.EFI
boot_entry
expect '=== wrote second'

printf 'timeout 1\ntextonly\nscanfor manual\ninclude mkvinitrd.conf\n' >"$WORK/refind.conf"
put "$loaders/usr/share/refind/refind/refind_x64.efi" EFI/BOOT/BOOTX64.EFI
put "$WORK/refind.conf" EFI/BOOT/refind.conf
put "$WORK/esp/refind.conf" EFI/BOOT/mkvinitrd.conf
boot_entry
expect '=== kept second'

# as windows.txt says: the firmware starts shim; here another GRUB stands for the firmware's entry
printf 'chainloader /EFI/mkvinitrd/shimx64.efi\nboot\n' >"$WORK/grub.cfg"
grub-mkimage -O x86_64-efi -p '(hd0,gpt1)/EFI/BOOT' -o "$WORK/grub.efi" part_gpt fat normal \
	configfile chain boot
put "$WORK/grub.efi" EFI/BOOT/BOOTX64.EFI
put "$WORK/grub.cfg" EFI/BOOT/grub.cfg
boot_entry
expect '=== kept second'
