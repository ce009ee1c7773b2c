include c.profile
module b
