// Frames from a real S3 store that checks signatures: OpenStack Swift. What the server signs it accepts,
// whatever the object is called; with another secret or region it refuses everything.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { winRound } from "./lib/play.mjs";
import { FRAME_MAX, S3World } from "./lib/s3world.mjs";
import { Swift } from "./lib/swift.mjs";

const store = new Swift("auto");
let it;
let world;

async function begin(swift) {
    await swift.start();
    it = await S3World.start(swift.settings, (key, bytes) => swift.put(key, bytes));
    world = it.world;
}

before(() => begin(store));
after(async () => {
    await world?.stop();
    await store.stop();
});
afterEach(() => it.end(store.secret));

test("a duel with pictures from it", async () => {
    await it.serve();
    const seats = await it.meetNew();
    for (let round = 1; round <= 3; round++) {
        await winRound(world, seats, 0, round);
    }
    await Promise.all(seats.map((seat) => seat.socket.take("match_end")));
    assert.equal(await world.metric("duel_frame_store_refused_total"), 0);
    assert.equal(await world.metric("duel_frame_failures_total"), 0);
    assert.ok(await world.metric("duel_frame_store_got_total") >= 3);
});

const UNFIT = {
    "a picture that is not there": ["absent", null],
    "one that is too large": ["unfit",
        Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), randomBytes(FRAME_MAX)])],
    "one that is none": ["unfit", Buffer.from("<html></html>")],
};

for (const [name, [cause, bytes]] of Object.entries(UNFIT)) {
    test(`${name} is replaced by another, and counted`, async () => {
        const [bad, good] = [world.videos[0].id, world.videos[1].id];
        const key = `frames/unfit/${cause}${bytes?.length}.png`;
        if (bytes) {
            await store.put(key, bytes);
        }
        await world.db.query("update videos set difficulty = case when video_id = any($1) then 5 else 9 end",
            [[bad, good]]);
        const { rows } = await world.db.query("select rank, r2_path from frames where video_id = $1", [bad]);
        await world.db.query("update frames set r2_path = $1 where video_id = $2", [key, bad]);
        await it.serve();
        const before = await world.metric(`duel_frame_store_${cause}_total`);
        const failed = async () => await world.metric(`duel_frame_store_${cause}_total`) > before;
        for (let match = 0; match < 40 && !await failed(); match++) { // either of the two is drawn first
            assert.equal((await it.bothSee(await it.meetNew(), 1)).id, good);
        }
        assert.ok(await failed());
        assert.ok(await world.metric("duel_frame_failures_total") >= 1);
        for (const { rank, r2_path: path } of rows) {
            await world.db.query("update frames set r2_path = $1 where video_id = $2 and rank = $3",
                [path, bad, rank]);
        }
        await world.db.query("update videos set difficulty = 5");
    });
}

const REFUSED = {
    "another secret": [{ R2_SECRET_KEY: "another-secret" }, /HTTP status 403 SignatureDoesNotMatch/],
    "another key": [{ R2_ACCESS_KEY: "tests:nobody" }, /HTTP status 403/],
    "another region": [{ R2_REGION: "garage" }, /HTTP status 400 AuthorizationHeaderMalformed/],
    "a bucket that is not there": [{ DUEL_FRAMES: "s3://no-such-bucket" }, /HTTP status 404 NoSuchBucket/],
};

for (const [name, [env, reason]] of Object.entries(REFUSED)) {
    test(`${name} is refused, counted and said`, async () => {
        await it.serve(env, 503);
        await it.said(reason);
        assert.ok(await world.metric("duel_frame_store_refused_total") >= 1);
        assert.equal(await world.metric("duel_frame_store_got_total"), 0);
        assert.equal(await world.metric("duel_frames_up"), 0);
        assert.ok(!world.log.includes("another-secret"));
    });
}

test("a store whose region is garage", async () => {
    const garage = new Swift("garage");
    const kept = [it, world];
    try {
        await begin(garage);
        await it.serve();
        await it.bothSee(await it.meetNew(), 1);
        assert.equal(await world.metric("duel_frame_store_refused_total"), 0);
    } finally {
        await it.end(garage.secret);
        await world.stop();
        await garage.stop();
        [it, world] = kept;
    }
});
