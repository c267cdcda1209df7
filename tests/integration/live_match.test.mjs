// GET match/:id of a match that goes on (contract section 1): its two players read what they have been told
// and nothing more; others are refused; on another node it is asked for there; then it is over and stored.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { meet, pair, startRound } from "./lib/client.mjs";
import { World } from "./lib/world.mjs";

let world;
let number = 0;
before(async () => {
    world = await World.start({ env: {
        DUEL_NODE_ID: "a", DUEL_BEST_OF: "3", DUEL_INTERMISSION_MS: "1500", DUEL_LEASE_MS: "600",
        DUEL_WAITING_MS: "20000", DUEL_GRACE_MS: "20000", DUEL_INVITE_MS: "20000",
    } });
});
after(() => world?.stop());

async function somebody() {
    const sub = `looker${String(++number).padStart(6, "0")}`;
    const rating = 1000 + 2000 * Math.ceil(number / 3);
    const player = await world.player(sub, { name: `L${number}`, rating });
    player.name = `L${number}`;
    return player;
}

/** Asks again while it is too fast: what is asked here is more than a person would ask. */
async function read(player, match) {
    return world.until(async () => {
        const answer = await player.get(`/match/${match}`);
        return answer.status === 429 ? null : answer;
    }, `match ${match}`);
}

async function look(player, match) {
    const { status, body } = await read(player, match);
    assert.equal(status, 200, JSON.stringify(body));
    return body.data;
}

async function refusal(player, match, options) {
    const { status, body } = await player.get(`/match/${match}`, options);
    assert.equal(body.data, null);
    return [status, body.error.code];
}

/** Once the server can be sure: in the first seconds of a new Valkey it says 503. */
const certainly = (player, match) => world.until(async () => {
    const { status, body } = await read(player, match);
    return status === 503 ? null : [status, body.error.code];
}, "a certain answer");

/** Nothing that would tell the video of a picture, nor where it lies, is in `told`. */
function hides(told, image) {
    const text = JSON.stringify(told);
    const video = world.videoOf(image);
    for (const secret of [video.id, video.title, video.channel, "frames/", ".png", "key", "url"]) {
        assert.ok(!text.includes(secret), `${secret} was told before the round's end`);
    }
}

/** Both load and open the round; seat `winner` guesses it; resolves to what round_end told both. */
async function winRound(seats, winner, round) {
    const starts = await Promise.all(seats.map((seat) => startRound(seat, round)));
    const told = await look(seats[0].player, seats[0].matched.match);
    assert.deepEqual([told.phase, told.rounds.length], ["round", round - 1]);
    hides(told, starts[0].image);
    seats[winner].socket.send({ t: "guess", round, seq: 1, text: world.videoOf(starts[winner].image).title });
    const ends = await Promise.all(seats.map((seat) =>
        seat.socket.take("round_end", (end) => end.round === round)));
    return { image: starts[0].image, end: ends[0] };
}

function asRead({ round, winner, answer, ms, score }) {
    return { round, winner, answer, ms, score };
}

test("a match from its beginning to its end", async () => {
    const [a, b, other] = [await somebody(), await somebody(), await somebody()];
    const found = await pair(a, b);
    const match = found[0].match;
    const waiting = await look(a, match);
    assert.deepEqual([waiting.match, waiting.phase, waiting.rated, waiting.best_of],
        [match, "waiting", true, 3]);
    assert.deepEqual([waiting.score, waiting.rounds], [[0, 0], []]);
    assert.deepEqual(waiting.players.map((one) => [one.name, one.connected]).sort(),
        [[a.name, false], [b.name, false]].sort());
    assert.equal(waiting.players[waiting.you].name, a.name);
    assert.equal((await look(b, match)).you, 1 - waiting.you);
    assert.deepEqual(await refusal(other, match), [403, "NOT_YOUR_MATCH"]);

    const seats = [];
    for (const [index, player] of [a, b].entries()) {
        const socket = await player.match(found[index]);
        const welcome = await socket.take("welcome");
        seats[welcome.you] = { player, socket, matched: found[index], welcome };
    }
    const first = await winRound(seats, 0, 1);
    const between = await look(seats[1].player, match);
    assert.equal(between.phase, "intermission");
    assert.deepEqual([between.score, between.rounds], [[1, 0], [asRead(first.end)]]);
    assert.deepEqual(between.players.map((one) => one.connected), [true, true]);
    assert.equal(between.rounds[0].answer.title, world.videoOf(first.image).title);
    const second = await winRound(seats, 0, 2);
    await Promise.all(seats.map((seat) => seat.socket.take("match_end")));
    const over = await look(seats[0].player, match);
    assert.deepEqual([over.phase, over.score], ["over", [2, 0]]);
    assert.deepEqual(over.rounds.map(asRead), [asRead(first.end), asRead(second.end)]);
    await world.storedMatch(match);
    const stored = await world.until(async () => {
        const told = await look(seats[0].player, match);
        return told.completed_at ? told : null;
    }, "the stored match");
    assert.deepEqual(stored.rounds.map(asRead), over.rounds.map(asRead), "the same, whoever answers");
    assert.deepEqual([stored.match, stored.phase, stored.rated, stored.best_of, stored.score],
        [match, "over", true, 3, [2, 0]]);
    assert.equal((await look(other, match)).phase, "over");
    seats.forEach((seat) => seat.socket.cut());
});

test("ids that are none, or nobody's", async () => {
    const player = await somebody();
    assert.deepEqual(await certainly(player, randomUUID()), [404, "NO_SUCH_MATCH"]);
    const nothing = "00000000-0000-0000-0000-000000000000";
    for (const id of ["x", "me", nothing, `${randomUUID()}0`, randomUUID().slice(1)]) {
        assert.deepEqual(await refusal(player, id), [400, "BAD_ID"], id);
        const invite = await player.get(`/invite/${id}`, { method: "DELETE" });
        assert.deepEqual([invite.status, invite.body.error.code], [400, "BAD_ID"], id);
    }
    const anonymous = await fetch(`${world.base}/match/${randomUUID()}`);
    assert.equal(anonymous.status, 401);
    assert.deepEqual(await refusal(player, randomUUID(), { method: "DELETE" }), [405, "METHOD_NOT_ALLOWED"]);
});

test("on another node: 307 to it", async () => {
    const other = await world.another({ DUEL_NODE_ID: "b" });
    const [a, b, stranger] = [await somebody(), await somebody(), await somebody()];
    const { match, seats } = await meet(a, b);
    const location = `/api/duel/n/a/match/${match}`;
    for (const player of [a, b, stranger]) {
        const { status, body, headers } =
            await player.at(other.base).get(`/match/${match}`, { redirect: "manual" });
        assert.deepEqual([status, body.error.code, headers.get("location")], [307, "MOVED", location]);
    }
    const through = await a.get(location.slice("/api/duel".length));
    assert.equal(through.body.data.match, match);
    // As through a proxy that does not reach node a.
    assert.deepEqual(await refusal(a.at(`${other.base}/n/a`), match, { redirect: "manual" }),
        [503, "UNAVAILABLE"]);
    seats.forEach((seat) => seat.socket.cut());
    await world.stopOthers();
});

test("an invitation that is open: whoever has its id sees who invites", async () => {
    const [a, b] = [await somebody(), await somebody()];
    const made = await a.get("/invite", { method: "POST" });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    const { match, expires_at } = made.body.data;
    const [own, others] = [await look(a, match), await look(b, match)];
    assert.deepEqual([own.you, others.you], [0, null]);
    assert.deepEqual({ ...own, you: null }, others);
    assert.deepEqual([others.phase, others.rated, others.score, others.rounds],
        ["waiting", false, [0, 0], []]);
    assert.deepEqual(others.players.map((one) => one.name), [a.name]);
    assert.deepEqual(others.invitation, { expires_at });
    assert.equal((await a.get(`/invite/${match}`, { method: "DELETE" })).status, 200);
    assert.deepEqual(await refusal(b, match), [404, "INVITE_WITHDRAWN"]);
    assert.deepEqual(await refusal(a, match), [404, "INVITE_WITHDRAWN"]);
});

test("taken over by another process", async () => {
    const [a, b] = [await somebody(), await somebody()];
    const { match, seats } = await meet(a, b);
    const first = await winRound(seats, 1, 1);
    await world.restart();
    const again = await world.until(async () => {
        const { status, body } = await read(a, match);
        assert.ok(status === 200 || status === 503, `${status} ${JSON.stringify(body)}`);
        return status === 200 ? body.data : null;
    }, "the match at the new process");
    assert.deepEqual([again.score, again.rounds], [[0, 1], [asRead(first.end)]]);
    assert.deepEqual([again.phase, again.players.map((one) => one.connected)], ["waiting", [false, false]]);
    seats.forEach((seat) => seat.socket.cut());
});
