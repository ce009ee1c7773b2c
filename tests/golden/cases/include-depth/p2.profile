include p3
