# promise: a kernel that was loaded with kexec is started at the end of the shutdown, when the disks
# are free, and boots the same root
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build disk disk
cat >"$WORK/load.c" <<'LOAD'
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
/* as kexec -s -l KERNEL --initrd=INITRD --command-line=WORDS */
int main(int argc, char **argv)
{
	if (argc != 4 || syscall(SYS_kexec_file_load, open(argv[1], O_RDONLY), open(argv[2], O_RDONLY),
				 strlen(argv[3]) + 1, argv[3], 0) < 0) {
		perror("kexec_file_load");
		return 1;
	}
	return 0;
}
LOAD
small_root "$WORK/small"
gcc -static -o "$WORK/small/load" "$WORK/load.c"
cp "$KDIR/vmlinuz" "$WORK/small/vmlinuz"
cp "$WORK/disk.initramfs" "$WORK/small/initramfs"
echo '/load /vmlinuz /initramfs "${cmdline%%test.run*}test.keep=second" && echo "=== loaded" && reboot -f' >"$WORK/small/etc/again"
ext4 "$WORK/fs" 96M kexecroot "$host_uuid" "$WORK/small"
disk "$WORK/disk.img" 83 "$WORK/fs"
boot disk 'root=LABEL=kexecroot rw test.keep=first test.run=/etc/again' \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== loaded'
expect '=== kept first'
expect '=== wrote second'
[ "$(log | grep -c 'mkvinitrd: clean')" = 2 ] || fail 'not both systems ended cleanly'
part "$WORK/fs" "$WORK/disk.img" 1
clean_ext4 "$WORK/fs"
