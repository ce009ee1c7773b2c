# promise: the keyboard layout that a kernel parameter chooses is the console's before the root is
# looked for; a key changes between two
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# letter KEYCODE: its entry in the kernel's keymap without modifiers, which dumpkmap prints as
# loadkmap reads it
cat >"$WORK/hook" <<'HOOK'
letter() { busybox-static dumpkmap | busybox-static od -An -tx2 -j $((7 + 256 + $1 * 2)) -N 2; }
echo "=== key 16: $(letter 16)"
echo "=== key 21: $(letter 21)"
poweroff -f
HOOK
build keymap disk -s 'keymap de fr' -s "hook locate $WORK/hook" \
	-s 'file /bin/busybox-static /bin/busybox 0755'
boot keymap 'root=UUID=none vconsole.keymap=fr'
# a where an American q is, and y in its place
expect '=== key 16: *0b61'
expect '=== key 21: *0b79'

# Somebody types: a layout without Latin letters has us beside it, and Alt+Shift changes between the
# two.
cat >"$WORK/typed" <<'HOOK'
printf '=== %s\n' letter switch 'same key' enter
read -r line </dev/tty1
echo "=== typed $(printf %s "$line" | busybox-static od -An -tx1)"
poweroff -f
HOOK
build keymap disk -s 'keymap ru' -s "hook locate $WORK/typed" \
	-s 'file /bin/busybox-static /bin/busybox 0755'
boot_attended keymap 'root=UUID=none' '=== letter => monitor sendkey q' \
	'=== switch => monitor sendkey alt-shift' \
	'=== same key => monitor sendkey q' '=== enter => monitor sendkey ret' --
# q, and in UTF-8 the Cyrillic letter on that key
expect '=== typed *71 d0 b9'
