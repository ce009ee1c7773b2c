include p18
