/* POSTs to one address, one at a time, on a worker. Whatever the other end does costs a bounded
 * time and no memory. */
#ifndef DUEL_IO_POST_H
#define DUEL_IO_POST_H

#include <duel/base/text.h>
#include <duel/io/worker.h>

#define POST_ANSWER_SIZE_MAX 255

struct post;

struct post_answer {
    bool accepted; /* status 2xx */
    uint32_t status; /* 0: nothing came */
    uint32_t retry_after_s;
    char text[POST_ANSWER_SIZE_MAX + 1]; /* its beginning */
    char problem[128];
};

typedef void post_answered(void *context, const struct post_answer *answer);

/* `headers` ends with NULL. NULL: out of memory. */
struct post *post_create(struct worker *worker, const char *url, const char *user_agent,
                         const char *const *headers, post_answered *answered, void *context);
/* Ends what is under way, whose answer is not told any more. Before worker_destroy(). */
void post_stop(struct post *post);
/* After worker_destroy(). */
void post_destroy(struct post *post);
bool post_is_busy(const struct post *post);
/* Takes the body, which is of malloc. Not while busy. */
void post_send(struct post *post, char *body, size_t size);

#endif
