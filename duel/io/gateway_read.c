/* The requests that only read (contract section 1): what their paths and queries ask for, and what
 * their answers are in HTTP. Who answers is duel/io/reading.h's business. */
#include <duel/base/assert.h>
#include <duel/io/gateway_http.h>
#include <libwebsockets.h>
#include <string.h>

#define HISTORY_LIMIT 20
#define DIGITS_MAX 9

static const struct refusal {
    uint16_t status;
    const char *code;
    const char *message;
    uint32_t retry_after_s;
} refusals[] = {
    [READING_BAD_CURSOR] = { 400, .code = "BAD_CURSOR",
                             .message = "before is the id of a match in your history." },
    [READING_NO_SUCH_MATCH] = { 404, .code = "NO_SUCH_MATCH",
                                .message = "There is no such match." },
    [READING_BAD_SUBJECT] = { 401, .code = "AUTH_BAD_SUBJECT",
                              .message = "The token names no player." },
    [READING_SLOW_DOWN] = { 429, .code = "SLOW_DOWN",
                            .message = "Too many of these: slow down.", .retry_after_s = 1 },
    [READING_UNAVAILABLE] = { 503, .code = "UNAVAILABLE",
                              .message = "Not available right now: try again.",
                              .retry_after_s = 2 },
};
static const struct refusal bad_limit = { 400, .code = "BAD_LIMIT",
                                          .message = "limit is a number from 1 to 100." };
static const struct refusal bad_offset = { 400, .code = "BAD_OFFSET",
                                           .message = "offset is a number from 0 to 10000." };
static const struct refusal bad_id = { 400, .code = "BAD_ID",
                                       .message = "A match's id is a UUID." };

static void refuse(struct gateway *gateway, struct ref conn, const struct refusal *refusal)
{
    gateway_reply_error(gateway, conn, refusal->status, text_from(refusal->code),
                        text_from(refusal->message), refusal->retry_after_s);
}

int32_t http_argument(struct lws *wsi, struct text name, char *ret_value, uint32_t size_max)
{
    char fragment[1024];
    for (int i = 0;; i++) {
        if (lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i) == 0) {
            return -1;
        }
        int size = lws_hdr_copy_fragment(wsi, fragment, sizeof(fragment),
                                         WSI_TOKEN_HTTP_URI_ARGS, i);
        if (size < 0) {
            return -2;
        }
        if ((uint32_t)size <= name.size || memcmp(fragment, name.data, name.size) != 0 ||
            fragment[name.size] != '=') {
            continue;
        }
        uint32_t value_size = (uint32_t)size - name.size - 1;
        if (value_size > size_max) {
            return -2;
        }
        memcpy(ret_value, fragment + name.size + 1, value_size);
        return (int32_t)value_size;
    }
}

bool http_number(struct lws *wsi, struct text name, uint32_t standard, uint32_t *ret_number)
{
    char digits[DIGITS_MAX];
    int32_t size = http_argument(wsi, name, digits, sizeof(digits));
    uint32_t number = 0;
    for (int32_t i = 0; i < size; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return false;
        }
        number = number * 10 + (uint32_t)(digits[i] - '0');
    }
    if (size == -1) {
        number = standard;
    }
    *ret_number = number;
    return size == -1 || size > 0;
}

/* NULL, or what is wrong with the query. */
static const struct refusal *read_query(struct lws *wsi, struct reading_question *question)
{
    uint32_t standard = question->what == READING_HISTORY ? HISTORY_LIMIT : READING_LIMIT_MAX;
    char before[UUID_TEXT_SIZE];
    if (!http_number(wsi, TEXT("limit"), standard, &question->limit) || question->limit == 0 ||
        question->limit > READING_LIMIT_MAX) {
        return &bad_limit;
    }
    if (question->what == READING_LEADERBOARD) {
        bool good = http_number(wsi, TEXT("offset"), 0, &question->offset) &&
                    question->offset <= READING_OFFSET_MAX;
        return good ? NULL : &bad_offset;
    }
    int32_t size = http_argument(wsi, TEXT("before"), before, sizeof(before));
    if (size == -1) {
        return NULL;
    }
    bool good = size >= 0 && uuid_parse((struct text){ before, (uint32_t)size }, &question->id) &&
                !uuid_is_none(&question->id);
    return good ? NULL : &refusals[READING_BAD_CURSOR];
}

static enum reading_what what_of(enum route route)
{
    switch (route) {
    case ROUTE_HISTORY:
        return READING_HISTORY;
    case ROUTE_LEADERBOARD:
        return READING_LEADERBOARD;
    case ROUTE_OWN_RANK:
        return READING_OWN_RANK;
    case ROUTE_MATCH:
        return READING_MATCH;
    case ROUTE_NONE:
    case ROUTE_QUEUE:
    case ROUTE_ME:
    case ROUTE_SEARCH:
    case ROUTE_FRAME:
    case ROUTE_INVITE:
    case ROUTE_INVITATION:
        break;
    }
    return READING_NOTHING;
}

bool read_question(struct gateway *gateway, struct conn *conn, const struct route_place *place,
                   struct reading_question *ret_question)
{
    struct reading_question question = { .what = what_of(place->route) };
    const struct refusal *wrong = NULL;
    ASSERT(question.what != READING_NOTHING);
    if (question.what == READING_HISTORY || question.what == READING_LEADERBOARD) {
        wrong = read_query(conn->wsi, &question);
    } else if (question.what == READING_MATCH && !route_id(place, &question.id)) {
        wrong = &bad_id;
    }
    if (wrong != NULL) {
        refuse(gateway, conn_ref(gateway, conn), wrong);
        return false;
    }
    *ret_question = question;
    return true;
}

static void answered(void *context, struct ref ref, enum reading_outcome outcome, struct text data)
{
    struct gateway *gateway = context;
    struct conn *conn = conn_get(gateway, ref);
    if (conn == NULL) {
        return;
    }
    if (outcome == READING_OK) {
        http_reply(gateway, conn, data);
    } else if (outcome == READING_NO_SUCH_MATCH && conn->request->unsure) {
        refuse(gateway, ref, &refusals[READING_UNAVAILABLE]);
    } else {
        refuse(gateway, ref, &refusals[outcome]);
    }
}

void read_ask(struct gateway *gateway, struct conn *conn, const struct reading_question *question,
              struct text sub)
{
    struct ref ref = conn_ref(gateway, conn);
    enum reading_outcome outcome =
        reading_ask(gateway->reading, question, sub, ref, answered, gateway);
    if (outcome != READING_OK) {
        refuse(gateway, ref, &refusals[outcome]);
    }
}
