// What went wrong is told in the person's language, with the thing to do about it, and that leads back to
// something to play.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { TEXTS } from "../../protocol/js/texts.js";
import { startRound } from "../integration/lib/client.mjs";
import { inspect, inspectAll, PHONES } from "./lib/inspect.mjs";
import { Stack, tidyUp } from "./lib/stack.mjs";

const PT = { language: "pt-BR", width: 390, height: 844, touch: true };
const EN = { language: "en" };

let stack;
before(async () => {
    stack = await Stack.start({ env: { DUEL_QUEUE_TIMEOUT_MS: "4000", DUEL_REMATCH_MS: "500",
        DUEL_COUNTDOWN_MS: "100", DUEL_INTERMISSION_MS: "100" } });
});
after(() => stack?.stop());
afterEach((context) => tidyUp(stack, context));

/** The problem screen with both sentences of `code`; anything else it could be is told. */
async function assertTold(tab, code) {
    const { what, todo } = TEXTS[code][tab.language.slice(0, 2)];
    await tab.sees("problem");
    assert.equal((await tab.where()).code, code);
    assert.equal(await tab.text("h1"), what);
    await tab.reads(todo, "main");
    await inspect(tab, `problem-${code.toLowerCase().replaceAll("_", "-")}`);
}

/** One in a tab and one by protocol in round 1: the script's
 *  {player, socket, match, welcome, start}. */
async function duel(tab, key, scripted) {
    const player = await stack.script(scripted);
    await tab.open(key);
    await tab.sees("home");
    const queue = await player.queue();
    await tab.findOpponent();
    const matched = await queue.take("matched");
    const socket = await player.match(matched);
    const welcome = await socket.take("welcome");
    const start = await startRound({ player, socket, welcome }, 1);
    await tab.sees("match", "round");
    return { player, socket, match: matched.match, welcome, start };
}

/** The next search works: the queue has them. */
async function assertPlayable(tab) {
    await tab.sees("searching");
    await tab.until(() => document.querySelector(".facts dd").innerText !== "—", "a place in the queue");
    await tab.press(tab.language === "en" ? "Cancel" : "Cancelar");
    await tab.sees("home");
}

test("no token could be asked for: nobody is blamed, and it can be tried again", async () => {
    const tab = await stack.tab(PT);
    await tab.open("clara");
    await tab.sees("home");
    await tab.reads("1000", ".profile-rating");
    await stack.closeIssuer();
    await tab.page.reload();
    await tab.findOpponent();
    await tab.tells(".notice", "TOKEN_CALLBACK_FAILED");
    await tab.reads("Continuamos tentando.", ".notice");
    await assertTold(tab, "TOKEN_CALLBACK_FAILED");
    await stack.openIssuer();
    await tab.press("Tentar de novo");
    await assertPlayable(tab);
});

test("an opaque token: our fault, said so", async () => {
    const tab = await stack.tab(EN);
    await tab.page.setRequestInterception(true);
    let opaque = true;
    tab.page.on("request", (request) => {
        if (opaque && request.url().includes("/token?")) {
            request.respond({ contentType: "application/json", body: '{"access_token":"aGkgdGhlcmU"}' });
        } else {
            request.continue();
        }
    });
    await tab.open("clara");
    await tab.findOpponent();
    await assertTold(tab, "AUTH_OPAQUE_TOKEN");
    opaque = false;
    await tab.press("Reload");
    await tab.findOpponent();
    await assertPlayable(tab);
});

test("the duel was opened in another tab: it can be brought back", async () => {
    const [first, second] = await Promise.all([stack.tab(EN), stack.tab(PT)]);
    const { socket } = await duel(first, "ana", "bruno");
    await second.open("ana");
    await second.sees("match", "round");
    await assertTold(first, "REPLACED");
    await first.press("Play here");
    await first.sees("match", "round");
    await assertTold(second, "REPLACED");

    await first.press("Resign");
    await first.shown("dialog[open]");
    await first.press("Resign");
    await first.sees("summary");
    assert.equal((await socket.take("match_end")).outcome, "win");
});

test("away until the match was over: look for another", async () => {
    const tab = await stack.tab({ ...PT, cuttable: true });
    const { socket } = await duel(tab, "ana", "bruno");
    await tab.loseNetwork();
    await socket.take("player", ({ connected }) => !connected);
    socket.send({ t: "leave" });
    // The server closes it when nothing more can come of the match.
    await socket.ends();
    await tab.shown('.notice[data-kind="offline"]');
    await tab.regainNetwork();
    await assertTold(tab, "MATCH_OVER");
    await tab.press("Encontrar adversário");
    await assertPlayable(tab);
});

test("nobody came: search again", async () => {
    const tab = await stack.tab(EN);
    await tab.open("davi");
    await tab.findOpponent();
    await tab.sees("searching");
    await assertTold(tab, "QUEUE_TIMEOUT");
    await tab.press("Find an opponent");
    await assertPlayable(tab);
});

/** Round `number` is won by the script, right at once. */
async function winByScript({ player, socket }, number, { image }) {
    socket.send({ t: "guess", round: number, seq: 1, video: stack.eye(image).id });
    await socket.take("round_end", ({ round }) => round === number);
    return startRound({ player, socket }, number + 1);
}

/** The score as the tab shows it, the own side first. */
const scoreSeen = async (tab, selector) => (await tab.texts(selector)).map(Number);

/** Both are back after the server's death: the score stands, the round is played again, the duel goes on. */
async function assertGoesOn(tab, { player, match, welcome: { resume } }, before) {
    await tab.sees("found", "waiting");
    await tab.reads("De volta ao duelo", "h1");
    assert.deepEqual(await scoreSeen(tab, ".found-score span"), [0, 1]);
    await tab.reads("A rodada 2 recomeça com outro quadro. Esperando Bruno…", ".found-line");
    await inspectAll(tab, PHONES, "found-back");
    await tab.press("Desistir");
    await tab.shown("dialog[open]");
    await tab.press("Continuar jogando");

    const again = await player.match({ path: `/api/duel/match/${match}`, resume });
    const welcome = await again.take("welcome");
    assert.deepEqual(welcome.rounds.map(({ round, winner }) => [round, winner]), [[1, welcome.you]]);
    const { image } = await startRound({ player, socket: again, welcome }, 2);
    await tab.sees("match", "round");
    assert.deepEqual(await scoreSeen(tab, ".scoreboard .score"), [0, 1]);
    const video = await tab.video();
    assert.equal(video.id, stack.eye(image).id, "both look at the same frame");
    assert.notEqual(video.id, before.id, "which is another one");
    await tab.reads("6 palpites restantes", ".guesses");
    await tab.pickByHand(video);
    await startRound({ player, socket: again }, 3);
    again.send({ t: "leave" });
    await tab.sees("summary");
    assert.deepEqual(await scoreSeen(tab, ".final-score span"), [1, 1]);
    assert.equal(await tab.page.$eval(".summary", ({ dataset }) => dataset.outcome), "win");
    const row = await stack.world.storedMatch(match);
    assert.deepEqual(row.rounds[1].guesses.map(({ text, video: id }) => text ?? id), [video.id]);
    again.cut();
}

for (const signal of ["SIGTERM", "SIGKILL"]) {
    test(`the server ends by ${signal}: said so, and the duel goes on with the score it had`, async () => {
        const tab = await stack.tab(PT);
        const seat = await duel(tab, "ana", "bruno");
        await winByScript(seat, 1, seat.start);
        await tab.sees("match", "round");
        await tab.until(() => document.querySelector(".score.them").innerText === "1", "the score");
        const video = await tab.video();
        await tab.guessText("não é isto");
        await tab.shown(".guess[data-state=wrong]");

        await stack.world.terminate(signal);
        seat.socket.cut();
        await tab.shown('.notice[data-kind="offline"]');
        await tab.tells(".notice", "RESTARTING", "CONNECTION_LOST", "CANNOT_CONNECT");
        await inspect(tab, "round-restarting");
        await stack.world.serve();
        await stack.world.ready();
        await assertGoesOn(tab, seat, video);
    });
}

test("a page of another origin is refused: that is said, and it goes on trying", async () => {
    const tab = await stack.tab(EN);
    await tab.open("clara", stack.page.origin.replace("127.0.0.1", "localhost"));
    await tab.findOpponent();
    // A browser does not tell a page why; to it the server cannot be reached.
    await tab.tells("main", "CANNOT_CONNECT");
    await inspect(tab, "wrong-origin");
});
