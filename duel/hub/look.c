/* Matches that are only looked at; see look.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/look.h>
#include <duel/hub/players.h>
#include <duel/hub/saved.h>
#include <duel/hub/session.h>
#include <duel/hub/tell.h>

/* ---- a match that is here ---- */

/* Finished rounds that have been told: news waits for its save. */
static uint32_t told_rounds(const struct live *live)
{
    return live->news_round != 0 ? live->news_round - 1 : live->match.rounds_count;
}

static struct text told_phase(const struct live *live)
{
    bool ahead = live->news_round != 0 || (live->held && live->match.phase >= MATCH_OVER);
    return tell_phase(ahead ? MATCH_ROUND : live->match.phase);
}

static void describe_round(struct hub *hub, const struct live *live, uint32_t round,
                           struct msg_played_round *played)
{
    struct msg_round_end end;
    tell_describe_round(hub, live, round, 0, &end);
    *played = (struct msg_played_round){
        .round = end.round,
        .winner = end.winner,
        .answer = end.answer,
        .ms = { end.ms[0], end.ms[1] },
        .score = { end.score[0], end.score[1] },
    };
}

static void reply(struct hub *hub, struct session *session, const struct live *live, int32_t slot)
{
    uint32_t rounds = told_rounds(live);
    struct msg_match_now *now =
        &session_reply(hub, session, MSG_match_now)->message.match_now;
    now->match = live->id;
    now->phase = told_phase(live);
    now->you = slot;
    now->rated = live->terms.rated;
    now->best_of = live->match.rules.best_of;
    now->players_count = 2;
    tell_describe_seat(hub, live, 0, &now->players[0]);
    tell_describe_seat(hub, live, 1, &now->players[1]);
    now->rounds_count = rounds;
    for (uint32_t i = 0; i < rounds; i++) {
        describe_round(hub, live, i + 1, &now->rounds[i]);
    }
    if (rounds != 0) {
        now->score[0] = now->rounds[rounds - 1].score[0];
        now->score[1] = now->rounds[rounds - 1].score[1];
    }
}

static void look_at(struct hub *hub, struct session *session, const struct player *player,
                    const struct live *live)
{
    struct ref self = pool_ref(&hub->players, player);
    int32_t slot = ref_equal(live->seats[0].player, self)   ? 0
                   : ref_equal(live->seats[1].player, self) ? 1
                                                            : -1;
    if (live->match.phase >= MATCH_OVER && live->settled && live->played && !live->held) {
        session_read(hub, session, false);
    } else if (slot < 0) {
        session_refuse(hub, session, 403, HUB_ERROR_NOT_YOUR_MATCH, 0);
    } else {
        reply(hub, session, live, slot);
    }
}

void look_open(struct hub *hub, struct session *session, const struct hub_event_open *open)
{
    const struct live *live = arena_find(hub, &open->match);
    struct player *player = players_need(hub, open->sub);
    if (player == NULL) {
        out_note(&hub->out, HUB_NOTE_FULL, NULL, NULL, TEXT("players"), 0);
        session_end_unavailable(hub, session);
        return;
    }
    bool in_time = rate_take(&player->look_us, hub->now_us, hub->limits.searches_per_s);
    players_arm(hub, player);
    if (!in_time) {
        session_refuse(hub, session, 429, HUB_ERROR_SLOW_DOWN, 1);
    } else if (live != NULL && !live->lost) {
        look_at(hub, session, player, live);
    } else if (arena_has_ended(hub, &open->match)) {
        session_read(hub, session, false);
    } else if (!hub->up[HUB_VALKEY]) {
        session_read(hub, session, true);
    } else {
        session->state = SESSION_ASKING;
        session->player = pool_ref(&hub->players, player);
        players_hold(hub, player);
        struct hub_effect *effect = out_effect(&hub->out, HUB_FX_LOOK);
        effect->look.conn = session->conn;
        effect->look.match = open->match;
    }
}

/* ---- one that is not ---- */

static void describe_card(struct hub *hub, const struct saved_card *card, struct msg_seat *seat)
{
    *seat = (struct msg_seat){
        .id = card->id,
        .name = out_text(&hub->out, card->name),
        .avatar = out_text(&hub->out, card->avatar),
        .country = out_text(&hub->out, card->country),
        .rating = card->rating,
    };
}

/* Nobody has played it: it is made, or an invitation. */
static void reply_unplayed(struct hub *hub, struct session *session,
                           const struct hub_event_looked *looked, const struct player *player)
{
    struct saved_card cards[2];
    struct terms terms;
    uint32_t count = looked->place == HUB_INVITED ? 1 : 2;
    int32_t slot = -1;
    for (uint32_t i = 0; i < count; i++) {
        if (!saved_read_card(looked->card[i], &cards[i])) {
            out_note(&hub->out, HUB_NOTE_MATCH_UNREADABLE, &looked->match, NULL, TEXT("card"), i);
            session_end_unavailable(hub, session);
            return;
        }
        slot = text_equal(cards[i].sub, player_sub(player)) ? (int32_t)i : slot;
    }
    if (!saved_read_terms(looked->terms, &terms)) {
        out_note(&hub->out, HUB_NOTE_MATCH_UNREADABLE, &looked->match, NULL, TEXT("terms"), 0);
        session_end_unavailable(hub, session);
        return;
    }
    if (slot < 0 && looked->place != HUB_INVITED) {
        session_refuse(hub, session, 403, HUB_ERROR_NOT_YOUR_MATCH, 0);
        return;
    }
    struct msg_match_now *now =
        &session_reply(hub, session, MSG_match_now)->message.match_now;
    now->match = looked->match;
    now->phase = tell_phase(MATCH_WAITING);
    now->you = slot < 0 ? MSG_NIL : slot;
    now->rated = terms.rated;
    now->best_of = hub->limits.rules.best_of;
    now->players_count = count;
    for (uint32_t i = 0; i < count; i++) {
        describe_card(hub, &cards[i], &now->players[i]);
    }
    now->has_invitation = looked->place == HUB_INVITED;
    now->invitation.expires_at = looked->expires_ms;
}

static void answer(struct hub *hub, struct session *session,
                   const struct hub_event_looked *looked, const struct player *player)
{
    const struct live *live = arena_find(hub, &looked->match);
    switch (looked->place) {
    case HUB_NOWHERE:
    case HUB_USED:
        session_read(hub, session, false);
        return;
    case HUB_ELSEWHERE:
        session_ask_elsewhere(hub, session, &looked->match, looked->node);
        return;
    case HUB_OURS:
        if (live != NULL) {
            look_at(hub, session, player, live);
        } else if (looked->begun) {
            session_end_unavailable(hub, session); /* somebody is about to take it over */
        } else {
            reply_unplayed(hub, session, looked, player);
        }
        return;
    case HUB_INVITED:
        reply_unplayed(hub, session, looked, player);
        return;
    case HUB_EXPIRED:
        session_refuse(hub, session, 404, HUB_ERROR_INVITE_EXPIRED, 0);
        return;
    case HUB_WITHDRAWN:
        session_refuse(hub, session, 404, HUB_ERROR_INVITE_WITHDRAWN, 0);
        return;
    case HUB_SUCCESSOR:
        session_read(hub, session, true);
        return;
    case HUB_FOREIGN:
    case HUB_BUSY:
    case HUB_COOLDOWN:
    case HUB_FULL:
    case HUB_REPLACED:
        break;
    }
    session_end_unavailable(hub, session);
}

void look_looked(struct hub *hub, const struct hub_event_looked *looked)
{
    struct session *session = session_get(hub, looked->conn);
    if (session == NULL || session->state != SESSION_ASKING) {
        hub->late++;
        return;
    }
    struct player *player = pool_get(&hub->players, session->player);
    ASSERT(player != NULL && session->door == HUB_DOOR_LOOK);
    if (looked->reply == HUB_OK) {
        answer(hub, session, looked, player);
    } else {
        session_read(hub, session, true);
    }
    players_drop(hub, player);
}
