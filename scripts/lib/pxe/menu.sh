# shellcheck shell=sh disable=SC2154,SC2034 # variables of scripts/pxe, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# The menu of scripts/pxe, and what it does for single machines: an iPXE script that names files by
# their hashes and is replaced as a whole, so that a machine has all its files of one generation.

# check_mac MAC: sets mac, as iPXE writes it in ${netX/mac:hexhyp}
check_mac() {
	mac=$(printf '%s\n' "$1" | tr 'A-F:' 'a-f-')
	printf '%s\n' "$mac" | grep -qxE '[0-9a-f]{2}(-[0-9a-f]{2}){5}' ||
		usage "--host expects MAC=ENTRY with a hardware address like 52:54:00:12:34:56, found '$1'"
}

# is_choice NAME: an entry, or an item that the menu may have
is_choice() {
	case " $(entry_names | paste -s -d ' ') $new_entry local shell memtest install hardware reboot " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

# check_hosts: those of --host, MAC=ENTRY one a line
check_hosts() {
	while IFS='=' read -r host choice; do
		[ -n "$host" ] || continue
		check_mac "$host"
		[ -z "$choice" ] || is_choice "$choice" ||
			die "--host $host=$choice: there is no entry '$choice' in '$output'"
	done <<HOSTS
$host_lines
HOSTS
}

# A machine's own script only sets variables: the menu stays the only place that names files.
write_hosts() {
	while IFS='=' read -r host choice; do
		[ -n "$host" ] || continue
		check_mac "$host"
		if [ -z "$choice" ]; then
			rm -f "$output/hosts/$mac.ipxe"
			continue
		fi
		cat >"$work/text" <<HOST
#!ipxe
# What the machine with this hardware address boots. More settings: menu-timeout (milliseconds), append (kernel parameters)
set menu-default $choice
HOST
		install_text "hosts/$mac.ipxe"
	done <<HOSTS
$host_lines
HOSTS
}

# list_hosts: MAC ENTRY, one a line
list_hosts() {
	for host in "$output"/hosts/*.ipxe; do
		[ -f "$host" ] || continue
		choice=$(sed -n 's/^set menu-default \([A-Za-z0-9_-]*\)$/\1/p' "$host")
		host=${host##*/}
		printf '%s %s\n' "${host%.ipxe}" "${choice:--}"
	done
}

# verify_parameter: by the hash tree, block by block, or by the checksum; unless --append says how
verify_parameter() {
	case $verify:$e_append in
	no:* | *" vi.verify="*) ;;
	*) if [ -n "$e_verity" ]; then
		printf ' vi.verify=verity:%s' "$e_verity"
	else
		printf ' vi.verify=sha256:%s' "$e_sha256"
	fi ;;
	esac
}

menu_items() {
	for entry in $(entry_names); do
		entry_read "$entry" "$(newest_generation "$entry")"
		printf 'item %-8s %s\n' "$entry" "$e_title"
	done
	# shellcheck disable=SC2016 # iPXE's variables
	[ -z "$memtest" ] || echo 'isset ${memtest} && item memtest  Memory test ||'
	[ -z "$hardware_kernel" ] || echo "item hardware List this machine's hardware on the server"
	[ -z "$install_kernel" ] || echo "item install  $(quote_ipxe_text "$install_title")"
}

# menu_entry NAME
menu_entry() {
	entry_read "$1" "$(newest_generation "$1")"
	cat <<MENU

:$1
kernel \${files}$e_kernel initrd=initramfs.img rw panic=60 selinux=0 ip=dhcp BOOTIF=01-\${netX/mac:hexhyp} biosdevname=0 net.ifnames=0 ipv6.disable=0 vi.mode=$e_mode vi.image=\${base}/$e_root$(verify_parameter)$e_append \${report} \${append} || goto failed
initrd --name initramfs.img \${files}$e_initramfs || goto failed
boot || goto failed
MENU
}

menu_memtest() {
	[ -z "$memtest" ] || cat <<'MENU'

:memtest
kernel ${files}${memtest} || goto failed
boot || goto failed
MENU
}

menu_hardware() {
	[ -z "$hardware_kernel" ] || cat <<MENU

:hardware
kernel \${files}$hardware_kernel initrd=hardware.img panic=60 ip=dhcp BOOTIF=01-\${netX/mac:hexhyp} net.ifnames=0 vi.mode=tmpfs vi.image=\${base}/hardware/$hardware_words \${report} || goto failed
initrd --name hardware.img \${files}$hardware_initrd || goto failed
boot || goto failed
MENU
}

menu_install() {
	[ -z "$install_kernel" ] || cat <<MENU

:install
kernel \${files}$install_kernel initrd=installer.img BOOTIF=01-\${netX/mac:hexhyp}$install_words || goto failed
initrd --name installer.img \${files}$install_initrd || goto failed
boot || goto failed
MENU
}

# A BIOS is asked to start the first disk. UEFI starts a GRUB that looks for a boot loader, or what
# comes next in its own order, which it tries when iPXE ends with an error.
menu_local() {
	cat <<MENU

:local
iseq \${platform} efi && goto local_efi ||
sanboot --no-describe --drive 0x80 || goto failed

:local_efi
${local_efi:+chain \${files\}$local_efi ||
}echo The firmware boots what comes next in its own order.
exit 1
MENU
}

menu() {
	default_entry=$(entry_names | head -n 1)
	cat <<MENU
#!ipxe
# Written by mkvinitrd pxe, and replaced as a whole by its next run. What single machines boot is in hosts/.
isset \${base} || set base $url
isset \${files} || set files $ipxe_url
set append
set menu-default ${default:-$default_entry}
set menu-timeout $((timeout * 1000))
${memtest_bios:+iseq \${platform\} pcbios && set memtest $memtest_bios ||
}${memtest_efi:+iseq \${platform\} efi && set memtest $memtest_efi ||
}chain --autofree hosts/\${netX/mac:hexhyp}.ipxe || echo No settings for this machine, going on with the menu

:start
menu mkvinitrd
$(menu_items)
item local    Boot from the local disk
item shell    iPXE shell
item reboot   Reboot
choose --default \${menu-default} --timeout \${menu-timeout} chosen || set chosen \${menu-default}
goto \${chosen} || goto start
MENU
	for entry in $(entry_names); do
		menu_entry "$entry"
	done
	menu_memtest
	menu_hardware
	menu_install
	menu_local
	cat <<'MENU'

:shell
echo Type exit to return to the menu.
shell
goto start

:reboot
reboot

:failed
echo The boot failed: see the lines above. Trying again in 10 seconds.
sleep 10
chain menu.ipxe || reboot
MENU
}

# write_menu: records are read once before, since a function inside of a text cannot end this
write_menu() {
	for entry in $(entry_names); do
		entry_read "$entry" "$(newest_generation "$entry")"
	done
	menu >"$work/text" || die "cannot write to '$work'"
	install_text menu.ipxe
}
