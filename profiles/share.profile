# A directory of the VM host (9p, virtiofs), or of a server (NFS), as the root.
# SPDX-License-Identifier: GPL-2.0-or-later
# No disk drivers, so 'common' is not included: the smallest and fastest profile.
module =virtio
firmware none

root share

# The mount tag of QEMU: -virtfs local,path=DIRECTORY,mount_tag=host0,security_model=none
# Kernel parameters override it: root=host0 rootfstype=9p rw
image 9p:host0
#image virtiofs:host0
# From a server, for any machine; needs drivers:
#module =net =netfs
#image nfs:192.168.0.1:/srv/root

compress zstd
