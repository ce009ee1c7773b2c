#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts for tests of scripts/lib/quote.sh, and how the kernel takes a command line apart.

    quote.py texts N           N random texts, the same each time, one a line
    quote.py kernel CMDLINE    its parameters, one a line: NAME=VALUE without quotes
"""
import random
import sys

PIECES = list("aZ09/._-=,:+@~ \"'\\$`{}()[]<>|&;#*?!^%") + ['  ', '${x}', '&&', ' || ', ' ; ', ' #', '$(id)', '%20',
    'ä', 'à', 'Ø', '中', '😀', 'initrd=', ' quiet ', '--', 'ro']


def texts(count):
    choose = random.Random(13)
    for _ in range(count):
        print(''.join(choose.choice(PIECES) for _ in range(choose.randint(1, 9))))


def kernel(line):
    """Documentation/admin-guide/kernel-parameters.rst and next_arg() of lib/cmdline.c: blanks (with the no-break space of
    Latin-1) end a parameter outside of double quotes; quotes are taken off around the parameter or around its value."""
    blanks = b' \t\n\v\f\r\xa0'
    args = line.encode()
    while args.lstrip(blanks):
        args = args.lstrip(blanks)
        quoted = inside = args.startswith(b'"')
        args = args[1:] if quoted else args
        end = 0
        while end < len(args) and (inside or args[end] not in blanks):
            inside ^= args[end] == ord('"')
            end += 1
        word, args = args[:end], args[end:]
        parameter, equals, value = word.partition(b'=')
        value = value[1:].removesuffix(b'"') if value.startswith(b'"') else value
        value = value.removesuffix(b'"') if quoted else value
        print((parameter + equals + value).decode())


if sys.argv[1] == 'texts':
    texts(int(sys.argv[2]))
else:
    kernel(sys.argv[2])
