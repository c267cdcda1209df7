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
    KEY_PLAYERS, /* duel:players:BOOT: who plays there */
    KEY_SINCE,   /* duel:since: when all was first seen to be gone */
    KEY_LEFT,    /* duel:left:PLAYER: rated matches left early */
    KEY_INVITE,  /* duel:invite:MATCH; its owner is where the inviter waits */
    KEY_INVITES, /* duel:invites:PLAYER: the open ones */
};

/* What the notes of a process say of themselves. */
enum notes { NOTES_UNMARKED, NOTES_PARTIAL, NOTES_WHOLE };

enum invite_state { INVITE_OPEN, INVITE_WITHDRAWN, INVITE_USED };

/* One of a set, list or sorted set. */
struct key_member {
    struct uuid id;
    uint64_t boot;
    int64_t score;
    struct uuid match; /* PLAYERS, and how long it may be missing (0: it is not): */
    int64_t till_ms;
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
    char *blobs[4]; /* card 0 (or a ticket's), card 1, data, terms */
    struct text texts[4];
    char phase[16];
    struct uuid player[2]; /* PLAYING and LAST: the first is the value */
    uint64_t born_us;
    uint32_t load;
    enum notes whole;
    enum invite_state state;
    bool rated;
    int64_t open_until_ms;
    int64_t since_ms;
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
bool key_has(struct key *key, const struct uuid *id);
void key_remove(struct world *world, struct key *key, const struct uuid *id, uint64_t boot);

/* Who lives, what is whose. */
bool valkey_is_alive(struct world *world, uint64_t boot);
struct key *valkey_match(struct world *world, const struct uuid *id);
/* The match that a player is in, as any key says. NULL: none that goes on and is there; */
struct key *valkey_playing(struct world *world, const struct uuid *player, uint8_t *ret_slot);
/* then whether he is in one whose key has vanished; its owner is asked to save it again. */
bool valkey_is_missed(struct world *world, const struct uuid *player);
void valkey_note(struct world *world, uint64_t boot, const struct uuid *player,
                 const struct uuid *match);
bool valkey_has_note(struct world *world, uint64_t boot, const struct uuid *player,
                     const struct uuid *match);
void valkey_forget_note(struct world *world, uint64_t boot, const struct uuid *player,
                        const struct uuid *match);
/* Everything has vanished, and not all who listen, but for `known`, have told again what they
 * play. */
bool valkey_is_untold(struct world *world, uint64_t known);
/* A renewal of the caller's lease. False: what it has noted has vanished, and it does not know. */
bool valkey_renew_notes(struct world *world, bool told);
void valkey_stop_playing(struct world *world, const struct uuid *player, const struct uuid *match);
/* Where somebody lives who is to play it, + 1; 0: nowhere. */
uint32_t valkey_place_of(struct world *world, const struct key *match);
/* Nobody's; an owner of another node counts as dead only once the caller is connected for a while:
 * after an outage all leases are gone. */
bool valkey_is_abandoned(struct world *world, const struct key *match);
void valkey_remind(struct world *world, uint64_t boot, const struct uuid *id);
void valkey_disown(struct world *world, const struct key *match);
void valkey_own(struct world *world, const struct key *match);
void valkey_take(struct world *world, struct key *match);
void valkey_nudge(struct world *world, uint64_t boot, const struct uuid *player);
struct text valkey_node_name(uint32_t node);
/* Into an answer, whose memory the texts become. */
void valkey_copy(struct world_item *answer, const struct key *match, struct hub_copy *ret_copy);

/* A match that nobody has begun: the caller's, or nobody's until `process` (its lease) comes for
 * it. Players and cards by seat; `terms` or none. */
struct key *model_make(struct world *world, const struct uuid *id, const struct uuid players[2],
                       const struct text cards[2], const struct key *process, struct text terms);
void model_take_out(struct world *world, const struct uuid *player);
/* Whether a ticket of his stands that has not run out. */
bool model_is_queued(struct world *world, const struct uuid *player);
/* For how many ms he has to wait, having left matches early. */
int64_t model_cooldown_ms(struct world *world, const struct uuid *player);
void model_invite(struct world *world, const struct hub_effect *effect, struct hub_event *event);
void model_withdraw(struct world *world, const struct hub_effect *effect, struct hub_event *event);
void model_withdraw_all(struct world *world, const struct uuid *player);
/* Somebody comes to a match that is not there. No such invitation, or one that was used? */
bool model_is_used(struct world *world, const struct uuid *match);
/* To an invitation; when there is none the last event stays as it is. */
void model_come(struct world *world, const struct hub_effect *effect, struct world_item *answer);
void model_rematch(struct world *world, const struct hub_effect *effect,
                   struct world_item *answer);
void model_join(struct world *world, const struct hub_effect *effect, struct world_item *answer);
void model_leave(struct world *world, const struct uuid *player);

#endif
