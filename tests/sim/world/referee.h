/* A referee for one match: watches every event and every effect and knows the rules from
 * docs/rules.md alone. It shares no code with duel/core/match*.c: it keeps the history of a
 * match (who came and went when, what was guessed when, which pings came back when) and works
 * out from it, each time anew, what has to be said at each step, by whom the round and the match
 * are won, and when something is due.
 *
 * Plain data, so that a search can copy it together with the match. */
#ifndef DUEL_TESTS_REFEREE_H
#define DUEL_TESTS_REFEREE_H

#include <duel/core/match.h>

#define REFEREE_PINGS 48
#define REFEREE_SAYS 64

enum referee_stage { STAGE_GATHER, STAGE_COUNT, STAGE_PLAY, STAGE_PAUSE, STAGE_DONE, STAGE_SHUT };

struct referee_ping {
    uint64_t at;
    uint64_t index; /* number of the event */
    uint32_t rtt;
};

struct referee_guess {
    uint64_t at;
    uint64_t index;
    uint32_t seq;
    uint32_t similarity;
    uint32_t raw_ms;
    uint32_t ms;
    bool correct;
};

struct referee_seat {
    bool here;
    bool ready;
    uint64_t gone_at;
    uint64_t away_ms; /* all absences that are over */
    uint32_t pings_count;
    struct referee_ping pings[REFEREE_PINGS]; /* ring */
    uint32_t guesses_count;
    struct referee_guess guesses[MATCH_GUESSES_MAX];
};

struct referee_result {
    uint32_t video;
    uint32_t ms[2];
    int winner;
};

struct referee {
    struct match_rules rules;
    uint64_t last;  /* time of the latest event */
    uint64_t index; /* of events */
    bool opened;    /* the first event since it was made or taken over has been */
    enum referee_stage stage;
    uint64_t since; /* the stage began */
    uint32_t round;       /* coming or running */
    uint32_t guess_round; /* whose guesses are kept */
    bool asked;
    bool framed;
    uint64_t framed_at;
    uint32_t frame_failures;
    uint32_t video;
    bool heir;    /* taken over from another process */
    bool awaited; /* and none of its players has come yet */
    bool started; /* some round was, ever */
    uint32_t score[2];
    enum match_reason reason;
    enum match_cause cause;
    int winner;
    uint32_t results_count;
    struct referee_seat seats[2];
    struct referee_result results[MATCH_ROUNDS_MAX];
};

/* What a referee expects to be said in a step. */
struct referee_sheet {
    uint32_t count;
    struct match_effect says[REFEREE_SAYS];
};

void referee_init(struct referee *referee, const struct match_rules *rules, uint64_t now_us);
/* The match was taken over by another process. */
void referee_resume(struct referee *referee, uint64_t now_us);
/* One step of a match, after it: NULL, or what was wrong (static text). `deadline_us` is what
 * the match now says about its next deadline. `sheet` is filled with what was expected. */
const char *referee_watch(struct referee *referee, const struct match_event *event,
                          const struct match_effects *effects, uint64_t deadline_us,
                          struct referee_sheet *sheet);
/* Whether a match says of itself what the referee knows about it: NULL, or what differs. */
const char *referee_compare(const struct referee *referee, const struct match *match);

#endif
