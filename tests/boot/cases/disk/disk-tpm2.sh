# promise: a LUKS root with a key in the TPM, enrolled by systemd-cryptenroll, opens without a
# passphrase; when the PCR has another value, one line says so and the console asks for it
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/lib/volumes.sh"
. "$TOP/tests/boot/lib/tpm.sh"
luks_uuid=11112222-3333-4444-5555-666677778888
# QEMU puts an initramfs of a kernel that is an ELF file over the tables of ACPI, which a TPM makes
# longer
KERNEL=$KDIR/vmlinuz
few_modules dm_crypt xts ecb aes_generic algif_skcipher
sysroot cryptsetup
sysroot_program /usr/lib/systemd/systemd-cryptsetup libtss2-esys.so.0 libtss2-mu.so.0 \
	libtss2-rc.so.0 libtss2-tcti-device.so.0 libfido2.so.1
extend_pcr 11 >"$WORK/extend"
build_volumes x 'include disk' 'include luks' 'include tpm2' 'include fido2' "hook locate $WORK/extend"
small_ext4 "$WORK/root.fs"
encrypt "$WORK/root.fs" "$WORK/luks" $luks_uuid
cryptsetup convert -q --type luks2 "$WORK/luks"
enroll_tpm "$WORK/luks" --tpm2-pcrs=11
disk "$WORK/disk.img" 83 "$WORK/luks"

# no parameter names the TPM: the header of the volume does
run_swtpm
# shellcheck disable=SC2086 # words
boot x "root=UUID=$root_uuid ro rd.luks.uuid=$luks_uuid" $TPM_DEVICE \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_not 'Enter passphrase'
expect '=== root ext4 ro'
expect_small_boot

# skel/token.bats is refused every day
check_all || exit 0
run_swtpm
DEVICES=$TPM_DEVICE
typing x "root=UUID=$root_uuid rw rd.luks.name=$luks_uuid=a rd.luks.options=tpm2-device=auto,fido2-device=auto,token-timeout=1 test.extend" secret
expect '=== PCR 11 extended'
expect 'mkvinitrd: warning: the TPM does not open /dev/vda1: .*policy'
expect 'mkvinitrd: warning: /dev/vda1 is not opened by the security token: none was found in 1 s'
expect '=== root ext4 rw'
expect_small_boot
