// The server dies or is stopped at every stage of a match, and the next process plays it on: what was told
// stands, nobody loses by it (docs/rules.md, "What lasts").

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { meet, pair, startRound } from "./lib/client.mjs";
import {
    checkBooks, comeAlone, comeBack, connectAgain, ended, takeEnds, told, welcomed, winRound,
} from "./lib/play.mjs";
import { Stores } from "./lib/stores.mjs";
import { World } from "./lib/world.mjs";

const SETTINGS = {
    DUEL_BEST_OF: "3", DUEL_LEASE_MS: "500", DUEL_QUEUE_TIMEOUT_MS: "20000", DUEL_WAITING_MS: "20000",
    DUEL_GRACE_MS: "20000", DUEL_ROUND_MS: "20000", DUEL_READY_WAIT_MS: "10000", DUEL_REMATCH_MS: "20000",
    DUEL_SETTLE_WAIT_MS: "5000", DUEL_SAVE_WAIT_MS: "5000",
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
    if (world.child && !world.exited) {
        await world.terminate("SIGKILL");
    }
    await world.stopOthers();
    await world.valkey.flushall();
});

async function serve(env) {
    await world.serve(env);
    await world.ready();
}

function newPlayer() {
    people++;
    return world.player(`take${String(people).padStart(8, "0")}`, { name: `P${people}` });
}

async function newPlayers() {
    return [await newPlayer(), await newPlayer()];
}

async function meetNew() {
    const { match, seats } = await meet(...(await newPlayers()));
    return { match, seats };
}

/** Two who were found and have not connected. */
async function pairNew() {
    const players = await newPlayers();
    const found = await pair(...players);
    return { match: found[0].match, seats: players.map((player, i) => ({ player, matched: found[i] })) };
}

/** Plays what is left, which seat 0 wins; `rounds` were told before. */
async function playOut(match, seats, rounds) {
    const all = [...rounds];
    const score = () => [0, 1].map((slot) => all.filter((round) => round.winner === slot).length);
    while (score()[0] < 2) {
        all.push((await winRound(world, seats, 0, all.length + 1)).end);
    }
    const ends = await takeEnds(seats);
    assert.deepEqual(ends.map((end) => end.outcome), ["win", "loss"]);
    assert.deepEqual(ends.map((end) => end.reason), ["score", "score"], "nobody is forfeited");
    assert.deepEqual(ends[0].score, score());
    await checkBooks(world, match, ends, all);
}

/** What a welcome says to who came back: finished rounds as they were told, and a wait for both. */
function checkWelcomes(seats, rounds) {
    for (const { welcome } of seats) {
        assert.ok(["waiting", "countdown"].includes(welcome.phase), welcome.phase);
        assert.deepEqual(welcome.rounds.map(told), rounds.map(told));
        assert.ok(!welcome.round, "nothing of the running round");
    }
}

test("kill -9 before anybody connected", async () => {
    await serve();
    const { match, seats } = await pairNew();
    await world.restart();
    await playOut(match, await comeBack(seats, ["ticket", "token"]), []);
});

test("kill -9 while one waits for the other", async () => {
    await serve();
    const { match, seats } = await pairNew();
    const one = await comeAlone(seats[0]);
    await world.restart();
    await playOut(match, await comeBack([one, seats[1]], ["ticket", "me"]), []);
});

test("kill -9 in the countdown", async () => {
    await serve({ DUEL_COUNTDOWN_MS: "1000" });
    const { match, seats } = await meetNew();
    await Promise.all(seats.map((seat) => seat.socket.take("countdown")));
    await world.restart();
    const back = await comeBack(seats, ["me", "ticket"]);
    checkWelcomes(back, []);
    await playOut(match, back, []);
});

test("kill -9 in mid-round: it is void, the finished one stands", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 2)));
    seats[0].socket.send({ t: "guess", round: 2, seq: 1, text: "something else" });
    assert.equal((await seats[0].socket.take("verdict")).guesses_left, 5);
    await world.restart();
    const back = await comeBack(seats, ["ticket", "token"]);
    checkWelcomes(back, [first.end]);
    const again = await winRound(world, back, 0, 2, 1);
    assert.equal(again.verdict.guesses_left, 5, "an old seq counts anew");
    assert.notEqual(again.video.id, world.videoOf(starts[0].image).id, "another video");
    for (const slot of [0, 1]) {
        const [was, is] = [starts[slot], again.starts[slot]];
        assert.notEqual(is.frame.url, was.frame.url);
        assert.notDeepEqual(Buffer.from(is.round.key), Buffer.from(was.round.key));
        const { status } = await fetch(new URL(was.frame.url, world.base));
        assert.equal(status, 404, "the old frame is gone");
    }
    await playOut(match, back, [first.end, again.end]);
});

test("kill -9 after the verdict and before round_end: both are told the same afterwards", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
    stores.freezeValkey();
    seats[0].socket.send({ t: "guess", round: 1, seq: 1, text: world.videoOf(starts[0].image).title });
    assert.equal((await seats[0].socket.take("verdict")).correct, true);
    await world.terminate("SIGKILL");
    await stores.resume();
    assert.ok(seats.every(({ socket }) => socket.count("round_end") === 0), "it waits for its save");
    await serve();
    const back = await comeBack(seats);
    assert.deepEqual(back[0].welcome.rounds, back[1].welcome.rounds);
    const { rounds } = back[0].welcome; // it may have been saved
    assert.ok(rounds.length === 0 || rounds[0].winner === 0);
    await playOut(match, back, rounds);
});

test("started again with other settings and another catalogue: the match is what it was", async () => {
    await serve({ DUEL_BEST_OF: "5", DUEL_MAX_GUESSES: "12" });
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    const second = await winRound(world, seats, 0, 2);
    await Promise.all(seats.map((seat) => startRound(seat, 3)));
    await world.terminate("SIGKILL");
    const { rows } = await world.db.query("select * from videos where video_id = $1", [first.video.id]);
    await world.db.query("update frames set r2_path = r2_path || '.gone' where video_id = $1",
        [first.video.id]);
    await world.db.query("update videos set title = 'Another Title', difficulty = 10 where video_id = $1",
        [first.video.id]);
    await serve({ DUEL_BEST_OF: "1", DUEL_MAX_GUESSES: "1" });
    const back = await comeBack(seats);
    assert.deepEqual(back[0].welcome.rules, seats[0].welcome.rules);
    const shown = back[0].welcome.rounds.map(told);
    assert.equal(shown[0].answer.video, first.end.answer.video);
    assert.deepEqual(shown.map(({ winner, ms, score }) => [winner, ms, score]),
        [first, second].map(({ end }) => [end.winner, end.ms, end.score]));
    const rounds = [first.end, second.end];
    rounds.push((await winRound(world, back, 0, 3)).end);
    rounds.push((await winRound(world, back, 0, 4)).end);
    await checkBooks(world, match, await takeEnds(back), rounds);
    await world.db.query("update frames set r2_path = replace(r2_path, '.gone', '') where video_id = $1",
        [first.video.id]);
    await world.db.query("update videos set title = $2, difficulty = $3 where video_id = $1",
        [first.video.id, rows[0].title, rows[0].difficulty]);
});

test("kill -9 in the intermission", async () => {
    await serve({ DUEL_INTERMISSION_MS: "1000" });
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    await world.restart();
    const back = await comeBack(seats, ["token", "me"]);
    checkWelcomes(back, [first.end]);
    await playOut(match, back, [first.end]);
});

test("killed again and again, also while they come back", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const rounds = [(await winRound(world, seats, 1, 1)).end];
    await world.restart();
    await connectAgain(seats[0]); // asks, and is not answered any more
    await world.restart();
    let back = await comeBack(seats);
    rounds.push((await winRound(world, back, 0, 2)).end);
    await world.restart();
    const one = await comeAlone(back[0]);
    checkWelcomes([one], rounds);
    await world.restart();
    back = await comeBack(back, ["me", "ticket"]);
    checkWelcomes(back, rounds);
    await playOut(match, back, rounds);
});

test("kill -9 when it is over and PostgreSQL is away: the next process stores it", async () => {
    await serve({ DUEL_BEST_OF: "1", DUEL_SETTLE_WAIT_MS: "10" });
    const { match, seats } = await meetNew();
    await stores.stopPostgres();
    const { end } = await winRound(world, seats, 1, 1);
    const ends = await takeEnds(seats, { rated: false });
    assert.deepEqual(ends.map(({ outcome, rating }) => [outcome, rating]), [["loss", null], ["win", null]]);
    await world.terminate("SIGKILL");
    await world.serve();
    await world.ready(503);
    await stores.start();
    await world.connectDatabase();
    await world.ready();
    const row = await world.storedMatch(match);
    const back = await comeBack(seats);
    assert.ok(back.every(({ welcome }) => welcome.phase === "over"));
    const again = await takeEnds(back);
    for (const [slot, one] of again.entries()) {
        assert.deepEqual([one.outcome, one.score, one.points],
            [ends[slot].outcome, ends[slot].score, ends[slot].points]);
    }
    await checkBooks(world, match, again, [end]);
    assert.equal(row.status, "completed");
    await world.until(async () => (await world.valkey.zscore("lb:duels:elo", row.player2_id)) === "1016",
        "the ranking");
});

test("kill -9 after the rating was told: who comes back is told the same", async () => {
    await serve({ DUEL_BEST_OF: "1" });
    const { match, seats } = await meetNew();
    const { end } = await winRound(world, seats, 1, 1);
    const ends = await takeEnds(seats);
    await checkBooks(world, match, ends, [end]);
    await world.restart();
    const back = await comeBack(seats);
    const again = await takeEnds(back);
    for (const [slot, one] of again.entries()) {
        for (const field of ["outcome", "reason", "score", "points", "rating", "share"]) {
            assert.deepEqual(one[field], ends[slot][field], field);
        }
    }
    await checkBooks(world, match, again, [end]);
});

test("a stranger who comes first does no harm", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    const stranger = { player: await newPlayer(), matched: seats[0].matched };
    await world.restart();
    assert.equal((await (await connectAgain(stranger, "token")).socket.ends()).code, 4403);
    const back = await comeBack(seats);
    checkWelcomes(back, [first.end]);
    // Nor at a newer process, while they play on the older one.
    const newer = await world.another();
    const starts = await Promise.all(back.map((seat) => startRound(seat, 2)));
    const there = await connectAgain({ ...stranger, player: stranger.player.at(newer.base) }, "token");
    assert.equal((await there.socket.ends()).code, 4403);
    back[0].socket.send({ t: "guess", round: 2, seq: 1, text: world.videoOf(starts[0].image).title });
    const [second] = await Promise.all(back.map((seat) => seat.socket.take("round_end")));
    await playOut(match, back, [first.end, second]);
});

test("only one comes back: waits, then it is abandoned and unrated", async () => {
    await serve({ DUEL_WAITING_MS: "1500" });
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    await Promise.all(seats.map((seat) => startRound(seat, 2)));
    await world.restart();
    const one = await comeAlone(seats[0]);
    assert.equal(one.welcome.phase, "waiting");
    assert.ok(one.welcome.phase_ends_at > one.welcome.now, JSON.stringify(one.welcome));
    const end = await one.socket.take("match_end");
    assert.deepEqual([end.outcome, end.reason, end.rating], ["none", "abandoned", null]);
    await checkBooks(world, match, [end, end], [first.end]);
});

test("only one comes back, and no round was ever started: nothing is stored", async () => {
    await serve({ DUEL_WAITING_MS: "1500", DUEL_COUNTDOWN_MS: "1000" });
    const { match, seats } = await meetNew();
    await Promise.all(seats.map((seat) => seat.socket.take("countdown")));
    await world.restart();
    const one = await comeAlone(seats[0]);
    const end = await one.socket.take("match_end");
    assert.deepEqual([end.outcome, end.reason, end.rating], ["none", "abandoned", null]);
    const { rows } = await world.db.query("select 1 from duel_matches where id = $1", [match]);
    assert.equal(rows.length, 0);
    await world.until(async () => (await world.valkey.exists(`duel:match:${match}`)) === 0, "no copy");
    for (const seat of seats) {
        assert.equal((await seat.player.get("/me")).body.data.match, null);
    }
    const queue = await seats[0].player.queue();
    open.push(queue);
    const { since } = await queue.take("queued");
    assert.ok(since < one.welcome.now, "who came keeps the old place in the queue");
});

test("who searches instead of coming back is given the live match", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    await world.restart();
    const found = await Promise.all(seats.map(async ({ player }) => {
        const queue = await player.queue();
        const matched = await queue.take("matched");
        assert.equal((await queue.ends()).code, 1000);
        return matched;
    }));
    const back = await comeBack(seats.map((seat, i) => ({ player: seat.player, matched: found[i] })));
    assert.ok(found.every((matched) => matched.match === match));
    assert.equal(found[0].opponent.name, back[0].welcome.players[1].name);
    checkWelcomes(back, [first.end]);
    await playOut(match, back, [first.end]);
});

for (const signal of ["SIGKILL", "SIGTERM"]) {
    test(`${signal} while somebody searches: the place in the queue is kept`, async () => {
        await serve();
        const player = await newPlayer();
        const queue = await player.queue();
        const { since } = await queue.take("queued");
        await world.terminate(signal);
        assert.equal((await queue.ends()).code, signal === "SIGTERM" ? 1012 : 1006);
        await serve();
        const again = await player.queue();
        open.push(again);
        assert.equal((await again.take("queued")).since, since);
        const [a, b] = await Promise.all([again.take("matched"),
            newPlayer().then((other) => other.queue()).then((socket) => socket.take("matched"))]);
        assert.equal(a.match, b.match);
    });
}

test("SIGTERM: a round is played to its end, everything else is handed over at once", async () => {
    await serve({ DUEL_INTERMISSION_MS: "1000" });
    const waiting = await meetOne();
    const between = await meetNew();
    const first = await winRound(world, between.seats, 1, 1);
    const playing = await meetNew();
    const starts = await Promise.all(playing.seats.map((seat) => startRound(seat, 1)));
    const searching = await newPlayer();
    const queue = await searching.queue();
    const { since } = await queue.take("queued");

    world.server.signal("SIGTERM");
    assert.equal((await queue.ends()).code, 1012);
    for (const { code } of await ended([waiting.one, ...between.seats])) {
        assert.equal(code, 1012);
    }
    assert.equal(await world.server.readiness(), 503);
    await assert.rejects(searching.queue(), "nobody new is let in");
    assert.equal(world.exited, null, "the round goes on");
    playing.seats[1].socket.send({
        t: "guess", round: 1, seq: 1, text: world.videoOf(starts[0].image).title,
    });
    const ends = await Promise.all(playing.seats.map((seat) => seat.socket.take("round_end")));
    assert.deepEqual(ends[0], ends[1]);
    for (const { code } of await ended(playing.seats)) {
        assert.equal(code, 1012);
    }
    assert.deepEqual(await world.server.exit, { code: 0, signal: null });

    await serve();
    const again = await searching.queue();
    open.push(again);
    assert.equal((await again.take("queued")).since, since);
    again.send({ t: "leave" });
    await again.ends();
    await playOut(waiting.match, await comeBack([waiting.one, waiting.other]), []);
    await playOut(between.match, await comeBack(between.seats, ["me", "ticket"]), [first.end]);
    await playOut(playing.match, await comeBack(playing.seats, ["token", "ticket"]), [ends[0]]);
});

/** One of two is there. */
async function meetOne() {
    const { match, seats } = await pairNew();
    const one = await comeAlone(seats[0]);
    return { match, one, other: seats[1] };
}

test("SIGTERM with nothing to do: the end does not wait for the limit", async () => {
    await serve({ DUEL_DRAIN_MS: "600000" });
    assert.deepEqual(await world.terminate(), { code: 0, signal: null });
});

test("SIGTERM, and the round outlasts the limit: the next process plays it again", async () => {
    await serve({ DUEL_DRAIN_MS: "300" });
    const { match, seats } = await meetNew();
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
    const exit = world.terminate();
    for (const { code } of await ended(seats)) {
        assert.equal(code, 1012);
    }
    assert.deepEqual(await exit, { code: 0, signal: null });
    await serve();
    const back = await comeBack(seats);
    checkWelcomes(back, []);
    const again = await winRound(world, back, 0, 1);
    assert.notEqual(again.video.id, world.videoOf(starts[0].image).id);
    await playOut(match, back, [again.end]);
});

test("SIGTERM with PostgreSQL away: the results outlive the process", async () => {
    await serve({ DUEL_BEST_OF: "1", DUEL_SETTLE_WAIT_MS: "10", DUEL_DRAIN_MS: "300" });
    const { match, seats } = await meetNew();
    await stores.stopPostgres();
    const { end } = await winRound(world, seats, 1, 1);
    await takeEnds(seats, { rated: false });
    assert.equal(await world.metric("duel_results_waiting"), 1);
    assert.deepEqual(await world.terminate(), { code: 0, signal: null });
    await stores.start();
    await world.connectDatabase();
    await serve();
    await world.storedMatch(match);
    const back = await comeBack(seats);
    await checkBooks(world, match, await takeEnds(back), [end]);
});

test("SIGTERM with Valkey away: nobody can take over, and the process ends all the same", async () => {
    await serve({ DUEL_DRAIN_MS: "300", DUEL_INTERMISSION_MS: "1000" });
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    const playing = await meetNew();
    await Promise.all(playing.seats.map((seat) => startRound(seat, 1)));
    await stores.killValkey();
    const exit = world.terminate();
    for (const { code } of await ended([...seats, ...playing.seats])) {
        assert.equal(code, 1012);
    }
    assert.deepEqual(await exit, { code: 0, signal: null });
    await stores.start();
    await serve();
    const back = await comeBack(seats); // Valkey had it from before
    checkWelcomes(back, [first.end]);
    await playOut(match, back, [first.end]);
    await playOut(playing.match, await comeBack(playing.seats), []);
});

test("rolling: the newer process takes each match along with its players, and nothing flaps", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    const newer = await world.another();
    const moved = seats.map((seat) => ({ ...seat, player: seat.player.at(newer.base) }));
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 2)));
    assert.ok(starts[0].frame, "players of the old one play on");

    seats[0].socket.cut();
    const one = await connectAgain(moved[0]);
    assert.equal((await seats[1].socket.ends()).code, 1012, "there is no other node to name");
    const back = await welcomed([one, await connectAgain(moved[1])]);
    checkWelcomes(back, [first.end]);
    const late = await connectAgain(seats[0]); // the old process is asked once more
    assert.equal((await late.socket.ends()).code, 1012);
    await playOut(match, back, [first.end]);
    assert.ok(back.every(({ socket }) => !socket.end), "their sockets stayed");
    assert.ok(!/4421/.test(newer.log));
});

test("rolling: SIGTERM for the old one, the newer one has its matches and its queue", async () => {
    await serve();
    const { match, seats } = await meetNew();
    const first = await winRound(world, seats, 1, 1);
    const searching = await newPlayer();
    const queue = await searching.queue();
    const { since } = await queue.take("queued");
    const newer = await world.another();
    await Promise.all(seats.map((seat) => startRound(seat, 2)));
    const exit = world.terminate();
    assert.equal((await queue.ends()).code, 1012);
    const again = await searching.at(newer.base).queue();
    open.push(again);
    assert.equal((await again.take("queued")).since, since);
    seats.forEach((seat) => seat.socket.cut());
    const back = await comeBack(seats.map((seat) => ({ ...seat, player: seat.player.at(newer.base) })),
        ["me", "token"]);
    checkWelcomes(back, [first.end]);
    assert.deepEqual(await exit, { code: 0, signal: null });
    await playOut(match, back, [first.end]);
});
