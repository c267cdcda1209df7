// What the server's messages look like (protocol/reference.md), as far as this client uses them. Everything
// that comes in is checked here before anybody looks into it. Knows no meaning.

const int = (value) => Number.isSafeInteger(value);
const number = (value) => typeof value === "number" && Number.isFinite(value);
const text = (value) => typeof value === "string";
const flag = (value) => typeof value === "boolean";
const slot = (value) => value === 0 || value === 1;
const roundNumber = (value) => int(value) && value >= 1 && value <= 25;
const bytes16 = (value) => value instanceof Uint8Array && value.length === 16;
const uuid = (value) => text(value) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
const ticket = (value) => text(value) && /^[A-Za-z0-9_-]{1,45}$/.test(value);

const oneOf = (...words) => (value) => words.includes(value);
const orNil = (check) => (value) => value === null || value === undefined || check(value);
const listOf = (check, max) => (value) => Array.isArray(value) && value.length <= max && value.every(check);
const two = (check) => (value) => Array.isArray(value) && value.length === 2 && value.every(check);

/** A map that has at least these fields, each as it should be. */
function map(fields) {
    const checks = Object.entries(fields);
    return (value) => typeof value === "object" && value !== null && !Array.isArray(value) &&
        checks.every(([name, check]) => check(value[name]));
}

const video = map({ video: text, title: text, channel: text });
const card = { name: text, avatar: orNil(text), country: orNil(text), rating: int };
const seat = map({ ...card, id: text, connected: flag });
const ratingChange = map({ before: int, after: int });
const outcome = oneOf("win", "loss", "draw", "none");
const reason = oneOf("score", "forfeit", "abandoned");
const phase = oneOf("waiting", "countdown", "round", "intermission", "over");
const rules = map({
    best_of: int, round_ms: int, countdown_ms: int, intermission_ms: int, max_guesses: int, lockout_ms: int,
    grace_ms: int, waiting_ms: int, rematch_ms: int, lag_cap_ms: int,
});
const verdict = map({
    round: roundNumber, seq: int, correct: flag, similarity: number, ms: int, raw_ms: int, guesses_left: int,
    locked_until: orNil(int),
});
const roundEnd = map({
    round: roundNumber, winner: orNil(slot), answer: video, ms: two(orNil(int)), score: two(int),
    next_at: orNil(int),
});
const frame = map({ round: roundNumber, url: text, type: text, size: int });
const roundNow = map({
    round: roundNumber, starts_at: int, ends_at: int, key: bytes16, guesses: listOf(verdict, 64),
});
const notice = map({ message: orNil(text), until: orNil(int) });
const invitation = map({ url: text, expires_at: int });
const queueFields = {
    since: int, rating: int, window: orNil(int), waiting: int, eta_ms: orNil(int), expires_at: int,
};

export const MESSAGES = {
    queued: map(queueFields),
    matched: map({ match: uuid, path: text, resume: ticket, opponent: map(card) }),
    timeout: map({}),
    error: map({ code: text, message: text, until: orNil(int), seq: orNil(int) }),
    notice,
    frame,
    round: map({ round: roundNumber, starts_at: int, ends_at: int, key: bytes16 }),
    verdict,
    round_end: roundEnd,
    welcome: map({
        v: int, match: uuid, you: slot, rated: flag, resume: ticket, now: int, phase,
        phase_ends_at: orNil(int), rules, players: two(seat), score: two(int),
        series: orNil(two(int)), rounds: listOf(roundEnd, 64), round: orNil(roundNow),
        invitation: orNil(invitation), frame: orNil(frame),
    }),
    player: map({ slot, connected: flag, grace_until: orNil(int) }),
    countdown: map({ ends_at: int }),
    opponent: map({ round: roundNumber, status: oneOf("guessing", "solved", "out"), guesses: int }),
    suggestions: map({ seq: int, items: listOf(video, 64) }),
    match_end: map({
        outcome, reason,
        score: two(int), points: two(int), rating: orNil(ratingChange), avg_ms: orNil(int), share: text,
        rematch_until: int,
    }),
    rating: ratingChange,
    rematch: map({
        slot, status: oneOf("offered", "declined", "expired", "accepted"), match: orNil(uuid),
        path: orNil(text), resume: orNil(ticket),
    }),
    pong: map({ ts: int, now: int }),
};

const LIST_MAX = 100;
// A person as the lists have them; the name of one who was deleted is nil.
const person = { id: uuid, name: orNil(text), avatar: orNil(text), country: orNil(text), rating: int };
const listed = map({ ...person, deleted: orNil(flag) });
const rank = map({ ...person, rank: int, wins: int, losses: int, draws: int, deleted: orNil(flag) });
const typed = map({
    slot, seq: int, video: orNil(text), text: orNil(text), correct: flag, similarity: number, ms: int,
    raw_ms: int,
});
const roundPlayed = map({
    round: roundNumber, winner: orNil(slot), answer: map({ video: text, title: text, channel: orNil(text) }),
    ms: two(orNil(int)), score: two(int), guesses: orNil(listOf(typed, 64)),
});

/** What `data` of the JSON answers holds. */
export const ANSWERS = {
    me: map({
        ...card, id: text, wins: int, losses: int, draws: int,
        match: orNil(map({ match: uuid, path: text, phase })),
        queue: map({ status: oneOf("idle", "queued", "matched") }), notice: orNil(notice),
    }),
    search: listOf(video, 64),
    invite: map({ match: uuid, path: text, url: text, expires_at: int, rated: flag }),
    withdrawn: map({ status: oneOf("withdrawn") }),
    history: listOf(map({
        match: uuid, opponent: listed, outcome, reason, score: two(int), rating: orNil(ratingChange),
        rated: flag, void: orNil(flag), completed_at: int,
    }), LIST_MAX),
    leaderboard: listOf(rank, LIST_MAX),
    ownRank: map({ rank: orNil(int), total: int, around: listOf(rank, LIST_MAX) }),
    match: map({
        match: uuid, phase, rated: flag, players: (value) => Array.isArray(value) && value.length >= 1 &&
            value.length <= 2 && value.every(listed),
        score: two(int), rounds: listOf(roundPlayed, 64), you: orNil(slot), best_of: orNil(int),
        winner: orNil(slot), reason: orNil(reason), points: orNil(two(int)), rating: orNil(two(ratingChange)),
        started_at: orNil(int), completed_at: orNil(int), void: orNil(flag),
        invitation: orNil(map({ expires_at: int })),
    }),
};

export const isUuid = uuid;

/** The id of a match that stands in a text: the id itself, a path or a link; null: none does. */
export function matchIn(value) {
    return /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(text(value) ? value : "")?.[0] ?? null;
}

export const isTicket = ticket;
