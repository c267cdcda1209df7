// Frames from an S3 store: signed requests that a store accepts, whatever the object is called; what is
// wrong with one object costs nobody his match; a store that is away is waited for, and never is there a
// round without a picture.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { meet, startRound } from "./lib/client.mjs";
import { winRound } from "./lib/play.mjs";
import { S3Store } from "./lib/s3store.mjs";
import { World } from "./lib/world.mjs";

const FRAME_MAX = 100_000;
const SETTINGS = {
    DUEL_FRAME_MAX: String(FRAME_MAX), DUEL_FRAME_CACHE: "0",
    DUEL_ROUND_MS: "20000", DUEL_WAITING_MS: "20000", DUEL_DRAIN_MS: "50",
};
const store = new S3Store();
let world;
let people = 0;
const open = [];

before(async () => {
    await store.start();
    world = await World.start({ env: { ...SETTINGS, ...store.settings }, start: false });
    for (const video of world.videos) {
        for (const [index, bytes] of video.pictures.entries()) {
            const key = `frames/São João + ü/${video.id} (${index + 1})&=?#%20~*'@:,;!.png`;
            store.objects.set(key, bytes);
            await world.db.query("update frames set r2_path = $1 where video_id = $2 and rank = $3",
                [key, video.id, index + 1]);
        }
    }
});
after(async () => {
    await world?.stop();
    await store.stop();
});
afterEach(async () => {
    store.spoil = null;
    open.splice(0).forEach((socket) => socket.cut());
    if (world.child && !world.exited) {
        await world.terminate();
        world.server.check();
    }
    assert.ok(!world.log.includes(store.secret), "the secret key is in the log");
    assert.doesNotMatch(world.log, /AWS4|Signature=|[0-9a-f]{64}/, "a signature is in the log");
});

async function serve(env) {
    await world.serve(env);
    await world.ready();
}

async function meetNew() {
    const players = [];
    for (let i = 0; i < 2; i++) {
        people++;
        players.push(await world.player(`s3${String(people).padStart(10, "0")}`, { name: `P${people}` }));
    }
    const { seats } = await meet(...players);
    open.push(...seats.map((seat) => seat.socket));
    return seats;
}

/** Both see round `number`, with a picture of a video. */
async function bothSee(seats, number) {
    const [one, other] = await Promise.all(seats.map((seat) => startRound(seat, number)));
    assert.deepEqual(one.image, other.image);
    return world.videoOf(one.image);
}

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

function why() {
    return fetch(`${world.server.ops}/readyz`).then((response) => response.text());
}

test("a duel with pictures from the store, over few connections", async () => {
    await serve();
    const refused = store.refused.length;
    const connections = store.connections;
    const seats = await meetNew();
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
    await serve({ DUEL_FRAME_CACHE: "33554432" });
    const served = store.served.length;
    const seats = await meetNew();
    await winRound(world, seats, 0, 1);
    await bothSee(seats, 2);
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
        await serve();
        const spoiled = spoilFirst(how);
        const seats = await meetNew();
        await bothSee(seats, 1);
        assert.equal(spoiled.count, times);
        assert.ok(!store.served.slice(-2).includes(spoiled.key));
        assert.equal(await world.metric(`duel_frame_store_${cause}_total`), times);
        assert.equal(await world.metric("duel_frame_failures_total"), 1);
        assert.equal(await world.metric("duel_frames_up"), 1);
        assert.match(world.log, /picture not had from the store/);
    });
}

test("one fault, and the next answer is good: the same picture", async () => {
    await serve();
    const spoiled = spoilFirst((response, key, count) => {
        if (count > 1) {
            return false;
        }
        return store.error(response, 503, "SlowDown");
    });
    const seats = await meetNew();
    await bothSee(seats, 1);
    assert.ok(spoiled.count >= 3, "the fault, the sealing, and the seats, together or each");
    assert.equal(await world.metric("duel_frame_failures_total"), 0);
    assert.equal(await world.metric("duel_frame_store_broken_total"), 1);
});

test("a store that does not answer is not waited for without end", async () => {
    await serve();
    const spoiled = spoilFirst((response, key, count) => count === 1) // the first hangs;
    const seats = await meetNew();
    await bothSee(seats, 1);
    assert.ok(spoiled.count >= 2);
    assert.equal(await world.metric("duel_frame_store_unreached_total"), 1);
    assert.equal(await world.metric("duel_frame_failures_total"), 0);
});

test("the store goes away in a match and comes back: the round waits for its picture", async () => {
    await serve();
    const seats = await meetNew();
    const video = await bothSee(seats, 1);
    await store.stop();
    seats[0].socket.send({ t: "guess", round: 1, seq: 1, text: video.title });
    await Promise.all(seats.map((seat) => seat.socket.take("round_end")));
    await world.ready(503);
    assert.match(await why(), /frames cannot be had/);
    assert.equal(await world.metric("duel_frames_up"), 0);
    const late = await meetNew(); // a new match waits too
    await store.start();
    await world.ready();
    await Promise.all([winRound(world, seats, 1, 2), bothSee(late, 1)]);
    assert.equal(await world.metric("duel_frames_up"), 1);
    assert.equal(await world.metric("duel_frame_store_outages_total"), 1);
});

test("keys that the store does not know: nobody's match is given up at once, and it is said why", async () => {
    await serve({ R2_SECRET_KEY: "another-secret" });
    const refused = store.refused.length;
    const seats = await meetNew();
    await world.ready(503);
    assert.match(await why(), /frames cannot be had/);
    assert.match(world.log, /HTTP status 403 SignatureDoesNotMatch/);
    assert.ok(store.refused.length - refused >= 3);
    assert.ok(!world.log.includes("another-secret"));
    assert.ok(seats.every((seat) => seat.socket.end === undefined), "both still wait");
});

test("another region is refused by the store, and seen", async () => {
    await serve({ R2_REGION: "auto" });
    await meetNew();
    await world.ready(503);
    assert.match(world.log, /HTTP status 400 AuthorizationHeaderMalformed/);
});

test("a bucket that is not there is no missing object", async () => {
    await serve({ DUEL_FRAMES: "s3://", R2_BUCKET: "no-such-bucket" });
    await meetNew();
    await world.ready(503);
    assert.match(world.log, /HTTP status 404 NoSuchBucket/);
});

test("settings that are missing are one clear line", () => {
    const env = { ...world.env, PATH: process.env.PATH, R2_ENDPOINT: "" };
    const check = (all) => spawnSync(process.env.DUEL_SERVER, ["--check-config"], { env: all, encoding: "utf8" });
    const { status, stdout, stderr } = check(env);
    assert.equal(status, 78, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /^duel-server: R2_ENDPOINT is not set: [^\n]+\n$/);
    const good = check({ ...env, ...store.settings });
    assert.equal(good.status, 0, good.stderr);
    assert.match(good.stdout, /^R2_SECRET_KEY=\(set\)$/m);
    assert.ok(!good.stdout.includes(store.secret));
});
