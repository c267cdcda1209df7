// Who is calling from where (contract section 8): limits by address, forged headers, proxies and
// Cloudflare, and what browsers are told (contract section 1). Each limit is a small one here.

import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { Connection, pair, within } from "./lib/client.mjs";
import { World } from "./lib/world.mjs";

const BURST = 8;
const CLIENT = "203.0.113.9";
const OTHER = "198.51.100.7";
const EDGE = "172.64.0.1"; // in Cloudflare's ranges
const SLOWLY = { DUEL_ADDRESS_RATE: "1", DUEL_ADDRESS_BURST: String(BURST) };

/** One request with headers as they are given (a name may come twice), on a connection of its own. */
function ask(world, headers = {}, { method = "GET", path = "/api/duel/me", agent = false } = {}) {
    return within(new Promise((resolve, reject) => {
        const asked = request({ host: "127.0.0.1", port: world.port, method, path, agent, headers });
        asked.on("response", (response) => {
            const { statusCode: status, headers: got } = response;
            let body = "";
            response.on("data", (part) => (body += part));
            response.on("end", () => resolve({ status, headers: got, body }));
        });
        asked.on("error", reject);
        asked.end();
    }), "an answer");
}

/** Whether one of `tries` requests with these headers is refused. */
async function refuses(world, headers, tries) {
    for (let count = 0; count < tries; count++) {
        const { status } = await ask(world, headers);
        assert.ok(status === 401 || status === 429, `${status}`);
        if (status === 429) {
            return true;
        }
    }
    return false;
}

/** Uses up the allowance of a caller who has not been here. */
async function spend(world, headers) {
    assert.equal(await refuses(world, headers, BURST), false, `${JSON.stringify(headers)} has not been here`);
    assert.equal(await refuses(world, headers, 1000), true);
}

/** A caller whose allowance was spent a moment ago: there is less than a whole one. */
async function isSpent(world, headers) {
    assert.ok(await refuses(world, headers, BURST), `${JSON.stringify(headers)} is the caller before`);
}

function worldWith(env) {
    return World.start({ env: { ...SLOWLY, ...env } });
}

async function inWorld(env, act) {
    const world = await worldWith(env);
    try {
        await act(world);
    } finally {
        await world.stop();
    }
}

/** Resolves when the peer has closed a TCP connection. */
function closed(socket) {
    return within(new Promise((done) => {
        socket.on("error", () => {});
        socket.on("close", done);
        socket.resume();
    }), "the end of a connection");
}

function opened(world) {
    const socket = connect(world.port, "127.0.0.1");
    return within(new Promise((resolve, reject) => {
        socket.once("connect", () => resolve(socket));
        socket.once("error", reject);
    }), "a connection");
}

const RATE_REFUSED = "duel_address_requests_refused_total";
const CONNECTIONS_REFUSED = "duel_address_connections_refused_total";
const WAITING_REFUSED = "duel_address_unauthenticated_refused_total";

describe("nobody in front", () => {
    test("what a client says about itself is ignored", () => inWorld({ DUEL_TRUSTED_PROXIES: "none" },
        async (world) => {
            await spend(world, {});
            await isSpent(world, { "X-Forwarded-For": CLIENT, "CF-Connecting-IP": OTHER });
            await isSpent(world, { "X-Forwarded-For": EDGE, "CF-Connecting-IP": OTHER });
            const refused = await world.until(async () => {
                const answer = await ask(world, { Origin: "https://framedle.wtf" });
                return answer.status === 429 && answer;
            }, "a refusal");
            assert.equal(JSON.parse(refused.body).error.code, "TOO_MANY_REQUESTS");
            assert.match(refused.headers["retry-after"], /^[1-9]\d*$/);
            assert.equal(refused.headers["access-control-allow-origin"], "https://framedle.wtf");
            assert.match(refused.headers["access-control-expose-headers"], /retry-after/i);
            assert.ok(await world.metric(RATE_REFUSED) >= 1);
        }));

    test("a refusal passes with time", () => inWorld({
        DUEL_TRUSTED_PROXIES: "none", DUEL_ADDRESS_BURST: "1",
    }, async (world) => {
        await world.until(async () => (await ask(world)).status === 429, "a refusal");
        await world.until(async () => (await ask(world)).status === 401, "an allowance");
    }));

    test("upgrades are charged too", () => inWorld({ DUEL_TRUSTED_PROXIES: "none" }, async (world) => {
        const refusal = await world.until(() => {
            const socket = new Connection(`ws://127.0.0.1:${world.port}/api/duel/queue`);
            return socket.opened.then(() => socket.cut(), (error) => error);
        }, "a refusal");
        assert.equal(refusal.status, 429);
        assert.equal(JSON.parse(refusal.body).error.code, "TOO_MANY_REQUESTS");
        await isSpent(world, {});
    }));

    test("connections over the bound are closed before they ask", () => inWorld({
        DUEL_TRUSTED_PROXIES: "none", DUEL_ADDRESS_CONNECTIONS: "3", DUEL_ADDRESS_RATE: "0",
    }, async (world) => {
        const sockets = [];
        for (let i = 0; i < 3; i++) {
            sockets.push(await opened(world));
        }
        await closed(await opened(world));
        assert.equal(await world.metric(CONNECTIONS_REFUSED), 1);
        sockets.pop().destroy();
        const status = await world.until(() => ask(world).then((answer) => answer.status, () => 0), "room");
        assert.equal(status, 401);
        sockets.forEach((socket) => socket.destroy());
    }));

    test("a connection that is kept alive is counted once", () => inWorld({
        DUEL_TRUSTED_PROXIES: "none", DUEL_ADDRESS_CONNECTIONS: "1", DUEL_ADDRESS_RATE: "0",
    }, async (world) => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        for (let i = 0; i < 5; i++) {
            assert.equal((await ask(world, {}, { agent })).status, 401);
        }
        await closed(await opened(world));
        agent.destroy();
        const status = await world.until(() => ask(world).then((answer) => answer.status, () => 0), "room");
        assert.equal(status, 401);
    }));

    test("sockets that have not authenticated", () => inWorld({
        DUEL_ADDRESS_UNAUTHENTICATED: "2", DUEL_ADDRESS_RATE: "0", DUEL_AUTH_MS: "60000",
    }, async (world) => {
        const url = `ws://127.0.0.1:${world.port}/api/duel/queue`;
        const [first, second] = [new Connection(url), new Connection(url)];
        await Promise.all([first.opened, second.opened]);
        const third = new Connection(url);
        await assert.rejects(third.opened, (error) => error.status === 429);
        assert.equal(await world.metric(WAITING_REFUSED), 1);
        const elsewhere = new Connection(url, { headers: { "X-Forwarded-For": CLIENT } });
        await elsewhere.opened;
        elsewhere.cut();
        // Who authenticates makes room for the next.
        const player = await world.player("waiting00001");
        first.send({ t: "auth", token: player.token });
        await first.take("queued");
        const fourth = new Connection(url);
        await fourth.opened;
        [first, second, fourth].forEach((socket) => socket.cut());
    }));

    test("players behind a ticket pass where strangers wait", () => inWorld({
        DUEL_ADDRESS_UNAUTHENTICATED: "2", DUEL_ADDRESS_RATE: "0", DUEL_AUTH_MS: "60000",
    }, async (world) => {
        const players = [await world.player("ticket000001"), await world.player("ticket000002")];
        const found = await pair(...players);
        const url = `ws://127.0.0.1:${world.port}/api/duel/queue`;
        const strangers = [new Connection(url), new Connection(url)];
        await Promise.all(strangers.map((socket) => socket.opened));
        const socket = await players[0].match(found[0]);
        await socket.take("welcome");
        [socket, ...strangers].forEach((one) => one.cut());
    }));
});

describe("behind a proxy", () => {
    let world;
    before(async () => {
        world = await worldWith({}); // loopback is trusted by default
    });
    after(() => world?.stop());

    test("each caller has an allowance of its own, whatever they write on the left", async () => {
        await spend(world, { "X-Forwarded-For": "203.0.113.20" });
        for (const lie of ["198.51.100.1", "10.0.0.1", EDGE, "unknown", ",,", "::1"]) {
            await isSpent(world, { "X-Forwarded-For": `${lie}, 203.0.113.20`, "CF-Connecting-IP": lie });
        }
        await spend(world, { "X-Forwarded-For": "203.0.113.21" });
    });

    test("ways to write one address", async () => {
        await spend(world, { "X-Forwarded-For": "203.0.113.30" });
        for (const same of ["203.0.113.30:5678", " 203.0.113.30 ", "::ffff:203.0.113.30",
            "203.0.113.30, 10.1.2.3", "203.0.113.30,10.1.2.3 ,\t127.0.0.1",
            "[::ffff:203.0.113.30]:80", "203.0.113.30,,"]) {
            await isSpent(world, { "X-Forwarded-For": same });
        }
    });

    test("several header lines are one list, in their order", async () => {
        await spend(world, { "X-Forwarded-For": "203.0.113.40" });
        await isSpent(world, { "X-Forwarded-For": [OTHER, "203.0.113.40", "10.1.1.1"] });
        await isSpent(world, { "X-Forwarded-For": [OTHER, "203.0.113.40, 10.1.1.1", "10.2.2.2, 10.3.3.3"] });
        await spend(world, { "X-Forwarded-For": ["203.0.113.40", "203.0.113.41"] });
    });

    test("a network of IPv6 is one caller", async () => {
        await spend(world, { "X-Forwarded-For": "2001:db8:1:1::1" });
        await isSpent(world, { "X-Forwarded-For": "[2001:db8:1:1:ffff::2]:443" });
        await spend(world, { "X-Forwarded-For": "2001:db8:1:2::1" });
    });

    test("Cloudflare in front of a proxy that names only the edge", async () => {
        const by = (address) => ({ "X-Forwarded-For": EDGE, "CF-Connecting-IP": address });
        await spend(world, by("203.0.113.50"));
        // The same caller whom a proxy names that trusts Cloudflare.
        await isSpent(world, { "X-Forwarded-For": `203.0.113.50, ${EDGE}` });
        await spend(world, by("203.0.113.51"));
    });

    test("past Cloudflare its header is forged", async () => {
        const by = (lie) => ({ "X-Forwarded-For": "203.0.113.60", "CF-Connecting-IP": lie });
        await spend(world, by("198.51.100.1"));
        await isSpent(world, by("198.51.100.2"));
    });

    test("a head full of entries", async () => {
        const long = Array(500).fill("10.0.0.1").join(", ");
        assert.equal((await ask(world, { "X-Forwarded-For": `${CLIENT}, ${long}` })).status, 401);
    });

    test("an upgrade belongs to its caller", async () => {
        const url = `ws://127.0.0.1:${world.port}/api/duel/queue`;
        const headers = { "X-Forwarded-For": "203.0.113.70" };
        await world.until(() => {
            const socket = new Connection(url, { headers });
            return socket.opened.then(() => socket.cut(), (error) => error.status === 429);
        }, "a refusal");
        await isSpent(world, headers);
        const other = new Connection(url, { headers: { "X-Forwarded-For": "203.0.113.71" } });
        await other.opened;
        other.cut();
    });

    test("no address is in the log", () => {
        assert.doesNotMatch(world.log, /203\.0\.113\.[1-9]|198\.51\.100\.[1-9]|2001:db8:1:1:[0-9a-f]/);
        assert.match(world.log, /level=debug event="an address is over a limit" network=203\.0\.113\.0\/24/);
    });
});

test("a proxy's connections are its callers'", () => inWorld({
    DUEL_ADDRESS_CONNECTIONS: "1", DUEL_ADDRESS_RATE: "0", DUEL_AUTH_MS: "60000",
}, async (world) => {
    const url = `ws://127.0.0.1:${world.port}/api/duel/queue`;
    const by = (address) => ({ headers: { "X-Forwarded-For": address } });
    const sockets = [];
    for (const address of ["203.0.113.1", "203.0.113.2", "203.0.113.3"]) {
        const socket = new Connection(url, by(address));
        await socket.opened;
        sockets.push(socket);
    }
    await assert.rejects(new Connection(url, by("203.0.113.2")).opened, (error) => error.status === 429);
    assert.equal((await ask(world, { "X-Forwarded-For": "203.0.113.2" })).status, 429);
    sockets[1].cut();
    const again = () => ask(world, { "X-Forwarded-For": "203.0.113.2" });
    await world.until(async () => (await again()).status === 401, "room");
    // One connection, one caller after another: none is held by a request that was answered.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const address of ["203.0.113.4", "203.0.113.5", "203.0.113.4", "203.0.113.5"]) {
        assert.equal((await ask(world, { "X-Forwarded-For": address }, { agent })).status, 401);
    }
    assert.equal((await ask(world, { "X-Forwarded-For": "203.0.113.1" }, { agent })).status, 429);
    agent.destroy();
    sockets.forEach((socket) => socket.cut());
}));

describe("browsers", () => {
    const TAURI = ["tauri://localhost", "http://tauri.localhost", "https://tauri.localhost"];
    const ALLOWED = ["https://framedle.wtf", ...TAURI];
    const FOREIGN = ["https://framedle.wtf/", "https://FRAMEDLE.wtf", "HTTPS://framedle.wtf",
        "http://framedle.wtf", "https://framedle.wtf:443", "https://framedle.wtf:8443",
        "https://framedle.wtf.evil.example",
        "https://evil.example", "https://sub.framedle.wtf", "null", "tauri://localhost/",
        "tauri://localhost:1",
        "https://framedle.wtf https://evil.example", "https://framedle.wtf, https://framedle.wtf",
        `https://${"a".repeat(300)}.example`, "*"];
    let world;
    before(async () => {
        world = await World.start({ env: { DUEL_ALLOWED_ORIGINS: ALLOWED.join(", ") } });
    });
    after(() => world?.stop());

    const upgrade = (origin) => {
        const socket = new Connection(`ws://127.0.0.1:${world.port}/api/duel/queue`,
            origin === undefined ? {} : { headers: { Origin: origin } });
        return socket.opened.then(() => {
            socket.cut();
            return 101;
        }, (error) => error.status);
    };

    test("origins on the list, exactly", async () => {
        for (const origin of ALLOWED) {
            const answer = await ask(world, { Origin: origin });
            assert.equal(answer.headers["access-control-allow-origin"], origin);
            assert.equal(await upgrade(origin), 101, origin);
        }
        assert.equal(await upgrade(undefined), 101, "a native client sends none");
    });

    test("every other origin", async () => {
        for (const origin of FOREIGN) {
            const answer = await ask(world, { Origin: origin });
            assert.equal(answer.headers["access-control-allow-origin"], undefined, origin);
            assert.equal(answer.headers.vary, "Origin");
            assert.equal(await upgrade(origin), 403, origin);
        }
    });

    test("several Origin lines are none on the list", async () => {
        const origin = ["https://framedle.wtf", "tauri://localhost"];
        const answer = await ask(world, { Origin: origin });
        assert.equal(answer.headers["access-control-allow-origin"], undefined);
        assert.equal(await upgrade(origin), 403);
    });

    const PREFLIGHT = { method: "OPTIONS", path: "/api/duel/queue" };
    test("preflights", async () => {
        for (const [method, headers] of [["POST", "authorization,content-type"], ["DELETE", "authorization"],
            ["GET", "authorization"]]) {
            for (const origin of TAURI) {
                const answer = await ask(world, { Origin: origin, "Access-Control-Request-Method": method,
                    "Access-Control-Request-Headers": headers }, PREFLIGHT);
                assert.equal(answer.status, 204);
                assert.equal(answer.headers["access-control-allow-origin"], origin);
                const methods = answer.headers["access-control-allow-methods"].split(/,\s*/);
                assert.ok(methods.includes(method), `${methods}`);
                const allowed = answer.headers["access-control-allow-headers"].toLowerCase().split(/,\s*/);
                assert.deepEqual(headers.split(",").filter((name) => !allowed.includes(name)), []);
                assert.equal(answer.headers["access-control-allow-credentials"], undefined);
                assert.equal(answer.headers.vary, "Origin");
            }
        }
        const foreign = await ask(world, { Origin: "https://evil.example",
            "Access-Control-Request-Method": "POST" }, PREFLIGHT);
        const told = Object.keys(foreign.headers).filter((name) => name.startsWith("access-control-"));
        assert.deepEqual(told, []);
    });

    test("headers of every answer", async () => {
        const { token } = await world.player("headers00001");
        const answers = {
            "an error": await ask(world),
            "nothing there": await ask(world, {}, { path: "/nothing" }),
            "a preflight": await ask(world, { Origin: "tauri://localhost" }, { method: "OPTIONS" }),
            "a wrong method": await ask(world, {}, { method: "PUT" }),
            "an unknown method": await ask(world, {}, { method: "PROPFIND" }),
            "a WebSocket's address": await ask(world, {}, { path: "/api/duel/queue" }),
            "a refused upgrade": await ask(world, { Connection: "Upgrade", Upgrade: "websocket" },
                { path: "/api/duel/queue" }),
            "a head": await ask(world, {}, { method: "HEAD" }),
            "an answer": await ask(world, { Authorization: `Bearer ${token}` }),
        };
        assert.equal(answers["an answer"].status, 200);
        for (const [what, { headers }] of Object.entries(answers)) {
            assert.equal(headers["x-content-type-options"], "nosniff", what);
            assert.equal(headers["referrer-policy"], "no-referrer", what);
            assert.equal(headers["cross-origin-resource-policy"], "same-origin", what);
            assert.match(headers["content-security-policy"], /^default-src 'none'/, what);
            assert.match(headers["cache-control"], /no-store/, what);
            assert.equal(headers.vary, "Origin", what);
            assert.equal(headers.server, undefined, what);
            assert.equal(headers["x-powered-by"], undefined, what);
        }
    });
});
