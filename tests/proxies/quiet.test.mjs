// Two proxies that cut a line on which nothing passes, and send no pings of their own. Traefik's and
// Cloudflare's limits are a minute and more; here they are shorter, so that the server's pings alone decide.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { client, meet as meetAsPages, see, when } from "../../protocol/js/test/lib.mjs";
import { Connection, meet, startRound, within } from "../integration/lib/client.mjs";
import { CHAINS, Chain, nameOf } from "./lib/chain.mjs";
import { startNodes } from "./lib/nodes.mjs";
import { assertNothingContradicted } from "./lib/told.mjs";

const IDLE_MS = 17_000; // a little more than the 15 s between pings in the queue
const SHORT_MS = 900;
let world;
let nodes;
let people = 0;
let latest = Promise.resolve();

before(async () => {
    ({ world, nodes } = await startNodes({ DUEL_BEST_OF: "1", DUEL_ROUND_MS: "60000", DUEL_AUTH_MS: "60000",
        DUEL_WAITING_MS: "20000", DUEL_GRACE_MS: "20000", DUEL_QUEUE_TIMEOUT_MS: "120000",
        DUEL_WINDOW_STEP_MS: "60000" }));
});
after(() => world?.stop());

/** Only players of one rating find each other. One at a time: the database has one client. */
function person(chain, rating) {
    latest = latest.then(async () => {
        people++;
        const sub = `quiet${String(people).padStart(7, "0")}`;
        return (await world.player(sub, { name: `P${people}`, rating })).at(chain.base);
    });
    return latest;
}

async function inChain(kinds, options, act) {
    const chain = await Chain.start(kinds, nodes, options);
    try {
        await act(chain);
    } finally {
        await chain.stop();
    }
}

describe("lines that are silent", { concurrency: true }, () => {
    for (const [index, kinds] of CHAINS.slice(0, 2).entries()) {
        test(`${nameOf(kinds)}: the server's pings keep them`, () => inChain(kinds, { idleMs: IDLE_MS },
            async (chain) => {
                const rating = 2000 * (index + 1);
                const { seats } = await meet(await person(chain, rating), await person(chain, rating));
                const [{ image }] = await Promise.all(seats.map((seat) => startRound(seat, 1)));
                const waiting = await (await person(chain, rating)).queue();
                await waiting.take("queued");
                // Nobody pings who has not said who they are: that line shows what the proxies do.
                const mute = new Connection(`${chain.base.replace("http", "ws")}/queue`);
                await mute.opened;
                const lines = [waiting, ...seats.map(({ socket }) => socket)];
                const pings = lines.map(() => 0);
                lines.forEach(({ ws }, line) => ws.on("ping", () => pings[line]++));
                assert.equal((await within(mute.closed, "the proxies' patience", 60_000)).code, 1006);
                assert.ok(lines.every((line) => line.end === undefined), "nobody else was cut");
                assert.ok(pings.every((count) => count >= 1), `${pings}`);
                seats[0].socket.send({ t: "guess", round: 1, seq: 1, text: world.videoOf(image).title });
                const ends = await Promise.all(seats.map(({ socket }) => socket.take("match_end")));
                assert.deepEqual(ends.map(({ outcome }) => outcome), ["win", "loss"]);
                lines.forEach((line) => line.cut());
            }));

        test(`${nameOf(kinds)}: where they are cut all the same, players come back each time`,
            () => inChain(kinds, { idleMs: SHORT_MS }, async (chain) => {
                const pages = [];
                for (let i = 0; i < 2; i++) {
                    const { token } = await person(chain, 2000 * (index + 1) + 1000);
                    client(pages, world, null, { server: chain.origin, token: () => token });
                }
                await meetAsPages(...pages);
                const video = world.videoOf(await see(pages[0], 1));
                for (let times = 0; times < 2; times++) {
                    await Promise.all(pages.map(async (page) => {
                        await when(page, ({ connection }) => connection !== "online", "a cut");
                        await when(page, ({ connection }) => connection === "online", "the line");
                    }));
                }
                assert.equal((await pages[0].guess({ text: video.title })).correct, true);
                const [end] = await Promise.all(pages.map((page) =>
                    when(page, ({ match }) => match.end !== null, "the end")));
                assert.equal(end.match.end.outcome, "win");
                assertNothingContradicted(...pages);
                pages.forEach((page) => page.reset());
            }));
    }
});
