# shellcheck shell=sh disable=SC2154,SC2034 # variables of scripts/vm, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# The machine that scripts/vm boots: which QEMU, which accelerator, and what is plugged in.

# escape_commas TEXT: as a value inside an option of QEMU
escape_commas() {
	printf '%s\n' "$1" | sed 's/,/,,/g'
}

# The machine of a kernel image: the field of its PE header, which all of them have for UEFI. Sets
# kernel_arch, maybe empty.
read_kernel_arch() {
	kernel_arch=''
	pe=$(od -An -tu4 -j 60 -N 4 "$vmlinuz" 2>/dev/null | tr -d ' ')
	[ -n "$pe" ] || return 0
	case $(od -An -tx2 -j $((pe + 4)) -N 2 "$vmlinuz" 2>/dev/null | tr -d ' ') in
	8664) kernel_arch=x86_64 ;;
	aa64) kernel_arch=arm64 ;;
	esac
}

# What QEMU starts: an image with a PE header, a bzImage or an ELF file
refuse_other_file() {
	[ -z "$kernel_arch" ] || return 0
	case $(od -An -c -j 514 -N 4 "$vmlinuz" 2>/dev/null |
		tr -d ' '):$(od -An -c -N 4 "$vmlinuz" | tr -d ' ') in
	HdrS:* | *:177ELF | *:037213*) ;; # the last: compressed by gzip, as for arm64
	*) die "'$vmlinuz' is no kernel (-k)" ;;
	esac
}

# Sets emulator, arch, serial.
find_machine() {
	read_kernel_arch
	refuse_other_file
	[ -z "$arch" ] || [ -z "$kernel_arch" ] || [ "$arch" = "$kernel_arch" ] ||
		die "'$vmlinuz' is a kernel for $kernel_arch, and --arch is $arch: name a system for $arch with -r"
	arch=${arch:-${kernel_arch:-x86_64}}
	case $arch in
	arm64) emulator=qemu-system-aarch64 package=qemu-system-arm serial=ttyAMA0 ;;
	*) emulator=qemu-system-x86_64 package=qemu-system-x86 serial=ttyS0 ;;
	esac
	need "$emulator" "$package"
}

# The first that can be read, or an error: WHAT PACKAGE FILE...
first_readable() {
	what=$1 package=$2
	shift 2
	for file in "$@"; do
		[ ! -r "$file" ] || { firmware=$file && return 0; }
	done
	die "no $what: apt-get install $package"
}

find_firmware() {
	case $arch in
	arm64) first_readable 'UEFI firmware for arm64' qemu-efi-aarch64 \
		/usr/share/qemu-efi-aarch64/QEMU_EFI.fd /usr/share/AAVMF/AAVMF_CODE.fd ;;
	*) first_readable 'UEFI firmware' ovmf /usr/share/ovmf/OVMF.fd \
		/usr/share/OVMF/OVMF_CODE.fd /usr/share/OVMF/OVMF_CODE_4M.fd ;;
	esac
}

# A firmware of three instructions, with which QEMU ends if a processor runs them. x86: mov
# $0x10,%al; out %al,$0xf4; hlt at the reset vector, for the device isa-debug-exit, with status 33.
# arm64: PSCI's SYSTEM_OFF by mov, movk and hvc, with status 0.
kvm_program() {
	case $arch in
	arm64) printf '\000\001\200\122\000\200\260\162\002\000\000\324\000\000\000\024' ;;
	*) head -c 65520 /dev/zero && printf '\260\020\346\364\364\353\375\0\0\0\0\0\0\0\0\0' ;;
	esac
}

# run_kvm_program: its status goes to a file, since a process that hangs in the kernel cannot be
# killed, and nothing may wait for it
run_kvm_program() {
	kvm_program >"$work/kvm.bin"
	case $arch in
	arm64) set -- -M virt -cpu host ;;
	*) set -- -device isa-debug-exit,iobase=0xf4,iosize=1 ;;
	esac
	(
		run_status=0
		timeout -s KILL 5 "$emulator" -accel kvm -m 64 \
			-nodefaults -no-user-config -display none -bios "$work/kvm.bin" "$@" \
			</dev/null >"$work/kvm.log" 2>&1 || run_status=$?
		echo "$arch $run_status" >"$work/kvm.status"
	) &
	for _ in $(seq 60); do
		[ ! -s "$work/kvm.status" ] || break
		sleep 0.1
	done
}

# probe_kvm: sets kvm_fault, empty if KVM runs programs
probe_kvm() {
	kvm_fault=''
	if [ ! -e /dev/kvm ]; then
		kvm_fault="there is no /dev/kvm: load kvm_intel or kvm_amd, and enable virtualisation in the firmware's setup"
		return
	elif [ ! -w /dev/kvm ]; then
		kvm_fault="you may not use /dev/kvm: join its group ($(stat -c %G /dev/kvm))"
		return
	fi
	case $(uname -m):$arch in
	x86_64:x86_64 | aarch64:arm64) ;;
	*) kvm_fault="this machine ($(uname -m)) cannot run $arch itself" && return ;;
	esac
	run_kvm_program
	case $(cat "$work/kvm.status" 2>/dev/null) in
	'x86_64 33' | 'arm64 0') ;;
	'' | *' 137') kvm_fault='it did not run three instructions within 5 seconds' ;;
	*)
		kvm_fault=$(qemu_says "$work/kvm.log")
		[ -n "$kvm_fault" ] || kvm_fault='QEMU ended without running anything in it'
		;;
	esac
}

find_accelerator() {
	[ "$accel" != tcg ] || return 0
	probe_kvm
	[ -n "$kvm_fault" ] || { accel=kvm && return 0; }
	[ "$accel" != kvm ] ||
		die "KVM does not work here: $kvm_fault; without -K the machine is emulated"
	echo "vm: note: emulating the machine, KVM does not work here: $kvm_fault" >&2
	accel=tcg
}

# qemu_says LOG: the line in which QEMU says why it ended
qemu_says() {
	tr -cd '\n\t\040-\176' <"$1" | sed -n 's/^qemu-system-[a-z0-9_]*: //;/^warning:/d;/./{p;q;}'
}

# A virtual disk that would be attached as the bytes it is made of
refuse_other_format() {
	facts=$(mkvinitrd identify --shell "$disk" 2>/dev/null) || return 0
	case $facts in
	*"
format=''"* | *"
format='raw'"*) ;;
	*) die "'$disk' is a disk image in the format $(printf '%s\n' "$facts" | sed -n "s/^format=//p"): attach it by -d '$disk,format=FORMAT', with QEMU's name of it (or raw for its bytes)" ;;
	esac
}

# disk_option FILE: prints the value of -drive for FILE or FILE,format=FORMAT
disk_option() {
	disk=$1
	format=''
	case $disk in
	*,format=*) [ -e "$disk" ] || { format=${disk##*,format=} && disk=${disk%,format=*}; } ;;
	esac
	[ -r "$disk" ] || die "no disk image '$disk' that can be read (-d)"
	case ${format:-$disk} in
	*.qcow2) format=qcow2 ;;
	*.vdi) format=vdi ;;
	*.vmdk) format=vmdk ;;
	*.vhd) format=vpc ;;
	*.vhdx) format=vhdx ;;
	esac
	[ -n "$format" ] || refuse_other_format
	echo "if=virtio,format=${format:-raw},file=$(escape_commas "$(realpath "$disk")")"
}

# A port of 127.0.0.1 that nobody listens on. Sets ssh_port.
find_ssh_port() {
	ssh_port=$((20000 + $$ % 20000))
	while grep -q "^ *[0-9]*: 0*:\{0,1\}[0-9A-F]*:$(printf %04X $ssh_port) .* 0A " \
		/proc/net/tcp; do
		ssh_port=$((ssh_port + 1))
	done
}

# The server of the shared directory, as QEMU 7 or as a package of its own has it. Sets socket.
start_virtiofsd() {
	socket=$work/virtiofs.sock
	if [ -x /usr/libexec/virtiofsd ]; then
		set -- /usr/libexec/virtiofsd --shared-dir .
	elif [ -x /usr/lib/qemu/virtiofsd ]; then
		set -- /usr/lib/qemu/virtiofsd -o source=. -o sandbox=chroot
	else
		die "virtiofsd is not installed: apt-get install virtiofsd, or leave --share=virtiofs out"
	fi
	# "." because its options know no escape for a comma
	(cd "$tree" && exec "$@" --socket-path="$socket" >"$work/virtiofsd.log" 2>&1 </dev/null) &
	virtiofsd=$!
	for _ in $(seq 100); do
		[ ! -S "$socket" ] || return 0
		kill -0 $virtiofsd 2>/dev/null || break
		sleep 0.1
	done
	die "virtiofsd cannot share '$tree': $(tr -cd '\n\t\040-\176' <"$work/virtiofsd.log" | tail -n 1)"
}

# run_machine ARGUMENT...: completes QEMU's arguments, those of the user last
run_machine() {
	set -- -append "console=$serial no_timer_check panic=-1$words" "$@"
	set -- "$emulator" -accel "$accel" -m "$memory" -smp "$cpus" -no-reboot -display none \
		-nodefaults \
		-kernel "$vmlinuz" -initrd "$image" "$@"
	case $arch:$accel in
	arm64:tcg) set -- "$@" -M virt -cpu cortex-a72 ;;
	arm64:*) set -- "$@" -M virt -cpu host ;;
	*) set -- "$@" -cpu max ;;
	esac
	if [ -n "$uefi" ]; then
		find_firmware
		set -- "$@" -bios "$firmware"
	fi
	plug_in "$@"
}

plug_in() {
	case ${tree:+$share} in
	9p) set -- "$@" -virtfs "local,path=$(escape_commas "$(realpath "$tree")"),mount_tag=host0,security_model=none,multidevs=remap" ;;
	virtiofs)
		start_virtiofsd
		set -- "$@" -chardev "socket,id=host0,path=$(escape_commas "$socket")" \
			-device vhost-user-fs-pci,chardev=host0,tag=host0 \
			-object "memory-backend-memfd,id=memory,size=${memory}M,share=on" \
			-machine memory-backend=memory
		;;
	esac
	if [ -n "$ssh" ]; then
		find_ssh_port
		echo "vm: ssh -p $ssh_port root@127.0.0.1" >&2
		set -- "$@" -nic "user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:$ssh_port-:22"
	elif [ -n "$network" ]; then
		set -- "$@" -nic user,model=virtio-net-pci
	else
		set -- "$@" -nic none
	fi
	while IFS= read -r disk; do
		[ -n "$disk" ] || continue
		option=$(disk_option "$disk")
		set -- "$@" -drive "$option"
	done <<DISKS
$disks
DISKS
	while IFS= read -r option; do
		case $option in
		'') ;;
		*' '*) set -- "$@" "${option%% *}" "${option#* }" ;;
		*) set -- "$@" "$option" ;;
		esac
	done <<OPTIONS
$qemu_options
OPTIONS
	start "$@"
}
