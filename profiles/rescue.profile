# A shell in RAM with drivers for disks and network cards, to examine a machine that does not boot.
# SPDX-License-Identifier: GPL-2.0-or-later
include common
module =net =md =dm =crypto =hid

# Stop before searching for the root. 'exit' in the shell continues with the command line (root=..., vi.image=...).
param vi.break=locate vi.shell

# Tools of this machine, with their libraries; add your own.
#binary /usr/sbin/e2fsck /usr/sbin/sfdisk /usr/bin/lsblk
#binary /usr/bin/strace
