/* The field tables that messages.def expands into: what the encoders and decoders walk.
 *
 * Private to protocol/ (and to the tests that fill records from their tables). It refuses to know
 * what any field means. */
#ifndef DUEL_PROTOCOL_FIELDS_H
#define DUEL_PROTOCOL_FIELDS_H

#include <duel/protocol/messages.h>

/* Longest list of fields on one map that is read, unknown ones counted. */
#define FIELDS_MAX 64
/* Maps and arrays inside each other, the outermost counted. */
#define FIELDS_DEPTH_MAX 4

enum field_kind {
    FIELD_INT,
    FIELD_INT_NIL,
    FIELD_INT_PAIR,
    FIELD_INT_PAIR_NIL,
    FIELD_REAL,
    FIELD_BOOL,
    FIELD_STRING,
    FIELD_STRING_NIL,
    FIELD_STRING_OPT,
    FIELD_UUID,
    FIELD_BIN,
    FIELD_SUB,
    FIELD_SUB_NIL,
    FIELD_SUB_OPT,
    FIELD_LIST,
};

struct record;

struct field {
    const char *name;
    const char *doc;
    const struct record *of; /* SUB…, LIST: what is inside */
    int64_t min;             /* INT… */
    int64_t max;             /* INT…: the value; STRING…, BIN: bytes; LIST: items */
    enum field_kind kind;
    uint32_t offset;
    uint32_t offset_flag; /* SUB_NIL, SUB_OPT: of has_<field>; LIST: of <field>_count */
};

struct record {
    const char *name;
    const char *doc;
    const struct field *fields;
    uint32_t fields_count;
    uint32_t size; /* of the struct */
};

enum field_sender { FIELD_BY_CLIENT, FIELD_BY_SERVER, FIELD_BY_REPLY };

/* What enum message_type counts. */
struct message_kind {
    const char *name; /* on the wire */
    const struct record *record;
    uint32_t offset; /* of the record in struct message */
    enum field_sender sender;
};

/* `type` is one of the list, not MSG_NONE. */
const struct message_kind *fields_of(enum message_type type);
/* The type with this wire name that `sender` sends, or MSG_NONE. */
enum message_type fields_find(struct text name, enum field_sender sender);
/* Every record in the order of the table: NULL when `index` is past the last. */
const struct record *fields_record(uint32_t index);

#endif
