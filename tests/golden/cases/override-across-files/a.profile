root overlay
image /a.sfs
