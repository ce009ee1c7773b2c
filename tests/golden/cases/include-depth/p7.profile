include p8
