include p14
