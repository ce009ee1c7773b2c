include p16
