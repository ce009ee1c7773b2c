# A root on an ordinary partition.
# SPDX-License-Identifier: GPL-2.0-or-later
include common

root disk

# The partition. The kernel parameter root= overrides it; without either the boot stops with a message.
#host UUID=01234567-89ab-cdef-0123-456789abcdef
#host LABEL=root
#host /dev/sda1

# Do not modify the partition, lose changes at power-off (or specify a store, see profile overlay).
#persist ram
# The program for that, so that vi.persist= works on the command line too.
applet overlayroot
