// Two nodes on one Valkey and one PostgreSQL: one queue, each match on one of them, and players find it
// whichever they come to (docs/rules.md, "What lasts"; contract sections 1 and 4).

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { serve as serveProxy } from "../../deploy/local/proxy.mjs";
import { meet, startRound } from "./lib/client.mjs";
import {
    checkBooks, comeAlone, comeBack, connectAgain, ended, takeEnds, told, winRound,
} from "./lib/play.mjs";
import { World } from "./lib/world.mjs";

const SETTINGS = {
    DUEL_NODE_ID: "a", DUEL_BEST_OF: "3", DUEL_LEASE_MS: "600", DUEL_WAITING_MS: "20000",
    DUEL_GRACE_MS: "20000", DUEL_ROUND_MS: "20000", DUEL_READY_WAIT_MS: "10000", DUEL_REMATCH_MS: "20000",
    DUEL_SETTLE_WAIT_MS: "5000", DUEL_QUEUE_TIMEOUT_MS: "60000", DUEL_WINDOW_STEP_MS: "60000",
    DUEL_SAVE_WAIT_MS: "5000",
};
let world;
let nodes;
let people = 0;
const open = [];

before(async () => {
    world = await World.start({ env: SETTINGS, start: false });
});
after(() => world?.stop());
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

async function serveBoth(env = {}) {
    await world.serve(env);
    await world.ready();
    nodes = { a: world.server, b: await world.another({ DUEL_NODE_ID: "b", ...env }) };
    await renewed(2);
}

/** Since now each process has told of itself, and been told of the others. */
async function renewed(processes) {
    const [s, us] = (await world.valkey.time()).map(Number);
    const now = s * 1000 + us / 1000;
    await world.until(async () => {
        const scores = (await world.valkey.zrange("duel:boots", 0, -1, "WITHSCORES"))
            .filter((_, at) => at % 2 === 1).map(Number);
        return scores.filter((score) => score > now).length >= processes;
    }, "renewed leases");
}

async function newPlayer(node, rating = 1000) {
    people++;
    const sub = `node${String(people).padStart(8, "0")}`;
    const player = await world.player(sub, { name: `N${people}`, rating });
    return player.at(nodes[node].base);
}

async function queueOf(player) {
    const socket = await player.queue();
    open.push(socket);
    await socket.take("queued");
    return socket;
}

/** The first waits already when the second comes; resolves to what each was told. */
async function found(first, second) {
    const waiting = await queueOf(first);
    const coming = await second.queue();
    open.push(coming);
    const all = await Promise.all([waiting, coming].map((socket) => socket.take("matched")));
    for (const { code } of await Promise.all([waiting, coming].map((socket) => socket.ends()))) {
        assert.equal(code, 1000);
    }
    return all;
}

function nodeOf({ path, match }) {
    const name = new RegExp(`^/api/duel/n/([ab])/match/${match}$`).exec(path)?.[1];
    assert.ok(name, `${path} names the node`);
    return name;
}

/** Seats at the node that each was sent to. */
function seatsOf(players, matched) {
    return players.map((player, i) =>
        ({ player: player.at(nodes[nodeOf(matched[i])].base), matched: matched[i] }));
}

async function enter(players, matched) {
    return comeBack(seatsOf(players, matched));
}

async function playOut(match, seats, rounds = []) {
    const all = [...rounds];
    while (all.filter((round) => round.winner === 0).length < 2) {
        all.push((await winRound(world, seats, 0, all.length + 1)).end);
    }
    const ends = await takeEnds(seats);
    assert.deepEqual(ends.map((end) => [end.outcome, end.reason]), [["win", "score"], ["loss", "score"]]);
    await checkBooks(world, match, ends, all);
}

test("two who search on different nodes are paired at once, and play where both are sent", async () => {
    await serveBoth();
    const monitor = await world.valkey.monitor();
    const asked = [];
    monitor.on("monitor", (_, args) => asked.push(args));
    const far = await newPlayer("a", 3000);
    await queueOf(far);
    const { rows: [{ id: farId }] } = await world.db.query("select id from users where display_name = $1",
        [`N${people}`]);
    const one = await newPlayer("a", 1010);
    const two = await newPlayer("b", 1050);
    const matched = await found(one, two);
    // A ticket is looked at anew every 5 s: who came earlier is not until then.
    assert.equal(asked.filter((args) => /evalsha/i.test(args[0]) && args[6] === farId).length, 1,
        "told by the other node, not found by looking again");
    monitor.disconnect();
    assert.equal(matched[0].match, matched[1].match);
    assert.equal(matched[0].path, matched[1].path);
    assert.deepEqual(matched.map(({ opponent }) => [opponent.name, opponent.rating]),
        [[`N${people}`, 1050], [`N${people - 1}`, 1010]]);
    const seats = await enter([one, two], matched);
    const names = seats.map(({ welcome }) => welcome.players.map((player) => player.name));
    assert.deepEqual(names[0], names[1]);
    const { starts, end } = await winRound(world, seats, 0, 1);
    for (const { frame } of starts) {
        assert.ok(frame.url.startsWith(`/api/duel/n/${nodeOf(matched[0])}/frame/`), frame.url);
    }
    const last = await winRound(world, seats, 0, 2);
    const ends = await takeEnds(seats);
    assert.deepEqual(ends.map(({ outcome }) => outcome), ["win", "loss"]);
    const row = await world.storedMatch(matched[0].match);
    assert.deepEqual(row.rounds.map((round) => round.video_id), [end.answer.video, last.end.answer.video]);
    assert.deepEqual([row.rating_p1_after, row.rating_p2_after], ends.map(({ rating }) => rating.after));
});

test("whoever asks at the wrong node is sent to the right one: 4421, `me`, and the queue", async () => {
    await serveBoth();
    const players = [await newPlayer("a"), await newPlayer("b")];
    const matched = await found(...players);
    const { match, path } = matched[0];
    const seats = await enter(players, matched);
    const wrong = nodes[nodeOf(matched[0]) === "a" ? "b" : "a"];
    const lost = { ...seats[0], player: seats[0].player.at(wrong.base) };
    for (const how of ["ticket", "token"]) {
        const matchedHere = { match, path: `/api/duel/match/${match}` };
        const plain = await connectAgain({ ...lost, matched: matchedHere }, how);
        assert.deepEqual(await plain.socket.ends(), { code: 4421, reason: path });
        // Asked by the other's path, it stands in for one that no proxy reaches: nobody is sent round.
        assert.equal((await (await connectAgain(lost, how)).socket.ends()).code, 4503);
    }
    for (const node of [nodes.a, nodes.b]) {
        const { body } = await players[0].at(node.base).get("/me");
        assert.equal(body.data.match.match, match);
        assert.equal(body.data.match.path, path);
        const queue = await players[1].at(node.base).queue();
        const same = await queue.take("matched");
        assert.deepEqual([same.match, same.path], [match, path]);
        assert.equal(same.opponent.name, matched[1].opponent.name);
        assert.equal((await queue.ends()).code, 1000);
    }
    const again = await comeAlone(seats[0]);
    assert.equal((await seats[0].socket.ends()).code, 4409, "only the newer socket at the right node");
    seats[0] = again;
    await playOut(match, seats);
});

test("the queue is one: who waits is counted on both nodes, and pings are answered", async () => {
    await serveBoth();
    const one = await queueOf(await newPlayer("a", 1000));
    const socket = await (await newPlayer("b", 2000)).queue();
    open.push(socket);
    assert.equal((await socket.take("queued")).waiting, 2);
    for (const each of [one, socket]) {
        each.send({ t: "ping", ts: 7 });
        assert.equal((await each.take("pong")).ts, 7);
        each.send({ t: "leave" });
        assert.equal((await each.ends()).code, 1000);
    }
    await world.until(async () => (await world.valkey.zcard("duel:queue")) === 0, "an empty queue");
});

test("matches go to the node with the least to do", async () => {
    await serveBoth();
    const places = [];
    for (let i = 0; i < 6; i++) {
        const players = [await newPlayer("a"), await newPlayer("a")];
        const matched = await found(...players);
        places.push(nodeOf(matched[0]));
        const seats = await enter(players, matched);
        open.push(...seats.map(({ socket }) => socket));
        await renewed(2);
    }
    assert.deepEqual(places, ["a", "b", "a", "b", "a", "b"], "the asking node first");
});

test("a node dies: the other takes its matches when players come by the path of the dead one", async () => {
    await serveBoth();
    const players = [await newPlayer("a"), await newPlayer("a")];
    await enter(players, await found(...players)); // so that the next one is b's
    await renewed(2);
    const pairOfB = [await newPlayer("a"), await newPlayer("b")];
    const matched = await found(...pairOfB);
    assert.equal(nodeOf(matched[0]), "b");
    const seats = await enter(pairOfB, matched);
    const first = await winRound(world, seats, 1, 1);
    await Promise.all(seats.map((seat) => startRound(seat, 2)));
    await nodes.b.terminate("SIGKILL");
    const moved = seats.map((seat) => ({ ...seat, player: seat.player.at(nodes.a.base) }));
    const back = await Promise.all(moved.map(welcomedInTime));
    for (const { welcome } of back) {
        assert.deepEqual(welcome.rounds.map(told), [first.end].map(told));
    }
    assert.deepEqual(back.map(({ welcome }) => welcome.you), [0, 1]);
    await renewed(1);
    const { body } = await back[0].player.get("/me");
    assert.equal(body.data.match.match, matched[0].match);
    await playOut(matched[0].match, back, [first.end]);
});

/** Comes again, as it is told to, until the node that died counts as dead. */
async function welcomedInTime(seat) {
    return world.until(async () => {
        const again = await connectAgain(seat);
        const welcome = again.socket.take("welcome").catch(() => null);
        const first = await Promise.race([welcome, again.socket.closed]);
        if (first?.t === "welcome") {
            return { ...again, welcome: first };
        }
        const { code, reason } = first ?? again.socket.end;
        assert.ok([1012, 4421, 4503].includes(code), `${code} ${reason}`);
        return null;
    }, "a welcome at the living node");
}

test("a node is stopped: nothing new is placed there, and its matches go over at once", async () => {
    await serveBoth();
    const stay = [await newPlayer("a"), await newPlayer("a")];
    open.push(...(await enter(stay, await found(...stay))).map(({ socket }) => socket));
    await renewed(2);
    const pairOfB = [await newPlayer("b"), await newPlayer("a")];
    const matched = await found(...pairOfB);
    assert.equal(nodeOf(matched[0]), "b");
    const seats = await enter(pairOfB, matched);
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
    nodes.b.signal("SIGTERM");
    await nodes.b.ready(503);
    await renewed(2);
    const fresh = [await newPlayer("a"), await newPlayer("a")];
    const placed = await found(...fresh);
    assert.equal(await world.valkey.hget(`duel:match:${placed[0].match}`, "node"), "a",
        "though a has more to do");
    seats[1].socket.send({ t: "guess", round: 1, seq: 1, text: world.videoOf(starts[0].image).title });
    const ends = await Promise.all(seats.map((seat) => seat.socket.take("round_end")));
    for (const { code } of await ended(seats)) {
        assert.equal(code, 1012);
    }
    assert.deepEqual(await nodes.b.exit, { code: 0, signal: null });
    const back = await comeBack(seats.map((seat) => ({ ...seat, player: seat.player.at(nodes.a.base) })),
        ["me", "ticket"]);
    assert.deepEqual(back.map(({ welcome }) => welcome.rounds.length), [1, 1]);
    await playOut(matched[0].match, back, [ends[0]]);
});

/** A match on b with one round played and one begun, and b frozen until its match is another's. */
async function freeze() {
    await serveBoth();
    const others = [await newPlayer("a"), await newPlayer("a")];
    open.push(...(await enter(others, await found(...others))).map(({ socket }) => socket));
    await renewed(2);
    const players = [await newPlayer("a"), await newPlayer("b")];
    const matched = await found(...players);
    assert.equal(nodeOf(matched[0]), "b");
    const seats = await enter(players, matched);
    const first = await winRound(world, seats, 1, 1);
    const starts = await Promise.all(seats.map((seat) => startRound(seat, 2)));
    const { match } = matched[0];
    const boot = await world.valkey.hget(`duel:match:${match}`, "owner");
    nodes.b.signal("SIGSTOP");
    await world.until(async () => (await world.valkey.hget(`duel:match:${match}`, "owner")) !== boot,
        "another owner");
    return { match, seats, first, video: world.videoOf(starts[0].image) };
}

test("a node was frozen: with its players still there it takes its match back and plays on", async () => {
    const { match, seats, first, video } = await freeze();
    assert.equal(await nodes.a.metric("duel_matches_dormant"), 1);
    nodes.b.signal("SIGCONT");
    seats[0].socket.send({ t: "guess", round: 2, seq: 1, text: video.title });
    const [second] = await Promise.all(seats.map((seat) => seat.socket.take("round_end")));
    assert.equal(second.winner, 0);
    await world.until(async () => (await nodes.a.metric("duel_matches_dormant")) === 0, "given back");
    await playOut(match, seats, [first.end, second]);
});

test("a node was frozen: players who went to another are not called back", async () => {
    const { match, seats, first } = await freeze();
    const one = await comeAlone({ ...seats[0], player: seats[0].player.at(nodes.a.base) });
    nodes.b.signal("SIGCONT");
    const { code, reason } = await seats[1].socket.ends();
    assert.deepEqual([code, reason], [4421, `/api/duel/n/a/match/${match}`]);
    const other = await comeAlone({
        ...seats[1], player: seats[1].player.at(nodes.a.base), matched: { match, path: reason },
    });
    const back = [one, other];
    for (const { welcome } of back) {
        assert.deepEqual(welcome.rounds.map(told), [first.end].map(told));
    }
    await playOut(match, back, [first.end]);
});

const LOSSES = {
    "duel:playing of both": ({ p0, p1 }) => world.valkey.del(`duel:playing:${p0}`, `duel:playing:${p1}`),
    "duel:match": ({ match }) => world.valkey.del(`duel:match:${match}`),
    "duel:players": ({ owner }) => world.valkey.del(`duel:players:${owner}`),
    "everything": () => world.valkey.flushall(),
};

for (const [name, lose] of Object.entries(LOSSES)) {
    test(`${name} vanishes in mid-round: who joins the queue elsewhere gets the match he is in`, async () => {
        await serveBoth();
        const players = [await newPlayer("a"), await newPlayer("a")];
        const matched = await found(...players);
        const { match } = matched[0];
        assert.equal(nodeOf(matched[0]), "a");
        const seats = await enter(players, matched);
        const starts = await Promise.all(seats.map((seat) => startRound(seat, 1)));
        const waiting = await queueOf(await newPlayer("b"));
        await lose({ match, ...await world.valkey.hgetall(`duel:match:${match}`) });
        const queues = await Promise.all(players.map((player) => player.at(nodes.b.base).queue()));
        open.push(...queues);
        for (const again of await Promise.all(queues.map((queue) => queue.take("matched")))) {
            assert.deepEqual([again.match, nodeOf(again)], [match, "a"]);
        }
        const other = await (await newPlayer("b")).queue();
        open.push(other);
        const pair = await Promise.all([waiting, other].map((socket) => socket.take("matched")));
        assert.equal(pair[0].match, pair[1].match);
        assert.notEqual(pair[0].match, match);
        seats[0].socket.send({ t: "guess", round: 1, seq: 1, text: world.videoOf(starts[0].image).title });
        const [end] = await Promise.all(seats.map((seat) => seat.socket.take("round_end")));
        await playOut(match, seats, [end]);
    });
}

test("behind a reverse proxy nobody needs to know of nodes; one of them dies in mid-match", async () => {
    await serveBoth();
    const proxy = await serveProxy({ nodes: new Map([["a", new URL(nodes.a.base).origin],
        ["b", new URL(nodes.b.base).origin]]) });
    try {
        const base = `http://127.0.0.1:${proxy.address().port}/api/duel`;
        const players = [(await newPlayer("a")).at(base), (await newPlayer("a")).at(base)];
        const { match, seats } = await meet(...players);
        const first = await winRound(world, seats, 1, 1);
        await Promise.all(seats.map((seat) => startRound(seat, 2)));
        await nodes[nodeOf(seats[0].matched)].terminate("SIGKILL");
        const back = await Promise.all(seats.map(welcomedInTime));
        const second = await winRound(world, back, 0, 2);
        await playOut(match, back, [first.end, second.end]);
        const search = await players[0].get("/search?q=gato");
        assert.equal(search.status, 200);
    } finally {
        proxy.closeAllConnections();
        proxy.close();
    }
});
