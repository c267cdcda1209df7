/* Matches as the operators' listener shows them: hub views as JSON. Nothing of it gives an answer
 * away early or lets anybody in. */
#include <duel/base/assert.h>
#include <duel/io/ops_matches.h>
#include <jansson.h>
#include <stdlib.h>

#define PAGE 100 /* matches: they fit even with the longest names */

static json_t *uuid_value(const struct uuid *id)
{
    char text[UUID_TEXT_SIZE + 1];
    uuid_format(id, text);
    return json_string(text);
}

static json_t *text_value(struct text text)
{
    json_t *value = text.data != NULL ? json_stringn(text.data, text.size) : NULL;
    return value != NULL ? value : json_null();
}

static json_t *time_value(uint32_t ms)
{
    return ms == MATCH_NO_TIME ? json_null() : json_integer(ms);
}

static json_t *seat_value(const struct hub_view_seat *seat)
{
    return json_pack("{so so si sb si}", "id", uuid_value(&seat->id), "name",
                     text_value(seat->name), "rating", seat->rating, "connected",
                     seat->connected, "lag_ms", (int)(seat->lag_us / 1000));
}

static json_t *match_value(const struct hub_view *view)
{
    return json_pack("{so so si s[ii] sb si sb sI s[oo]}", "match", uuid_value(&view->match),
                     "phase", text_value(view->phase), "round", (int)view->round, "score",
                     (int)view->score[0], (int)view->score[1], "rated", view->rated, "best_of",
                     (int)view->best_of, "dormant", view->dormant, "started_at",
                     (json_int_t)view->started_ms, "players", seat_value(&view->seats[0]),
                     seat_value(&view->seats[1]));
}

static json_t *rounds_value(const struct hub_view *view)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < view->rounds_count; i++) {
        const struct match_round *round = &view->rounds[i];
        json_t *value = json_pack(
            "{si so so s[oo] s[bb]}", "round", (int)i + 1, "video", text_value(view->videos[i]),
            "winner", round->winner < 0 ? json_null() : json_integer(round->winner), "ms",
            time_value(round->ms[0]), time_value(round->ms[1]), "suspect", round->suspect[0],
            round->suspect[1]);
        json_array_append_new(list, value);
    }
    return list;
}

static json_t *guesses_value(const struct hub_view *view)
{
    json_t *list = json_array();
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct hub_view_seat *seat = &view->seats[slot];
        for (uint32_t i = 0; i < seat->guesses_count; i++) {
            const struct match_guess *guess = &seat->guesses[i];
            json_t *value = json_pack("{si si sI sb sf sI sI}", "round", (int)seat->guesses_round,
                                      "slot", (int)slot, "seq", (json_int_t)guess->seq, "correct",
                                      guess->correct, "similarity", guess->similarity / 1e6, "ms",
                                      (json_int_t)guess->ms, "raw_ms", (json_int_t)guess->raw_ms);
            json_array_append_new(list, value);
        }
    }
    return list;
}

static uint32_t write(json_t *value, char *ret_json, uint32_t size_max)
{
    size_t size = value != NULL ? json_dumpb(value, ret_json, size_max, JSON_COMPACT) : 0;
    json_decref(value);
    return size <= size_max ? (uint32_t)size : 0;
}

uint32_t ops_matches_list(const struct hub *hub, const char *node, uint32_t from, char *ret_json,
                          uint32_t size_max)
{
    struct hub_view view;
    json_t *list = json_array();
    uint32_t index = from;
    bool more = true;
    for (uint32_t i = 0; i < PAGE && (more = hub_view_next(hub, &index, &view)); i++) {
        json_array_append_new(list, match_value(&view));
    }
    return write(json_pack("{ss si so so}", "node", node, "total", (int)hub_count(hub).matches,
                           "next", more ? json_integer(index) : json_null(), "matches", list),
                 ret_json, size_max);
}

uint32_t ops_matches_one(const struct hub *hub, const char *node, const struct uuid *id,
                         char *ret_json, uint32_t size_max)
{
    struct hub_view view;
    if (!hub_view_match(hub, id, &view)) {
        return 0;
    }
    json_t *value = match_value(&view);
    json_object_set_new(value, "node", json_string(node));
    json_object_set_new(value, "fence", json_integer((json_int_t)view.fence));
    json_object_set_new(value, "disturbed", json_boolean(view.disturbed));
    json_object_set_new(value, "phase_ends_at",
                        view.phase_ends_us == MATCH_NEVER
                            ? json_null()
                            : json_integer((json_int_t)(view.phase_ends_us / 1000)));
    json_object_set_new(value, "rounds", rounds_value(&view));
    json_object_set_new(value, "guesses", guesses_value(&view));
    return write(value, ret_json, size_max);
}
