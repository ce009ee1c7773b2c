# A shell in memory with drivers for disks and network cards: to look at a machine that does not boot.
# SPDX-License-Identifier: GPL-2.0-or-later
include common
module =net =md =dm =crypto =hid

# Stop before anything is looked for. 'exit' in the shell goes on with what the command line says (root=..., vi.image=...).
param vi.break=locate vi.shell

# Tools of this machine, with the libraries that they need; add yours.
#binary /usr/sbin/e2fsck /usr/sbin/sfdisk /usr/bin/lsblk
#binary /usr/bin/strace
