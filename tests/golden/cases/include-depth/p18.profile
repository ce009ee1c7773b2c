include p19
