/* For tests of guard.h: answers with a param of all that it read of a message. */
#include "guard.h"

static struct { uint8_t bytes[4096]; size_t len; } out;

static void put(const void *bytes, size_t len) {
    if (len > sizeof out.bytes - out.len) __builtin_trap();
    __builtin_memcpy(out.bytes + out.len, bytes, len);
    out.len += len;
}

static void put_number(uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(number >> shift);
        put(&byte, 1);
    }
}

static void put_bytes(guard_bytes bytes) {
    put_number(bytes.at ? bytes.len : UINT64_MAX);
    if (bytes.at) put(bytes.at, bytes.len);
}

static guard_verdict check(const guard_message *m) {
    out.len = 0;
    put_number(m->entry);
    put_bytes(m->src);
    put_bytes(m->dst);
    put_number(m->mtype);
    put_number(m->has_credentials);
    put_number(m->uid);
    put_number(m->gid);
    put_number(m->derived);
    put_number(guard_in_group(m, 27));
    put_number(guard_in_group(m, 28));
    put_bytes(m->cgroup);
    put_bytes(m->host);
    put_number(m->tick_ms);
    put_bytes(m->param);
    guard_log("mirrored", 8);
    return guard_rewrite(out.bytes, out.len);
}

GUARD_PLUGIN(check)
