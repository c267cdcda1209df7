// What the client does with a browser's events and storage, and with JSON answers; fakes for both.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { createFake, MATCH, SEAT, settle, TICKET, WELCOME } from "./fake.mjs";
import { createStorage } from "./lib.mjs";

const page = new EventTarget();
const tab = Object.assign(new EventTarget(), { visibilityState: "visible" });
let counted = 0;
const fakes = [];
before(() => {
    Object.assign(globalThis, {
        document: tab,
        addEventListener(type, listener) {
            counted++;
            page.addEventListener(type, listener);
        },
        removeEventListener(type, listener) {
            counted--;
            page.removeEventListener(type, listener);
        },
    });
});
after(() => ["document", "addEventListener",
    "removeEventListener"].forEach((name) => delete globalThis[name]));
afterEach(() => {
    for (const fake of fakes.splice(0)) {
        fake.duel.reset();
        assert.equal(fake.timers.size, 0);
    }
    assert.equal(counted, 0, "no listener is left");
});
const create = (options) => {
    const fake = createFake(options);
    fakes.push(fake);
    return fake;
};

test("online and a page that is shown again do not wait for the back-off", async () => {
    for (const [target, type] of [[page, "online"], [tab, "visibilitychange"]]) {
        const fake = create();
        await fake.play();
        fake.last().ends(1006);
        await settle();
        assert.equal(fake.duel.state.connection, "offline");
        tab.visibilityState = "hidden";
        tab.dispatchEvent(new Event("visibilitychange"));
        await settle();
        assert.equal(fake.sockets.length, 1, "a hidden page is in no hurry");
        tab.visibilityState = "visible";
        target.dispatchEvent(new Event(type));
        await settle();
        assert.equal(fake.sockets.length, 2, type);
        fake.duel.reset();
    }
});

test("when the browser says offline a silent line is given up soon, an answering one is kept", async () => {
    const fake = create();
    const socket = await fake.play();
    for (let ts = 1; ts <= 4; ts++) {
        socket.says({ t: "pong", ts, now: fake.time });
    }
    page.dispatchEvent(new Event("offline"));
    assert.equal(socket.sent.at(-1).ts, 5);
    socket.says({ t: "pong", ts: 5, now: fake.time });
    await fake.advance(2500);
    assert.equal(fake.duel.state.connection, "online");
    page.dispatchEvent(new Event("offline"));
    await fake.advance(2500);
    assert.equal(fake.duel.state.connection, "offline");
});

test("a timer that fires late asks again before it gives the line up", async () => {
    const fake = create();
    const socket = await fake.play();
    fake.time += 60_000; // the machine slept
    await fake.advance(0);
    assert.deepEqual([fake.duel.state.connection, socket.sent.at(-1).t], ["online", "ping"]);
    await fake.advance(2500);
    assert.equal(fake.duel.state.connection, "offline");
});

const ME = { id: "u", name: "Ana", avatar: null, country: "BR", rating: 1000, wins: 1, losses: 2, draws: 3,
    match: null, queue: { status: "idle" } };
const answer = (status, body, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const fails = (status, code, headers) => answer(status, { data: null, error: { code, message: "" } },
    headers);

test("going back: ticket, then the server's word, asked once", async () => {
    const storage = createStorage();
    storage.setItem("framedle.duel.match", JSON.stringify({ match: MATCH, resume: TICKET }));
    const asked = [];
    const live = { match: MATCH, path: `/api/duel/match/${MATCH}`, phase: "round" };
    const fake = create({ storage, fetch: async (url) => {
        asked.push(url);
        return answer(200, { data: { ...ME, match: live } });
    } });
    const went = fake.duel.resume();
    await settle();
    assert.equal(fake.last().protocols[1], `r.${TICKET}`);
    fake.last().ends(4410, "match over");
    await settle();
    await new Promise(setImmediate);
    assert.deepEqual(asked, ["http://duel.test/api/duel/me"]);
    assert.equal(fake.sockets.length, 2);
    fake.last().ends(4410, "match over");
    assert.equal(await went, false);
    assert.deepEqual([fake.duel.state.status, asked.length, storage.getItem("framedle.duel.match")],
        ["idle", 1, null]);

    const again = fake.duel.resume();
    await new Promise(setImmediate);
    fake.last().accept();
    fake.last().says(WELCOME);
    assert.equal(await again, true);
    assert.equal(JSON.parse(storage.getItem("framedle.duel.match")).resume, TICKET);
    fake.duel.reset();
    const dropped = fake.duel.resume();
    fake.duel.reset();
    assert.equal(await dropped, false);
});

test("a storage full of something else, or forbidden, is no storage", async () => {
    const strange = createStorage();
    for (const value of ["", "{", "null", '{"match":"x","resume":"y"}',
        `{"match":"${MATCH}","resume":"a b"}`]) {
        strange.setItem("framedle.duel.match", value);
        const fake = create({ storage: strange, fetch: async () => answer(200, { data: ME }) });
        assert.equal(await fake.duel.resume(), false, value);
    }
    const throws = () => {
        throw new Error("forbidden");
    };
    const fake = create({ storage: { getItem: throws, setItem: throws, removeItem: throws } });
    await fake.play();
    assert.equal(fake.duel.state.status, "playing");
});

test("JSON answers: refreshed once, refusals with their time, other shapes", async () => {
    let answers = [];
    const fake = create({ fetch: async () => answers.shift()() });
    answers = [() => fails(401, "AUTH_EXPIRED"), () => answer(200, { data: ME })];
    const me = await fake.duel.me();
    assert.deepEqual([me.country, me.queue.status, me.queue.eta, fake.tokens], ["BR", "idle", null, [false,
        true]]);
    answers = [() => fails(401, "AUTH_EXPIRED"), () => fails(401, "AUTH_EXPIRED")];
    await assert.rejects(fake.duel.me(), { code: "AUTH_EXPIRED", final: true });
    answers = [() => fails(429, "SLOW_DOWN", { "Retry-After": "3" })];
    await assert.rejects(fake.duel.searchTitles("a"), { code: "SLOW_DOWN", until: fake.time + 3000,
        final: false });
    for (const reply of [() => answer(200, { data: { ...ME, rating: "1" } }), () => answer(200, {}),
        () => new Response("<html>", { status: 200 }), () => new Response("", { status: 502 }),
        () => fails(400, "<script>"), () => answer(200, { data: [SEAT] })]) {
        answers = [reply];
        await assert.rejects(fake.duel.me(), { code: "BAD_ANSWER" });
    }
    answers = [() => Promise.reject(new TypeError("fetch failed"))];
    await assert.rejects(fake.duel.me(), { code: "CANNOT_CONNECT" });
    assert.equal(answers.length, 0);
});
