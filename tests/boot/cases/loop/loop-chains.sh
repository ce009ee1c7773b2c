# promise: chains as roots, written in two boots each: VHD differences that rd.snapshot= alone
# joins, children of VMDK and
# VHDX, a QCOW2 over a raw file; the second boot of each where the kernel has nothing but FUSE.
# Parents stay as they are
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/hosts.sh"

# The names that these VHDs have for their parents are those of nothing.
vhd_chain() { # DIRECTORY
	mkdir "$WORK/made" "$1/other"
	convert "$WORK/raw.img" vpc "$WORK/made/was-base.vhd" -o subformat=dynamic,force_size=on
	"$TOP/tests/boot/child" "$WORK/made/was-base.vhd" "$WORK/made/was-one.vhd"
	"$TOP/tests/boot/child" "$WORK/made/was-one.vhd" "$WORK/made/was-two.vhd"
	mv "$WORK/made/was-base.vhd" "$1/base.vhd"
	mv "$WORK/made/was-one.vhd" "$1/one.vhd"
	mv "$WORK/made/was-two.vhd" "$1/other/two.vhd"
}

# twice NAME WORDS
twice() {
	boot loop "rw $2 test.keep=one test.run=/etc/grow" $MEDIUM
	expect_small_boot
	expect '=== root ext4 rw'
	expect ' is /dev/\(dm-\|mapper/\)'
	host_clean ext4
	boot fuse "rw $2 test.keep=two test.run=/etc/verify" $MEDIUM
	expect_small_boot
	expect '=== kept one'
	expect '=== data is whole'
	expect ' is /dev/loop'
	host_clean ext4
	echo "$1: kept and grew through dm, then through FUSE"
}

# written NAME FILE [ARG...]: the image has what both boots wrote
written() {
	"$VDATTACH" check "$2" >"$WORK/check.log" 2>&1 ||
		fail "vdattach check $1: $(cat "$WORK/check.log")"
	written_name=$1 written_file=$2
	shift 2
	"$VDATTACH" cat -o "$WORK/after.img" "$@" "$written_file" ||
		fail "vdattach cat $written_name"
	part "$WORK/root.fs" "$WORK/after.img" 1
	clean_ext4 "$WORK/root.fs"
	kept=$(debugfs -R 'cat /kept' "$WORK/root.fs" 2>/dev/null | tr '\n' ' ')
	[ "$kept" = 'one two ' ] || fail "$written_name has '$kept', not what two boots wrote"
}

build loop loop
build fuse loop -s 'module fuse' -s 'blacklist dm_mod ublk_drv nbd'
format_disk "$WORK/raw.img"
host=$WORK/host
mkdir "$host"
for chain in vhd vmdk vhdx qcow2; do mkdir "$host/$chain"; done
vhd_chain "$host/vhd"
convert "$WORK/raw.img" vmdk "$host/vmdk/base.vmdk"
qemu-img create -q -f vmdk -F vmdk -b base.vmdk "$host/vmdk/child.vmdk"
convert "$WORK/raw.img" vhdx "$host/vhdx/base.vhdx"
"$TOP/tests/formats/vhdx-child" "$host/vhdx/base.vhdx" "$host/vhdx/child.vhdx" \
	--path 'relative_path=.\base.vhdx'
cp --sparse=always "$WORK/raw.img" "$host/qcow2/base.raw"
qemu-img create -q -f qcow2 -F raw -b base.raw "$host/qcow2/child.qcow2"
parents='vhd/base.vhd vhd/one.vhd vmdk/base.vmdk vhdx/base.vhdx qcow2/base.raw'
(cd "$host" && sha256sum $parents >"$WORK/sums")
host_disk ext4 "$host"
rm -r "$host"

twice vhd "rd.hostdev=UUID=$host_uuid rd.vdisk=/vhd/base.vhd rd.vdloop=/dev/vdhost/Partition1 rd.snapshot=base.vhd rd.snapshot=one.vhd rd.snapshot=/vhd/other/two.vhd"
twice vmdk 'vi.image=/vmdk/child.vmdk'
twice vhdx 'vi.image=/vhdx/child.vhdx'
twice qcow2 'vi.image=/qcow2/child.qcow2'

host_files ext4 "$WORK/after"
(cd "$WORK/after" && sha256sum --quiet -c "$WORK/sums") || fail 'a parent has changed'
written vhd "$WORK/after/vhd/base.vhd" -S "$WORK/after/vhd/one.vhd" \
	-S "$WORK/after/vhd/other/two.vhd"
for chain in vmdk vhdx qcow2; do
	written $chain "$WORK/after/$chain/child.$chain"
	[ $chain = vhdx ] || qemu-img compare -F raw "$WORK/after/$chain/child.$chain" \
		"$WORK/after.img" >/dev/null || fail "qemu-img reads $chain differently"
done
