/* The messages of a match; see tell.h. What a player may not know yet (the running round's
 * title, the coming round's key, the other's guesses) is never read here before its time. */
#include <duel/base/assert.h>
#include <duel/core/rating.h>
#include <duel/hub/operate.h>
#include <duel/hub/players.h>
#include <duel/hub/session.h>
#include <duel/hub/tell.h>
#include <string.h>

#define SHARE_SIZE_MAX 400

static int64_t to_ms(uint64_t at_us)
{
    return (int64_t)(at_us / 1000);
}

/* A time that 0 or NEVER means nothing for. */
static int64_t to_ms_or_nil(uint64_t at_us)
{
    return at_us == 0 || at_us == MATCH_NEVER ? MSG_NIL : to_ms(at_us);
}

static int64_t or_nil(uint32_t ms)
{
    return ms == MATCH_NO_TIME ? MSG_NIL : (int64_t)ms;
}

/* A message for the socket of a seat, or NULL when it has none or waits for its welcome. */
static struct hub_effect_send *send_to_seat(struct hub *hub, const struct live *live,
                                            uint32_t slot, enum message_type type)
{
    ASSERT(slot < 2);
    if (ref_is_none(live->seats[slot].conn) || live->seats[slot].unwelcomed) {
        return NULL;
    }
    struct hub_effect_send *send =
        out_send(&hub->out, HUB_FX_SEND, live->seats[slot].conn, type);
    send->match = live->id;
    send->slot = (uint8_t)slot;
    send->by_node = hub->siblings;
    return send;
}

static struct message *to_seat(struct hub *hub, const struct live *live, uint32_t slot,
                               enum message_type type)
{
    struct hub_effect_send *send = send_to_seat(hub, live, slot, type);
    return send != NULL ? &send->message : NULL;
}

struct text tell_phase(enum match_phase phase)
{
    switch (phase) {
    case MATCH_WAITING:
        return TEXT("waiting");
    case MATCH_COUNTDOWN:
        return TEXT("countdown");
    case MATCH_ROUND:
        return TEXT("round");
    case MATCH_INTERMISSION:
        return TEXT("intermission");
    case MATCH_OVER:
    case MATCH_CLOSED:
        break;
    }
    return TEXT("over");
}

struct text tell_known_phase(struct text saved)
{
    for (enum match_phase phase = MATCH_WAITING; phase < MATCH_OVER; phase++) {
        if (text_equal(saved, tell_phase(phase))) {
            return tell_phase(phase);
        }
    }
    return tell_phase(MATCH_WAITING);
}

static struct msg_video describe_video(const struct titles *titles, uint32_t index)
{
    struct titles_video video = titles_get(titles, index);
    return (struct msg_video){ .video = video.video, .title = video.title,
                               .channel = video.channel };
}

uint32_t tell_videos(const struct titles *titles, struct text query, uint32_t max,
                     struct msg_video ret_videos[TITLES_SUGGESTIONS_MAX])
{
    uint32_t indexes[TITLES_SUGGESTIONS_MAX];
    ASSERT(max <= TITLES_SUGGESTIONS_MAX);
    uint32_t count = titles_suggest(titles, query, indexes, max);
    ASSERT(count <= max);
    for (uint32_t i = 0; i < count; i++) {
        ret_videos[i] = describe_video(titles, indexes[i]);
    }
    return count;
}

void tell_suggestions(struct hub *hub, struct ref conn, const struct msg_suggest *suggest)
{
    struct hub_effect_send *send = out_send(&hub->out, HUB_FX_SEND, conn, MSG_suggestions);
    struct msg_suggestions *suggestions = &send->message.suggestions;
    suggestions->seq = suggest->seq;
    suggestions->items_count =
        tell_videos(hub->titles, suggest->q, TITLES_SUGGESTIONS_MAX, suggestions->items);
}

/* ---- parts of welcome ---- */

static struct msg_rules describe_rules(const struct match_rules *rules)
{
    return (struct msg_rules){
        .best_of = rules->best_of,
        .round_ms = rules->round_ms,
        .countdown_ms = rules->countdown_ms,
        .intermission_ms = rules->intermission_ms,
        .max_guesses = rules->max_guesses,
        .lockout_ms = rules->lockout_ms,
        .grace_ms = rules->grace_ms,
        .waiting_ms = rules->waiting_ms,
        .rematch_ms = rules->rematch_ms,
        .lag_cap_ms = rules->lag_cap_ms,
    };
}

static void describe_player(struct hub *hub, const struct player *player, struct msg_seat *seat)
{
    ASSERT(player != NULL && player->loaded);
    seat->id = player->id;
    seat->name = out_text(&hub->out, player_name(player));
    seat->avatar = out_text(&hub->out, player_avatar(player));
    seat->country = out_text(&hub->out, player_country(player));
    seat->rating = player->rating;
}

void tell_describe_seat(struct hub *hub, const struct live *live, uint32_t slot,
                        struct msg_seat *seat)
{
    describe_player(hub, pool_get(&hub->players, live->seats[slot].player), seat);
    seat->rating = live->seats[slot].rating;
    seat->connected = live->match.seats[slot].connected;
}

static void describe_frame(struct hub *hub, const struct live *live, uint32_t slot,
                           struct msg_frame *frame)
{
    frame->round = live->frame_round;
    frame->url = out_text(&hub->out, (struct text){ live->seats[slot].token, HUB_TOKEN_SIZE });
    frame->type = out_text(&hub->out, (struct text){ live->frame_type, live->frame_type_size });
    frame->size = live->frame_size;
}

static void describe_verdict(uint32_t round, const struct match_guess *guess,
                             struct msg_verdict *verdict)
{
    verdict->round = round;
    verdict->seq = guess->seq;
    verdict->correct = guess->correct;
    verdict->similarity =
        (double)match_similarity_told(guess->similarity, guess->correct) / 1000.0;
    verdict->ms = guess->ms;
    verdict->raw_ms = guess->raw_ms;
    verdict->guesses_left = guess->guesses_left;
    /* Rounded up: at the time that is told a guess counts. */
    verdict->locked_until =
        guess->locked_until_us == 0 ? MSG_NIL : to_ms(guess->locked_until_us + 999);
}

void tell_describe_round(const struct hub *hub, const struct live *live, uint32_t round,
                         uint64_t next_us, struct msg_round_end *end)
{
    ASSERT(round >= 1 && round <= live->match.rounds_count);
    const struct match_round *finished = &live->match.rounds[round - 1];
    end->round = round;
    end->winner = finished->winner == MATCH_NOBODY ? MSG_NIL : finished->winner;
    end->answer = describe_video(hub->titles, finished->video);
    end->ms[0] = or_nil(finished->ms[0]);
    end->ms[1] = or_nil(finished->ms[1]);
    end->score[0] = 0;
    end->score[1] = 0;
    for (uint32_t i = 0; i < round; i++) {
        int8_t winner = live->match.rounds[i].winner;
        if (winner != MATCH_NOBODY) {
            end->score[winner]++;
        }
    }
    end->next_at = to_ms_or_nil(next_us);
}

static void describe_rounds(struct hub *hub, const struct live *live, uint32_t slot,
                            struct msg_welcome *welcome)
{
    const struct match *match = &live->match;
    welcome->rounds_count = match->rounds_count;
    for (uint32_t i = 0; i < match->rounds_count; i++) {
        bool last = i + 1 == match->rounds_count && match->phase == MATCH_INTERMISSION;
        tell_describe_round(hub, live, i + 1, last ? match->phase_ends_us : 0,
                           &welcome->rounds[i]);
    }
    if (match->phase == MATCH_ROUND) {
        const struct match_seat *seat = &match->seats[slot];
        ASSERT(live->frame_round == match->round);
        welcome->has_round = true;
        welcome->round.round = match->round;
        welcome->round.starts_at = to_ms(match->round_starts_us);
        welcome->round.ends_at = to_ms(match->round_ends_us);
        memcpy(welcome->round.key, live->seats[slot].key, sizeof welcome->round.key);
        if (match->guesses_round == match->round) {
            welcome->round.guesses_count = seat->guesses_count;
            for (uint32_t i = 0; i < seat->guesses_count; i++) {
                struct match_guess guess = match_guess_told(match, (uint8_t)slot, i);
                describe_verdict(match->round, &guess, &welcome->round.guesses[i]);
            }
        }
    }
    /* Told from the countdown on (R-11). */
    if (match->phase != MATCH_WAITING && match->phase < MATCH_OVER && match->frame_ready) {
        ASSERT(live->frame_round == match->round);
        welcome->has_frame = true;
        describe_frame(hub, live, slot, &welcome->frame);
    }
}

void tell_welcome(struct hub *hub, const struct live *live, uint8_t slot)
{
    const struct match *match = &live->match;
    struct message *message = to_seat(hub, live, slot, MSG_welcome);
    if (message == NULL) {
        return;
    }
    struct msg_welcome *welcome = &message->welcome;
    welcome->v = 1;
    welcome->match = live->id;
    welcome->you = slot;
    welcome->rated = live->terms.rated;
    welcome->series[0] = live->terms.series[0];
    welcome->series[1] = live->terms.series[1];
    welcome->now = hub->now_ms;
    welcome->phase = tell_phase(match->phase);
    welcome->phase_ends_at = to_ms_or_nil(match->phase_ends_us);
    welcome->rules = describe_rules(&match->rules);
    welcome->players_count = 2;
    tell_describe_seat(hub, live, 0, &welcome->players[0]);
    tell_describe_seat(hub, live, 1, &welcome->players[1]);
    welcome->players[slot].connected = true;
    welcome->score[0] = match->score[0];
    welcome->score[1] = match->score[1];
    describe_rounds(hub, live, slot, welcome);
    operate_notice(hub, session_get(hub, live->seats[slot].conn));
}

void tell_invited(struct hub *hub, struct ref conn, const struct uuid *match,
                  const struct player *player, const struct terms *terms, int64_t expires_ms)
{
    struct hub_effect_send *send = out_send(&hub->out, HUB_FX_SEND, conn, MSG_welcome);
    struct msg_welcome *welcome = &send->message.welcome;
    send->match = *match;
    welcome->v = 1;
    welcome->match = *match;
    welcome->rated = terms->rated;
    welcome->now = hub->now_ms;
    welcome->phase = tell_phase(MATCH_WAITING);
    welcome->phase_ends_at = expires_ms;
    welcome->rules = describe_rules(&hub->limits.rules);
    welcome->players_count = 2;
    describe_player(hub, player, &welcome->players[0]);
    welcome->players[0].connected = true;
    welcome->players[1].name = TEXT("");
    welcome->players[1].rating = RATING_START;
    welcome->has_invitation = true;
    welcome->invitation.expires_at = expires_ms;
    operate_notice(hub, session_get(hub, conn));
}

/* ---- one thing each ---- */

void tell_player(struct hub *hub, const struct live *live, const struct match_effect *effect)
{
    struct message *message = to_seat(hub, live, 1u - effect->slot, MSG_player);
    if (message != NULL) {
        message->player.slot = effect->slot;
        message->player.connected = effect->connected;
        message->player.grace_until = to_ms_or_nil(effect->until_us);
    }
}

void tell_countdown(struct hub *hub, const struct live *live, uint8_t slot, uint64_t until_us)
{
    struct message *message = to_seat(hub, live, slot, MSG_countdown);
    if (message != NULL) {
        message->countdown.ends_at = to_ms(until_us);
    }
}

void tell_frame(struct hub *hub, const struct live *live, uint8_t slot)
{
    struct message *message = to_seat(hub, live, slot, MSG_frame);
    if (message != NULL) {
        describe_frame(hub, live, slot, &message->frame);
    }
}

void tell_round(struct hub *hub, const struct live *live, uint8_t slot,
                const struct match_effect *effect)
{
    struct message *message = to_seat(hub, live, slot, MSG_round);
    if (message != NULL) {
        message->round.round = effect->round;
        message->round.starts_at = to_ms(live->match.round_starts_us);
        message->round.ends_at = to_ms(effect->until_us);
        memcpy(message->round.key, live->seats[slot].key, sizeof message->round.key);
    }
}

void tell_verdict(struct hub *hub, const struct live *live, const struct match_effect *effect)
{
    struct message *message = to_seat(hub, live, effect->slot, MSG_verdict);
    if (message != NULL) {
        describe_verdict(effect->round, &effect->guess, &message->verdict);
    }
}

void tell_opponent(struct hub *hub, const struct live *live, const struct match_effect *effect)
{
    static const struct text statuses[] = {
        [MATCH_GUESSING] = { "guessing", 8 },
        [MATCH_SOLVED] = { "solved", 6 },
        [MATCH_OUT] = { "out", 3 },
    };
    struct message *message = to_seat(hub, live, effect->slot, MSG_opponent);
    if (message != NULL) {
        message->opponent.round = effect->round;
        message->opponent.status = statuses[effect->status];
        message->opponent.guesses = effect->count;
    }
}

void tell_round_end(struct hub *hub, const struct live *live, uint8_t slot, uint32_t round,
                    uint64_t until_us)
{
    struct message *message = to_seat(hub, live, slot, MSG_round_end);
    if (message != NULL) {
        tell_describe_round(hub, live, round, until_us, &message->round_end);
    }
}

/* ---- the end ---- */

/* The text to share (contract section 5); empty for a match that came to nothing. */
static struct text share(struct hub *hub, const struct live *live, uint32_t slot)
{
    const struct match *match = &live->match;
    const struct player *other = pool_get(&hub->players, live->seats[1 - slot].player);
    uint32_t average_ms = match_average_ms(match, (uint8_t)slot);
    if (match->reason == MATCH_ABANDONED) {
        return TEXT("");
    }
    struct text_buffer buffer = out_buffer(&hub->out, SHARE_SIZE_MAX);
    text_append(&buffer, TEXT("⚔️ Framedle Duel\n🏆 "));
    if (match->winner == MATCH_NOBODY) {
        text_append(&buffer, TEXT("D "));
    } else {
        text_append(&buffer, match->winner == (int8_t)slot ? TEXT("W ") : TEXT("L "));
    }
    text_append_int(&buffer, match->score[slot]);
    text_append(&buffer, TEXT("-"));
    text_append_int(&buffer, match->score[1 - slot]);
    text_append(&buffer, TEXT(" vs @"));
    text_append(&buffer, player_name(other));
    if (average_ms != MATCH_NO_TIME) {
        uint32_t tenths = (average_ms + 50) / 100;
        text_append(&buffer, TEXT("\n⚡ Avg: "));
        text_append_int(&buffer, tenths / 10);
        text_append(&buffer, TEXT("."));
        text_append_int(&buffer, tenths % 10);
        text_append(&buffer, TEXT("s"));
    }
    text_append(&buffer, TEXT("\nframedle.wtf"));
    ASSERT(!buffer.full);
    return text_of(&buffer);
}

static struct text outcome(const struct match *match, uint32_t slot)
{
    if (match->reason == MATCH_ABANDONED) {
        return TEXT("none");
    }
    if (match->winner == MATCH_NOBODY) {
        return TEXT("draw");
    }
    return match->winner == (int8_t)slot ? TEXT("win") : TEXT("loss");
}

void tell_match_end(struct hub *hub, const struct live *live, uint8_t slot)
{
    const struct match *match = &live->match;
    struct message *message = to_seat(hub, live, slot, MSG_match_end);
    if (message == NULL) {
        return;
    }
    struct msg_match_end *end = &message->match_end;
    end->outcome = outcome(match, slot);
    end->reason = text_from(match_reason_word(match->reason));
    for (uint8_t i = 0; i < 2; i++) {
        end->score[i] = match->score[i];
        end->points[i] = match_points(match, i);
    }
    end->has_rating = live->has_rating;
    end->rating.before = live->before[slot];
    end->rating.after = live->after[slot];
    end->avg_ms = or_nil(match_average_ms(match, slot));
    end->share = share(hub, live, slot);
    end->rematch_until = to_ms(live->rematch_until_us);
}

void tell_rating(struct hub *hub, const struct live *live, uint8_t slot)
{
    struct message *message = to_seat(hub, live, slot, MSG_rating);
    if (message != NULL) {
        message->rating.before = live->before[slot];
        message->rating.after = live->after[slot];
    }
}

void tell_rematch(struct hub *hub, const struct live *live, uint8_t to, uint8_t slot,
                  struct text status, const struct live *next)
{
    struct hub_effect_send *send = send_to_seat(hub, live, to, MSG_server_rematch);
    if (send == NULL) {
        return;
    }
    send->message.server_rematch.slot = slot;
    send->message.server_rematch.status = status;
    if (next != NULL) {
        char id[UUID_TEXT_SIZE + 1];
        uuid_format(&next->id, id);
        send->match = next->id;
        send->slot = ref_equal(next->seats[0].player, live->seats[to].player) ? 0 : 1;
        send->message.server_rematch.match =
            out_text(&hub->out, (struct text){ id, UUID_TEXT_SIZE });
    }
}
