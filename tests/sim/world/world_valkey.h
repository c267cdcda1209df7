/* The keys of the world's Valkey. Shared by the files of its model. */
#ifndef DUEL_TESTS_WORLD_VALKEY_H
#define DUEL_TESTS_WORLD_VALKEY_H

#include <tests/sim/world/world.h>

enum key_kind {
    KEY_MATCH,   /* duel:match:ID */
    KEY_PLAYING, /* duel:playing:PLAYER */
    KEY_LEASE,   /* duel:lease:BOOT */
    KEY_BOOTS,   /* duel:boots */
    KEY_OWNED,   /* duel:owned:BOOT */
    KEY_LOST,    /* duel:lost:BOOT */
    KEY_QUEUE,   /* duel:queue; duel:queue:since only makes looking faster */
    KEY_TICKET,  /* duel:ticket:PLAYER */
    KEY_LAST,    /* duel:last:PLAYER */
    KEY_ENDED,   /* duel:ended:ID */
    KEY_TAKEN,   /* duel:taken:BOOT: what its latest sweep took */
    KEY_SETTLING,/* duel:settling:BOOT: it has connected just now */
};

/* One of a set, list or sorted set. */
struct key_member {
    struct uuid id;
    uint64_t boot;
    int64_t score;
};

struct key {
    enum key_kind kind;
    struct uuid id; /* of match or player */
    uint64_t boot;
    int64_t expires_ms; /* by Valkey's clock */
    struct key_member *members;
    uint32_t members_count, members_max;
    uint64_t owner; /* 0: nobody's */
    uint32_t node;
    uint64_t fence;
    bool dormant, over, draining;
    char *blobs[3]; /* card 0 (or a ticket's), card 1, data */
    struct text texts[3];
    char phase[16];
    struct uuid player[2]; /* PLAYING and LAST: the first is the value */
    uint64_t born_us;
    uint32_t load;
    struct matchmaker_ticket ticket;
    int64_t ticket_expires_ms; /* by the clock of who put it */
    void *mark;
};

struct valkey_model {
    struct key **keys;
    uint32_t count, max;
    int64_t offset_ms; /* of its clock */
    /* Of the running script. */
    uint64_t me;
    uint32_t here;
    struct world_process *caller; /* NULL: it is gone */
};

int64_t valkey_now_ms(const struct world *world);
/* NULL when it is not there (any more). The one with no id and no boot: nil. */
struct key *key_find(struct world *world, enum key_kind kind, const struct uuid *id,
                     uint64_t boot);
struct key *key_put(struct world *world, enum key_kind kind, const struct uuid *id, uint64_t boot,
                    int64_t lasts_ms);
void key_drop(struct world *world, struct key *key);
void key_set_blob(struct key *key, uint32_t index, struct text text);
void key_add(struct key *key, const struct key_member *member);
void key_remove(struct world *world, struct key *key, const struct uuid *id, uint64_t boot);

/* Who lives, what is whose. */
bool valkey_is_alive(struct world *world, uint64_t boot);
struct key *valkey_match(struct world *world, const struct uuid *id);
struct key *valkey_playing(struct world *world, const struct uuid *player, uint8_t *ret_slot);
void valkey_stop_playing(struct world *world, const struct uuid *player, const struct uuid *match);
/* Where somebody lives who is to play it, + 1; 0: nowhere. */
uint32_t valkey_place_of(struct world *world, const struct key *match);
/* Nobody's; an owner of another node counts as dead only once the caller is connected for a while:
 * after an outage all leases are gone. */
bool valkey_is_abandoned(struct world *world, const struct key *match);
void valkey_disown(struct world *world, const struct uuid *id, uint64_t owner);
void valkey_own(struct world *world, const struct uuid *id);
void valkey_take(struct world *world, struct key *match);
void valkey_nudge(struct world *world, uint64_t boot, const struct uuid *player);
struct text valkey_node_name(uint32_t node);
/* Into an answer, whose memory the texts become. */
void valkey_copy(struct world_item *answer, const struct key *match, struct hub_copy *ret_copy);

void model_join(struct world *world, const struct hub_effect *effect, struct world_item *answer);
void model_leave(struct world *world, const struct uuid *player);

#endif
