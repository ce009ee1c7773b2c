include p9
