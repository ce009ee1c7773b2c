# A diskless machine: an archive or image downloaded over the network (PXE, iPXE) becomes the root.
# SPDX-License-Identifier: GPL-2.0-or-later
# Wired network cards with firmware, and keyboards; no disks. The NFS client, for vi.image=nfs:SERVER:/path in mode share.
module =virtio =net =usb nfs?
# For images that are mounted, also from a server (vi.image=nbd://SERVER/EXPORT, vi.lazy).
module loop overlay squashfs erofs nbd? ublk_drv?
# For images of which each block is verified (verify verity:).
module =verity
firmware auto
# Of all these drivers and their firmware, only those of your machines: an initramfs of less than 4 MB instead of 13. 'mkvinitrd hardware
# >lab.hw' makes the list on each of them, and an entry of 'mkvinitrd pxe' that of a whole room.
#hardware /etc/mkvinitrd/lab.hw

# The archive is unpacked while it is downloaded. With vi.mode=overlay on the command line the image is a squashfs or erofs,
# kept in RAM under a writable layer.
root tmpfs
applet overlayroot unpackroot

# Usually specified in the boot menu: vi.image=http://SERVER/rootfs.tar.xz
#image http://192.168.0.1/rootfs.tar.xz
#image tftp://192.168.0.1/rootfs.tar.xz

# Size limit of the root in RAM: a percentage or an amount.
size 75%
#size 1500m

# By default every connected card requests an address by DHCP. Otherwise, as for the kernel:
#param ip=192.168.0.20::192.168.0.1:255.255.255.0:lab20:eth0:off

# Host name, machine-id and SSH host keys are those of each machine: the name is the DHCP server's, or made of this pattern. With
# vi.identity=root they are those of the archive.
#param vi.hostname=lab-${mac}
#param vi.identity=root

# Reboot if the boot fails, instead of waiting for somebody.
#param panic=60

# A second longer to build than plain zstd, and a tenth less to fetch for each machine.
compress zstd:19
