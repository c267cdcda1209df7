// What is known, as a function of what was told: (state, message) → state. Pure and without a clock: times
// are the server's until `present` makes them local. A message that does not fit the state changes nothing.

import {
    nameCard, nameInvitation, nameMatchEnd, nameNotice, namePlayer, nameQueue, nameRematch, nameRoundEnd, nameRules,
    nameVerdict,
} from "./names.js";

export const IDLE = Object.freeze({
    status: "idle", connection: "none", retryAt: null, problem: null, queue: null, found: null, match: null,
});

const ALONE = Object.freeze({ status: "guessing", guesses: 0 });

// ---- what this side does ----

export function searching() {
    return { ...IDLE, status: "searching", connection: "connecting" };
}

export function opening(found = null) {
    return { ...IDLE, status: "matched", connection: "connecting", found };
}

export function connection(state, { connection: line, retryAt, problem }) {
    // An attempt does not mend anything yet: what was wrong is told until the line is there again.
    const kept = line === "connecting" && problem === null ? state.problem : problem;
    return { ...state, connection: line, retryAt, problem: kept };
}

/** It ended and will not be tried again. */
export function ended(state, problem) {
    if (!state.match?.end && problem === null) {
        return IDLE;
    }
    const status = state.match?.end ? "over" : "failed";
    const told = status === "over" ? null : problem;
    return { ...state, status, connection: "none", retryAt: null, problem: told, queue: null };
}

function withRound(state, change) {
    const { match } = state;
    if (!match?.round) {
        return state;
    }
    return { ...state, match: { ...match, round: { ...match.round, ...change(match.round) } } };
}

export function guessed(state, { seq, video, text }) {
    const guess = video === undefined ? { seq, text } : { seq, video };
    return withRound(state, ({ guesses }) => ({ guesses: [...guesses, { ...guess, verdict: null }] }));
}

export function unguessed(state, seq) {
    return withRound(state, ({ guesses }) => ({
        guesses: guesses.filter((guess) => guess.seq !== seq || guess.verdict !== null),
    }));
}

export function pictured(state, number, picture) {
    return state.match?.round?.number === number
        ? withRound(state, () => ({ picture, pictureProblem: null })) : state;
}

export function unpictured(state, number, pictureProblem) {
    return state.match?.round?.number === number && state.match.round.picture === null
        ? withRound(state, () => ({ pictureProblem })) : state;
}

// ---- what the server says ----

function newRound(match, { round, starts_at, ends_at }) {
    return {
        number: round, startsAt: starts_at, endsAt: ends_at, picture: null, pictureProblem: null, guesses: [],
        guessesLeft: match.rules.max_guesses, lockedUntil: null, solved: false, opponent: ALONE,
    };
}

function judged(round, verdict) {
    const place = round.guesses.findIndex((guess) => guess.seq === verdict.seq);
    const guesses = [...round.guesses];
    guesses[place < 0 ? guesses.length : place] = { ...(guesses[place] ?? { seq: verdict.seq }), verdict };
    guesses.sort((one, other) => one.seq - other.seq);
    return {
        ...round, guesses, guessesLeft: verdict.guesses_left, solved: round.solved || verdict.correct,
        lockedUntil: verdict.correct ? null : verdict.locked_until ?? null,
    };
}

/** The round of a welcome: what was guessed (not told by the server) and seen before it stays. */
function welcomedRound(match, now, before) {
    const same = before !== null && before.number === now.round && before.startsAt === now.starts_at;
    const round = newRound(match, now);
    if (same) {
        Object.assign(round, { picture: before.picture, pictureProblem: before.pictureProblem,
            guesses: before.guesses, opponent: before.opponent });
    }
    return now.guesses.reduce(judged, round);
}

function welcomed(state, message) {
    const before = state.match?.id === message.match ? state.match : null;
    const match = {
        id: message.match, you: message.you, rated: message.rated, phase: message.phase,
        phaseEndsAt: message.phase_ends_at ?? null, rules: message.rules, players: message.players,
        score: message.score, series: message.series ?? [0, 0], invitation: message.invitation ?? null,
        graceUntil: message.players.map((player, slot) =>
            (player.connected ? null : before?.graceUntil[slot] ?? null)),
        rounds: message.rounds, round: null, end: before?.end ?? null,
        // An offer that stands is told again behind the result.
        rematch: before?.rematch?.status === "offered" ? null : before?.rematch ?? null,
    };
    if (message.round) {
        match.round = welcomedRound(match, message.round, before?.round ?? null);
    } else if (before?.round && message.rounds.some((end) => end.round === before.round.number)) {
        match.round = before.round; // over by now; a round that is neither over nor running was void
    }
    const status = match.phase === "over" ? "over" : match.invitation ? "inviting" : "playing";
    return { ...state, status, queue: null, match };
}

function inMatch(change) {
    return (state, message) => {
        const match = state.match && change(state.match, message);
        return match ? { ...state, match } : state;
    };
}

function replaceAt(list, place, value) {
    return list.map((one, index) => (index === place ? value : one));
}

const MEANINGS = {
    queued: (state, message) => (state.status === "searching" ? { ...state, queue: message } : state),

    matched: (state, { match, opponent }) => (state.status === "searching"
        ? opening({ match, opponent: nameCard(opponent) }) : state),

    welcome: welcomed,

    countdown: inMatch((match, message) => ({ ...match, phase: "countdown", phaseEndsAt: message.ends_at })),

    round: inMatch((match, message) => (match.phase === "over" ? null : {
        ...match, phase: "round", phaseEndsAt: message.ends_at, round: newRound(match, message),
    })),

    verdict: inMatch((match, message) => (match.round?.number === message.round
        ? { ...match, round: judged(match.round, message) } : null)),

    opponent: inMatch((match, { round, status, guesses }) => (match.round?.number === round
        ? { ...match, round: { ...match.round, opponent: { status, guesses } } } : null)),

    round_end: inMatch((match, message) => ({
        ...match, phase: match.phase === "over" ? "over" : "intermission",
        phaseEndsAt: message.next_at ?? null, score: message.score,
        rounds: [...match.rounds.filter((end) => end.round !== message.round), message]
            .sort((one, other) => one.round - other.round),
    })),

    player: inMatch((match, { slot, connected, grace_until }) => ({
        ...match, players: replaceAt(match.players, slot, { ...match.players[slot], connected }),
        graceUntil: replaceAt(match.graceUntil, slot, connected ? null : grace_until ?? null),
    })),

    match_end: (state, message) => (state.match ? {
        ...state, status: "over",
        match: { ...state.match, phase: "over", phaseEndsAt: message.rematch_until, score: message.score,
            end: { ...message, rating: message.rating ?? state.match.end?.rating ?? null } },
    } : state),

    rating: inMatch((match, { before, after }) => (match.end
        ? { ...match, end: { ...match.end, rating: { before, after } } } : null)),

    rematch: inMatch((match, { slot, status }) => (match.phase === "over" ? {
        ...match, rematch: { slot, status, offeredBy: status === "offered" ? slot
            : match.rematch?.offeredBy ?? null },
    } : null)),
};

export function told(state, message) {
    return Object.hasOwn(MEANINGS, message.t) ? MEANINGS[message.t](state, message) : state;
}

// ---- what a UI gets ----

function presentRound(round, clock) {
    if (round === null) {
        return null;
    }
    const guesses = round.guesses.map((guess) => Object.freeze({
        ...guess, verdict: guess.verdict && nameVerdict(guess.verdict, clock),
    }));
    return Object.freeze({
        ...round, startsAt: clock.toLocal(round.startsAt), endsAt: clock.toLocal(round.endsAt),
        lockedUntil: clock.toLocal(round.lockedUntil), guesses: Object.freeze(guesses),
        opponent: Object.freeze({ ...round.opponent }),
    });
}

function presentMatch(match, clock) {
    const frozen = (list, name) => Object.freeze(list.map(name));
    return Object.freeze({
        id: match.id, you: match.you, rated: match.rated, phase: match.phase,
        phaseEndsAt: clock.toLocal(match.phaseEndsAt), rules: nameRules(match.rules),
        players: frozen(match.players, namePlayer), score: Object.freeze([...match.score]),
        series: Object.freeze([...match.series]), invitation: nameInvitation(match.invitation, clock),
        graceUntil: frozen(match.graceUntil, (time) => clock.toLocal(time)),
        rounds: frozen(match.rounds, (end) => nameRoundEnd(end, clock)),
        round: presentRound(match.round, clock), end: match.end && nameMatchEnd(match.end, clock),
        rematch: match.rematch && nameRematch(match.rematch),
    });
}

/** The snapshot, by the local clock. `notice`: as the server told it last. */
export function present(state, clock, notice = null) {
    return Object.freeze({
        status: state.status, connection: state.connection, retryAt: state.retryAt, problem: state.problem,
        queue: state.queue && nameQueue(state.queue, clock), found: state.found,
        match: state.match && presentMatch(state.match, clock), notice: nameNotice(notice, clock),
    });
}
