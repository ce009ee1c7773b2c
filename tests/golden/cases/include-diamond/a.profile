include c
module a
