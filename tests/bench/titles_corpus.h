/* Made-up catalogues and what people type to find something in them, the same for the same seed.
 *
 * Titles mix Portuguese and English words (accents, punctuation, episode numbers) with made-up
 * names, so that words are spread as in real catalogues: few are common, most are rare. */
#ifndef DUEL_TESTS_TITLES_CORPUS_H
#define DUEL_TESTS_TITLES_CORPUS_H

#include <duel/core/titles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORPUS_TITLE_SIZE 200
#define CORPUS_NAMES 6000
#define CORPUS_CHANNELS 700
#define CORPUS_NAME_SIZE 16

static const char *const corpus_words[] = {
    "de",        "o",         "a",        "que",       "e",        "do",       "da",
    "em",        "um",        "para",     "com",       "não",      "uma",      "os",
    "no",        "se",        "na",       "por",       "mais",     "as",       "dos",
    "como",      "mas",       "ao",       "ele",       "das",      "à",        "seu",
    "the",       "of",        "and",      "to",        "in",       "my",       "you",
    "for",       "on",        "with",     "i",         "it",       "música",   "canção",
    "coração",   "vídeo",     "oficial",  "official",  "video",    "ao vivo",  "live",
    "clipe",     "lyrics",    "trailer",  "dublado",   "legendado", "completo", "filme",
    "melhores",  "momentos",  "gols",     "futebol",   "brasil",   "argentina", "final",
    "copa",      "mundo",     "história", "família",   "amor",     "saudade",  "vida",
    "casa",      "carro",     "desafio",  "challenge", "extremo",  "24",       "horas",
    "hours",     "dias",      "days",     "tentei",    "comprei",  "testando", "jogando",
    "minecraft", "roblox",    "parte",    "part",      "episódio", "novela",   "jogo",
    "game",      "review",    "unboxing", "iphone",    "receita",  "bolo",     "chocolate",
    "cozinha",   "churrasco", "praia",    "viagem",    "rio",      "são",      "paulo",
    "noite",     "dia",       "manhã",    "sol",       "chuva",    "estrela",  "luz",
    "dança",     "ação",      "terror",   "comédia",   "stand-up", "piada",    "pegadinha",
    "prank",     "reagindo",  "react",    "tutorial",  "aprenda",  "inglês",   "matemática",
    "física",    "ciência",   "espaço",   "planeta",   "animais",  "cachorro", "gato",
    "leão",      "tubarão",   "dinossauro", "homem-aranha", "batman", "superman", "mulher",
    "menino",    "menina",    "rei",      "rainha",    "guerra",   "paz",      "segredo",
    "mistério",  "último",    "primeiro", "segunda",   "temporada", "maior",   "menor",
    "rápido",    "forte",     "best",     "worst",     "every",    "never",    "love",
    "night",     "dream",     "fire",     "water",     "world",    "people",   "money",
    "million",   "subscribers", "dollar", "house",     "city",     "train",    "school",
    "dance",     "baby",      "girl",     "boy",       "don't",    "stop",     "believe",
    "running",   "blinding",  "lights",   "shape",     "happy",    "funk",     "sertanejo",
    "forró",     "pagode",    "samba",    "bossa",     "violão",   "guitarra", "cover",
};
#define CORPUS_WORDS (sizeof(corpus_words) / sizeof(corpus_words[0]))

struct corpus {
    struct titles_row *rows;
    char (*titles)[CORPUS_TITLE_SIZE];
    char (*ids)[12];
    char (*names)[CORPUS_NAME_SIZE];
    char (*channels)[2 * CORPUS_NAME_SIZE];
    uint32_t count;
};

static inline void corpus_name(struct rng *rng, char *ret)
{
    static const char *const syllables[] = {
        "ra", "lu", "be", "mi", "to",  "ka",  "no",  "si", "ve",  "da",  "fer", "gal", "han", "jo",
        "kri", "lan", "mar", "nel", "or", "pe", "qui", "ron", "sam", "tri", "vin", "wes", "xa",
        "yu",
        "zé", "çã", "és", "bra", "cle", "dro", "fli", "gre", "sta", "ton", "ley", "son",
    };
    uint32_t parts = 2 + rng_below(rng, 3);
    ret[0] = '\0';
    for (uint32_t i = 0; i < parts; i++) {
        strcat(ret, syllables[rng_below(rng, sizeof(syllables) / sizeof(syllables[0]))]);
    }
    if (ret[0] >= 'a' && ret[0] <= 'z') {
        ret[0] = (char)(ret[0] - 32);
    }
}

/* Below `count`, small numbers far more often than large ones. */
static inline uint32_t corpus_skewed(struct rng *rng, uint32_t count)
{
    double u = rng_below(rng, 1u << 24) / (double)(1u << 24);
    return (uint32_t)(u * u * count);
}

static inline void corpus_title(struct corpus *corpus, struct rng *rng, char *ret)
{
    static const char *const joins[] = { " ", " ", " ",   " ",   " ",  " ",
                                         " ", " - ", " | ", ": ", ", " };
    static const char *const tails[] = { " (Official Video)", " (Clipe Oficial)", " | Trailer",
                                         " #shorts", " ft. ", " 🔥", "!!!", " [4K]", " - Ao Vivo" };
    uint32_t words = 2 + rng_below(rng, 6);
    char *at = ret;
    for (uint32_t i = 0; i < words; i++) {
        const char *word = rng_below(rng, 100) < 35
                               ? corpus->names[corpus_skewed(rng, CORPUS_NAMES)]
                               : corpus_words[corpus_skewed(rng, CORPUS_WORDS)];
        at += sprintf(at, "%s%s", i == 0 ? "" : joins[rng_below(rng, 11)], word);
    }
    uint32_t tail = rng_below(rng, 30);
    if (tail < 9) {
        at += sprintf(at, "%s", tails[tail]);
        if (tail == 4) {
            sprintf(at, "%s", corpus->names[corpus_skewed(rng, CORPUS_NAMES)]);
        }
    } else if (tail < 14) {
        sprintf(at, " Ep. %u", rng_below(rng, 60) + 1);
    }
}

static inline void corpus_init(struct corpus *corpus, uint32_t count, uint64_t seed)
{
    struct rng rng;
    rng_seed(&rng, seed);
    corpus->count = count;
    corpus->rows = calloc(count, sizeof(*corpus->rows));
    corpus->titles = calloc(count, sizeof(*corpus->titles));
    corpus->ids = calloc(count, sizeof(*corpus->ids));
    corpus->names = calloc(CORPUS_NAMES, sizeof(*corpus->names));
    corpus->channels = calloc(CORPUS_CHANNELS, sizeof(*corpus->channels));
    if (!corpus->rows || !corpus->titles || !corpus->ids || !corpus->names || !corpus->channels) {
        abort();
    }
    for (uint32_t i = 0; i < CORPUS_NAMES; i++) {
        corpus_name(&rng, corpus->names[i]);
    }
    for (uint32_t i = 0; i < CORPUS_CHANNELS; i++) {
        sprintf(corpus->channels[i], "%s %s", corpus->names[corpus_skewed(&rng, CORPUS_NAMES)],
                i % 3 == 0 ? "Oficial" : i % 3 == 1 ? "Filmes" : "TV");
    }
    for (uint32_t i = 0; i < count; i++) {
        double u = (rng_below(&rng, 1u << 20) + 1) / (double)(1u << 20);
        corpus_title(corpus, &rng, corpus->titles[i]);
        sprintf(corpus->ids[i], "v%010u", i);
        corpus->rows[i] = (struct titles_row){
            .video = text_from(corpus->ids[i]),
            .title = text_from(corpus->titles[i]),
            .channel = text_from(corpus->channels[corpus_skewed(&rng, CORPUS_CHANNELS)]),
            .views = (uint64_t)(10000 / u),
            .drawn = true,
        };
    }
}

static inline void corpus_done(struct corpus *corpus)
{
    free(corpus->rows);
    free(corpus->titles);
    free(corpus->ids);
    free(corpus->names);
    free(corpus->channels);
}

/* One slip of the fingers somewhere behind the first letter; letters only. */
static inline void corpus_misspell(struct rng *rng, char *typed)
{
    size_t size = strlen(typed);
    if (size < 5) {
        return;
    }
    size_t at = 1 + rng_below(rng, (uint32_t)size - 2);
    switch (rng_below(rng, 4)) {
    case 0: /* another letter */
        typed[at] = (char)('a' + rng_below(rng, 26));
        break;
    case 1: /* one left out */
        memmove(typed + at, typed + at + 1, size - at);
        break;
    case 2: /* two the wrong way round */
        if (at + 1 < size) {
            char c = typed[at];
            typed[at] = typed[at + 1];
            typed[at + 1] = c;
        }
        break;
    default: /* one twice */
        memmove(typed + at + 1, typed + at, size - at + 1);
        break;
    }
}

/* What somebody types to find `row`: from the start of the title, from within, or some of its
 * words. ASCII only (returns false for a title whose normal form is not). `ret` holds 101 bytes. */
static inline bool corpus_typed(struct rng *rng, const struct titles_row *row, char *ret)
{
    char memory[TITLES_NORMAL_SIZE_MAX];
    struct text_buffer buffer;
    const char *words[64];
    uint32_t count = 0;
    text_buffer_init(&buffer, memory, sizeof(memory) - 1);
    if (!titles_normalise(row->title, &buffer) || buffer.size == 0) {
        return false;
    }
    memory[buffer.size] = '\0';
    for (char *word = strtok(memory, " "); word != NULL && count < 64; word = strtok(NULL, " ")) {
        for (const char *c = word; *c != '\0'; c++) {
            if (*c < 0) {
                return false;
            }
        }
        words[count++] = word;
    }
    uint32_t way = rng_below(rng, 100);
    uint32_t first = way < 50 ? 0 : rng_below(rng, count);
    uint32_t used = 0;
    uint32_t used_max = way < 85 ? 2 + rng_below(rng, 4) : 2;
    ret[0] = '\0';
    for (uint32_t i = first; i < count && used < used_max; i += way < 85 ? 1 : 2) {
        if (strlen(ret) + strlen(words[i]) + 2 > 60) {
            break;
        }
        if (used++ != 0) {
            strcat(ret, " ");
        }
        strcat(ret, words[i]);
    }
    return strlen(ret) >= 3;
}

#endif
