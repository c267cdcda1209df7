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

export function nameRematch({ slot, status }) {
    return Object.freeze({ slot, status });
}

export function nameQueue(queue, clock) {
    return Object.freeze({
        since: clock.toLocal(queue.since), rating: queue.rating, window: orNull(queue.window),
        waiting: queue.waiting, eta: orNull(queue.eta_ms), expiresAt: clock.toLocal(queue.expires_at),
    });
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
    });
}
