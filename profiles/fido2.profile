# LUKS volumes with a key in a FIDO2 security token: 'include luks' and 'include fido2' in another profile.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For volumes that systemd-cryptenroll --fido2-device=auto has enrolled. The token is to be plugged in when the volume is opened; its PIN
# is asked for, if it has one. Without a token the console asks for the passphrase.
module =hid =usb
binary /usr/lib/systemd/systemd-cryptsetup libfido2.so.1
