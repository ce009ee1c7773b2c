include p17
