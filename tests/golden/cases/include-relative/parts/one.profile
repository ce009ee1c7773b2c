include two
hots one
