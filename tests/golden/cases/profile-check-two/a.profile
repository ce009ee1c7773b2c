rot overlay
