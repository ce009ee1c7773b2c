include p12
