include p4
