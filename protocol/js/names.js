// The server's messages in this package's words: camel case, times by the local clock, frozen. Pure; what
// comes in was checked already.

const orNull = (value) => value ?? null;

export function nameVideo({ video, title, channel }) {
    return Object.freeze({ video, title, channel });
}

export function nameCard({ name, avatar, country, rating }) {
    return Object.freeze({ name, avatar: orNull(avatar), country: orNull(country), rating });
}

export function namePlayer(seat) {
    return Object.freeze({ id: seat.id, ...nameCard(seat), connected: seat.connected });
}

export function nameRules(rules) {
    return Object.freeze({
        bestOf: rules.best_of, roundMs: rules.round_ms, countdownMs: rules.countdown_ms,
        intermissionMs: rules.intermission_ms, maxGuesses: rules.max_guesses, lockoutMs: rules.lockout_ms,
        graceMs: rules.grace_ms, waitingMs: rules.waiting_ms, rematchMs: rules.rematch_ms,
        lagCapMs: rules.lag_cap_ms,
    });
}

export function nameVerdict(verdict, clock) {
    return Object.freeze({
        round: verdict.round, seq: verdict.seq, correct: verdict.correct, similarity: verdict.similarity,
        ms: verdict.ms, rawMs: verdict.raw_ms, guessesLeft: verdict.guesses_left,
        lockedUntil: clock.toLocal(verdict.locked_until),
    });
}

export function nameRoundEnd(end, clock) {
    return Object.freeze({
        number: end.round, winner: orNull(end.winner), answer: nameVideo(end.answer),
        ms: Object.freeze(end.ms.map(orNull)), score: Object.freeze([...end.score]),
        nextAt: clock.toLocal(end.next_at),
    });
}

export function nameRating(rating) {
    return rating ? Object.freeze({ before: rating.before, after: rating.after }) : null;
}

export function nameMatchEnd(end, clock) {
    return Object.freeze({
        outcome: end.outcome, reason: end.reason, score: Object.freeze([...end.score]),
        points: Object.freeze([...end.points]), rating: nameRating(end.rating), avgMs: orNull(end.avg_ms),
        share: end.share, rematchUntil: clock.toLocal(end.rematch_until),
    });
}

/** `offeredBy` tells an offer that was declined from one that was taken back. */
export function nameRematch({ slot, status, offeredBy = null }) {
    return Object.freeze({ slot, status, offeredBy });
}

export function nameInvitation(invitation, clock) {
    return invitation
        ? Object.freeze({ url: invitation.url, expiresAt: clock.toLocal(invitation.expires_at) }) : null;
}

export function nameQueue(queue, clock) {
    return Object.freeze({
        since: clock.toLocal(queue.since), rating: queue.rating, window: orNull(queue.window),
        waiting: queue.waiting, eta: orNull(queue.eta_ms), expiresAt: clock.toLocal(queue.expires_at),
    });
}

/** What operators tell all players; null: nothing. */
export function nameNotice(notice, clock) {
    return notice?.message
        ? Object.freeze({ message: notice.message, until: clock.toLocal(notice.until) }) : null;
}

export function nameMe(me, clock) {
    const queue = me.queue;
    return Object.freeze({
        id: me.id, ...nameCard(me), wins: me.wins, losses: me.losses, draws: me.draws,
        match: me.match ? Object.freeze({ match: me.match.match, path: me.match.path, phase: me.match.phase })
            : null,
        queue: Object.freeze({
            status: queue.status, since: clock.toLocal(queue.since), rating: orNull(queue.rating),
            window: orNull(queue.window), waiting: orNull(queue.waiting), eta: orNull(queue.eta_ms),
            expiresAt: clock.toLocal(queue.expires_at),
        }),
        notice: nameNotice(me.notice, clock),
    });
}

export function nameInvite({ match, path, url, expires_at: expires, rated }, clock) {
    return Object.freeze({ match, path, url, expiresAt: clock.toLocal(expires), rated });
}

// ---- lists, and matches that are looked at ----

function namePerson(one) {
    const { name = null, deleted } = one;
    return Object.freeze({ id: one.id, ...nameCard(one), name, deleted: deleted ?? false });
}

export function nameHistory(entry, clock) {
    return Object.freeze({
        match: entry.match, opponent: namePerson(entry.opponent), outcome: entry.outcome,
        reason: entry.reason, score: Object.freeze([...entry.score]), rating: nameRating(entry.rating),
        rated: entry.rated, isVoid: entry.void ?? false, completedAt: clock.toLocal(entry.completed_at),
    });
}

export function nameRank(row) {
    const { rank, wins, losses, draws } = row;
    return Object.freeze({ rank, ...namePerson(row), wins, losses, draws });
}

export function nameOwnRank({ rank, total, around }) {
    return Object.freeze({ rank: orNull(rank), total, around: Object.freeze(around.map(nameRank)) });
}

function nameTyped({ slot, seq, video, text, correct, similarity, ms, raw_ms: rawMs }) {
    const guess = video ? { video } : { text: orNull(text) };
    return Object.freeze({ slot, seq, ...guess, correct, similarity, ms, rawMs });
}

function namePlayedRound(round) {
    const { video, title, channel } = round.answer;
    return Object.freeze({
        number: round.round, winner: orNull(round.winner),
        answer: Object.freeze({ video, title, channel: channel ?? "" }),
        ms: Object.freeze(round.ms.map(orNull)), score: Object.freeze([...round.score]),
        guesses: round.guesses ? Object.freeze(round.guesses.map(nameTyped)) : null,
    });
}

const frozenList = (list) => (list ? Object.freeze([...list]) : null);

export function nameLook(match, clock) {
    return Object.freeze({
        match: match.match, phase: match.phase, rated: match.rated, isVoid: match.void ?? false,
        you: orNull(match.you),
        players: Object.freeze(match.players.map(namePerson)), score: frozenList(match.score),
        rounds: Object.freeze(match.rounds.map(namePlayedRound)), bestOf: orNull(match.best_of),
        winner: orNull(match.winner), reason: orNull(match.reason), points: frozenList(match.points),
        rating: match.rating ? Object.freeze(match.rating.map(nameRating)) : null,
        invitation: match.invitation
            ? Object.freeze({ expiresAt: clock.toLocal(match.invitation.expires_at) }) : null,
        startedAt: clock.toLocal(match.started_at), completedAt: clock.toLocal(match.completed_at),
    });
}
