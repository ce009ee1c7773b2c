" SPDX-License-Identifier: GPL-2.0-or-later
" Syntax of profiles of mkvinitrd, mkvinitrd.profile(5). tests/cli/tree/editors.bats compares the directives with the program's.
if exists('b:current_syntax')
  finish
endif
syn match mkvinitrdUnknown '^\s*[^#[:blank:]]\S*'
syn match mkvinitrdDirective '^\s*\(include\|root\|image\|host\|partition\|persist\|size\|verify\|module\|firmware\|blacklist\|binary\|file\|dir\|link\|node\|busybox\|compress\|param\|hook\|microcode\|applet\|modprobe\|keymap\|hardware\|certificate\|ssh-keys\|ssh-host-key\|splash\)\ze\(\s\|$\)'
syn match mkvinitrdComment '\(^\|\s\)#.*$'
syn match mkvinitrdContinued '\\$'
syn match mkvinitrdGroup '\s\zs=[a-z0-9/_-]\+'
syn match mkvinitrdParameter '\<vi\.[a-z]\+'
syn region mkvinitrdString start='"' skip='\\.' end='"' oneline
hi def link mkvinitrdUnknown Error
hi def link mkvinitrdDirective Statement
hi def link mkvinitrdComment Comment
hi def link mkvinitrdContinued Special
hi def link mkvinitrdGroup Type
hi def link mkvinitrdParameter Identifier
hi def link mkvinitrdString String
let b:current_syntax = 'mkvinitrd'
