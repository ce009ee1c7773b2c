module c
include profile
hots
