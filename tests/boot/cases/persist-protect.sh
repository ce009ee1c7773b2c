# promise: an archive of settings beside which a key of age lies is encrypted, when it is saved by hand and at the end, and asks for the passphrase at boot; without it nothing is restored and nothing saved
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
set -- -s "file /bin/age $(command -v age) 755"
for library in $(ldd "$(command -v age)" | grep -o '/[^ ]*'); do
	set -- "$@" -s "file $library $library 755"
done
build overlay overlay -s 'image /live/root.sqfs' -s 'persist archive:/s/lab' "$@"
small_root "$WORK/small"
mkdir -p "$WORK/small/root"
cat >"$WORK/small/etc/turn" <<'TURN'
read -r line </root/new && echo "=== new: $line"
case $cmdline in *test.save*) echo secretly >/root/new ;; esac
TURN
small_image "$WORK/root.sqfs"
age-keygen -o "$WORK/plain.key" 2>/dev/null
age-keygen -y "$WORK/plain.key" >"$WORK/lab.pub"
# age takes a passphrase from a terminal alone
python3 - "$WORK/lab.key" "$WORK/plain.key" <<'PYTHON'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp("age", ["age", "-p", "-o", sys.argv[1], sys.argv[2]])
seen = b""
try:
    while data := os.read(fd, 1000):
        seen += data
        if b"assphrase" in seen and seen.rstrip().endswith(b":"):
            os.write(fd, b"secret\n")
            seen = b""
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
vfat "$WORK/stick.vfat" 80 STICK "$WORK/root.sqfs=live/root.sqfs" "$WORK/lab.key=s/lab.key"
mcopy -i "$WORK/stick.vfat" "$WORK/lab.pub" ::s/lab.pub
disk "$WORK/disk.img" c "$WORK/stick.vfat"

typing overlay 'test.run=/etc/turn test.save' secret
expect_small_boot
expect 'saving settings to /s/lab.tar.zst.age'
typing overlay 'test.run=/etc/turn' wrong secret
expect_small_boot
expect '=== new: secretly'
# An empty one is refused as well. Every day only that: a wrong one, refused above, takes age seconds of emulated time.
wrong=wrong
check_all || wrong=''
typing overlay 'test.run=/etc/turn test.save' "$wrong" '' ''
expect_small_boot
expect_not '=== new'
expect 'nothing is restored'
expect_not 'saving settings'
part "$WORK/stick" "$WORK/disk.img" 1
clean_vfat "$WORK/stick"
mcopy -i "$WORK/stick" ::s/lab.tar.zst.age "$WORK/saved.age"
age -d -i "$WORK/plain.key" "$WORK/saved.age" | zstd -dc | tar -tf - | grep -qx root/new || fail 'the archive is not what age reads'
! mdir -b -i "$WORK/stick" ::s | grep -q 'zst$' || fail 'a plain archive lies on the stick'
