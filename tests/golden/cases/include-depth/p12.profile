include p13
