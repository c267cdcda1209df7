// A store is away, frozen or emptied while people play: the match goes on, what was told stands, and when
// the store is back it holds what it should (contract section 7; docs/rules.md, "What lasts").

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { meet, startRound } from "./lib/client.mjs";
import { checkBooks, comeBack, takeEnds, told, winRound } from "./lib/play.mjs";
import { Stores } from "./lib/stores.mjs";
import { World } from "./lib/world.mjs";

const SETTINGS = {
    DUEL_BEST_OF: "3", DUEL_LEASE_MS: "500", DUEL_QUEUE_TIMEOUT_MS: "20000", DUEL_WAITING_MS: "20000",
    DUEL_GRACE_MS: "20000", DUEL_ROUND_MS: "20000", DUEL_READY_WAIT_MS: "10000", DUEL_REMATCH_MS: "20000",
    DUEL_SETTLE_WAIT_MS: "5000",
};
let stores;
let world;
let people = 0;
const open = [];

before(async () => {
    stores = await Stores.start();
    world = await World.start({ stores, env: SETTINGS, start: false });
});
after(async () => {
    try {
        await world?.stop();
    } finally {
        await stores?.remove();
    }
});
afterEach(async () => {
    for (const socket of open.splice(0)) {
        socket.cut();
    }
    await stores.resume();
    if (world.child && !world.exited) {
        await world.terminate("SIGKILL");
    }
    await world.valkey.flushall();
});

async function serve(env) {
    await world.serve(env);
    await world.ready();
}

function newPlayer() {
    people++;
    return world.player(`away${String(people).padStart(8, "0")}`, { name: `O${people}` });
}

async function meetNew() {
    const { match, seats } = await meet(await newPlayer(), await newPlayer());
    open.push(...seats.map(({ socket }) => socket));
    return { match, seats };
}

async function playOut(match, seats, rounds) {
    const all = [...rounds];
    while (all.filter((round) => round.winner === 0).length < 2) {
        all.push((await winRound(world, seats, 0, all.length + 1)).end);
    }
    const ends = await takeEnds(seats);
    assert.deepEqual(ends.map((end) => [end.outcome, end.reason]), [["win", "score"], ["loss", "score"]]);
    return checkBooks(world, match, ends, all);
}

/** What the sorted set holds for both players of a stored match. */
function ranked(row) {
    return world.until(async () => {
        const scores = await Promise.all([row.player1_id, row.player2_id].map((id) =>
            world.valkey.zscore("lb:duels:elo", id)));
        return scores[0] === String(row.rating_p1_after) && scores[1] === String(row.rating_p2_after);
    }, "both in the ranking");
}

async function valkeyIsAway() {
    await world.until(async () => (await world.metric("duel_valkey_up")) === 0, "Valkey counts as away");
}

/** A match's keys, all of them, in whatever order they come. */
async function keptWell(match) {
    await world.until(async () => {
        const copy = await world.valkey.hgetall(`duel:match:${match}`);
        if (!copy.data || !(await world.valkey.exists(`duel:lease:${copy.owner}`))) {
            return false;
        }
        const playing = await Promise.all([copy.p0, copy.p1].map((id) =>
            world.valkey.get(`duel:playing:${id}`)));
        return playing.every((id) => id === match) &&
            (await world.valkey.sismember(`duel:owned:${copy.owner}`, match)) === 1 &&
            (await world.valkey.zscore("duel:boots", copy.owner)) !== null;
    }, "the match, its players and its owner in Valkey");
}

test("Valkey is killed in mid-match: the match ends properly, and nobody new is let in", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    const searching = await (await newPlayer()).queue();
    open.push(searching);
    await searching.take("queued");
    await stores.killValkey();
    const row = await playOut(match, seats, [first.end]);
    await valkeyIsAway();
    assert.equal(await world.server.readiness(), 503);
    const late = await (await newPlayer()).queue();
    const error = await late.take("error");
    assert.equal(error.code, "UNAVAILABLE");
    assert.ok(error.until > 0);
    assert.equal((await late.ends()).code, 4503);
    await stores.start();
    await world.ready();
    await ranked(row);
    assert.equal(await world.valkey.xlen("duel:events"), 1);
    // Who searched all the time is still there to be found.
    const other = await (await newPlayer()).queue();
    const found = await Promise.all([searching.take("matched"), other.take("matched")]);
    assert.equal(found[0].match, found[1].match);
});

test("Valkey comes back empty in mid-match: everything is put there again", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    const searching = await newPlayer();
    const queue = await searching.queue();
    open.push(queue);
    const { since } = await queue.take("queued");
    await stores.killValkey();
    await valkeyIsAway();
    await stores.forgetValkey();
    await stores.start();
    await world.ready();
    await keptWell(match);
    const ticket = await world.until(async () => (await world.valkey.keys("duel:ticket:*"))[0], "the ticket");
    assert.equal(Number(await world.valkey.hget(ticket, "since")), since);
    // It is a copy to be played on from.
    await world.restart();
    const back = await comeBack(seats);
    assert.deepEqual(back[0].welcome.rounds.map(told), [first.end].map(told));
    await ranked(await playOut(match, back, [first.end]));
});

test("Valkey is emptied after a match: the ranking is put there again from PostgreSQL", async () => {
    await serve({ DUEL_BEST_OF: "1" });
    const { match, seats } = await meetNew();
    const { end } = await winRound(world, seats, 0, 1);
    const row = await checkBooks(world, match, await takeEnds(seats), [end]);
    await ranked(row);
    await stores.killValkey();
    await valkeyIsAway();
    await stores.forgetValkey();
    await stores.start();
    await world.ready();
    await ranked(row);
});

test("FLUSHALL in mid-round, and kill -9 after the next round_end: that round stands", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
    await world.valkey.flushall();
    await world.valkey.script("FLUSH");
    const video = world.videoOf(starts[0].image);
    seats[1].socket.send({ t: "guess", round: 1, seq: 1, text: video.title });
    const ends = await Promise.all(seats.map((seat) => seat.socket.take("round_end")));
    await world.restart();
    const back = await comeBack(seats, ["ticket", "token"]);
    assert.deepEqual(back[0].welcome.rounds.map(told), [ends[0]].map(told));
    await ranked(await playOut(match, back, [ends[0]]));
});

/** Each kind of key is lost alone, and then the process dies. `key`: of the match's copy. */
const KEYS = {
    "duel:match": ({ match }) => `duel:match:${match}`,
    "duel:playing of one": ({ copy }) => `duel:playing:${copy.p0}`,
    "duel:lease": ({ copy }) => `duel:lease:${copy.owner}`,
    "duel:boots": () => "duel:boots",
    "duel:owned": ({ copy }) => `duel:owned:${copy.owner}`,
    "duel:conn": ({ copy }) => `duel:conn:${copy.owner}`,
    "lb:duels:elo": () => "lb:duels:elo",
    "duel:events": () => "duel:events",
};

for (const [name, keyOf] of Object.entries(KEYS)) {
    test(`${name} is evicted in mid-round, and the process dies after the next round_end`, async () => {
        await serve();
        const { match, seats } = await meetNew();
        const first = await winRound(world, seats, 1, 1);
        const starts = await Promise.all(seats.map((seat) => startRound(seat, 2)));
        const copy = await world.valkey.hgetall(`duel:match:${match}`);
        await world.valkey.del(keyOf({ match, copy }));
        seats[0].socket.send({ t: "guess", round: 2, seq: 1, text: world.videoOf(starts[0].image).title });
        const [second] = await Promise.all(seats.map((seat) => seat.socket.take("round_end")));
        await world.restart();
        const back = await comeBack(seats, ["ticket", "me"]);
        assert.deepEqual(back[0].welcome.rounds.map(told), [first.end, second].map(told));
        await ranked(await playOut(match, back, [first.end, second]));
    });

    test(`${name} is evicted after the process died`, async () => {
        await serve();
        const { match, seats } = await meetNew();
        const first = await winRound(world, seats, 1, 1);
        await world.terminate("SIGKILL");
        const copy = await world.valkey.hgetall(`duel:match:${match}`);
        await world.valkey.del(keyOf({ match, copy }));
        await serve();
        if (name === "duel:match") { // two losses: the process and its only copy
            // Until its lease has run out the process that died counts as the one that has the match.
            const code = await world.until(async () => {
                const lost = await seats[0].player.match({ path: seats[0].matched.path,
                    resume: seats[0].welcome.resume });
                const end = await lost.ends();
                return end.code === 1012 ? null : end.code;
            }, "an answer other than to come again");
            assert.equal(code, 4410);
            assert.equal((await seats[0].player.get("/me")).body.data.match, null);
            const queue = await seats[0].player.queue();
            open.push(queue);
            await queue.take("queued");
            return;
        }
        const back = await comeBack(seats, ["ticket", "token"]);
        assert.deepEqual(back[0].welcome.rounds.map(told), [first.end].map(told));
        await ranked(await playOut(match, back, [first.end]));
    });
}

test("the keys of the queue are evicted one by one: whoever waits is found", async () => {
    await serve();
    for (const name of ["duel:queue", "duel:queue:since", "duel:ticket:*", "duel:last:*"]) {
        const one = await (await newPlayer()).queue();
        open.push(one);
        await one.take("queued");
        const keys = await world.valkey.keys(name);
        await world.valkey.del(...keys, "none");
        const two = await (await newPlayer()).queue();
        open.push(two);
        const found = await Promise.all([one.take("matched"), two.take("matched")]);
        assert.equal(found[0].match, found[1].match, name);
    }
});

test("a match that has just begun is evicted: it is played all the same", async () => {
    await serve();
    const players = [await newPlayer(), await newPlayer()];
    const { match, seats } = await meet(...players);
    const { p0, p1 } = await world.valkey.hgetall(`duel:match:${match}`);
    await world.valkey.del(`duel:match:${match}`, `duel:playing:${p0}`, `duel:playing:${p1}`);
    await playOut(match, seats, []);
    const again = await meet(...players);
    assert.notEqual(again.match, match);
    again.seats.forEach(({ socket }) => open.push(socket));
});

test("Valkey is frozen: round_end does not wait for it for long, and it counts as away", async () => {
    await serve({ DUEL_SAVE_WAIT_MS: "100" });
    const { match, seats } = await meetNew();
    stores.freezeValkey();
    const late = 'duel_events_total{event="save_late"}';
    const first = await winRound(world, seats, 1, 1);
    assert.ok((await world.metric(late)) >= 1, "counted");
    await valkeyIsAway();
    const second = await winRound(world, seats, 0, 2);
    await stores.resume();
    await world.ready();
    await keptWell(match);
    await ranked(await playOut(match, seats, [first.end, second.end]));
});

test("PostgreSQL is away: matches go on, results wait in sight, and the ratings follow", async () => {
    await serve({ DUEL_BEST_OF: "1", DUEL_SETTLE_WAIT_MS: "10", DUEL_INTERMISSION_MS: "1" });
    const matches = [await meetNew(), await meetNew()];
    await stores.stopPostgres();
    for (const each of matches) {
        each.rounds = [(await winRound(world, each.seats, 0, 1)).end];
        each.ends = await takeEnds(each.seats, { rated: false });
        assert.deepEqual(each.ends.map(({ outcome, rating }) => [outcome, rating]),
            [["win", null], ["loss", null]]);
    }
    assert.equal(await world.metric("duel_results_waiting"), 2);
    await world.until(async () => (await world.metric("duel_results_oldest_age_seconds")) >= 1, "its age");
    assert.equal(await world.server.readiness(), 503);
    await stores.start();
    await world.connectDatabase();
    for (const { match, seats, rounds, ends } of matches) {
        for (const [slot, { socket }] of seats.entries()) {
            const { before, after } = await socket.take("rating");
            ends[slot].rating = { before, after };
        }
        await ranked(await checkBooks(world, match, ends, rounds));
    }
    await world.ready();
    await world.until(async () => (await world.metric("duel_results_waiting")) === 0, "nothing waits");
});

test("PostgreSQL is frozen in mid-match: the end is told without it, and it is stored once", async () => {
    await serve({ DUEL_BEST_OF: "1", DUEL_SETTLE_WAIT_MS: "10" });
    const { match, seats } = await meetNew();
    stores.freezePostgres();
    const { end } = await winRound(world, seats, 1, 1);
    const ends = await takeEnds(seats, { rated: false });
    assert.deepEqual(ends.map(({ rating }) => rating), [null, null]);
    await world.until(async () => (await world.metric("duel_postgresql_up")) === 0,
        "PostgreSQL counts as away");
    await stores.resume();
    for (const [slot, { socket }] of seats.entries()) {
        const { before, after } = await socket.take("rating");
        ends[slot].rating = { before, after };
    }
    await ranked(await checkBooks(world, match, ends, [end]));
});

test("both stores are killed in mid-match and come back", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    await Promise.all([stores.killPostgres(), stores.killValkey()]);
    const second = await winRound(world, seats, 0, 2);
    await stores.start();
    await world.connectDatabase();
    await ranked(await playOut(match, seats, [first.end, second.end]));
});
