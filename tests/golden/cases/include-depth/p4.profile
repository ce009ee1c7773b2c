include p5
