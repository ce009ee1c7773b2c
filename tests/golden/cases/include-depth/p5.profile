include p6
