include p10
