// The queue over real sockets and a real Valkey (contract section 3).

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { pair, within } from "./lib/client.mjs";
import { World } from "./lib/world.mjs";

let world;
const open = [];
before(async () => {
    world = await World.start({
        env: { DUEL_QUEUE_TIMEOUT_MS: "3000", DUEL_WINDOW_STEP_MS: "400", DUEL_WAITING_MS: "300" },
    });
});
after(() => world?.stop());
afterEach(async () => {
    for (const socket of open.splice(0)) {
        socket.cut();
    }
    await world.until(async () => (await world.valkey.zcard("duel:queue")) === 0, "an empty queue");
});

async function waits(player, options) {
    const socket = await player.queue(options);
    open.push(socket);
    return socket;
}

test("queued tells where one stands, leave ends it", async () => {
    const player = await world.player("queue0000001", { name: "Ana", rating: 1200 });
    const socket = await waits(player);
    const queued = await socket.take("queued");
    assert.equal(queued.rating, 1200);
    assert.equal(queued.window, 100);
    assert.equal(queued.waiting, 1);
    assert.equal(queued.expires_at - queued.since, 3000);
    const me = await player.get("/me");
    assert.equal(me.body.data.queue.status, "queued");
    assert.equal(me.body.data.queue.since, queued.since);
    assert.equal(me.body.data.match, null);
    assert.equal(me.body.data.rating, 1200);
    socket.send({ t: "ping", ts: 4 });
    assert.equal((await socket.take("pong")).ts, 4);
    socket.send({ t: "leave" });
    assert.equal((await socket.ends()).code, 1000);
    await world.until(async () => (await player.get("/me")).body.data.queue.status === "idle", "idle");
});

test("who fits is found at once; both get the same match and each the other's card", async () => {
    const [a, b] = await pair(await world.player("queue0000002", { name: "Bia", rating: 1000 }),
        await world.player("queue0000003", { name: "Caio", rating: 1090 }));
    assert.equal(a.match, b.match);
    assert.equal(a.path, `/api/duel/match/${a.match}`);
    assert.match(a.resume, /^[A-Za-z0-9_-]{43}$/);
    assert.notEqual(a.resume, b.resume);
    assert.deepEqual(a.opponent, { name: "Caio", avatar: null, country: null, rating: 1090 });
    assert.equal(b.opponent.name, "Bia");
});

test("windows widen until two fit", async () => {
    const far = await waits(await world.player("queue0000004", { name: "Davi", rating: 1000 }));
    const high = await waits(await world.player("queue0000005", { name: "Edu", rating: 1180 }));
    assert.equal((await far.take("queued")).window, 100);
    const [a, b] = await Promise.all([far.take("matched"), high.take("matched")]);
    assert.equal(a.match, b.match);
});

test("nobody comes: the window has no bound in the last third, then timeout and 4408", async () => {
    const socket = await waits(await world.player("queue0000006"));
    await socket.take("queued", (message) => message.window === null);
    await socket.take("timeout");
    assert.equal((await socket.ends()).code, 4408);
});

test("a player is in the queue once, whatever number of tabs", async () => {
    const player = await world.player("queue0000007");
    const tabs = [await waits(player), await waits(player)];
    for (const tab of tabs) {
        assert.equal((await tab.take("queued")).waiting, 1);
    }
    assert.equal(await world.valkey.zcard("duel:queue"), 1);
    const other = await waits(await world.player("queue0000008"));
    const found = await Promise.all([...tabs, other].map((socket) => socket.take("matched")));
    assert.equal(new Set(found.map((message) => message.match)).size, 1);
});

test("not the last opponent again while somebody else fits", async () => {
    // One stands between two and three, who are too far apart for each other.
    const one = await world.player("queue0000009", { name: "Gabi", rating: 1060 });
    const two = await world.player("queue0000010", { name: "Hugo", rating: 1000 });
    const three = await world.player("queue0000011", { name: "Iris", rating: 1155 });
    const [first] = await pair(one, two);
    await gone(first, one);
    const waitingTwo = await waits(two);
    await waitingTwo.take("queued");
    const waitingThree = await waits(three);
    await waitingThree.take("queued");
    const waitingOne = await waits(one);
    assert.equal((await waitingOne.take("matched")).opponent.name, "Iris", "farther, but not again Hugo");
});

test("with nobody else there the last opponent will do", async () => {
    const one = await world.player("queue0000012");
    const two = await world.player("queue0000013");
    const [first] = await pair(one, two);
    await gone(first, one);
    const [second] = await pair(one, two);
    assert.notEqual(second.match, first.match);
});

/** Nobody connects: the match is abandoned after DUEL_WAITING_MS. */
async function gone(matched, player) {
    await world.until(async () => (await player.get("/me")).body.data.match === null, "the match's end");
}

test("who did come is told, and keeps the place in the queue", async () => {
    const one = await world.player("queue0000014");
    const two = await world.player("queue0000015");
    const waiting = await waits(one);
    const { since } = await waiting.take("queued");
    const other = await waits(two);
    const found = await waiting.take("matched");
    await other.take("matched");
    const socket = await one.match(found);
    open.push(socket);
    await socket.take("welcome");
    const end = await socket.take("match_end");
    assert.deepEqual([end.outcome, end.reason, end.rating], ["none", "abandoned", null]);
    const again = await waits(one);
    assert.equal((await again.take("queued")).since, since);
});

test("a player in the queue of an emptied Valkey is still found", async () => {
    const one = await waits(await world.player("queue0000016"));
    await one.take("queued");
    await world.valkey.flushall();
    await world.valkey.script("FLUSH");
    const two = await waits(await world.player("queue0000017"));
    const found = await Promise.all([one.take("matched"), two.take("matched")]);
    assert.equal(found[0].match, found[1].match);
});

test("forty people at once: everybody is paired, nobody twice", async () => {
    const players = await Promise.all(Array.from({ length: 40 }, (_, i) =>
        world.player(`crowd${String(i).padStart(7, "0")}`)));
    const sockets = await Promise.all(players.map((player) => waits(player)));
    const found = await within(Promise.all(sockets.map((socket) => socket.take("matched"))), "everybody");
    const sizes = new Map();
    for (const { match } of found) {
        sizes.set(match, (sizes.get(match) ?? 0) + 1);
    }
    assert.equal(sizes.size, 20);
    assert.ok([...sizes.values()].every((size) => size === 2));
});
