include p7
