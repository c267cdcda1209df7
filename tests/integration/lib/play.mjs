// What tests of lost processes and stores share: play a round, come back to a match, and compare the books
// with what both players were told.

import assert from "node:assert/strict";
import { startRound } from "./client.mjs";

/** Seat `slot` answers round `number` right at once; resolves to what was seen and told of it. */
export async function winRound(world, seats, slot, number, seq = 1) {
    const starts = await Promise.all(seats.map((seat) => startRound(seat, number)));
    assert.deepEqual(starts[0].image, starts[1].image, "both see the same picture");
    const video = world.videoOf(starts[0].image);
    seats[slot].socket.send({ t: "guess", round: number, seq, text: video.title });
    const verdict = await seats[slot].socket.take("verdict", (message) => message.round === number);
    assert.equal(verdict.correct, true);
    const ends = await Promise.all(seats.map((seat) =>
        seat.socket.take("round_end", (message) => message.round === number)));
    assert.deepEqual(ends[0], ends[1]);
    assert.equal(ends[0].winner, slot);
    assert.equal(ends[0].answer.video, video.id);
    return { starts, video, verdict, end: ends[0] };
}

const WAYS = {
    ticket: (seat) => ({ path: seat.matched.path, resume: (seat.welcome ?? seat.matched).resume }),
    token: (seat) => ({ path: seat.matched.path }),
    me: async (seat) => {
        const { body } = await seat.player.get("/me");
        assert.equal(body.data.match.match, seat.matched.match, "`me` names the match");
        return { path: body.data.match.path };
    },
};

/** A seat with a new socket, before its welcome. `how`: a ticket, a token, or where `GET me` says. */
export async function connectAgain(seat, how = "ticket") {
    const socket = await seat.player.match(await WAYS[how](seat));
    return { ...seat, socket };
}

/** The seats of a match, by slot, once each has its welcome. */
export async function welcomed(seats) {
    const welcomes = await Promise.all(seats.map((seat) => seat.socket.take("welcome")));
    const bySlot = [];
    for (const [index, welcome] of welcomes.entries()) {
        assert.equal(seats[index].socket.arrived[0].t, "welcome", "welcome comes first");
        bySlot[welcome.you] = { ...seats[index], welcome };
    }
    return bySlot;
}

/** One comes back, and the other does not. */
export async function comeAlone(seat, how) {
    const again = await connectAgain(seat, how);
    return { ...again, welcome: await again.socket.take("welcome") };
}

export async function comeBack(seats, ways = ["ticket", "ticket"]) {
    return welcomed(await Promise.all(seats.map((seat, index) => connectAgain(seat, ways[index]))));
}

export function ended(seats) {
    return Promise.all(seats.map((seat) => seat.socket.ends()));
}

/** What a finished round is to a player, whenever it is told. */
export function told({ round, winner, answer, ms, score }) {
    return { round, winner, answer, ms, score };
}

/** Both are told the end; a rating that comes later is waited for. */
export async function takeEnds(seats, { rated = true } = {}) {
    const ends = await Promise.all(seats.map((seat) => seat.socket.take("match_end")));
    for (const [slot, end] of ends.entries()) {
        if (rated && !end.rating) {
            const { before, after } = await seats[slot].socket.take("rating");
            end.rating = { before, after };
        }
    }
    return ends;
}

/** One row, and it says what both were told: `rounds` are the round_end messages, `ends` by slot. */
export async function checkBooks(world, match, ends, rounds) {
    const row = await world.storedMatch(match);
    const { rows } = await world.db.query("select count(*)::int as n from duel_matches where id = $1",
        [match]);
    assert.equal(rows[0].n, 1);
    assert.equal(row.status, ends[0].outcome === "none" ? "abandoned" : "completed");
    assert.equal(row.reason, ends[0].reason);
    assert.deepEqual([row.score_p1, row.score_p2], ends[0].score);
    const players = [row.player1_id, row.player2_id];
    const winner = ends.findIndex((end) => end.outcome === "win");
    assert.equal(row.winner_id, winner < 0 ? null : players[winner]);
    assert.deepEqual(row.rounds.map((round) => [round.round, round.winner, round.video_id,
        [round.p1_time, round.p2_time]]),
    rounds.map((round) => [round.round, round.winner, round.answer.video, round.ms]));
    const ratings = [[row.rating_p1_before, row.rating_p1_after],
        [row.rating_p2_before, row.rating_p2_after]];
    assert.deepEqual(ratings, ends.map(({ rating }) => [rating?.before ?? null, rating?.after ?? null]));
    for (const [slot, end] of ends.entries()) {
        const { rows: now } = await world.db.query("select rating from duel_ratings where user_id = $1",
            [players[slot]]);
        assert.equal(now[0]?.rating ?? 1000, end.rating?.after ?? 1000, "its only match so far");
    }
    return row;
}
