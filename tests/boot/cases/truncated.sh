# promise: an image that does not fit into memory is refused by name, with the MiB that are missing
head -c 160M /dev/urandom >"$WORK/payload"
build big disk -s "file /payload $WORK/payload"
small_disk "$WORK/disk.img" bbroot
MEMORY=300
boot big 'root=LABEL=bbroot rw panic=2' -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect 'not enough memory to unpack'
expect 'needs [0-9]* MiB'
expect_not '=== busybox init reached'
