// SPDX-License-Identifier: GPL-2.0-or-later
/* The same text as mkvinitrd-errors(7), which tests/cli/builder/explain.bats compares. */
#include "builder/report/errors.h"

#include <string.h>

static const struct boot_error errors[] = {
	{ "VI001", "The kernel has no root and no initramfs",
	  "The boot loader passed no initramfs, or one that the kernel did not take, and the "
	  "kernel cannot mount the root by itself.",
	  "Add the line initrd to the boot entry, and check the image with 'mkvinitrd check IMAGE "
	  "-k KERNEL'.",
	  "Unable to mount root fs" },
	{ "VI002", "The kernel could not unpack the initramfs",
	  "The image is damaged, compressed in a way that this kernel does not support, or there "
	  "is too little memory for it.",
	  "Check it with 'mkvinitrd check IMAGE -k KERNEL'; build it with 'compress gzip' if the "
	  "kernel is an old one; give the machine more memory.",
	  "Initramfs unpacking failed" },
	{ "VI003", "The kernel ran out of memory",
	  "The programs, the unpacked image and the changes in RAM need more memory than the "
	  "machine has.",
	  "Give the machine more memory, limit changes by vi.size=, or boot without vi.toram.",
	  "System is deadlocked on memory" },
	{ "VI004", "Process 1 ended",
	  "The first program of the system ended, or could not be run: the kernel stops then.",
	  "See the lines before it in the log. If no line of mkvinitrd is among them, check the "
	  "image with 'mkvinitrd check'.",
	  "Attempted to kill init!" },
	{ "VI101", "The initramfs is incomplete",
	  "The kernel ran out of memory while unpacking the image: members at its end are missing.",
	  "Give the machine more memory, or build the image with fewer modules; 'mkvinitrd size' "
	  "shows what takes up space.",
	  NULL },
	{ "VI102", "The initramfs was not made by 'mkvinitrd build'",
	  "It was made from a list of 'mkvinitrd plan', which has no valid sentinel.",
	  "Build it with 'mkvinitrd build'.", NULL },
	{ "VI103", "The kernel parameters could not be read",
	  "bootplan rejects a parameter that the root depends on, or cannot be run.",
	  "Correct the parameter that the message names; see mkvinitrd-boot(7).", NULL },
	{ "VI104", "/proc, /sys, /dev or /run could not be mounted",
	  "The kernel lacks a file system that every boot needs.",
	  "Use a kernel with CONFIG_DEVTMPFS, CONFIG_TMPFS, CONFIG_PROC_FS and CONFIG_SYSFS.",
	  NULL },
	{ "VI105", "The memory of the initramfs is full",
	  "A directory or a file of a few bytes could not be written.",
	  "Give the machine more memory, or limit by vi.size= what the root and its changes may "
	  "take.",
	  NULL },
	{ "VI106", "A program is missing in the initramfs",
	  "The parameters ask for something that the profile did not pack.",
	  "Build the image with the profile line that the message names, or remove the parameter.",
	  NULL },
	{ "VI107", "A script of the initramfs ended", "A defect, or no memory is left for /run.",
	  "See the messages before it; report it as a bug, with these messages and the kernel "
	  "parameters.",
	  NULL },
	{ "VI201", "No root device given",
	  "Neither the kernel parameters nor the profile name a root.",
	  "Add root=UUID=..., root=LABEL=... or root=/dev/..., or vi.image=.", NULL },
	{ "VI202", "The device or image was not found in time",
	  "No disk has what was looked for: the name is wrong, the driver of its controller is "
	  "missing, or the disk appears later than vi.timeout= allows.",
	  "Compare the name with the table of devices in the report; add the driver to the "
	  "profile; set a longer vi.timeout=.",
	  NULL },
	{ "VI203", "What was found cannot be used",
	  "The device or file exists, but is damaged, busy, or not the only one of its name.",
	  "Do what the line of findimg above the report says; name it by UUID=.", NULL },
	{ "VI204", "The name of the device is not understood",
	  "It is in no form that findimg knows.", "Name it by UUID=, LABEL=, PARTUUID= or /dev/.",
	  NULL },
	{ "VI205", "findimg could not look", "The program ended with an error of its own.",
	  "See its messages above the report.", NULL },
	{ "VI206", "The root is in a place that is not supported",
	  "The parameters name a kind of server or disk that this version cannot reach.",
	  "Name a root on a disk, or on a server of HTTP, TFTP, NFS or NBD.", NULL },
	{ "VI207", "Parameters that do not fit together",
	  "A parameter has a value that its mode cannot use.",
	  "Correct the parameter as the report says; see mkvinitrd-boot(7).", NULL },
	{ "VI208", "The image is not where it was named",
	  "The medium or directory was found, but does not contain the image or one of its layers.",
	  "Correct vi.image=; the report lists what the directory contains.", NULL },
	{ "VI209", "The image is not in the initramfs",
	  "The parameters or the profile name a file in the initramfs that was not packed.",
	  "Build the image with the profile line 'image file:...', or name another place by "
	  "vi.image=.",
	  NULL },
	{ "VI210", "A disk was removed during the boot",
	  "The disk that the root, its image or its changes are on vanished before the root was "
	  "started, again and again, or below something that cannot be set up twice: a loose plug, "
	  "a hub that resets, too little power.",
	  "Plug it in again, if that repeats into another port, without a hub, and boot again.",
	  NULL },
	{ "VI301", "There is no network",
	  "No adapter has a link, no driver was found for it, or no DHCP server answered.",
	  "Look at the cable, the DHCP server and ip=; load a driver that no device asked for by "
	  "vi.modules=.",
	  NULL },
	{ "VI302", "The server's name cannot be resolved",
	  "No name server is known, or it does not know the name.",
	  "Use the server's IP address, or set nameserver=.", NULL },
	{ "VI303", "The NFS directory could not be mounted",
	  "The server does not export it to this machine, or not in the version asked for.",
	  "Check with showmount -e SERVER; set vers= in the options.", NULL },
	{ "VI304", "A file could not be downloaded",
	  "The server does not have it, does not answer, or the transfer broke off.",
	  "See the answer of the server in the report; try the address from another machine.",
	  NULL },
	{ "VI305", "The DHCP answer has no usable root-path",
	  "The server sends option 17 in a form that is not understood, or not at all.",
	  "Correct root-path of the DHCP server, or name the root by kernel parameters.", NULL },
	{ "VI306", "A disk of a server could not be attached",
	  "The server refused the export, or does not answer requests for ranges.",
	  "See the messages of vdattach above the report.", NULL },
	{ "VI401", "The image could not be attached",
	  "The file is damaged, of an unknown format, or a parent of it is missing.",
	  "Check it with 'vdattach check FILE' or the tools of its format.", NULL },
	{ "VI402", "No file system in the image",
	  "The image, or the partition of it, has no file system that the kernel can mount.",
	  "Correct vi.part=; add the driver of the file system to the profile.", NULL },
	{ "VI403", "Several partitions, and none was chosen",
	  "The image has more than one partition that can be a root.",
	  "Set vi.part=NUMBER, LABEL= or UUID=.", NULL },
	{ "VI404", "A LUKS volume could not be opened",
	  "The passphrase or key was wrong, or the cipher's modules are missing.",
	  "Try again; look at the keyboard layout (keymap in the profile); build with 'include "
	  "luks'.",
	  NULL },
	{ "VI405", "The volume is not there",
	  "The logical volume or the volume in LUKS does not exist, or contains no file system for "
	  "a root.",
	  "Correct vi.part= or root=; the report lists the volumes that were opened.", NULL },
	{ "VI501", "The root could not be mounted",
	  "The file system is damaged, its driver is missing, or rootflags= has an option that it "
	  "does not know.",
	  "See the kernel's message above the report; correct rootflags= and rootfstype=; run fsck "
	  "from the shell.",
	  NULL },
	{ "VI502", "A copy of a mounted btrfs",
	  "Two devices have a btrfs of the same UUID, which the kernel cannot mount at the same "
	  "time.",
	  "Detach one of them, or give the copy a new UUID by btrfstune -u.", NULL },
	{ "VI503", "The file system needs manual repair",
	  "e2fsck found errors that it does not repair by itself.",
	  "Run e2fsck DEVICE from the shell.", NULL },
	{ "VI504", "The overlay could not be mounted",
	  "The file system for changes does not support what overlayfs needs, or is full.",
	  "See the messages of overlayroot; use another persist or vi.persist=none.", NULL },
	{ "VI505", "The archive could not be unpacked", "It is damaged, was cut, or is no archive.",
	  "Check it with tar -t; make it again; correct vi.image= and vi.verify=.", NULL },
	{ "VI506", "The root does not fit into memory",
	  "The unpacked archive, or the image copied to RAM, is larger than the memory that is "
	  "left or allowed.",
	  "Give the machine more memory, raise vi.size=, or boot without vi.toram.", NULL },
	{ "VI507", "The place for changes could not be mounted",
	  "The partition for changes cannot be mounted for writing.",
	  "Correct vi.persist= or cow_flags=; check its file system.", NULL },
	{ "VI508", "/usr could not be mounted",
	  "The root's fstab names a /usr of its own that cannot be mounted.",
	  "Correct the fstab, mount.usr= and mount.usrflags=.", NULL },
	{ "VI509", "A directory of the VM's host could not be mounted",
	  "The tag is not offered by the VM, or the driver (9p, virtiofs) is missing.",
	  "Compare the tag with the configuration of the VM.", NULL },
	{ "VI601", "The root has no init",
	  "What was mounted is not a root, or init= names a program that it does not have.",
	  "Correct root= or vi.part=, or init=; the report lists what the root contains.", NULL },
	{ "VI602", "The root's init cannot be started",
	  "It is not executable, for another machine, or its interpreter is missing.",
	  "Correct init=; use a kernel of the root's architecture.", NULL },
	{ "VI701", "The image is not the one that was allowed",
	  "Its checksum, hash tree or signature differs: it is damaged or was replaced.",
	  "Copy it again from its source; if it was changed on purpose, update the checksum or "
	  "sign it again.",
	  NULL },
	{ "VI702", "What verifies the image is missing",
	  "No signature, checksum list or hash tree is beside the image.",
	  "Put it there ('mkvinitrd pack --checksums', '--sign-key'), or remove the parameter.",
	  NULL },
	{ "VI703", "This kind of verification is not possible here",
	  "The value of the parameter is not supported, or not for this mode.",
	  "Use another kind, as the report says; see vi.verify= in mkvinitrd-boot(7).", NULL },
};

const struct boot_error *boot_error_at(size_t i)
{
	return i < ARRAY_SIZE(errors) ? &errors[i] : NULL;
}

const struct boot_error *boot_error_find(const char *code, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (strlen(errors[i].code) == len && !strncasecmp(errors[i].code, code, len))
			return &errors[i];
	return NULL;
}

const struct boot_error *boot_error_in_kernel_message(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].kernel && strstr(line, errors[i].kernel))
			return &errors[i];
	return NULL;
}
