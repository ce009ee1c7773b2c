include c
module b
