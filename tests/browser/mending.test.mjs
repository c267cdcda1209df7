// A tab that is reloaded, or loses the network, in the middle of a round comes back to it.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { startRound } from "../integration/lib/client.mjs";
import { inspect } from "./lib/inspect.mjs";
import { Stack, tidyUp } from "./lib/stack.mjs";

let stack;
before(async () => {
    stack = await Stack.start();
});
after(() => stack?.stop());
afterEach((context) => tidyUp(stack, context));

const states = (tab) => tab.page.$$eval(".guess", (nodes) => nodes.map(({ dataset }) => dataset.state));
const roundNow = (tab) => tab.page.$$eval(".reel-cell", (cells) =>
    cells.findIndex(({ dataset }) => dataset.state === "now") + 1);

async function guessWrong(tab, text) {
    await tab.guessText(text);
    await tab.shown(".guess[data-state=wrong]");
    await tab.until(() => !document.querySelector(".ask").dataset.locked, "the lockout over");
}

test("a reload in mid-round comes back to the round and its guesses", async () => {
    const [ana, bruno] = await Promise.all([stack.tab({ language: "pt-BR" }), stack.script("bruno")]);
    const queue = await bruno.queue();
    await ana.open("ana");
    await ana.findOpponent();
    const matched = await queue.take("matched");
    await ana.sees("found", "waiting");
    await inspect(ana, "found");
    const socket = await bruno.match(matched);
    await startRound({ player: bruno, socket }, 1);

    await ana.sees("match", "round");
    const video = await ana.video();
    await guessWrong(ana, "não é isto");
    await ana.page.reload();
    await ana.sees("match", "round");
    assert.equal(await roundNow(ana), 1);
    assert.equal((await ana.video()).id, video.id, "the same picture");
    assert.deepEqual(await states(ana), ["wrong"]);
    await ana.reads("5 palpites restantes", ".guesses");
    await ana.pickByKeys(video);
    await ana.shown('.result[data-won="you"]');

    // The round is over, so whoever leaves now has lost the match.
    socket.send({ t: "leave" });
    await ana.sees("summary");
    await ana.reads("Bruno abandonou o duelo", ".summary");
    const row = await stack.world.storedMatch(matched.match);
    assert.deepEqual([row.status, row.reason], ["completed", "forfeit"]);
    const guesses = row.rounds[0].guesses.map((guess) => guess.text ?? guess.video);
    assert.deepEqual(guesses, ["não é isto", video.id]);
    assert.equal((await socket.take("match_end")).outcome, "loss");
    socket.cut();
});

test("a lost network in mid-round is told calmly, here and there, and mends itself", async () => {
    const [clara, davi] = await Promise.all([
        stack.tab({ language: "pt-BR", width: 390, height: 844, touch: true, cuttable: true }),
        stack.tab({ language: "en" }),
    ]);
    await Promise.all([clara.open("clara"), davi.open("davi")]);
    await Promise.all([clara.findOpponent(), davi.findOpponent()]);
    await Promise.all([clara.sees("match", "round"), davi.sees("match", "round")]);
    const video = await clara.video();
    await guessWrong(clara, "não é isto");
    await davi.shown(".pips.them .pip[data-state=used]");

    await clara.loseNetwork();
    await Promise.all([clara.shown('.notice[data-kind="offline"]'), davi.shown('.notice[data-kind="gone"]')]);
    await clara.tells(".notice", "OFFLINE", "CONNECTION_LOST");
    await davi.reads("Clara dropped", ".notice");
    await davi.until(() => /^\d+ s to come back$/.test(document.querySelector(".notice-text span").innerText),
        "how long Clara may take");
    await Promise.all([inspect(clara, "round-offline"), inspect(davi, "round-opponent-gone")]);
    assert.equal((await clara.video()).id, video.id, "the picture stays");

    await clara.regainNetwork();
    await Promise.all([clara, davi].map((tab) => tab.page.waitForSelector(".notice", { hidden: true })));
    assert.equal((await clara.where()).connection, "online");
    assert.equal(await roundNow(clara), 1);
    assert.deepEqual(await states(clara), ["wrong"]);
    await clara.pickByHand(video);
    await Promise.all([clara.shown('.result[data-won="you"]'), davi.shown('.result[data-won="them"]')]);
});
