// Sealed frames over real HTTP: loaded ahead, tried again, opened in either order, replaced.

import assert from "node:assert/strict";
import { randomBytes, createCipheriv } from "node:crypto";
import { createServer } from "node:http";
import { after, afterEach, before, test } from "node:test";
import { within } from "../../../tests/integration/lib/client.mjs";
import { createEnv } from "../env.js";
import { createFrames, openFrame } from "../frames.js";

const PICTURE = randomBytes(5000);

/** As the server seals (contract section 6). */
function seal(picture, token, length = picture.length) {
    const key = randomBytes(16);
    const iv = randomBytes(12);
    const plain = Buffer.alloc(Math.ceil((picture.length + 4) / 32768) * 32768);
    plain.writeUInt32BE(length, 0);
    picture.copy(plain, 4);
    const cipher = createCipheriv("aes-128-gcm", key, iv);
    cipher.setAAD(Buffer.from(token));
    return { key: new Uint8Array(key), body: Buffer.concat([iv, cipher.update(plain), cipher.final(),
        cipher.getAuthTag()]) };
}

let server;
let origin;
let answers = []; // what the next requests get: a function of the response
let asked = [];
before(async () => {
    server = createServer((request, response) => {
        asked.push(request.url);
        (answers.shift() ?? ((one) => one.writeHead(404).end()))(response);
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    origin = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
    server.closeAllConnections();
    server.close();
});
const made = [];
afterEach(() => {
    made.splice(0).forEach((frames) => frames.clear());
    answers = [];
    asked = [];
});

const body = (bytes) => (response) => response.end(bytes);
const status = (code) => (response) => response.writeHead(code).end();
const broken = (response) => response.destroy();

function setUp() {
    const env = createEnv({ server: origin, token: () => "", random: () => 0 });
    const events = [];
    const waiting = [];
    const note = (kind) => (round, what) => {
        events.push([kind, round, what]);
        waiting.forEach((check) => check());
    };
    const frames = createFrames(env, { mayLoad: () => true, onLoaded: note("loaded"),
        onPicture: note("picture"),
        onProblem: note("problem") });
    made.push(frames);
    const event = (kind, count = 1) => within(new Promise((done) => {
        const check = () => {
            const found = events.filter(([one]) => one === kind);
            return found.length >= count && done(found[count - 1]);
        };
        waiting.push(check);
        check();
    }), kind);
    return { frames, event, events };
}

const frame = (token, size, round = 1) =>
    ({ round, url: `/api/duel/frame/${token}`, type: "image/png", size });

test("key before and after the body", async () => {
    for (const keyFirst of [true, false]) {
        const { key, body: sealed } = seal(PICTURE, "tok");
        const { frames, event } = setUp();
        answers = [body(sealed)];
        assert.equal(frames.announce(frame("tok", sealed.length)), true);
        if (!keyFirst) {
            await event("loaded");
        }
        frames.unlock(1, key);
        const [, round, picture] = await event("picture");
        assert.deepEqual([round, picture.type, picture.url], [1, "image/png", null]);
        assert.ok(Buffer.from(picture.bytes).equals(PICTURE));
        assert.equal(frames.isLoaded(1), true);
        assert.equal(frames.announce(frame("tok", sealed.length)), false,
            "told again, it is not loaded again");
    }
});

test("a frame is asked for again, up to the five times that an address serves", async () => {
    const { key, body: sealed } = seal(PICTURE, "tok");
    const { frames, event } = setUp();
    answers = [status(503), broken, body(sealed.subarray(1)), status(500), body(sealed)];
    frames.announce(frame("tok", sealed.length));
    frames.unlock(1, key);
    await event("picture");
    assert.equal(asked.length, 5);

    const other = setUp();
    asked = [];
    answers = [broken, broken, broken, broken, broken, body(sealed)];
    other.frames.announce(frame("tok", sealed.length));
    assert.equal((await other.event("problem"))[2].code, "FRAME_FAILED");
    assert.equal(asked.length, 5);
    assert.equal(other.frames.announce(frame("tok", sealed.length)), true,
        "told again after a reconnect: once more");
    await other.event("loaded");

    const gone = setUp();
    gone.frames.announce(frame("tok", sealed.length));
    assert.equal((await gone.event("problem"))[2].code, "NO_SUCH_FRAME");
});

test("a replaced frame of the same round, with its own key", async () => {
    const first = seal(PICTURE, "one");
    const second = seal(Buffer.from("another picture"), "two");
    const { frames, event, events } = setUp();
    answers = [body(first.body), body(second.body)];
    frames.announce(frame("one", first.body.length));
    await event("loaded");
    frames.unlock(1, first.key);
    await event("picture");
    assert.equal(frames.announce(frame("two", second.body.length)), true);
    assert.equal(frames.isLoaded(1), false);
    await event("loaded", 2);
    frames.unlock(1, second.key);
    assert.equal(Buffer.from((await event("picture", 2))[2].bytes).toString(), "another picture");
    assert.deepEqual(events.filter(([kind]) => kind === "problem"), []);
});

test("what does not open is a problem, not an exception", async () => {
    const { key, body: sealed } = seal(PICTURE, "tok");
    const opened = await openFrame(sealed, key, "tok");
    assert.ok(Buffer.from(opened).equals(PICTURE));
    const flipped = Buffer.from(sealed);
    flipped[100] ^= 1;
    const tooLong = seal(PICTURE, "tok", 32765);
    const empty = seal(PICTURE, "tok", 0);
    for (const [bytes, secret, token] of [[flipped, key, "tok"], [sealed, key, "other"], [sealed,
        randomBytes(16), "tok"],
        [sealed.subarray(0, 31), key, "tok"], [Buffer.alloc(0), key, "tok"], [sealed, new Uint8Array(3),
            "tok"],
        [tooLong.body, tooLong.key, "tok"], [empty.body, empty.key, "tok"]]) {
        await assert.rejects(openFrame(bytes, secret, token), { code: "FRAME_BROKEN" });
    }
    const { frames, event } = setUp();
    answers = [body(sealed)];
    frames.announce(frame("tok", sealed.length));
    frames.unlock(1, new Uint8Array(16));
    assert.equal((await event("problem"))[2].code, "FRAME_BROKEN");
    assert.equal(frames.announce({ ...frame("x", 5), type: "text/html" }), true);
    await event("problem", 2);
});

test("left while loading: nothing comes any more", async () => {
    const { frames, events } = setUp();
    const held = new Promise((done) => (answers = [done]));
    frames.announce(frame("tok", 100));
    const response = await held;
    const closed = new Promise((done) => response.on("close", done));
    frames.clear();
    await within(closed, "the request's end");
    assert.deepEqual(events, []);
});
