include p20
