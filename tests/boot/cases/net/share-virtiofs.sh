# promise: a directory of the host by virtiofs, and by 9p with another program as init and the
# arguments for it
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: 6.12
# Every day vm shares directories with 6.12 in both ways.
build share share
small_root "$WORK/tree"
cat >"$WORK/tree/bin/tell" <<'RUN'
#!/bin/sh
exec >/dev/ttyS0 2>&1
echo "=== told $*"
exec /sbin/init
RUN
chmod +x "$WORK/tree/bin/tell"
/usr/lib/qemu/virtiofsd --socket-path="$WORK/virtiofs.sock" -o source="$WORK/tree" \
	-o sandbox=chroot >"$WORK/virtiofsd.log" 2>&1 &
for _ in $(seq 100); do
	[ ! -S "$WORK/virtiofs.sock" ] || break
	sleep 0.1
done
boot share 'root=virtiofs:directory rw test.keep=virtiofs' \
	-chardev "socket,id=fs,path=$WORK/virtiofs.sock" \
	-device vhost-user-fs-pci,chardev=fs,tag=directory \
	-object memory-backend-memfd,id=mem,size=1024M,share=on -machine memory-backend=mem
expect_small_boot
expect '=== root virtiofs rw'
grep -q virtiofs "$WORK/tree/kept" || fail 'the guest wrote nothing into the shared directory'
boot share 'root=host0 rootfstype=9p rw init=/bin/tell 3 single -- last=word vi.debug' \
	-virtfs "local,path=$WORK/tree,mount_tag=host0,security_model=none,multidevs=remap"
expect_small_boot
expect '=== told 3 single last=word vi.debug'
boot share 'root=wrongtag rootfstype=9p rw panic=1' \
	-virtfs "local,path=$WORK/tree,mount_tag=host0,security_model=none,multidevs=remap"
expect "the directory 'wrongtag' of the host could not be mounted by 9p"
expect 'host0'
