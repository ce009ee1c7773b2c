" SPDX-License-Identifier: GPL-2.0-or-later
" Which files are profiles of mkvinitrd; the copy of `mkvinitrd profile edit` ends in .tmp
au BufNewFile,BufRead */mkvinitrd/profiles/*.profile,*/mkvinitrd/profiles/.*.profile.*.tmp setfiletype mkvinitrd
