#include "builder/plan-internal.h"
int plan_print(const struct plan *plan, enum plan_format format, const char *spill, FILE *to, struct error **err){return 0;}
