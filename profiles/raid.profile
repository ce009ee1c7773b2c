# Support for a root, host or store on software RAID (MD): 'include raid' in another profile.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Arrays are assembled as their disks appear, and started degraded after a third of vi.timeout=. rd.md.uuid= limits this to the
# named arrays, rd.md=0 turns it off. LVM and LUKS on them: 'include lvm', 'include luks'.
module =md
binary /sbin/mdadm
