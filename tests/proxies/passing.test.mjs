// What passes through two proxies, and arrives as it was sent: requests, sealed frames, matches on the node
// that has them, refusals of upgrades, close codes.

import assert from "node:assert/strict";
import { connect as connectH2, constants } from "node:http2";
import { after, before, describe, test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { Connection, meet, pair, PROTOCOL, within } from "../integration/lib/client.mjs";
import { winRound } from "../integration/lib/play.mjs";
import { CHAINS, Chain, nameOf } from "./lib/chain.mjs";
import { resizePictures, startNodes } from "./lib/nodes.mjs";
import { ask, ORIGIN } from "./lib/people.mjs";

const SEALED = 65536 + 28; // IV and tag around 64 KiB
let world;
let nodes;
let people = 0;

before(async () => {
    ({ world, nodes } = await startNodes({ DUEL_BEST_OF: "3", DUEL_ROUND_MS: "20000" },
        (prepared) => resizePictures(prepared, 65_000)));
});
after(() => world?.stop());

async function person(chain) {
    people++;
    const sub = `pass${String(people).padStart(8, "0")}`;
    return (await world.player(sub, { name: `P${people}` })).at(chain.base);
}

function other(path) {
    return path.replace(/\/n\/([ab])\//, (_, node) => `/n/${node === "a" ? "b" : "a"}/`);
}

/** Reads the first binary message of a WebSocket whose bytes come over a stream of HTTP/2. */
function firstMessage(stream) {
    let bytes = Buffer.alloc(0);
    return within(new Promise((done) => {
        stream.on("data", (part) => {
            bytes = Buffer.concat([bytes, part]);
            while (bytes.length >= 2 && bytes.length >= 2 + bytes[1]) {
                if (bytes[0] === 0x82 && bytes[1] < 126) {
                    done(decode(bytes.subarray(2, 2 + bytes[1])));
                    return;
                }
                bytes = bytes.subarray(2 + bytes[1]);
            }
        });
    }), "a message over HTTP/2");
}

function overH2(session, token, headers) {
    const stream = session.request({ ":authority": "api.framedle.wtf", authorization: `Bearer ${token}`,
        ...headers });
    return within(new Promise((resolve, reject) => {
        stream.on("error", reject);
        stream.on("response", (got) => resolve({ status: got[constants.HTTP2_HEADER_STATUS], stream }));
    }), "an answer over HTTP/2");
}

/** As RFC 8441 has it. */
async function queueOverH2(session, token) {
    const { status, stream } = await overH2(session, token, {
        ":method": "CONNECT", ":protocol": "websocket", ":path": "/api/duel/queue",
        "sec-websocket-version": "13", "sec-websocket-protocol": PROTOCOL,
    });
    assert.equal(status, 200);
    assert.equal((await firstMessage(stream)).t, "queued");
    stream.close();
}

/** Over HTTP/2 to the edge; resolves when the session is closed. */
async function inH2(chain, act) {
    const session = connectH2(chain.h2);
    try {
        await within(new Promise((done) => session.once("remoteSettings", done)), "HTTP/2");
        await act(session);
    } finally {
        session.destroy();
    }
}

for (const kinds of CHAINS) {
    describe(nameOf(kinds), () => {
        let chain;
        before(async () => {
            chain = await Chain.start(kinds, nodes);
        });
        after(() => chain?.stop());
        const ws = (path) => `${chain.base.replace("http", "ws")}${path}`;

        test("requests of all methods, errors and CORS", async () => {
            const player = await person(chain);
            const me = await player.get("/me");
            assert.deepEqual([me.status, me.body.data.rating], [200, 1000]);
            const queued = await player.get("/queue", { method: "POST", body: "{}",
                headers: { "Content-Type": "application/json" } });
            assert.deepEqual([queued.status, queued.body.data.status], [200, "queued"]);
            assert.equal((await player.get("/queue", { method: "DELETE" })).body.data.status, "idle");
            assert.equal((await player.get("/search?q=cancao")).body.data[0].video, "aaaaaaaaa03");
            const missing = await player.get("/nothing");
            assert.deepEqual([missing.status, missing.body.data], [404, null]);
            const stranger = await ask(`${chain.base}/me`, { headers: { Origin: ORIGIN } });
            assert.equal(stranger.status, 401);
            assert.equal(JSON.parse(stranger.body).error.code, "AUTH_REQUIRED");
            assert.equal(stranger.headers["access-control-allow-origin"], ORIGIN);
            const preflight = await ask(`${chain.base}/queue`, { method: "OPTIONS", headers: {
                Origin: ORIGIN, "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            } });
            assert.equal(preflight.status, 204);
            assert.equal(preflight.headers["access-control-allow-origin"], ORIGIN);
            const large = await player.get("/queue", { method: "POST", body: `{"x":"${"x".repeat(20_000)}"}`,
                headers: { "Content-Type": "application/json" } });
            assert.deepEqual([large.status, typeof large.body.error.code], [413, "string"]);
        });

        test("each node is reached by its name, and nothing else of the machine", async () => {
            const count = (node) => nodes[node].metric("duel_websocket_upgrades_total");
            for (const [node, idle] of [["a", "b"], ["b", "a"]]) {
                const counts = [await count(node), await count(idle)];
                for (let i = 0; i < 3; i++) {
                    const socket = new Connection(ws(`/n/${node}/queue`));
                    await socket.opened;
                    socket.cut();
                }
                assert.deepEqual([await count(node), await count(idle)], [counts[0] + 3, counts[1]]);
            }
            assert.equal((await ask(`${chain.origin}/api/duelist`)).status, 404);
            assert.equal((await ask(`${chain.origin}/metrics`)).status, 404);
        });

        test("a match is played where it is, and its frames of 64 KiB pass", async () => {
            const { match, seats } = await meet(await person(chain), await person(chain));
            const { path } = seats[0].matched;
            assert.match(path, new RegExp(`^/api/duel/n/[ab]/match/${match}$`));
            assert.equal(path, seats[1].matched.path);
            const wrong = new Connection(`${chain.origin.replace("http", "ws")}${other(path)}`,
                { protocols: [PROTOCOL, `r.${seats[0].matched.resume}`] });
            assert.deepEqual(await wrong.ends(), { code: 4421, reason: path });
            const { starts } = await winRound(world, seats, 0, 1);
            for (const { frame } of starts) {
                assert.ok(frame.url.startsWith(path.replace(/match.*/, "frame/")), frame.url);
                assert.equal(frame.size, SEALED);
            }
            seats.forEach(({ socket }) => socket.cut());
        });

        test("refused upgrades come with their status and words", async () => {
            const player = await person(chain);
            const cases = [
                [{ origin: "https://evil.example" }, 403, "BAD_ORIGIN"],
                [{ protocols: ["other"] }, 400, "BAD_SUBPROTOCOL"],
                [{ protocols: [PROTOCOL, `r.${player.token}`] }, 400, "BAD_HANDSHAKE"],
            ];
            for (const [options, status, code] of cases) {
                const refused = await new Connection(ws("/queue"), options).opened
                    .then(() => null, (why) => why);
                assert.equal(refused?.status, status);
                assert.equal(JSON.parse(refused.body).error.code, code);
            }
        });

        test("close codes and their reasons", async () => {
            const bad = new Connection(ws("/queue"), { token: "a.b.c", origin: ORIGIN });
            const { code, reason } = await bad.ends();
            assert.equal(code, 4401);
            assert.match(reason, /^AUTH_/);
            const big = await (await person(chain)).queue();
            await big.take("queued");
            big.sendRaw(Buffer.alloc(5000, 0xc0));
            assert.equal((await big.ends()).code, 1009);
            const polite = await (await person(chain)).queue({ origin: ORIGIN });
            await polite.take("queued");
            polite.send({ t: "leave" });
            assert.equal((await polite.ends()).code, 1000);
        });

        test("a ticket beside our subprotocol, a token of three kilobytes", async () => {
            const players = [await person(chain), await person(chain)];
            const found = await pair(...players);
            const sockets = await Promise.all(players.map((player, i) => player.match(found[i])));
            for (const socket of sockets) {
                await socket.take("welcome");
                assert.equal(socket.ws.protocol, PROTOCOL);
                assert.equal(socket.ws.extensions, "", "no compression");
                socket.cut();
            }
            const long = await person(chain);
            long.token = await world.token("longtoken001", { extra: "x".repeat(2000) });
            const socket = await long.queue({ how: "header" });
            await socket.take("queued");
            socket.cut();
        });

        test("HTTP/2 to the edge is HTTP/1.1 here, a WebSocket over it too", async () => {
            const { token } = await person(chain);
            await inH2(chain, async (session) => {
                const { status, stream } = await overH2(session, token, { ":path": "/api/duel/me" });
                assert.equal(status, 200);
                stream.close();
                // nginx has none over HTTP/2, nor has Traefik: browsers then use HTTP/1.1.
                assert.equal(Boolean(session.remoteSettings.enableConnectProtocol), kinds.edge === "haproxy");
                if (kinds.edge === "haproxy") {
                    await queueOverH2(session, token);
                }
            });
        });
    });
}
