# The passphrase of a LUKS volume over SSH: 'include luks' and 'include ssh' in another profile.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Once, as root, with the key of whoever is to log in:
#     mkdir -p /etc/mkvinitrd/ssh; dropbearkey -t ed25519 -f /etc/mkvinitrd/ssh/host_key
#     cat id_ed25519.pub >>/etc/mkvinitrd/ssh/authorized_keys
# 'ssh root@MACHINE' then shows the question that the console asks. Each card asks for an address by DHCP, unless ip= gives one. Who can
# read the image can read the host key in it: do not use that of the system.
module =net =virtio
binary /usr/sbin/dropbear
ssh-keys /etc/mkvinitrd/ssh/authorized_keys
ssh-host-key /etc/mkvinitrd/ssh/host_key
