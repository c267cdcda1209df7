// Bad input gets a clear answer and costs nobody else anything: after every case another match on the
// same server is asked to go on, and does (contract sections 1 to 4).

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { Connection, meet, pair, PROTOCOL, startRound, within } from "./lib/client.mjs";
import { World } from "./lib/world.mjs";

let world;
let bystanders;
let pings = 0;
let guesses = 0;
const people = { count: 0 };

before(async () => {
    world = await World.start({
        start: false,
        env: { DUEL_ROUND_MS: "600000", DUEL_LOCKOUT_MS: "0", DUEL_AUTH_MS: "1500", DUEL_MAX_GUESSES: "12" },
    });
    for (let i = 0; i < 10; i++) {
        await world.addVideo({ id: `longtitle0${i}`, title: `a ${i} ${"long title ".repeat(26)}`.slice(0, 300),
            channel: "a channel ".repeat(10), frames: 1, difficulty: 9 });
    }
    await world.serve();
    await world.ready();
    const { seats } = await meet(await world.player("bystander001"), await world.player("bystander002"));
    bystanders = seats;
    await Promise.all(seats.map((seat) => startRound(seat, 1)));
});
after(async () => {
    await world?.stop();
});

const somebody = () => world.player(`person${String(++people.count).padStart(6, "0")}`);

/** The other match: a suggestion, a ping, and now and then a guess are answered as ever. */
async function undisturbed() {
    for (const seat of bystanders) {
        assert.equal(seat.socket.end, undefined);
        seat.socket.send({ t: "ping", ts: ++pings });
        assert.equal((await seat.socket.take("pong")).ts, pings);
    }
    if (guesses < 10) {
        bystanders[0].socket.send({ t: "guess", round: 1, seq: ++guesses, text: "zzz" });
        assert.equal((await bystanders[0].socket.take("verdict")).correct, false);
    }
    assert.equal(world.exited, null);
}

/** Two fresh players in a round; `act` is given both seats and must end as `expected`. */
async function inMatch(act) {
    const { seats, match } = await meet(await somebody(), await somebody());
    await Promise.all(seats.map((seat) => startRound(seat, 1)));
    await act(seats, match);
    for (const seat of seats) {
        seat.socket.cut();
    }
    await undisturbed();
}

async function closesWith(socket, code, reason) {
    const end = await socket.ends();
    assert.equal(end.code, code, `${end.code} ${end.reason}`);
    if (reason) {
        assert.match(end.reason, reason);
    }
}

const malformed = [
    ["an empty message", Buffer.alloc(0), /./],
    ["no MessagePack", Buffer.from([0xc1]), /./],
    ["no map", Buffer.from(encode([1, 2])), /./],
    ["a cut map", Buffer.from(encode({ t: "ready", round: 1 })).subarray(0, 5), /./],
    ["trailing bytes", Buffer.concat([encode({ t: "ready", round: 1 }), Buffer.from([0])]), /./],
    ["a map that claims four billion fields", Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]), /./],
    ["a map that claims 268 million fields", Buffer.from([0xdf, 0x10, 0, 0, 0]), /./],
    ["33 levels of nesting", Buffer.concat([Buffer.from([0x81, 0xa1, 0x74]), Buffer.alloc(40, 0x91)]), /./],
    ["a field twice", Buffer.from([0x82, 0xa1, 0x74, 0xa5, ...Buffer.from("leave"), 0xa1, 0x74, 0xa5,
        ...Buffer.from("leave")]), /./],
    ["an unknown message", Buffer.from(encode({ t: "cheat" })), /cheat/],
    ["no t", Buffer.from(encode({ round: 1 })), /\bt\b/],
    ["a t that is no text", Buffer.from(encode({ t: 5 })), /\bt\b/],
    ["guess without round", Buffer.from(encode({ t: "guess", seq: 1, text: "x" })), /round/],
    ["guess without seq", Buffer.from(encode({ t: "guess", round: 1, text: "x" })), /seq/],
    ["guess with a seq that is text", Buffer.from(encode({ t: "guess", round: 1, seq: "1", text: "x" })), /seq/],
    ["guess with a seq that is no integer", Buffer.from(encode({ t: "guess", round: 1, seq: 1.5, text: "x" })), /seq/],
    ["guess with a negative seq", Buffer.from(encode({ t: "guess", round: 1, seq: -1, text: "x" })), /seq/],
    ["guess with a round out of range", Buffer.from(encode({ t: "guess", round: 99, seq: 1, text: "x" })), /round/],
    ["guess of nothing", Buffer.from(encode({ t: "guess", round: 1, seq: 1 })), /video|text/],
    ["guess of both", Buffer.from(encode({ t: "guess", round: 1, seq: 1, text: "x", video: "y" })), /video|text/],
    ["guess of 201 bytes", Buffer.from(encode({ t: "guess", round: 1, seq: 1, text: "x".repeat(201) })), /text/],
    ["guess that is no UTF-8", Buffer.concat([encode({ t: "guess", round: 1, seq: 1, text: "xyz" }).subarray(0, -3),
        Buffer.from([0xff, 0xfe, 0xfd])]), /text/],
    ["suggest of 101 bytes", Buffer.from(encode({ t: "suggest", seq: 1, q: "x".repeat(101) })), /q/],
    ["ready without round", Buffer.from(encode({ t: "ready" })), /round/],
    ["rematch with a number", Buffer.from(encode({ t: "rematch", accept: 1 })), /accept/],
    ["ping without ts", Buffer.from(encode({ t: "ping" })), /ts/],
];

for (const [what, bytes, reason] of malformed) {
    test(`4400 for ${what}`, () => inMatch(async ([seat]) => {
        seat.socket.sendRaw(bytes);
        await closesWith(seat.socket, 4400, reason);
    }));
}

test("1003 for a text frame", () => inMatch(async ([seat]) => {
    seat.socket.sendRaw("hello", { binary: false });
    await closesWith(seat.socket, 1003);
}));

test("1009 for a message over 4 KiB, in one frame and in fragments", () => inMatch(async ([one, two]) => {
    one.socket.sendRaw(Buffer.alloc(4097, 0x80));
    await closesWith(one.socket, 1009);
    for (let part = 0; part < 9; part++) {
        two.socket.ws.send(Buffer.alloc(512, 0x80), { binary: true, fin: part === 8 });
    }
    await closesWith(two.socket, 1009);
}));

test("a message in many fragments is one message", () => inMatch(async ([seat]) => {
    const bytes = Buffer.from(encode({ t: "ping", ts: 77 }));
    for (let place = 0; place < bytes.length; place++) {
        seat.socket.ws.send(bytes.subarray(place, place + 1), { binary: true, fin: place === bytes.length - 1 });
    }
    assert.equal((await seat.socket.take("pong")).ts, 77);
}));

test("4429 for a flood, of messages and of pings", () => inMatch(async ([one, two]) => {
    for (let i = 0; i < 400; i++) {
        one.socket.send({ t: "ping", ts: i });
    }
    await closesWith(one.socket, 4429);
    for (let i = 0; i < 400; i++) {
        two.socket.ws.ping();
    }
    await closesWith(two.socket, 4429);
}));

test("error for a guess out of its round, and the match goes on", () => inMatch(async ([seat]) => {
    seat.socket.send({ t: "guess", round: 2, seq: 5, text: "x" });
    const error = await seat.socket.take("error");
    assert.deepEqual([error.code, error.seq], ["NOT_IN_ROUND", 5]);
    seat.socket.send({ t: "guess", round: 1, seq: 5, text: "xxx" });
    assert.equal((await seat.socket.take("verdict")).correct, false);
    seat.socket.send({ t: "guess", round: 1, seq: 4, text: "yyy" });
    assert.equal((await seat.socket.take("error")).code, "BAD_SEQ");
    seat.socket.send({ t: "rematch", accept: true });
    assert.equal((await seat.socket.take("error")).code, "NOT_OVER");
}));

test("unknown fields are ignored", () => inMatch(async ([seat]) => {
    seat.socket.send({ t: "ping", ts: 3, later: { a: [1] }, "": null });
    assert.equal((await seat.socket.take("pong")).ts, 3);
}));

test("4403 for somebody else's match, 4404 for one that is not there", () => inMatch(async (seats, match) => {
    const stranger = await somebody();
    await closesWith(await stranger.match({ path: `/api/duel/match/${match}` }), 4403);
    const nowhere = "/api/duel/match/01234567-89ab-4def-8123-456789abcdef";
    await closesWith(await stranger.match({ path: nowhere }), 4404);
}));

test("400 for an id that is none", async () => {
    const player = await somebody();
    await assert.rejects(player.match({ path: "/api/duel/match/not-an-id" }), { status: 400 });
    const bodies = await Promise.all(["not-an-id", "%00", "a".repeat(500)].map((id) =>
        fetch(`${world.base}/match/${id}`, { headers: { Authorization: `Bearer ${player.token}` } })));
    assert.ok(bodies.every((response) => response.status === 400 || response.status === 404));
    await undisturbed();
});

test("4408 without auth, 4401 for anything before it", async () => {
    const silent = new Connection(`${world.base.replace("http", "ws")}/queue`);
    const eager = new Connection(`${world.base.replace("http", "ws")}/queue`);
    await eager.opened;
    eager.send({ t: "ping", ts: 1 });
    await closesWith(eager, 4401, /AUTH_REQUIRED/);
    await closesWith(silent, 4408);
    await undisturbed();
});

test("4401 with the reason for each bad token", async () => {
    const bad = [
        ["opaque-token-without-dots", "AUTH_OPAQUE_TOKEN"],
        ["a.b.c", "AUTH_MALFORMED_TOKEN"],
        [await world.token("x", { client_id: "x" }), "AUTH_MACHINE_TOKEN"],
        [await world.token("x", {}, { typ: "JWT" }), "AUTH_BAD_TYPE"],
        [`${(await world.token("someone00001")).slice(0, -6)}AAAAAA`, "AUTH_BAD_SIGNATURE"],
    ];
    for (const [token, code] of bad) {
        const first = new Connection(`${world.base.replace("http", "ws")}/queue`);
        await first.opened;
        first.send({ t: "auth", token });
        await closesWith(first, 4401, new RegExp(code));
        const header = new Connection(`${world.base.replace("http", "ws")}/queue`, { token });
        await closesWith(header, 4401, new RegExp(code));
        const http = await fetch(`${world.base}/me`, { headers: { Authorization: `Bearer ${token}` } });
        assert.equal(http.status, 401);
        assert.equal((await http.json()).error.code, code);
    }
    await undisturbed();
});

test("4401 for a ticket that is not good; a good one works for its match alone", async () => {
    const [found] = await pair(await somebody(), await somebody());
    const url = world.base.replace("http", "ws").replace("/api/duel", "") + found.path;
    const forged = new Connection(url, { protocols: [PROTOCOL, `r.${"A".repeat(43)}`] });
    await closesWith(forged, 4401, /AUTH_BAD_TICKET/);
    const [other] = await pair(await somebody(), await somebody());
    const wrong = new Connection(url, { protocols: [PROTOCOL, `r.${other.resume}`] });
    await closesWith(wrong, 4401, /AUTH_BAD_TICKET/);
    const good = new Connection(url, { protocols: [`r.${found.resume}`, PROTOCOL] });
    await good.opened;
    assert.equal(good.ws.protocol, PROTOCOL);
    await good.take("welcome");
    good.cut();
    await undisturbed();
});

test("upgrades without our subprotocol or from foreign origins are refused", async () => {
    const url = `${world.base.replace("http", "ws")}/queue`;
    await assert.rejects(new Connection(url, { protocols: [] }).opened, { status: 400 });
    await assert.rejects(new Connection(url, { protocols: ["other"] }).opened, { status: 400 });
    await assert.rejects(new Connection(url, { origin: "https://evil.example" }).opened, { status: 403 });
    await assert.rejects(new Connection(url, { origin: "https://framedle.wtf.evil.example" }).opened,
        { status: 403 });
    const allowed = new Connection(url, { origin: "https://framedle.wtf" });
    await allowed.opened;
    allowed.cut();
    await undisturbed();
});

test("a token of three kilobytes passes, by header and by message", async () => {
    const token = await world.token("longtoken001", { extra: "x".repeat(2000) });
    assert.ok(token.length > 3000 && token.length <= 3500);
    for (const how of ["header", "message"]) {
        const player = await world.player("longtoken001");
        player.token = token;
        const socket = await player.queue({ how });
        await socket.take("queued");
        socket.send({ t: "leave" });
        await closesWith(socket, 1000);
    }
    await undisturbed();
});

test("a client that never reads is closed, and only that one", () => inMatch(async ([seat]) => {
    // A bare socket that upgrades and then asks for a lot without ever reading.
    const { hostname, port } = new URL(world.base);
    seat.socket.cut();
    const raw = connect({ host: hostname, port: Number(port) });
    const gone = new Promise((done) => raw.on("close", done));
    raw.on("error", () => {});
    await within(new Promise((done) => raw.on("connect", done)), "connect");
    raw.write([`GET ${seat.matched.path} HTTP/1.1`, "Host: x", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        `Sec-WebSocket-Protocol: ${PROTOCOL}, r.${seat.matched.resume}`, "", ""].join("\r\n"));
    await within(new Promise((done) => raw.once("data", done)), "the upgrade");
    raw.pause();
    // Suggestions are the largest answers; at the permitted rate of messages, until it is given up.
    const query = encode({ t: "suggest", seq: 1, q: "a" });
    const frame = Buffer.concat([Buffer.from([0x82, 0x80 | query.length, 0, 0, 0, 0]), query]);
    const before = await world.metric("duel_slow_readers_total");
    const timer = setInterval(() => raw.write(frame), 30);
    try {
        await world.until(async () => (await world.metric("duel_slow_readers_total")) > before
            || raw.destroyed || world.exited, "the slow reader's end");
    } finally {
        clearInterval(timer);
        raw.destroy();
        await gone;
    }
}));

test("HTTP: what is not there, not allowed or not a WebSocket", async () => {
    const player = await somebody();
    const headers = { Authorization: `Bearer ${player.token}` };
    const cases = [
        ["/nothing", {}, 404], ["/me", { method: "DELETE", headers }, 405], ["/me", {}, 401],
        ["/queue", { headers }, [426, 200]], ["/match/01234567-89ab-4def-8123-456789abcdef", { headers }, [426, 404]],
        ["/frame/unknown", {}, 404], [`/frame/${"A".repeat(43)}`, {}, 404],
        ["/search?q=" + "x".repeat(101), { headers }, 400], ["/search", { headers }, 400],
        ["/search?q=a&limit=0", { headers }, 400], ["/search?q=a&limit=x", { headers }, 400],
        ["/healthz", {}, 404], ["/metrics", {}, 404],
    ];
    for (const [path, options, status] of cases) {
        const response = await fetch(world.base + path, options);
        const body = await response.json();
        assert.ok([status].flat().includes(response.status), `${path}: ${response.status}`);
        if (response.status !== 200) {
            assert.equal(body.data, null);
            assert.match(body.error.code, /^[A-Z][A-Z0-9_]*$/);
            assert.ok(body.error.message.length > 0);
        }
        assert.ok(!Number.isNaN(Date.parse(body.meta.timestamp)));
    }
    const outside = await fetch(`http://127.0.0.1:${world.port}/metrics`);
    assert.equal(outside.status, 404);
    await undisturbed();
});

test("garbage on the line", async () => {
    for (const bytes of ["\0\0\0\0", "GET / HTTP/1.1\r\n\r\n", `GET /api/duel/me HTTP/1.1\r\nA: ${"x".repeat(20000)}`,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "POST /api/duel/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz"]) {
        const raw = connect({ host: "127.0.0.1", port: world.port });
        raw.on("error", () => {});
        raw.write(bytes);
        raw.resume();
        await within(new Promise((done) => {
            raw.on("connect", () => setTimeout(done, 20));
        }), "connect");
        raw.destroy();
    }
    await undisturbed();
});
