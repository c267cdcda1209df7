// The reducer alone: message × state → state, and what a UI makes of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createClock } from "../clock.js";
import * as states from "../state.js";
import { MATCH, MATCHED, SEAT, WELCOME } from "./fake.mjs";

const KEY = new Uint8Array(16);
const CLOCK = createClock();
CLOCK.hint(1_000_000, 400_000); // the server is 600 s ahead
const show = (state) => states.present(state, CLOCK);
const tell = (state, ...messages) => messages.reduce(states.told, state);

const verdict = (round, seq, more = {}) => ({ t: "verdict", round, seq, correct: false, similarity: 0.5,
    ms: 900,
    raw_ms: 950, guesses_left: 6 - seq, locked_until: 1_002_000, ...more });
const roundEnd = (round, winner, score, next = 1_050_000) => ({ t: "round_end", round, winner, ms: [900,
    null],
    answer: { video: "v", title: "T", channel: "C" }, score, next_at: next });
const start = (round, starts_at = 1_000_000) =>
    ({ t: "round", round, starts_at, ends_at: starts_at + 30_000, key: KEY });
const welcomeInRound = (round, guesses = [], more = {}) => ({ ...WELCOME, phase: "round",
    phase_ends_at: 1_030_000,
    round: { ...start(round), guesses }, ...more });
const END = { t: "match_end", outcome: "win", reason: "score", score: [3, 0], points: [900, 0], rating: null,
    avg_ms: 900, share: "S", rematch_until: 1_090_000 };

test("from the queue to the end, as a UI sees it", () => {
    let state = states.searching();
    state = tell(state, { t: "queued", since: 990_000, rating: 1000, window: null, waiting: 3, eta_ms: 4000,
        expires_at: 1_020_000 });
    assert.deepEqual(show(state).queue, { since: 390_000, rating: 1000, window: null, waiting: 3, eta: 4000,
        expiresAt: 420_000 });
    state = tell(state, MATCHED);
    assert.equal(show(state).status, "matched");
    assert.equal(show(state).found.opponent.name, "Bia");
    state = tell(state, WELCOME, { t: "countdown", ends_at: 1_003_000 });
    assert.deepEqual([show(state).status, show(state).match.phase, show(state).match.phaseEndsAt],
        ["playing", "countdown", 403_000]);
    state = tell(state, start(1));
    assert.deepEqual([show(state).match.round.endsAt, show(state).match.round.guessesLeft], [430_000, 6]);
    state = states.guessed(state, { seq: 1, text: "a" });
    assert.deepEqual(show(state).match.round.guesses, [{ seq: 1, text: "a", verdict: null }]);
    state = tell(state, verdict(1, 1), { t: "opponent", round: 1, status: "guessing", guesses: 2 });
    assert.equal(show(state).match.round.guesses[0].verdict.lockedUntil, 402_000);
    assert.equal(show(state).match.round.lockedUntil, 402_000);
    assert.deepEqual(show(state).match.round.opponent, { status: "guessing", guesses: 2 });
    state = tell(states.guessed(state, { seq: 2, video: "v" }), verdict(1, 2, { correct: true,
        locked_until: null }));
    assert.deepEqual([show(state).match.round.solved, show(state).match.round.lockedUntil], [true, null]);
    state = tell(state, roundEnd(1, 0, [1, 0]));
    assert.deepEqual([show(state).match.phase, show(state).match.phaseEndsAt], ["intermission", 450_000]);
    assert.equal(show(state).match.round.number, 1, "the result is shown beside its round");
    state = tell(state, start(2));
    assert.deepEqual([show(state).match.round.number, show(state).match.round.guesses], [2, []]);
    state = tell(state, roundEnd(2, 0, [2, 0]), start(3), roundEnd(3, 0, [3, 0], null), END);
    assert.deepEqual([show(state).status, show(state).match.end.rating], ["over", null]);
    state = tell(state, { t: "rating", before: 1000, after: 1016 }, { t: "rematch", slot: 1,
        status: "offered" });
    assert.deepEqual(show(state).match.end.rating, { before: 1000, after: 1016 });
    assert.deepEqual(show(state).match.rematch, { slot: 1, status: "offered", offeredBy: 1 });
    assert.deepEqual(show(state).match.rounds.map(({ number }) => number), [1, 2, 3]);
});

test("an own invitation waits, and becomes a match by a second welcome", () => {
    const nobody = { ...SEAT, id: "00000000-0000-0000-0000-000000000000", name: "", connected: false };
    const waiting = tell(states.opening(), { ...WELCOME, rated: false, phase_ends_at: 1_600_000,
        players: [SEAT, nobody], invitation: { url: "https://a.test/?m", expires_at: 1_600_000 } });
    assert.deepEqual([show(waiting).status, show(waiting).match.invitation],
        ["inviting", { url: "https://a.test/?m", expiresAt: 1_000_000 }]);
    const taken = show(tell(waiting, { ...WELCOME, series: [2, 1] }));
    assert.deepEqual([taken.status, taken.match.invitation, taken.match.players[1].name, taken.match.series],
        ["playing", null, "Bia", [2, 1]]);
    assert.deepEqual(show(waiting).match.series, [0, 0], "of a server that tells none");
    const expired = states.ended(waiting, { code: "INVITE_EXPIRED", final: true });
    assert.deepEqual([expired.status, expired.problem.code], ["failed", "INVITE_EXPIRED"]);
});

test("whose offer of a rematch it was, and what a new welcome forgets", () => {
    const over = tell(states.opening(), { ...WELCOME, phase: "over" }, END);
    const say = (slot, status) => ({ t: "rematch", slot, status });
    const shown = (...messages) => show(tell(over, ...messages)).match.rematch;
    assert.deepEqual(shown(say(0, "offered"), say(1, "declined")), { slot: 1, status: "declined", offeredBy: 0 });
    assert.deepEqual(shown(say(1, "offered"), say(1, "declined")), { slot: 1, status: "declined", offeredBy: 1 });
    assert.deepEqual(shown(say(1, "declined")), { slot: 1, status: "declined", offeredBy: null });
    const again = { ...WELCOME, phase: "over" };
    assert.equal(shown(say(1, "offered"), again, END), null, "one that stands is told again");
    assert.equal(shown(say(0, "offered"), say(1, "declined"), again, END).status, "declined");
});

test("a reload in each phase", () => {
    for (const phase of ["waiting", "countdown", "intermission"]) {
        const shown = show(tell(states.opening(), { ...WELCOME, phase, rounds: [roundEnd(1, 1, [0, 1])] }));
        assert.deepEqual([shown.status, shown.match.phase, shown.match.round], ["playing", phase, null]);
    }
    const inRound = show(tell(states.opening(), welcomeInRound(2, [verdict(2, 1), verdict(2, 2)])));
    assert.deepEqual(inRound.match.round.guesses.map(({ seq }) => seq), [1, 2]);
    assert.deepEqual([inRound.match.round.guessesLeft, inRound.match.round.lockedUntil], [4, 402_000]);
    const over = show(tell(states.opening(), { ...WELCOME, phase: "over" }, END));
    assert.deepEqual([over.status, over.match.end.outcome], ["over", "win"]);
});

test("a reconnect in mid-round keeps what the server does not tell", () => {
    let state = tell(states.opening(), welcomeInRound(1), { t: "opponent", round: 1, status: "guessing",
        guesses: 4 });
    state = states.pictured(state, 1, { url: null, bytes: KEY, type: "image/png" });
    state = states.guessed(states.guessed(state, { seq: 1, text: "a" }), { seq: 2, text: "b" });
    state = tell(state, welcomeInRound(1, [verdict(1, 1)]));
    const { round } = show(state).match;
    assert.deepEqual([round.opponent.guesses, round.picture.bytes], [4, KEY]);
    assert.deepEqual(round.guesses.map(({ text, verdict: told }) => [text, told !== null]), [["a", true],
        ["b", false]]);
});

test("a round that was void and is played again starts empty", () => {
    let state = tell(states.opening(), welcomeInRound(2, [verdict(2, 1)], { rounds: [roundEnd(1, 0, [1,
        0])] }));
    state = states.pictured(state, 2, { url: null, bytes: KEY, type: "image/png" });
    const again = show(tell(state, { ...welcomeInRound(2), round: { ...start(2, 1_060_000), guesses: [] } }));
    assert.deepEqual([again.match.round.picture, again.match.round.guesses], [null, []]);
    const toldAgain = show(tell(state, start(2, 1_060_000)));
    assert.deepEqual([toldAgain.match.round.picture, toldAgain.match.round.guesses], [null, []]);
    const between = show(tell(state, { ...WELCOME, phase: "waiting", rounds: [roundEnd(1, 0, [1, 0])] }));
    assert.equal(between.match.round, null);
    const finished = show(tell(state, { ...WELCOME, phase: "intermission",
        rounds: [roundEnd(1, 0, [1, 0]), roundEnd(2, 0, [2, 0])] }));
    assert.equal(finished.match.round.number, 2, "over meanwhile: shown beside its result");
});

test("what does not fit changes nothing", () => {
    const playing = tell(states.opening(), welcomeInRound(2));
    for (const [state, message] of [[states.IDLE, MATCHED], [states.IDLE, start(1)], [states.IDLE, END],
        [playing, MATCHED], [playing, verdict(1, 1)], [playing, { t: "opponent", round: 3, status: "out",
            guesses: 1 }],
        [playing, { t: "rating", before: 1, after: 2 }], [playing, { t: "rematch", slot: 1,
            status: "offered" }],
        [playing, { t: "unheard of" }], [playing, { t: "hasOwnProperty" }]]) {
        assert.equal(states.told(state, message), state, message.t);
    }
    const over = tell(playing, END);
    assert.equal(tell(over, start(3)), over);
    assert.equal(tell(over, roundEnd(3, 0, [3, 0], null)).match.phase, "over");
    assert.equal(states.unguessed(states.guessed(playing, { seq: 1, text: "a" }),
        1).match.round.guesses.length, 0);
});

test("who is away, and until when", () => {
    let state = tell(states.opening(), WELCOME, { t: "player", slot: 1, connected: false,
        grace_until: 1_015_000 });
    assert.deepEqual([show(state).match.players[1].connected, show(state).match.graceUntil], [false, [null,
        415_000]]);
    const away = { ...WELCOME, players: [SEAT, { ...SEAT, connected: false }] };
    assert.deepEqual(show(tell(state, away)).match.graceUntil, [null, 415_000]);
    state = tell(state, { t: "player", slot: 1, connected: true });
    assert.deepEqual([show(state).match.players[1].connected, show(state).match.graceUntil], [true, [null,
        null]]);
});

test("the end of a connection", () => {
    const why = { code: "MATCH_OVER", final: true };
    assert.equal(states.ended(tell(states.opening(), WELCOME), why).status, "failed");
    const over = states.ended(tell(states.opening(), { ...WELCOME, phase: "over" }, END), why);
    assert.deepEqual([over.status, over.problem], ["over", null], "a known result is not spoilt");
    assert.equal(states.ended(states.searching(), null).status, "idle");
});
