// Frames from an S3 store: signed requests that a store accepts, whatever the object is called, and what is
// wrong with one object costs nobody his match.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { winRound } from "./lib/play.mjs";
import { S3Store } from "./lib/s3store.mjs";
import { FRAME_MAX, S3World } from "./lib/s3world.mjs";

const store = new S3Store();
let it;
let world;

before(async () => {
    await store.start();
    it = await S3World.start(store.settings, (key, bytes) => store.objects.set(key, bytes));
    world = it.world;
});
after(async () => {
    await world?.stop();
    await store.stop();
});
afterEach(async () => {
    store.spoil = null;
    await it.end(store.secret);
});

/** Spoils every answer for the object that is asked for first. Resolves to how often it was. */
function spoilFirst(how) {
    const spoiled = { key: null, count: 0 };
    store.spoil = (request, response, key) => {
        spoiled.key ??= key;
        if (key !== spoiled.key) {
            return false;
        }
        spoiled.count++;
        return how(response, key, spoiled.count) !== false;
    };
    return spoiled;
}

test("a duel with pictures from the store, over few connections", async () => {
    await it.serve();
    const refused = store.refused.length;
    const connections = store.connections;
    const seats = await it.meetNew();
    for (let round = 1; round <= 3; round++) {
        await winRound(world, seats, 0, round);
    }
    await Promise.all(seats.map((seat) => seat.socket.take("match_end")));
    assert.equal(store.refused.length, refused);
    assert.ok(store.served.length >= 6, "nothing is cached: one for the sealing, one or two for the seats");
    assert.ok(store.connections - connections <= 3, `${store.connections - connections} connections`);
    assert.equal(await world.metric("duel_frames_up"), 1);
    assert.equal(await world.metric("duel_frame_failures_total"), 0);
});

test("a picture that was read is asked for no more", async () => {
    await it.serve({ DUEL_FRAME_CACHE: "33554432" });
    const served = store.served.length;
    const seats = await it.meetNew();
    await winRound(world, seats, 0, 1);
    await it.bothSee(seats, 2);
    assert.equal(store.served.length - served, 2);
});

const OBJECT_FAULTS = {
    "that is not there": ["absent", 1, (response) => store.error(response, 404, "NoSuchKey")],
    "that is refused": ["refused", 1, (response) => store.error(response, 403, "AccessDenied")],
    "that is elsewhere": ["refused", 1, (response, key) => {
        const elsewhere = encodeURIComponent(key.replace("1)", "2)"));
        response.writeHead(307, { Location: `http://127.0.0.1:${store.port}/${store.bucket}/${elsewhere}` });
        response.end();
    }],
    "that is no picture": ["unfit", 1, (response) => response.end("<html><svg></svg></html>")],
    "that is empty": ["unfit", 1, (response) => response.end()],
    "that says that it is too large": ["unfit", 1, (response) => {
        response.writeHead(200, { "Content-Length": FRAME_MAX + 1 });
        response.write(randomBytes(1000));
    }],
    "that turns out too large": ["unfit", 1, (response) => {
        response.writeHead(200);
        response.write("\x89PNG\r\n\x1a\n", "latin1");
        response.write(randomBytes(FRAME_MAX)); // and never ends
    }],
    "that is always cut": ["broken", 3, (response, key) => {
        response.writeHead(200, { "Content-Length": store.objects.get(key).length });
        response.write(store.objects.get(key).subarray(0, 300), () => response.destroy());
    }],
    "that always fails": ["broken", 3, (response) => store.error(response, 500, "InternalError")],
    "that is answered with garbage": ["broken", 3, (response) => response.socket.end("what?\r\n\r\n")],
};

for (const [name, [cause, times, how]] of Object.entries(OBJECT_FAULTS)) {
    test(`an object ${name} is replaced by another before the round`, async () => {
        await it.serve();
        const spoiled = spoilFirst(how);
        const seats = await it.meetNew();
        await it.bothSee(seats, 1);
        assert.equal(spoiled.count, times);
        assert.ok(!store.served.slice(-2).includes(spoiled.key));
        assert.equal(await world.metric(`duel_frame_store_${cause}_total`), times);
        assert.equal(await world.metric("duel_frame_failures_total"), 1);
        assert.equal(await world.metric("duel_frames_up"), 1);
        assert.match(world.log, /picture not had from the store/);
    });
}

test("one fault, and the next answer is good: the same picture", async () => {
    await it.serve();
    const spoiled = spoilFirst((response, key, count) => {
        if (count > 1) {
            return false;
        }
        return store.error(response, 503, "SlowDown");
    });
    const seats = await it.meetNew();
    await it.bothSee(seats, 1);
    assert.ok(spoiled.count >= 3, "the fault, the sealing, and the seats, together or each");
    assert.equal(await world.metric("duel_frame_failures_total"), 0);
    assert.equal(await world.metric("duel_frame_store_broken_total"), 1);
});

test("a store that does not answer is not waited for without end", async () => {
    await it.serve();
    const spoiled = spoilFirst((response, key, count) => count === 1) // the first hangs;
    const seats = await it.meetNew();
    await it.bothSee(seats, 1);
    assert.ok(spoiled.count >= 2);
    assert.equal(await world.metric("duel_frame_store_unreached_total"), 1);
    assert.equal(await world.metric("duel_frame_failures_total"), 0);
});

test("settings that are missing are one clear line", () => {
    const env = { ...world.env, PATH: process.env.PATH, R2_ENDPOINT: "" };
    const check = (all) => spawnSync(process.env.DUEL_SERVER, ["--check-config"],
        { env: all, encoding: "utf8" });
    const { status, stdout, stderr } = check(env);
    assert.equal(status, 78, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /^duel-server: R2_ENDPOINT is not set: [^\n]+\n$/);
    const good = check({ ...env, ...store.settings });
    assert.equal(good.status, 0, good.stderr);
    assert.match(good.stdout, /^R2_SECRET_KEY=\(set\)$/m);
    assert.ok(!good.stdout.includes(store.secret));
});
