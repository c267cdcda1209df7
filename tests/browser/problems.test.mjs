// What went wrong is told in the person's language, with the thing to do about it, and that leads back to
// something to play.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { TEXTS } from "../../protocol/js/texts.js";
import { startRound } from "../integration/lib/client.mjs";
import { inspect } from "./lib/inspect.mjs";
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

/** One in a tab and one by protocol in round 1: the script's {player, socket, match}. */
async function duel(tab, key, scripted) {
    const player = await stack.script(scripted);
    await tab.open(key);
    await tab.sees("home");
    const queue = await player.queue();
    await tab.findOpponent();
    const matched = await queue.take("matched");
    const socket = await player.match(matched);
    await startRound({ player, socket }, 1);
    await tab.sees("match", "round");
    return { player, socket, match: matched.match };
}

/** The next search works: the queue has them. */
async function assertPlayable(tab) {
    await tab.sees("searching");
    await tab.until(() => document.querySelector(".facts dd").innerText !== "—", "a place in the queue");
    await tab.press(tab.language === "en" ? "Cancel" : "Cancelar");
    await tab.sees("home");
}

test("no token: sign in again", async () => {
    const tab = await stack.tab(PT);
    await tab.open("clara");
    await tab.sees("home");
    await tab.reads("1000", ".profile-rating");
    await stack.closeIssuer();
    await tab.page.reload();
    await tab.findOpponent();
    await assertTold(tab, "TOKEN_CALLBACK_FAILED");
    await stack.openIssuer();
    await tab.press("Entrar de novo");
    await tab.findOpponent();
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

test("the server restarts: said so, and what can be played goes on", async () => {
    const tab = await stack.tab(PT);
    const { socket } = await duel(tab, "ana", "bruno");
    await stack.world.terminate();
    socket.cut();
    await tab.shown('.notice[data-kind="offline"]');
    await tab.tells(".notice", "RESTARTING", "CANNOT_CONNECT");
    await inspect(tab, "round-restarting");
    await stack.world.serve();
    await stack.world.ready();
    // Back in the match, or told that it is gone.
    const came = await tab.until(() => {
        const { screen, connection, code } = document.getElementById("app").dataset;
        return screen === "problem" ? code : connection === "online" && screen;
    }, "the way back");
    if (["NO_SUCH_MATCH", "MATCH_OVER"].includes(came)) {
        await assertTold(tab, came);
        await tab.press("Encontrar adversário");
        await assertPlayable(tab);
    } else {
        assert.ok(["match", "found", "summary"].includes(came), `came to ${came}`);
    }
});

test("a page of another origin is refused: that is said, and it goes on trying", async () => {
    const tab = await stack.tab(EN);
    await tab.open("clara", stack.page.origin.replace("127.0.0.1", "localhost"));
    await tab.findOpponent();
    // A browser does not tell a page why; to it the server cannot be reached.
    await tab.tells("main", "CANNOT_CONNECT");
    await inspect(tab, "wrong-origin");
});
