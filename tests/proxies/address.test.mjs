// Whom the limits by address mean when two proxies are in front: the player at the end of the line, and
// nobody whom a player names. Everybody here has a real address of their own, on loopback.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { PROTOCOL, within } from "../integration/lib/client.mjs";
import { CHAINS, Chain, nameOf } from "./lib/chain.mjs";
import { startNodes } from "./lib/nodes.mjs";
import { ask } from "./lib/people.mjs";

const BURST = 8;
const LIES = ["198.51.100.1", "10.0.0.1", "127.0.7.1", "127.0.8.1", "172.64.0.1", "unknown", ",,", "::1"];
let world;
let nodes;
let people = 0;

before(async () => {
    ({ world, nodes } = await startNodes({ DUEL_ADDRESS_RATE: "1", DUEL_ADDRESS_BURST: String(BURST),
        DUEL_ADDRESS_UNAUTHENTICATED: "2", DUEL_AUTH_MS: "60000" }));
});
after(() => world?.stop());

/** An address where nobody was before. */
function newcomer() {
    people++;
    return `127.0.${100 + people}.1`;
}

/** Whether one of `tries` requests is refused. All go to one node: each has limits of its own. */
async function refuses(base, address, headers, tries) {
    for (let count = 0; count < tries; count++) {
        const { status } = await ask(`${base}/n/a/me`, { address, headers });
        assert.ok(status === 401 || status === 429, `${status}`);
        if (status === 429) {
            return true;
        }
    }
    return false;
}

async function spend(base, address, headers = {}) {
    assert.equal(await refuses(base, address, headers, BURST), false, `${address} has not been here`);
    assert.equal(await refuses(base, address, headers, 1000), true);
}

async function isSpent(base, address, headers) {
    const spent = await refuses(base, address, headers, BURST);
    assert.ok(spent, `${address} is known as ${JSON.stringify(headers)}`);
}

/** Resolves to the status; an open socket is added to `open`. */
function upgrade(open, base, address, headers = {}) {
    const socket = new WebSocket(`${base.replace("http", "ws")}/n/b/queue`, [PROTOCOL],
        { localAddress: address, headers });
    return within(new Promise((done, failed) => {
        socket.on("open", () => {
            open.push(socket);
            done(101);
        });
        socket.on("unexpected-response", (request, { statusCode }) => {
            request.destroy();
            done(statusCode);
        });
        socket.on("error", failed);
    }), "an upgrade");
}

for (const kinds of CHAINS) {
    describe(nameOf(kinds), () => {
        let chain;
        before(async () => {
            chain = await Chain.start(kinds, nodes);
        });
        after(() => chain?.stop());

        test("each has an allowance of their own, whatever they write", async () => {
            const [one, other] = [newcomer(), newcomer()];
            await spend(chain.base, one);
            for (const lie of LIES) {
                await isSpent(chain.base, one, { "X-Forwarded-For": lie });
                await isSpent(chain.base, one,
                    { "CF-Connecting-IP": lie, "X-Real-IP": lie, Forwarded: `for=${lie}` });
            }
            await isSpent(chain.base, one,
                { "X-Forwarded-For": `${other}, ${other}`, "CF-Connecting-IP": other });
            await spend(chain.base, other);
        });

        test("past the edge the router's word counts, and no header of the edge's", async () => {
            const base = `http://127.0.0.1:${chain.router.port}/api/duel`;
            const one = newcomer();
            await spend(base, one, { "CF-Connecting-IP": "198.51.100.1" });
            for (const lie of LIES) {
                await isSpent(base, one, { "CF-Connecting-IP": lie, "X-Forwarded-For": `${lie}, 127.0.8.1` });
            }
            // The same person by way of the edge.
            await isSpent(chain.base, one);
        });

        test("a socket is its player's", async () => {
            const [one, other] = [newcomer(), newcomer()];
            const open = [];
            const lie = { "X-Forwarded-For": other, "CF-Connecting-IP": other };
            const statuses = [];
            for (const [who, headers] of [[one], [one], [one], [one, lie], [other]]) {
                statuses.push(await upgrade(open, chain.base, who, headers));
            }
            open.forEach((socket) => socket.terminate());
            assert.deepEqual(statuses, [101, 101, 429, 429, 101]);
        });
    });
}

test("past both proxies nothing that is written counts", async () => {
    const base = nodes.a.base;
    const one = newcomer();
    await spend(base, one, { "X-Forwarded-For": "198.51.100.1" });
    for (const lie of LIES) {
        await isSpent(base, one, { "X-Forwarded-For": lie, "CF-Connecting-IP": lie });
    }
});

test("the log names the networks of those who were refused, and nobody's lies", () => {
    const lines = world.log.matchAll(/an address is over a limit" network=(\S+)/g);
    const named = new Set([...lines].map(([, network]) => network));
    assert.ok(named.size > 2 * CHAINS.length);
    for (const network of named) {
        assert.match(network, /^127\.0\.1\d\d\.0\/24$/);
    }
});
