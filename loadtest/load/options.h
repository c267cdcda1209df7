/* The command line of duel-load. */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include <loadtest/load/line.h>
#include <loadtest/load/token.h>

enum mode { MODE_REALISTIC, MODE_SATURATION, MODE_STORM, MODE_IDLE, MODE_PAIRING, MODE_SOAK };
enum storm_by { STORM_TICKET, STORM_TOKEN };

struct options {
    enum mode mode;
    char host[64];            /* --server HOST:PORT */
    uint16_t port;
    const char *base_path;    /* --base-path /api/duel */
    char ops_host[64];        /* --ops HOST:PORT */
    uint16_t ops_port;        /* 0: none; the server's CPU and memory are not known */
    struct token_settings token; /* --key --kid --issuer --audience --tokens --sub-prefix */
    bool direct;              /* --direct: no tokens, no queue; players 2n and 2n+1 open match n */
    uint32_t matches;         /* --matches: so many at a time (players: twice that) */
    double ramp_s;            /* --ramp */
    double seconds;           /* --seconds: the window that is judged, after the ramp */
    uint32_t think_min_ms;    /* --think MIN-MAX: uniform between guesses; absent: as people do */
    uint32_t think_max_ms;    /* 0: not given */
    uint32_t right_percent;   /* --right: of guesses, where the answer is known */
    const char *answer;       /* --answer TEXT: right in every round (a catalogue of re-uploads) */
    bool frames;              /* --frames: fetch and open them; the answer is read from them */
    uint32_t suggest_percent; /* --suggest: of guesses, typed with a `suggest` for each key */
    double drops_per_minute;  /* --drops: of a player in a match */
    uint32_t leave_percent;   /* --leave: of matches */
    uint32_t rematch_percent; /* --rematch */
    uint32_t invite_percent;  /* --invite: of players who always play a friend they invite */
    struct line_settings line; /* --line DELAY[+-JITTER][,LOSS]: of players with odd numbers */
    bool even;                /* --even: all answer right, in times of one distribution */
    enum storm_by storm_by;   /* --storm-by ticket|token */
    uint32_t playing;         /* --playing: so many more matches, played during a storm */
    uint32_t pid;             /* --pid: of a server without ops listener; 0: not given */
    uint32_t sources;         /* --sources */
    uint64_t seed;            /* --seed */
    const char *json_path;    /* --json FILE ("-": standard output) */
    const char *report_path;  /* --report FILE.html */
    bool quiet;               /* --quiet: no live progress */
};

/* False: *ret_status is the exit status: 0 after --help, 64 with one line on standard error. */
bool options_read(struct options *options, int argc, char **argv, int *ret_status);
const char *options_mode_name(enum mode mode);

#endif
