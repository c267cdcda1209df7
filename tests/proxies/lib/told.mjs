// What two clients were told of one match, from all their connections, held against itself.

import assert from "node:assert/strict";
import { told } from "../../integration/lib/play.mjs";

/** `facts`: what; each is the first time it is told, and the same ever after. */
function hold(facts, name, fact) {
    if (facts.has(name)) {
        assert.deepEqual(fact, facts.get(name), `${name} was told otherwise before`);
    }
    facts.set(name, fact);
}

function holdVerdict(facts, slot, verdict) {
    const { round, seq, correct, similarity, ms, raw_ms: raw } = verdict;
    hold(facts, `the verdict on ${slot}'s guess ${seq} of round ${round}`, { correct, similarity, ms, raw });
}

/** A round that runs: it was not begun anew. Each has a key of their own to the picture. */
function holdRound(facts, slot, { round, starts_at: startsAt, ends_at: endsAt, key }) {
    hold(facts, `round ${round}`, { startsAt, endsAt });
    hold(facts, `${slot}'s key of round ${round}`, Buffer.from(key).toString("hex"));
}

function holdMessage(facts, slot, message) {
    if (message.t === "welcome") {
        hold(facts, "the match", message.match);
        hold(facts, `the seat of ${slot}`, message.you);
        message.rounds.forEach((round) => hold(facts, `the end of round ${round.round}`, told(round)));
        if (message.round) {
            holdRound(facts, slot, message.round);
            message.round.guesses.forEach((guess) =>
                holdVerdict(facts, slot, { round: message.round.round, ...guess }));
        }
    } else if (message.t === "round") {
        holdRound(facts, slot, message);
    } else if (message.t === "round_end") {
        hold(facts, `the end of round ${message.round}`, told(message));
    } else if (message.t === "verdict") {
        holdVerdict(facts, slot, message);
    } else if (message.t === "match_end") {
        hold(facts, "the score", message.score);
    }
}

/** Nothing that either was told contradicts what either was told before. */
export function assertNothingContradicted(...duels) {
    const facts = new Map();
    for (const duel of duels) {
        const slot = duel.state.match.you;
        duel.told.forEach((message) => holdMessage(facts, slot, message));
    }
    return facts;
}
