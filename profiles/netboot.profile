# A diskless machine: archive or image fetched over the network (PXE, iPXE), run from memory.
# SPDX-License-Identifier: GPL-2.0-or-later
# Wired network cards with their firmware, keyboards; disks are not needed.
module =virtio =net =usb =netfs
# What a fetched image may be made of.
module loop overlay squashfs erofs
firmware auto

# The archive is unpacked while it arrives. With vi.mode=overlay on the command line the image is a squashfs or erofs that is kept
# in memory as it is, under a writable layer.
root tmpfs
applet overlayroot unpackroot

# Usually the boot menu says it: vi.image=http://SERVER/rootfs.tar.xz
#image http://192.168.0.1/rootfs.tar.xz
#image tftp://192.168.0.1/rootfs.tar.xz

# The size of the root in memory; a share of the memory or an amount.
size 75%
#size 1500m

# Every card with a cable asks for an address (DHCP). Otherwise, as for the kernel:
#param ip=192.168.0.20::192.168.0.1:255.255.255.0:lab20:eth0:off

# Reboot, rather than wait for somebody, when the boot fails.
#param panic=60

compress zstd
