# What a root or a store in a LUKS volume needs: a part of other profiles, 'include luks'.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A root is opened when root= or vi.part= names the volume, or what is in it with rd.luks.uuid= or cryptdevice=.
# A store is made by hand, once; nothing is ever formatted at boot:
#     cryptsetup luksFormat /dev/sdX3; cryptsetup open /dev/sdX3 s; mkfs.ext4 /dev/mapper/s; cryptsetup close s
# and named with 'persist device:UUID=...'; a file works as well: 'persist file:/store.luks'. The passphrase is asked for on the
# console, three times.
module dm_crypt =crypto
binary /sbin/cryptsetup
