include p2
