# A root on an ordinary partition.
# SPDX-License-Identifier: GPL-2.0-or-later
include common

root disk

# The partition. The kernel's own word root= wins over it; without either the boot stops and tells so.
#host UUID=01234567-89ab-cdef-0123-456789abcdef
#host LABEL=root
#host /dev/sda1

# Leave the partition as it is, and forget changes at power-off (or name a store, see profile overlay).
#persist ram
# The program for that, so that vi.persist= of the command line can ask for it too.
applet overlayroot
