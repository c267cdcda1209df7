// The queue for clients that poll (contract sections 1 and 3, R-110 … R-113): the same tickets as the
// WebSocket's, on one node and on two; and what a request with a body may look like.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { within } from "./lib/client.mjs";
import { World } from "./lib/world.mjs";

const SETTINGS = {
    DUEL_NODE_ID: "a", DUEL_QUEUE_TIMEOUT_MS: "60000", DUEL_WINDOW_STEP_MS: "60000", DUEL_LEASE_MS: "600",
};
let world;
let number = 0;
before(async () => {
    world = await World.start({ env: SETTINGS });
});
after(() => world?.stop());

/** Far from everybody else's rating, so that nobody is paired with somebody of another test. */
let level = 0;
const newLevel = () => (level += 2000);

async function somebody(rating = newLevel()) {
    const sub = `poller${String(++number).padStart(6, "0")}`;
    const player = await world.player(sub, { name: `P${number}`, rating });
    player.name = `P${number}`;
    return player;
}

async function data(player, method = "GET", options = {}) {
    const { status, body } = await player.get("/queue", { method, ...options });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.error, null);
    return body.data;
}

const learns = (player) => world.until(async () => {
    const told = await data(player);
    return told.status === "matched" ? told : null;
}, "a match");

async function enter(player, matched) {
    const socket = await player.match(matched);
    return { socket, welcome: await socket.take("welcome") };
}

test("joined, kept, left: the state is told each time", async () => {
    const player = await somebody();
    assert.deepEqual(await data(player), { status: "idle" });
    assert.deepEqual(await data(player, "DELETE"), { status: "idle" });
    const before = Date.now();
    const queued = await data(player, "POST");
    assert.equal(queued.status, "queued");
    assert.ok(queued.since >= before - 1000 && queued.expires_at === queued.since + 60000);
    assert.deepEqual([queued.rating, queued.window, queued.waiting], [level, 100, 1]);
    assert.ok("eta_ms" in queued);
    assert.deepEqual(await data(player, "POST"), queued, "the same ticket");
    assert.deepEqual(await data(player), queued);
    const { body } = await player.get("/me");
    assert.equal(body.data.queue.status, "queued");
    assert.deepEqual(await data(player, "DELETE"), { status: "idle" });
    assert.deepEqual(await data(player), { status: "idle" });
    assert.equal((await player.get("/me")).body.data.queue.status, "idle");
    await world.until(async () => (await world.valkey.zcard("duel:queue")) === 0, "an empty queue");
});

test("two who poll are paired and play", async () => {
    const rating = newLevel();
    const [a, b] = [await somebody(rating), await somebody(rating + 10)];
    assert.equal((await data(a, "POST")).status, "queued");
    const found = await data(b, "POST");
    assert.equal(found.status, "matched", "who completes a pair is told at once");
    assert.equal(found.opponent.name, a.name);
    assert.equal(found.opponent.rating, rating);
    const other = await data(a);
    assert.deepEqual([other.status, other.match, other.opponent.name], ["matched", found.match, b.name]);
    assert.equal(other.path, found.path);
    assert.notEqual(other.resume, found.resume);
    for (const method of ["POST", "GET", "DELETE"]) {
        assert.equal((await data(a, method)).match, found.match, `${method} of one who plays`);
    }
    const seats = [await enter(a, other), await enter(b, found)];
    assert.deepEqual(seats.map((seat) => seat.welcome.rated), [true, true]);
    assert.deepEqual(new Set(seats.map((seat) => seat.welcome.you)), new Set([0, 1]));
    await Promise.all(seats.map((seat) => seat.socket.take("countdown")));
    seats[0].socket.send({ t: "leave" });
    await Promise.all(seats.map((seat) => seat.socket.take("match_end")));
    assert.deepEqual(await data(a), { status: "idle" });
    seats.forEach((seat) => seat.socket.cut());
});

test("one who polls and one with a socket", async () => {
    const rating = newLevel();
    const [a, b] = [await somebody(rating), await somebody(rating)];
    const socket = await a.queue();
    await socket.take("queued");
    const found = await data(b, "POST");
    const matched = await socket.take("matched");
    assert.deepEqual([found.status, found.match], ["matched", matched.match]);
    assert.equal((await socket.ends()).code, 1000);
});

test("a player's socket and requests share a ticket; DELETE ends the socket", async () => {
    const player = await somebody();
    const socket = await player.queue();
    const told = await socket.take("queued");
    const queued = await data(player, "POST");
    assert.deepEqual([queued.since, queued.waiting], [told.since, 1]);
    await socket.close();
    assert.equal((await data(player)).since, told.since, "kept by the requests");
    const second = await player.queue();
    assert.equal((await second.take("queued")).since, told.since);
    assert.deepEqual(await data(player, "DELETE"), { status: "idle" });
    assert.deepEqual(await second.ends(), { code: 1000, reason: "left" });
});

test("GET alone keeps nobody: a socket that closes means what it says", async () => {
    const player = await somebody();
    const socket = await player.queue();
    await socket.take("queued");
    assert.equal((await data(player)).status, "queued");
    await socket.close();
    await world.until(async () => (await data(player)).status === "idle", "idle");
});

test("many requests at once have one ticket", async () => {
    const player = await somebody();
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) =>
        player.get("/queue", { method: i % 3 === 2 ? "GET" : "POST" })));
    for (const { status, body } of answers) {
        assert.ok(status === 200 || (status === 429 && body.error.code === "SLOW_DOWN"), `${status}`);
    }
    const queued = answers.filter(({ body }) => body.data?.status === "queued");
    assert.ok(queued.length > 0);
    assert.equal(new Set(queued.map(({ body }) => body.data.since)).size, 1);
    assert.equal((await data(player)).waiting, 1);
    await data(player, "DELETE");
});

test("a request whose client goes has joined all the same", async () => {
    const player = await somebody();
    const socket = connect({ host: "127.0.0.1", port: world.port });
    socket.on("error", () => {});
    socket.write(`POST /api/duel/queue HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${player.token}\r\n` +
        "Content-Length: 0\r\n\r\n");
    await world.until(async () => (await world.valkey.zcard("duel:queue")) === 1, "a ticket");
    socket.destroy();
    assert.equal((await data(player)).status, "queued");
    await data(player, "DELETE");
});

test("nobody comes: idle", async () => {
    const other = await world.another({ DUEL_NODE_ID: "c", DUEL_QUEUE_TIMEOUT_MS: "300" });
    const player = (await somebody()).at(other.base);
    assert.equal((await data(player, "POST")).status, "queued");
    await world.until(async () => (await data(player)).status === "idle", "idle");
    await world.stopOthers();
});

test("COOLDOWN is a 429 with Retry-After", async () => {
    const player = await somebody();
    const { rows } = await world.db.query("select id from users where display_name = $1", [player.name]);
    const key = `duel:left:${rows[0].id}`;
    for (const match of ["one", "two", "three"]) {
        await world.valkey.zadd(key, Date.now(), match);
    }
    const { status, body, headers } = await player.get("/queue", { method: "POST" });
    assert.deepEqual([status, body.error.code, body.data], [429, "COOLDOWN", null]);
    assert.ok(Number(headers.get("retry-after")) > 60 && Number(headers.get("retry-after")) <= 121);
    assert.deepEqual(await data(player), { status: "idle" });
    await world.valkey.del(key);
    assert.equal((await data(player, "POST")).status, "queued");
    await data(player, "DELETE");
});

// ---- two nodes ----

test("paired on another node, both learn it wherever they ask", async () => {
    const nodes = { a: world.server, b: await world.another({ DUEL_NODE_ID: "b" }) };
    const rating = newLevel();
    const [a, opponent] = [await somebody(rating), await somebody(rating)];
    const b = opponent.at(nodes.b.base);
    assert.equal((await data(a, "POST")).status, "queued");
    const found = await data(b, "POST");
    assert.equal(found.status, "matched");
    const told = await learns(a);
    assert.equal(told.match, found.match);
    for (const at of [nodes.a, nodes.b]) {
        for (const method of ["GET", "POST", "DELETE"]) {
            const again = await data(a.at(at.base), method);
            assert.deepEqual([again.status, again.match, again.opponent.name],
                ["matched", found.match, opponent.name]);
            assert.match(again.path, new RegExp(`^/api/duel(/n/[ab])?/match/${found.match}$`));
        }
    }
    await world.stopOthers();
});

test("whose ticket is on another node is sent there", async () => {
    const other = await world.another({ DUEL_NODE_ID: "b" });
    const player = await somebody();
    const queued = await data(player, "POST");
    for (const method of ["GET", "DELETE"]) {
        const { status, body, headers } =
            await player.at(other.base).get("/queue", { method, redirect: "manual" });
        assert.deepEqual([status, body.error.code], [307, "MOVED"]);
        assert.equal(headers.get("location"), "/api/duel/n/a/queue");
    }
    // As through a proxy that does not reach node a.
    const lost = await player.at(`${other.base}/n/a`).get("/queue", { redirect: "manual" });
    assert.deepEqual([lost.status, lost.body.error.code], [503, "UNAVAILABLE"]);
    assert.ok(lost.headers.get("retry-after"));
    const taken = await data(player.at(other.base), "POST");
    assert.equal(taken.since, queued.since, "keeps its place");
    await data(player, "DELETE");
    await data(player.at(other.base), "DELETE");
    await world.stopOthers();
});

// ---- requests ----

const ROUTES = [
    ["/queue", "GET, HEAD, POST, DELETE, OPTIONS"], ["/invite", "POST, OPTIONS"],
    ["/invite/01234567-89ab-4def-8123-456789abcdef", "DELETE, OPTIONS"], ["/me", "GET, HEAD, OPTIONS"],
    ["/match/01234567-89ab-4def-8123-456789abcdef", "GET, HEAD, OPTIONS"], ["/search", "GET, HEAD, OPTIONS"],
    ["/history", "GET, HEAD, OPTIONS"], ["/leaderboard", "GET, HEAD, OPTIONS"],
    ["/leaderboard/me", "GET, HEAD, OPTIONS"], ["/frame/x", "GET, HEAD, OPTIONS"],
];

test("each place says which methods it has", async () => {
    const player = await somebody();
    for (const [path, allow] of ROUTES) {
        for (const method of ["GET", "POST", "DELETE", "PUT", "PATCH", "PROPFIND"]) {
            if (allow.includes(method)) {
                continue;
            }
            const { status, body, headers } = await player.get(path, { method });
            assert.deepEqual([status, body.error.code], [405, "METHOD_NOT_ALLOWED"], `${method} ${path}`);
            assert.equal(headers.get("allow"), method === "PROPFIND" ? ROUTES[0][1] : allow);
        }
        const preflight = await fetch(world.base + path, {
            method: "OPTIONS",
            headers: { Origin: "https://framedle.wtf", "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type" },
        });
        assert.equal(preflight.status, 204);
        assert.equal(preflight.headers.get("access-control-allow-methods"), allow);
    }
    for (const path of ["/queue/", "/queue/x", "/invite/", "/invite/a/b"]) {
        assert.equal((await player.get(path, { method: "POST" })).status, 404, path);
    }
});

test("nobody joins without a token", async () => {
    for (const [method, token] of [["POST"], ["GET"], ["DELETE"], ["POST", "x.y.z"], ["DELETE", "opaque"]]) {
        const headers = token ? { Authorization: `Bearer ${token}` } : {};
        const response = await fetch(`${world.base}/queue`, { method, headers });
        assert.equal(response.status, 401, method);
        assert.match((await response.json()).error.code, /^AUTH_/);
    }
});

const JSON_TYPE = { "Content-Type": "application/json" };

test("bodies: optional JSON objects of at most 4 KiB, where a POST is taken", async () => {
    const player = await somebody();
    const good = ["{}", '{"unknown":[1,{"a":null}]}', " {} \n", `{"a":"${"x".repeat(4000)}"}`];
    for (const body of good) {
        const told = await data(player, "POST", { body, headers: JSON_TYPE });
        assert.equal(told.status, "queued", body.slice(0, 40));
    }
    const bad = [
        ["{", JSON_TYPE, 400, "BAD_JSON"], ["[]", JSON_TYPE, 400, "BAD_JSON"],
        ["null", JSON_TYPE, 400, "BAD_JSON"], ["{}x", JSON_TYPE, 400, "BAD_JSON"],
        ['{"a":1,"a":2}', JSON_TYPE, 400, "BAD_JSON"],
        ["{}", { "Content-Type": "text/plain" }, 415, "BAD_CONTENT_TYPE"],
        ["a=1", { "Content-Type": "application/x-www-form-urlencoded" }, 415, "BAD_CONTENT_TYPE"],
        ["{}", { ...JSON_TYPE, "Content-Encoding": "gzip" }, 415, "BAD_CONTENT_TYPE"],
        [" ".repeat(4097), JSON_TYPE, 413, "BODY_TOO_LARGE"],
        ["x".repeat(300_000), JSON_TYPE, 413, "BODY_TOO_LARGE"],
    ];
    for (const [body, headers, status, code] of bad) {
        const answer = await player.get("/queue", { method: "POST", body, headers });
        assert.deepEqual([answer.status, answer.body.error.code], [status, code], body.slice(0, 40));
    }
    const unwanted = await player.get("/queue", { method: "DELETE", body: "{}", headers: JSON_TYPE });
    assert.deepEqual([unwanted.status, unwanted.body.error.code], [400, "UNEXPECTED_BODY"]);
    assert.equal((await data(player)).status, "queued", "nothing of that counted");
    await data(player, "DELETE");
});

/** Sends parts as they are, each once the one before has been taken; resolves to all that came back. */
async function raw(parts, { until: enough = () => false } = {}) {
    const socket = connect({ host: "127.0.0.1", port: world.port, noDelay: true });
    let got = "";
    await within(new Promise((done) => {
        socket.on("data", (part) => {
            got += part;
            if (enough(got)) {
                socket.destroy();
            }
        });
        socket.on("error", () => {});
        socket.on("close", done);
        socket.on("connect", async () => {
            for (const part of parts) {
                await new Promise((next) => socket.write(part, next));
                await new Promise((next) => setImmediate(next));
            }
        });
    }), "the end of the connection");
    return got;
}

const statuses = (got) => [...got.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((one) => Number(one[1]));

test("bodies in pieces, chunked, broken, pipelined", async () => {
    const player = await somebody();
    const head = (...fields) => "POST /api/duel/queue HTTP/1.1\r\nHost: x\r\n" +
        `Authorization: Bearer ${player.token}\r\n` + fields.map((field) => `${field}\r\n`).join("") + "\r\n";
    const type = "Content-Type: application/json";
    const chunked = "Transfer-Encoding: chunked";
    const one = (got) => statuses(got).length >= 1 && got.endsWith("}");
    const cases = [
        ["in pieces", [head(type, "Content-Length: 9"), '{"a"', ":1}  "], [200], { until: one }],
        ["byte by byte", [head(type, "Content-Length: 7"), ...'{"a":1}'], [200], { until: one }],
        ["chunked", [head(type, chunked) + "2\r\n{}\r\n0\r\n\r\n"], [200]],
        ["chunked in pieces",
            [head(type, chunked), "1\r\n{\r", "\n1;x=y\r\n}\r\n0", "\r\nA: b\r\n\r\n"], [200]],
        ["too large in chunks", [head(type, chunked), `1001\r\n${" ".repeat(4097)}\r\n0\r\n\r\n`], [413]],
        ["no chunk size", [head(type, chunked) + "zz\r\n{}\r\n"], [400]],
        ["both lengths", [head(type, "Content-Length: 2", chunked) + "{}"], [400]],
        ["another coding", [head(type, "Transfer-Encoding: gzip, chunked") + "{}"], [400]],
        ["two lengths", [head(type, "Content-Length: 2", "Content-Length: 3") + "{}"], [400]],
        ["a length that is none", [head(type, "Content-Length: -2") + "{}"], [400]],
        ["a huge length", [head(type, "Content-Length: 99999999999")], [413]],
        ["more behind it", [head(type, "Content-Length: 2") + "{}" + head("Content-Length: 0")], [400]],
        ["more behind nothing", [head("Content-Length: 0") + head("Content-Length: 0")], [400]],
        ["more behind chunks",
            [head(type, chunked) + "2\r\n{}\r\n0\r\n\r\n" + head("Content-Length: 0")], [400]],
    ];
    for (const [what, parts, wanted, options] of cases) {
        assert.deepEqual(statuses(await raw(parts, options)), wanted, what);
    }
    // Requests that follow each other on one connection.
    const socket = connect({ host: "127.0.0.1", port: world.port, noDelay: true });
    let got = "";
    socket.on("data", (part) => (got += part));
    for (const [index, request] of [head(type, "Content-Length: 2") + "{}", head("Content-Length: 0"),
        head(type, "Content-Length: 1") + "x", head(type, "Content-Length: 2") + "{}"].entries()) {
        socket.write(request);
        await world.until(() => statuses(got).length === index + 1 && got.endsWith("}"),
            `answer ${index + 1}`);
    }
    assert.deepEqual(statuses(got), [200, 200, 400, 200]);
    socket.destroy();
    await data(player, "DELETE");
});

test("a body that does not come costs nobody anything", async () => {
    const player = await somebody();
    const held = Array.from({ length: 20 }, () => {
        const socket = connect({ host: "127.0.0.1", port: world.port });
        socket.on("error", () => {});
        socket.write(`POST /api/duel/queue HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${player.token}\r\n` +
            "Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{");
        return socket;
    });
    assert.equal((await data(player, "POST")).status, "queued");
    held.forEach((socket) => socket.destroy());
    assert.deepEqual(await data(player, "DELETE"), { status: "idle" });
});
