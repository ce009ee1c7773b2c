include p11
