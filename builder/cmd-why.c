#include "builder/command.h"
int cmd_why(const struct options *options){return 1;}
