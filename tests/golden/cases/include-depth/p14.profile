include p15
