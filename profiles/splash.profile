# A splash at the start, which asks for passphrases: 'include splash' in another profile.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# plymouth of the system, where 'splash' (and not 'nosplash') is on the kernel command line; without a screen that it can draw on there
# are messages as ever. 'splash spinner' in the profile takes another theme than that of the system.
# 'hardware host' (as in the presets of 'mkvinitrd update') packs the graphics driver of this machine alone; without it those of all
# machines are packed, with their firmware.
module =drm
binary /usr/sbin/plymouthd /usr/bin/plymouth
splash auto
