// A proxy dies or is reloaded in mid-round, and both players, who are the browser's client, are back in the
// same match. How long that took is said with the test, in lines that start with "#"; nothing depends on it.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { client, meet, see, when } from "../../protocol/js/test/lib.mjs";
import { checkBooks } from "../integration/lib/play.mjs";
import { CHAINS, Chain, nameOf } from "./lib/chain.mjs";
import { startNodes } from "./lib/nodes.mjs";
import { fetchFrom, socketsFrom } from "./lib/people.mjs";
import { assertNothingContradicted } from "./lib/told.mjs";

const SETTINGS = {
    DUEL_BEST_OF: "3", DUEL_ROUND_MS: "20000", DUEL_GRACE_MS: "20000",
    DUEL_WAITING_MS: "20000", DUEL_SETTLE_WAIT_MS: "10000", DUEL_REMATCH_MS: "20000", DUEL_LOCKOUT_MS: "0",
};
const GRACE_MS = 200; // Traefik's are 10 s
let world;
let nodes;
let people = 0;
const duels = [];

before(async () => {
    ({ world, nodes } = await startNodes(SETTINGS));
});
after(() => world?.stop());
afterEach(() => duels.splice(0).forEach((duel) => duel.reset()));

async function person(chain) {
    people++;
    const sub = `proxy${String(people).padStart(7, "0")}`;
    await world.player(sub, { name: `P${people}` });
    const address = `127.0.9.${people}`;
    return client(duels, world, sub,
        { server: chain.origin, WebSocket: socketsFrom(address), fetch: fetchFrom(address) });
}

/** `winner` answers round `number` right; resolves when both know. */
async function win(winner, other, number) {
    const pictures = await Promise.all([winner, other].map((duel) => see(duel, number)));
    assert.deepEqual(pictures[0], pictures[1]);
    const verdict = await winner.guess({ text: world.videoOf(pictures[0]).title });
    assert.equal(verdict.correct, true);
    await Promise.all([winner, other].map((duel) =>
        when(duel, ({ match }) => match.rounds.length === number, `the end of round ${number}`)));
}

/** Two in round 2, after the first won round 1 and missed once. */
async function inMidRound(chain) {
    const [ana, bia] = [await person(chain), await person(chain)];
    await meet(ana, bia);
    await win(ana, bia, 1);
    await Promise.all([see(ana, 2), see(bia, 2)]);
    assert.equal((await ana.guess({ text: "nothing like it" })).seq, 1);
    return [ana, bia];
}

/** The first wins round 2 and with it the match; what was told agrees with itself and with what is stored. */
async function playOut(ana, bia) {
    await win(ana, bia, 2);
    const both = [ana, bia].sort((one, other) => one.state.match.you - other.state.match.you);
    await Promise.all(both.map((duel) => when(duel, ({ match }) => match.end?.rating, "the end")));
    assertNothingContradicted(...both);
    const ends = both.map((duel) => duel.told.find(({ t }) => t === "match_end"));
    const rounds = [1, 2].map((number) => both.flatMap((duel) => duel.told)
        .find(({ t, round }) => t === "round_end" && round === number));
    const row = await checkBooks(world, ana.state.match.id, ends, rounds);
    const seqs = row.rounds[1].guesses.filter(({ slot }) => slot === bia.state.match.you)
        .map(({ seq }) => seq);
    assert.equal(ana.state.match.end.outcome, "win");
    return seqs;
}

const count = (duel, t) => duel.told.filter((message) => message.t === t).length;

const all = (both, wants, what) => Promise.all(both.map((duel) => when(duel, wants, what)));
const isLost = ({ connection }) => connection !== "online";
const isBack = ({ connection, status }) => connection === "online" && status === "playing";

/** Nobody is there for as long as each needs to try in vain. */
function inVain(both) {
    return all(both, ({ connection, problem }) => connection === "offline" &&
        problem?.code === "CANNOT_CONNECT", "an attempt in vain");
}

const FAULTS = {
    "is killed": async (proxy, both) => {
        await proxy.kill();
        await inVain(both);
        await proxy.start();
    },
    "is reloaded": (proxy) => proxy.reload(),
};

/** Resolves when both have lost the line by `strike`, which mends it as well, and are back. */
async function comeBackFrom(t, both, strike) {
    const began = performance.now();
    const since = () => Math.round(performance.now() - began);
    const lost = all(both, isLost, "the loss of the line");
    const mended = strike().then(since);
    await lost;
    const backAt = both.map((duel) => when(duel, isBack, "the line").then(since));
    // What is said while nobody is there is said again.
    const said = both[1].guess({ text: "said into the void" });
    const there = await mended;
    const back = await Promise.all(backAt);
    t.diagnostic(`proxies were whole after ${there} ms, the players back after ${back.join(" and ")} ms`);
    assert.equal((await said).correct, false);
}

for (const kinds of CHAINS.slice(0, 2)) {
    describe(nameOf(kinds), () => {
        let chain;
        before(async () => {
            chain = await Chain.start(kinds, nodes, { graceMs: GRACE_MS });
        });
        after(() => chain?.stop());

        for (const place of ["router", "edge"]) {
            for (const [what, strike] of Object.entries(FAULTS)) {
                test(`the ${place} ${what} in mid-round`, async (t) => {
                    const both = await inMidRound(chain);
                    const { id } = both[0].state.match;
                    await comeBackFrom(t, both, () => strike(chain[place], both));
                    for (const { state: { match, problem } } of both) {
                        assert.deepEqual([match.id, match.phase, match.round.number], [id, "round", 2]);
                        assert.equal(problem, null);
                    }
                    assert.deepEqual(both[0].state.match.round.guesses.map(({ seq }) => seq), [1]);
                    assert.ok(both.every((duel) => count(duel, "welcome") >= 2));
                    assert.deepEqual(await playOut(...both), [1], "said twice, counted once");
                });
            }
        }
    });
}

for (const kinds of CHAINS.slice(2)) {
    test(`${nameOf(kinds)}: a reload that lets lines be is not noticed`, async () => {
        const chain = await Chain.start(kinds, nodes);
        try {
            const both = await inMidRound(chain);
            await chain.router.reload();
            await chain.edge.reload();
            assert.equal((await both[0].me()).match.match, both[0].state.match.id, "by the new workers");
            await playOut(...both);
            for (const duel of both) {
                assert.equal(count(duel, "welcome"), 1);
                assert.deepEqual(duel.problems, []);
            }
        } finally {
            duels.splice(0).forEach((duel) => duel.reset());
            await chain.stop();
        }
    });
}
