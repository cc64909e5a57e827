/* Guard plugins in C. The interface is docs/protocol/guard-plugin.md.
 *
 * A plugin is one file that includes this header and says which function judges a message:
 *
 *     #include "guard.h"
 *     static guard_verdict check(const guard_message *m) { ... }
 *     GUARD_PLUGIN(check)
 *
 * There is no C library; __builtin_memcpy and its kin are instructions (-mbulk-memory). Static variables last
 * from message to message. A trap, such as __builtin_trap(), refuses the message and starts the plugin anew,
 * with its state gone. */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUARD_ABI 1
#define GUARD_BUFFER_BYTES 69632
#define GUARD_REASON_BYTES_MAX 256
#define GUARD_PARAM_BYTES_MAX 65490

typedef struct { const uint8_t *at; size_t len; } guard_bytes; /* at is NULL where there is none */

enum { GUARD_APP, GUARD_CARD, GUARD_REMOTE, GUARD_HOST }; /* where a message came in */

typedef struct {
    uint32_t entry;
    guard_bytes src, dst; /* 16 bytes each: 12 of domain, 4 of port */
    uint16_t mtype;
    bool has_credentials; /* only from a program: */
    uint32_t uid, gid;
    bool derived;
    guard_bytes groups; /* encoded; guard_in_group reads it */
    guard_bytes cgroup;
    guard_bytes host;  /* 32 bytes, only from another host */
    uint64_t tick_ms;  /* a clock that never goes back; its zero means nothing */
    guard_bytes param; /* none for a type whose params nobody may see */
} guard_message;

typedef struct { int32_t code; guard_bytes out; } guard_verdict;

static inline bool guard_equal(guard_bytes a, const void *b, size_t len) {
    if (!a.at || a.len != len) return false;
    for (size_t i = 0; i < len; i++)
        if (a.at[i] != ((const uint8_t *)b)[i]) return false;
    return true;
}

/* Answers. A reason is a string literal, or anything that outlives the call. */
static inline guard_verdict guard_answer(int32_t code, const void *at, size_t len) {
    return (guard_verdict){code, {(const uint8_t *)at, len}};
}
static inline guard_verdict guard_pass(void) { return guard_answer(0, "", 0); }
#define guard_drop(reason) guard_answer(1, (reason), sizeof(reason) - 1)
#define guard_refuse(reason) guard_answer(2, (reason), sizeof(reason) - 1)
#define guard_hold(reason) guard_answer(3, (reason), sizeof(reason) - 1)
static inline guard_verdict guard_rewrite(const void *param, size_t len) { return guard_answer(4, param, len); }

/* A line for the operator, of at most 256 bytes. */
__attribute__((import_module("guard"), import_name("log"))) void guard_log(const void *line, size_t len);

/* The encoding: docs/protocol/encoding.md. The host writes it, so what is not as expected traps. */
typedef struct { const uint8_t *at, *end; } guard_reader;

static inline uint8_t guard_byte(guard_reader *r) {
    if (r->at == r->end) __builtin_trap();
    return *r->at++;
}

/* The argument of the next item, which has this major type. */
static inline uint64_t guard_head(guard_reader *r, uint8_t major) {
    uint8_t first = guard_byte(r), kind = first & 31;
    if (first >> 5 != major || kind > 27) __builtin_trap();
    if (kind < 24) return kind;
    uint64_t value = 0;
    for (int left = 1 << (kind - 24); left > 0; left--) value = value << 8 | guard_byte(r);
    return value;
}

static inline bool guard_is_null(guard_reader *r) {
    bool is = r->at < r->end && *r->at == 0xf6;
    r->at += is;
    return is;
}

static inline uint64_t guard_unsigned(guard_reader *r) { return guard_head(r, 0); }
static inline uint64_t guard_array(guard_reader *r) { return guard_head(r, 4); }

/* Bytes (major type 2) or text (3), or none for null. */
static inline guard_bytes guard_string(guard_reader *r, uint8_t major) {
    if (guard_is_null(r)) return (guard_bytes){0, 0};
    uint64_t len = guard_head(r, major);
    if (len > (uint64_t)(r->end - r->at)) __builtin_trap();
    guard_bytes bytes = {r->at, (size_t)len};
    r->at += len;
    return bytes;
}

static inline void guard_read_credentials(guard_reader *r, guard_message *m) {
    m->has_credentials = !guard_is_null(r);
    if (!m->has_credentials) return;
    if (guard_array(r) != 5) __builtin_trap();
    m->uid = (uint32_t)guard_unsigned(r);
    m->gid = (uint32_t)guard_unsigned(r);
    m->derived = guard_head(r, 7) == 21;
    m->groups.at = guard_is_null(r) ? NULL : r->at;
    if (m->groups.at) {
        for (uint64_t left = guard_array(r); left > 0; left--) guard_unsigned(r);
        m->groups.len = (size_t)(r->at - m->groups.at);
    }
    m->cgroup = guard_string(r, 3);
}

static inline guard_message guard_read(const uint8_t *at, size_t len) {
    guard_reader r = {at, at + len};
    guard_message m = {0};
    if (guard_array(&r) != 9 || guard_unsigned(&r) != GUARD_ABI) __builtin_trap();
    m.entry = (uint32_t)guard_unsigned(&r);
    m.src = guard_string(&r, 2);
    m.dst = guard_string(&r, 2);
    m.mtype = (uint16_t)guard_unsigned(&r);
    guard_read_credentials(&r, &m);
    m.host = guard_string(&r, 2);
    m.tick_ms = guard_unsigned(&r);
    m.param = guard_string(&r, 2);
    return m;
}

/* Whether the program is in a group; false if its groups are not known. */
static inline bool guard_in_group(const guard_message *m, uint32_t gid) {
    if (!m->groups.at) return false;
    guard_reader r = {m->groups.at, m->groups.at + m->groups.len};
    for (uint64_t left = guard_array(&r); left > 0; left--)
        if (guard_unsigned(&r) == gid) return true;
    return false;
}

#define GUARD_EXPORT(name) __attribute__((export_name(name)))

/* The exports of a plugin whose messages `check` judges. */
#define GUARD_PLUGIN(check)                                                                        \
    static uint8_t guard_buffer[GUARD_BUFFER_BYTES];                                               \
    GUARD_EXPORT("guard_abi") int32_t guard_abi(void) { return GUARD_ABI; }                        \
    GUARD_EXPORT("guard_buf") uint8_t *guard_buf(void) { return guard_buffer; }                    \
    GUARD_EXPORT("guard_check") int64_t guard_check(int32_t len) {                                 \
        guard_message message = guard_read(guard_buffer, (size_t)len);                             \
        guard_verdict verdict = check(&message);                                                   \
        if (verdict.out.len > GUARD_BUFFER_BYTES) __builtin_trap();                                \
        __builtin_memmove(guard_buffer, verdict.out.at, verdict.out.len);                          \
        return (int64_t)verdict.code << 32 | (int64_t)verdict.out.len;                             \
    }

#endif
