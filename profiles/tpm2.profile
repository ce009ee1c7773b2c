# LUKS volumes with a key in the TPM of this machine: 'include luks' and 'include tpm2' in another profile.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For volumes that systemd-cryptenroll --tpm2-device=auto has enrolled: they are opened without a passphrase, and one with a PIN asks for
# it. Where the TPM does not give the key (other firmware, other kernel), a line says why, and the console asks for the passphrase.
module tpm_tis? tpm_tis_spi? tpm_tis_i2c? tpm_crb? tpm_tis_i2c_cr50? tpm_tis_spi_cr50?
binary /usr/lib/systemd/systemd-cryptsetup libtss2-esys.so.0 libtss2-mu.so.0 libtss2-rc.so.0 libtss2-tcti-device.so.0
