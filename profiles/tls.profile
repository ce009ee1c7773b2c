# The certificate authorities that this machine trusts, for images on public servers: 'include tls' in another profile.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For 'image https://...' and vi.image=https://... . A server of your own with a certificate of your own needs only that, or its
# issuer's: 'certificate lab-ca.pem'. A machine whose clock was never set refuses all certificates, and says so.
file /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
