# What a root, host or store on software RAID (MD) needs: a part of other profiles, 'include raid'.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Arrays are assembled as their disks appear, and started without those that are missing after a third of vi.timeout=. With
# rd.md.uuid= only the named ones are, with rd.md=0 none. LVM and LUKS on them: 'include lvm', 'include luks'.
module =md
binary /sbin/mdadm
