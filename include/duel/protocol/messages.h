/* The messages as data: one struct for each record of protocol/messages.def, and the union of all
 * that travel. Texts are views; who fills a message says how long they live. */
#ifndef DUEL_PROTOCOL_MESSAGES_H
#define DUEL_PROTOCOL_MESSAGES_H

#include <duel/base/text.h>
#include <duel/base/uuid.h>

#define MSG_NIL INT64_MIN /* of an INT_NIL field: nil */

#define MESSAGE_CLIENT_SIZE_MAX 4096 /* bytes of a client's message (contract section 3) */

#define RECORD(r, doc) struct msg_##r {
#define INT(r, f, min, max, doc) int64_t f;
#define INT_NIL(r, f, min, max, doc) int64_t f;
#define INT_PAIR(r, f, min, max, doc) int64_t f[2];
#define INT_PAIR_NIL(r, f, min, max, doc) int64_t f[2];
#define REAL(r, f, doc) double f;
#define BOOL(r, f, doc) bool f;
#define STRING(r, f, max, doc) struct text f;
#define STRING_NIL(r, f, max, doc) struct text f;
#define STRING_OPT(r, f, max, doc) struct text f;
#define UUID(r, f, doc) struct uuid f;
#define BIN(r, f, size, doc) uint8_t f[size];
#define SUB(r, f, of, doc) struct msg_##of f;
#define SUB_NIL(r, f, of, doc) bool has_##f; struct msg_##of f;
#define SUB_OPT(r, f, of, doc) bool has_##f; struct msg_##of f;
#define LIST(r, f, of, max, doc) uint32_t f##_count; struct msg_##of f[max];
#define END(r) char end_; };
#include <protocol/messages.def>

enum message_type {
    MSG_NONE,
#define CLIENT(r, name) MSG_##r,
#define SERVER(r, name) MSG_##r,
#define REPLY(r) MSG_##r,
#include <protocol/messages.def>
    MESSAGE_TYPES /* not a type */
};

struct message {
    enum message_type type;
    union {
#define CLIENT(r, name) struct msg_##r r;
#define SERVER(r, name) struct msg_##r r;
#define REPLY(r) struct msg_##r r;
#include <protocol/messages.def>
    };
};

#endif
