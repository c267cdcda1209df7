/* Records of players; see players.h. */
#include <duel/base/assert.h>
#include <duel/hub/door.h>
#include <duel/hub/lobby.h>
#include <duel/hub/operate.h>
#include <duel/hub/players.h>
#include <string.h>

/* Longer than a rate limit remembers, so that forgetting a record forgives nothing. */
#define LINGER_US 1000000u

static struct player *player_at(struct hub *hub, uint32_t index)
{
    return (struct player *)(void *)(hub->players.items + (size_t)index * sizeof(struct player));
}

struct text player_sub(const struct player *player)
{
    return player->sub;
}

struct text player_name(const struct player *player)
{
    return player->name;
}

struct text player_avatar(const struct player *player)
{
    return player->avatar;
}

struct text player_country(const struct player *player)
{
    return player->country_size == 0 ? TEXT_NONE
                                     : (struct text){ player->country, player->country_size };
}

/* ---- idle records ---- */

static void idle_remove(struct hub *hub, struct player *player)
{
    ASSERT(player->idle);
    if (player->idle_previous == NO_INDEX) {
        hub->idle_first = player->idle_next;
    } else {
        player_at(hub, player->idle_previous)->idle_next = player->idle_next;
    }
    if (player->idle_next == NO_INDEX) {
        hub->idle_last = player->idle_previous;
    } else {
        player_at(hub, player->idle_next)->idle_previous = player->idle_previous;
    }
    player->idle = false;
}

static void idle_append(struct hub *hub, struct player *player)
{
    ASSERT(!player->idle);
    uint32_t index = pool_ref(&hub->players, player).index;
    player->idle = true;
    player->idle_next = NO_INDEX;
    player->idle_previous = hub->idle_last;
    if (hub->idle_last == NO_INDEX) {
        hub->idle_first = index;
    } else {
        player_at(hub, hub->idle_last)->idle_next = index;
    }
    hub->idle_last = index;
}

static void release_texts(struct hub *hub, struct player *player)
{
    if (!ref_is_none(player->texts)) {
        pool_release(&hub->player_texts[player->texts_kind], player->texts);
        player->texts = REF_NONE;
    }
}

static void forget(struct hub *hub, struct player *player)
{
    ASSERT(player->idle && player->refs == 0 && player->ticket.op == TICKET_IDLE);
    idle_remove(hub, player);
    timerq_set(&hub->timers, timer_of_player(hub, player), TIMERQ_NEVER);
    release_texts(hub, player);
    table_remove(&hub->players_by_sub, player->sub.data, player->sub.size);
    if (player->loaded) {
        table_remove(&hub->players_by_id, player->id.bytes, sizeof player->id.bytes);
    }
    pool_release(&hub->players, pool_ref(&hub->players, player));
}

static bool is_needed(const struct player *player)
{
    return player->refs > 0 || player->loading || player->ticket.op != TICKET_IDLE ||
           player->ticket.wanted;
}

void players_arm(struct hub *hub, struct player *player)
{
    uint64_t deadline_us;
    if (is_needed(player)) {
        if (player->idle) {
            idle_remove(hub, player);
        }
        deadline_us = lobby_deadline_us(hub, player);
    } else {
        if (!player->idle) {
            idle_append(hub, player);
        }
        players_keep(player, hub->now_us + LINGER_US);
        deadline_us = player->keep_until_us;
    }
    timerq_set(&hub->timers, timer_of_player(hub, player), deadline_us);
}

void players_timer(struct hub *hub, struct player *player)
{
    if (is_needed(player)) {
        lobby_timer(hub, player);
    } else {
        forget(hub, player);
    }
}

void players_keep(struct player *player, uint64_t until_us)
{
    if (until_us > player->keep_until_us) {
        player->keep_until_us = until_us;
    }
}

void players_met(struct player *player, uint32_t video)
{
    player->recent[player->recent_count % RECENT_MAX] = video;
    player->recent_count++;
}

void players_hold(struct hub *hub, struct player *player)
{
    player->refs++;
    players_arm(hub, player);
}

void players_drop(struct hub *hub, struct player *player)
{
    ASSERT(player->refs > 0);
    player->refs--;
    players_arm(hub, player);
}

/* ---- finding ---- */

struct player *players_find(struct hub *hub, struct text sub)
{
    uint32_t index;
    if (sub.size == 0 || sub.size > HUB_SUB_SIZE_MAX ||
        !table_get(&hub->players_by_sub, sub.data, sub.size, &index)) {
        return NULL;
    }
    return player_at(hub, index);
}

struct player *players_find_id(struct hub *hub, const struct uuid *id)
{
    uint32_t index;
    if (!table_get(&hub->players_by_id, id->bytes, sizeof id->bytes, &index)) {
        return NULL;
    }
    return player_at(hub, index);
}

struct player *players_need(struct hub *hub, struct text sub)
{
    ASSERT(sub.size > 0 && sub.size <= HUB_SUB_SIZE_MAX);
    struct player *player = players_find(hub, sub);
    if (player != NULL) {
        return player;
    }
    if (hub->players.count == hub->players.count_max && hub->idle_first != NO_INDEX) {
        forget(hub, player_at(hub, hub->idle_first));
    }
    struct ref ref;
    player = pool_acquire(&hub->players, &ref);
    if (player == NULL) {
        return NULL;
    }
    const uint8_t *key = table_put(&hub->players_by_sub, sub.data, sub.size, ref.index);
    player->sub = (struct text){ (const char *)key, sub.size };
    player->loading_first = NO_INDEX;
    players_arm(hub, player);
    return player;
}

/* ---- loading ---- */

bool players_wait(struct hub *hub, struct player *player, struct session *session)
{
    if (player->loading_count == LOADING_MAX) {
        return false;
    }
    uint32_t *link = &player->loading_first;
    while (*link != NO_INDEX) {
        link = &hub->sessions[*link].next;
    }
    *link = timer_of_session(hub, session);
    session->next = NO_INDEX;
    player->loading_count++;
    player->refs++;
    if (!player->loading) {
        player->loading = true;
        struct hub_effect *effect = out_effect(&hub->out, HUB_FX_LOAD_PLAYER);
        effect->load.player = pool_ref(&hub->players, player);
        effect->load.sub = out_text(&hub->out, player_sub(player));
    }
    players_arm(hub, player);
    return true;
}

void players_unwait(struct hub *hub, struct player *player, struct session *session)
{
    uint32_t index = timer_of_session(hub, session);
    uint32_t *link = &player->loading_first;
    while (*link != index) {
        ASSERT(*link != NO_INDEX);
        link = &hub->sessions[*link].next;
    }
    *link = session->next;
    ASSERT(player->loading_count > 0);
    player->loading_count--;
    players_drop(hub, player);
}

/* A record keeps its users.id as long as it lives, and no two have the same. */
static bool claim_id(struct hub *hub, struct player *player, const struct uuid *id)
{
    if (player->loaded) {
        return uuid_equal(&player->id, id);
    }
    if (uuid_is_none(id) || players_find_id(hub, id) != NULL) {
        return false;
    }
    player->id = *id;
    player->loaded = true;
    table_put(&hub->players_by_id, id->bytes, sizeof id->bytes,
              pool_ref(&hub->players, player).index);
    return true;
}

static bool fits(struct text text, uint32_t size_max)
{
    return text.data != NULL && text.size > 0 && text.size <= size_max && text_is_utf8(text);
}

/* In the smallest room that is large enough; there is one of each kind for every player. */
static void fill_texts(struct hub *hub, struct player *player, struct text name,
                       struct text avatar)
{
    uint32_t kind = 0;
    release_texts(hub, player);
    while (name.size + avatar.size > hub->player_texts[kind].item_size) {
        kind++;
        ASSERT(kind < PLAYER_TEXTS);
    }
    char *room = pool_acquire(&hub->player_texts[kind], &player->texts);
    ASSERT(room != NULL);
    player->texts_kind = (uint8_t)kind;
    memcpy(room, name.data, name.size);
    player->name = (struct text){ room, name.size };
    player->avatar = TEXT_NONE;
    if (avatar.size > 0) {
        memcpy(room + name.size, avatar.data, avatar.size);
        player->avatar = (struct text){ room + name.size, avatar.size };
    }
}

static void fill(struct hub *hub, struct player *player, const struct hub_event_player *event)
{
    char memory[NAME_SIZE_MAX];
    struct text_buffer name;
    text_buffer_init(&name, memory, sizeof memory);
    text_append_name(&name, event->name, NAME_CODE_POINTS_MAX);
    fill_texts(hub, player, text_of(&name),
               fits(event->avatar, AVATAR_SIZE_MAX) ? event->avatar : TEXT_NONE);
    player->country_size = 0;
    if (fits(event->country, sizeof player->country)) {
        memcpy(player->country, event->country.data, event->country.size);
        player->country_size = (uint8_t)event->country.size;
    }
    player->rating = event->rating;
    player->wins = event->wins;
    player->losses = event->losses;
    player->draws = event->draws;
    player->opponents = event->opponents;
    player->banned_until_ms = event->banned_until_ms;
    player->stale = false;
}

/* Once: what was met before this record was made comes before what was met since. Videos
 * that no catalogue here has known are left out. */
static void recall(const struct hub *hub, struct player *player,
                   const struct hub_event_player *event)
{
    uint32_t since[RECENT_MAX];
    uint32_t count = player->recent_count < RECENT_MAX ? player->recent_count : RECENT_MAX;
    uint32_t first = player->recent_count - count;
    if (player->recalled || hub->titles == NULL) {
        return;
    }
    ASSERT(event->met_count <= HUB_MET_MAX);
    for (uint32_t i = 0; i < count; i++) {
        since[i] = player->recent[(first + i) % RECENT_MAX];
    }
    player->recent_count = 0;
    for (uint32_t i = event->met_count; i-- > 0;) {
        uint32_t video = titles_find(hub->titles, event->met[i]);
        if (video != TITLES_NONE) {
            players_met(player, video);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        players_met(player, since[i]);
    }
    player->recalled = true;
}

struct player *players_from_card(struct hub *hub, const struct saved_card *card)
{
    struct player *player = players_need(hub, card->sub);
    if (player == NULL) {
        return NULL;
    }
    if (player->loaded) {
        return uuid_equal(&player->id, &card->id) ? player : NULL;
    }
    if (!claim_id(hub, player, &card->id)) {
        return NULL;
    }
    fill(hub, player, &(struct hub_event_player){
        .name = card->name, .avatar = card->avatar, .country = card->country,
        .rating = card->rating, .banned_until_ms = operate_banned_until_ms(hub, &card->id) });
    player->stale = true; /* wins, losses and draws are not on it */
    return player;
}

void players_loaded(struct hub *hub, const struct hub_event_player *event)
{
    struct player *player = pool_get(&hub->players, event->player);
    if (player == NULL || !player->loading) {
        hub->late++;
        return;
    }
    enum hub_reply reply = event->reply;
    player->loading = false;
    if (reply == HUB_OK && claim_id(hub, player, &event->id)) {
        fill(hub, player, event);
        recall(hub, player, event);
    } else if (reply == HUB_OK) {
        reply = HUB_REFUSED;
    }
    if (reply == HUB_UNAVAILABLE) {
        out_note(&hub->out, HUB_NOTE_PLAYER_UNAVAILABLE, NULL, NULL, TEXT_NONE, 0);
    }
    uint32_t index = player->loading_first;
    player->loading_first = NO_INDEX;
    player->refs -= player->loading_count;
    player->loading_count = 0;
    while (index != NO_INDEX) {
        struct session *session = &hub->sessions[index];
        index = session->next;
        door_player(hub, session, player, reply);
    }
    players_arm(hub, player);
}
