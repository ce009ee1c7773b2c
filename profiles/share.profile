# A directory of the host of this virtual machine (9p, virtiofs), or of a server (NFS), as the root.
# SPDX-License-Identifier: GPL-2.0-or-later
# No disk is looked at, so this one does not include 'common': it is the smallest and the fastest.
module =virtio
firmware none

root share

# The tag that QEMU was told: -virtfs local,path=DIRECTORY,mount_tag=host0,security_model=none
# The kernel's own words win over it: root=host0 rootfstype=9p rw
image 9p:host0
#image virtiofs:host0
# From a server, to any machine; needs the drivers for it:
#module =net =netfs
#image nfs:192.168.0.1:/srv/root

compress zstd
