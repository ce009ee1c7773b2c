# Support for a root or a store in a LUKS volume: 'include luks' in another profile.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A root is opened if root= or vi.part= names the volume, or what is in it, with rd.luks.uuid= or cryptdevice=.
# Create a store once, by hand; nothing is formatted at boot:
#     cryptsetup luksFormat /dev/sdX3; cryptsetup open /dev/sdX3 s; mkfs.ext4 /dev/mapper/s; cryptsetup close s
# and specify it with 'persist device:UUID=...'; a file works as well: 'persist file:/store.luks'. The console asks for the
# passphrase (three attempts).
module dm_crypt =crypto
binary /sbin/cryptsetup
