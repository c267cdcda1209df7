/* The part of `duel-server check` that is about pictures: one that may be drawn is read, as the
 * server reads it. */
#include <duel/command/check.h>
#include <duel/io/frames_parts.h>
#include <duel/io/s3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AREA "frames"

/* The word in the store's answer, or the status, and what helps. The first that fits. */
static const struct {
    const char *said;
    const char *cure;
} cures[] = {
    { "SignatureDoesNotMatch", "put the right R2_SECRET_KEY in; with Garage R2_REGION is its"
                               " s3_region" },
    { "InvalidAccessKeyId", "put the right R2_ACCESS_KEY in: the store does not know this one" },
    { "AuthorizationHeaderMalformed", "set R2_REGION to the store's region: auto for R2, s3_region"
                                      " of Garage's configuration" },
    { "RequestTimeTooSkewed", "switch time synchronisation on here (timedatectl)" },
    { "NoSuchBucket", "name the bucket that is there in DUEL_FRAMES or R2_BUCKET" },
    { "403", "let this key read this bucket (R2: Object Read; Garage: bucket allow --read)" },
    { "400", "set R2_REGION to the store's region, and R2_ENDPOINT without the bucket" },
    { "certificate", "name the authority's file in R2_CA_FILE, and the host as the certificate has"
                     " it" },
    { "peer", "name the authority's file in R2_CA_FILE, and the host as the certificate has it" },
    { "", "mend R2_ENDPOINT: this machine has to reach it" },
};

static const char *find_cure(const char *said)
{
    size_t i = 0;
    while (strstr(said, cures[i].said) == NULL) {
        i++;
    }
    return cures[i].cure;
}

struct fetch {
    struct loop *loop;
    struct s3_answer answer;
};

static void on_object(void *context, struct s3_answer *answer)
{
    struct fetch *fetch = context;
    fetch->answer = *answer;
    loop_stop(fetch->loop);
}

static void judge_object(struct checks *checks, const struct settings *settings, const char *path,
                         const struct s3_answer *answer)
{
    const char *type =
        answer->outcome == S3_GOT ? frames_type(answer->bytes, answer->size) : NULL;
    if (type != NULL) {
        checks_add(checks, CHECK_OK, AREA, "picture", NULL, "%s: %s, %u bytes", path, type,
                   answer->size);
    } else if (answer->outcome == S3_GOT) {
        checks_add(checks, CHECK_FAIL, AREA, "picture",
                   "look whether the bucket is the one that Framedle writes frames to",
                   "%s: %u bytes that are no picture", path, answer->size);
    } else if (answer->outcome == S3_ABSENT) {
        checks_add(checks, CHECK_FAIL, AREA, "picture",
                   "the key is good: name the bucket that Framedle writes frames to, or let it make"
                   " this frame anew",
                   "%s is not in bucket %s (404)", path, settings->frames_bucket);
    } else if (answer->outcome == S3_TOO_LARGE) {
        checks_add(checks, CHECK_FAIL, AREA, "picture", "raise DUEL_FRAME_MAX", "%s: %s", path,
                   answer->reason);
    } else {
        checks_add(checks, CHECK_FAIL, AREA, "picture", find_cure(answer->reason), "%s: %s",
                   settings->r2_endpoint, answer->reason);
    }
}

static void check_object(struct checks *checks, const struct settings *settings, const char *path)
{
    const struct s3_options options = { .endpoint = settings->r2_endpoint,
                                        .bucket = settings->frames_bucket,
                                        .region = settings->r2_region,
                                        .access_key = settings->r2_access_key,
                                        .secret_key = settings->r2_secret_key,
                                        .ca_file = settings->r2_ca_file,
                                        .size_max = (uint32_t)settings->frame_max };
    struct fetch fetch = { .loop = loop_create() };
    struct s3 *s3 = fetch.loop != NULL ? s3_create(fetch.loop, &options) : NULL;
    if (s3 == NULL) {
        checks_add(checks, CHECK_FAIL, AREA, "picture", "give this machine memory",
                   "out of memory or threads");
    } else {
        s3_get(s3, text_from(path), on_object, &fetch);
        loop_run(fetch.loop);
        judge_object(checks, settings, path, &fetch.answer);
        free(fetch.answer.bytes);
    }
    s3_destroy(s3);
    loop_destroy(fetch.loop);
}

static void check_file(struct checks *checks, const struct settings *settings, const char *path)
{
    struct frames_picture *picture =
        frames_read(settings->frames_dir, text_from(path), (uint32_t)settings->frame_max);
    if (picture != NULL) {
        checks_add(checks, CHECK_OK, AREA, "picture", NULL, "%s: %s, %u bytes", path, picture->type,
                   picture->size);
    } else {
        checks_add(checks, CHECK_FAIL, AREA, "picture",
                   "look that DUEL_FRAMES is the folder above the paths of table frames, and that"
                   " this user may read it",
                   "%s/%s is no picture of at most %lld bytes that can be read",
                   settings->frames_dir, path, (long long)settings->frame_max);
    }
    free(picture);
}

void check_frames(struct checks *checks, const struct settings *settings, const char *path)
{
    struct text text = text_from(path);
    if (path[0] == '\0') {
        checks_add(checks, CHECK_WARN, AREA, "picture", "mend PostgreSQL's rows first",
                   "not tried: no frame is known");
    } else if (!frames_path_is_plain(text) || text.size > S3_KEY_SIZE_MAX) {
        checks_add(checks, CHECK_FAIL, AREA, "picture",
                   "paths in table frames are like frames/abc/f01.webp", "%s is no path", path);
    } else if (settings->frames_dir != NULL) {
        check_file(checks, settings, path);
    } else {
        check_object(checks, settings, path);
    }
}
