hots two
