// What every bot was told, by match and seat, and whether it contradicts what was told before. Knows
// nothing of servers and stores: only messages and when they came.

const JOURNAL_MAX = 400; // lines kept of one match
/* Two sockets are read in any order, so what one seat was told binds the other only after a while. */
const ACROSS_MS = 3_000;

/** A finished round as it must always be told; next_at is about the future and may change. */
function fixed({ winner, answer, ms, score }) {
    return JSON.stringify({ winner, video: answer.video, title: answer.title, ms, score });
}

class Match {
    constructor(id) {
        this.id = id;
        this.rounds = new Map(); // number -> {text, winner, video, title, ms, score, toldAt: [2]}
        this.ends = [null, null]; // by seat: what match_end said, and when
        this.ratings = [null, null];
        this.subs = [null, null];
        this.players = null;
        this.isStarted = false; // somebody was told of a round
        this.isWelcomed = [false, false];
        this.left = [false, false]; // said `leave`
        this.stayedAway = [false, false]; // for longer than the grace
        this.gone = [null, null]; // the close code that said that there is no such match
        this.keys = [new Set(), new Set()];
        this.replayed = 0;
        this.journal = [];
    }

    get isEnded() {
        return this.ends.some((end) => end !== null);
    }

    note(slot, text) {
        if (this.journal.length < JOURNAL_MAX) {
            this.journal.push([Date.now(), slot, text]);
        }
    }
}

export class Notebook {
    constructor() {
        this.matches = new Map();
        this.violations = [];
        this.counts = new Map();
        this.happenings = []; // [ms, what], of the plan
    }

    count(what, by = 1) {
        this.counts.set(what, (this.counts.get(what) ?? 0) + by);
    }

    match(id) {
        if (!this.matches.has(id)) {
            this.matches.set(id, new Match(id));
        }
        return this.matches.get(id);
    }

    /** Something that must not be; `match` brings its journal along. */
    violation(kind, text, match = null) {
        this.count(`VIOLATION ${kind}`);
        this.violations.push({ kind, at: Date.now(), text, match });
    }

    // ---- messages of a match ----

    welcome(match, slot, sub, message) {
        match.note(slot, `welcome ${message.phase} ${message.score.join("-")} rounds ${message.rounds.length}` +
            (message.round ? ` in round ${message.round.round}` : ""));
        const players = message.players.map((player) => player.id).join(" ");
        if (match.players !== null && match.players !== players) {
            this.violation("players", `players ${match.players}, then ${players}`, match);
        }
        if (match.subs[slot] !== null && match.subs[slot] !== sub) {
            this.violation("players", `seat ${slot} was ${match.subs[slot]}, then ${sub}`, match);
        }
        match.players = players;
        match.subs[slot] = sub;
        match.isWelcomed[slot] = true;
        for (const round of message.rounds) {
            this.roundEnd(match, slot, round, "welcome");
        }
        this.#nothingForgotten(match, slot, message);
        if (message.round) {
            this.#playing(match, slot, message.round.round);
            match.keys[slot].add(hex(message.round.key));
        }
    }

    #nothingForgotten(match, slot, { rounds, phase, score }) {
        const listed = new Set(rounds.map(({ round }) => round));
        for (const [number, told] of match.rounds) {
            if (this.#binds(told.toldAt, slot) && !listed.has(number)) {
                this.violation("round-forgotten", `round ${number} was told, welcome of seat ${slot} lacks it`,
                    match);
            }
        }
        const last = rounds.at(-1)?.score ?? [0, 0];
        if (last.join() !== score.join()) {
            this.violation("score", `welcome: score ${score}, after its last round ${last}`, match);
        }
        if (phase !== "over" && this.#binds(match.ends.map((end) => end?.at ?? null), slot)) {
            this.violation("end-taken-back", `welcome of seat ${slot} in phase ${phase} after match_end`, match);
        }
    }

    /** Whether what was told at these times, by seat, was certainly told before what this seat hears now. */
    #binds(times, slot) {
        const other = times[1 - slot];
        return times[slot] !== null || (other !== null && Date.now() - other > ACROSS_MS);
    }

    roundEnd(match, slot, message, where = "round_end") {
        if (where === "round_end") {
            match.note(slot, `round_end ${message.round} ${fixed(message)}`);
            this.count("round_end");
        }
        const text = fixed(message);
        const told = match.rounds.get(message.round);
        if (!told) {
            const { winner, answer, ms, score } = message;
            const toldAt = [null, null];
            toldAt[slot] = Date.now();
            match.rounds.set(message.round,
                { text, winner, video: answer.video, title: answer.title, ms, score, toldAt });
            match.isStarted = true;
            return;
        }
        told.toldAt[slot] ??= Date.now();
        if (told.text !== text) {
            this.violation("round-contradicted", `round ${message.round}: ${told.text}, then seat ${slot} by ` +
                `${where}: ${text}`, match);
        }
    }

    round(match, slot, { round, key }) {
        const text = hex(key);
        match.note(slot, `round ${round} key ${text.slice(0, 8)}`);
        if (match.keys[slot].has(text)) {
            this.violation("key-again", `round ${round} of seat ${slot} with a key that was used before`, match);
        }
        match.keys[slot].add(text);
        this.#playing(match, slot, round);
    }

    #playing(match, slot, number) {
        match.isStarted = true;
        const told = match.rounds.get(number);
        if (told && this.#binds(told.toldAt, slot)) {
            this.violation("round-again", `round ${number} is played again, after its round_end`, match);
        }
    }

    matchEnd(match, slot, message) {
        const { outcome, reason, score, points, rating } = message;
        match.note(slot, `match_end ${outcome} ${reason} ${score.join("-")} ${JSON.stringify(rating)}`);
        const text = JSON.stringify({ outcome, reason, score, points });
        const before = match.ends[slot];
        if (before && before.text !== text) {
            this.violation("end-contradicted", `seat ${slot}: ${before.text}, then ${text}`, match);
        }
        if (!before) {
            this.count(`match_end ${reason}`);
            match.ends[slot] = { at: Date.now(), text, outcome, reason, score, points };
        }
        this.#sameForBoth(match);
        if (rating) {
            this.rating(match, slot, rating);
        }
    }

    #sameForBoth(match) {
        const [a, b] = match.ends;
        if (!a || !b) {
            return;
        }
        const mirrored = { win: "loss", loss: "win", draw: "draw", none: "none" }[a.outcome];
        if (mirrored !== b.outcome || a.reason !== b.reason || a.score.join() !== b.score.join() ||
            a.points.join() !== b.points.join()) {
            this.violation("end-contradicted", `seat 0: ${a.text}, seat 1: ${b.text}`, match);
        }
    }

    rating(match, slot, { before, after }) {
        const told = match.ratings[slot];
        match.note(slot, `rating ${before} ${after}`);
        if (told && (told.before !== before || told.after !== after)) {
            this.violation("rating-contradicted", `seat ${slot}: ${told.before} to ${told.after}, ` +
                `then ${before} to ${after}`, match);
        }
        match.ratings[slot] = { before, after };
    }

    /** A player is told of a match while another of theirs is not over for all that anybody was told. */
    matched(sub, id, current) {
        const match = this.match(id);
        if (current && current.id !== id && !current.isEnded && current.gone.every((code) => code === null)) {
            this.claims.push({ sub, at: Date.now(), id, current });
        }
        return match;
    }

    claims = [];
}

export const hex = (key) => Buffer.from(key).toString("hex");
