/* {name}: a Guard plugin. Refuses what another host sends if it is longer than a postcard. */
#include "guard.h"

#define BYTES_MAX 1000

static guard_verdict check(const guard_message *m) {
    if (m->entry == GUARD_REMOTE && m->param.len > BYTES_MAX)
        return guard_refuse("this is no postcard");
    return guard_pass();
}

GUARD_PLUGIN(check)
