// Two who know each other: a link is made, handed on and taken; once more after the duel; and everything that can
// come of either. The pictures of it are in build/test-output/browser.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { inspect, inspectAll, PHONES } from "./lib/inspect.mjs";
import { Stack, tidyUp } from "./lib/stack.mjs";

const PT = { language: "pt-BR" };
const EN = { language: "en", width: 390, height: 844, touch: true };
const INVITE_MS = 600_000;

let stack;
before(async () => {
    stack = await Stack.start({
        env: { DUEL_BEST_OF: "1", DUEL_INVITE_MS: String(INVITE_MS), DUEL_REMATCH_MS: "20000" },
    });
});
after(() => stack?.stop());
afterEach((context) => tidyUp(stack, context));

/** In a round, the winner picks the answer: both come to the summary. */
async function play(winner, ...tabs) {
    await Promise.all(tabs.map((tab) => tab.sees("match", "round")));
    const video = await winner.video();
    await winner.pickByHand(video);
    await Promise.all(tabs.map((tab) => tab.sees("summary")));
}

/** One makes a link to a friendly duel. */
async function makeLink(tab) {
    await tab.sees("home");
    await tab.follow("Desafiar um amigo");
    await tab.sees("challenge");
    await tab.press("Criar o link");
    await tab.sees("inviting");
    return tab.page.$eval("#invite-link", ({ value }) => value);
}

test("a link is handed on and taken; a third person, a rematch, and what is left of it", async () => {
    const [ana, bruno] = [await stack.tab(PT), await stack.tab(EN)];
    await ana.page
        .browserContext()
        .overridePermissions(stack.page.origin, ["clipboard-read", "clipboard-sanitized-write"]);
    await ana.open("ana");
    await ana.sees("home");
    await ana.follow("Desafiar um amigo");
    await ana.sees("challenge");
    await inspect(ana, "challenge");
    await ana.page.goBack();
    const link = await makeLink(ana);
    assert.match(link, new RegExp(`^${stack.page.origin}/\\?invite=[0-9a-f-]{36}$`));
    assert.equal(await ana.focused(), "Copiar link");
    await ana.page.bringToFront(); // only a page that has the focus may use the clipboard
    await ana.key("Enter");
    await ana.reads("Link copiado!", "main");
    await ana.until(
        () => document.getElementById("polite").textContent === "Link copiado!",
        "said to a reader",
    );
    assert.equal(await ana.page.evaluate(() => navigator.clipboard.readText()), link);
    await ana.reads("Um amistoso: o rating não muda.", "main");
    assert.match(await ana.text(".leader-time"), /^(10:00|9:\d\d)$/);
    await inspect(ana, "inviting");
    await ana.page.reload();
    await ana.sees("inviting");

    // Bruno has never been here.
    await bruno.page.goto(link);
    await bruno.sees("players");
    await bruno.choose("Bruno");
    await bruno.sees("invited");
    await bruno.reads("Ana challenges you", "h1");
    await bruno.reads("A friendly duel: ratings stay as they are.", "main");
    await inspectAll(bruno, PHONES, "invited");
    await bruno.press("Accept");
    await Promise.all([ana.sees("match", "round"), bruno.sees("match", "round")]);

    const clara = await stack.tab({ ...EN, width: 360, height: 640 });
    await clara.page.goto(`${link}&player=clara`);
    await clara.sees("invited");
    await clara.tells("main", "INVITE_TAKEN");
    await inspect(clara, "invited-taken");
    await clara.press("Home");
    await clara.sees("home");

    await play(bruno, ana, bruno);
    await ana.reads("amistoso, sem rating", ".elo-change");
    assert.equal(await ana.focused(), "Revanche");

    await rematch(ana, bruno);
    await readAgain(ana, bruno, clara, link);
});

/** Bruno wants more, Ana accepts with the keyboard; Ana wins it. */
async function rematch(ana, bruno) {
    await bruno.press("Rematch");
    await bruno.reads("Waiting for Ana…", ".rematch");
    await ana.reads("Bruno quer revanche", ".rematch");
    await ana.until(
        () => document.getElementById("assertive").textContent === "Bruno quer revanche",
        "said to a reader",
    );
    assert.equal(await ana.focused(), "Aceitar revanche");
    await Promise.all([inspect(ana, "rematch-asked"), inspectAll(bruno, PHONES, "rematch-waiting")]);
    await ana.key("Enter");
    await Promise.all([ana.sees("found", "countdown"), bruno.sees("found", "countdown")]);
    await ana.reads("amistoso · revanche · 0–1", ".found-line");
    await bruno.reads("friendly · rematch · 1–0", ".found-line");
    await play(ana, ana, bruno);
    await ana.reads("Série: 1 a 1", ".series");
    await bruno.reads("Series: 1 to 1", ".series");
    await Promise.all([inspect(ana, "summary-series"), inspectAll(bruno, PHONES, "summary-series")]);
}

/** Both duels are in the history; the link now leads to the result of the first. */
async function readAgain(ana, bruno, clara, link) {
    await bruno.press("Home");
    await bruno.sees("home");
    await bruno.follow("History");
    await bruno.until(() => document.querySelectorAll(".duel").length === 2, "two duels");
    assert.deepEqual(await bruno.texts(".duel-outcome"), ["Loss", "Win"]);
    assert.deepEqual(await bruno.texts(".duel-change"), ["friendly", "friendly"]);
    await clara.page.goto(link);
    await clara.sees("invited");
    await clara.reads("This duel is over", "h1");
    await inspect(clara, "invited-over");
    await clara.follow("See how it went");
    await clara.sees("result");
    await clara.until(() => document.querySelectorAll(".played").length === 1, "its one round");
}

test("a duel of the queue and its rematch are in the ranking", async () => {
    const [ana, bruno] = [await stack.tab(PT), await stack.tab(EN)];
    await Promise.all([ana.open("ana"), bruno.open("bruno")]);
    await Promise.all([ana.findOpponent(), bruno.findOpponent()]);
    await play(ana, ana, bruno);
    await ana.press("Revanche");
    await bruno.reads("Ana wants a rematch", ".rematch");
    await bruno.press("Accept the rematch");
    await Promise.all([ana.sees("found", "countdown"), bruno.sees("found", "countdown")]);
    await ana.reads("vale rating · revanche · 1–0", ".found-line");
    await play(ana, ana, bruno);
    await ana.reads("Série: 2 a 0", ".series");
    await ana.until(
        () => /^\+\d+$/.test(document.querySelector(".elo-change").innerText),
        "a settled rating",
    );
    await ana.press("Início");
    await ana.sees("home");
    await ana.follow("Ranking");
    await ana.reads("1º de 2", ".own-place");
    await ana.until(() => document.querySelectorAll(".lists > .ranks tbody tr").length === 2, "two players");
    assert.deepEqual(await ana.texts(".lists > .ranks .rank-name"), ["Ana", "Bruno"]);
});

test("a rematch that comes to nothing: taken back, declined, too late", async () => {
    const [ana, bruno] = [await stack.tab(PT), await stack.tab(EN)];
    await Promise.all([ana.open("ana"), bruno.open("bruno")]);
    await Promise.all([ana.findOpponent(), bruno.findOpponent()]);
    await play(ana, ana, bruno);
    await ana.press("Revanche");
    await bruno.reads("Ana wants a rematch", ".rematch");
    await ana.press("Retirar a proposta");
    await bruno.reads("Ana took the offer back.", ".rematch");
    await bruno.press("Rematch");
    await ana.reads("Bruno quer revanche", ".rematch");
    await ana.press("Recusar");
    await bruno.reads("Ana does not want a rematch.", ".rematch");
    assert.equal(await bruno.page.$('::-p-aria([name="Rematch"][role="button"])'), null);
    await inspectAll(bruno, PHONES, "rematch-declined");
    await ana.press("Revanche");
    await bruno.reads("Ana wants a rematch", ".rematch");
    await bruno.reads("The time for a rematch is over.", ".rematch");
    await inspect(bruno, "rematch-late");
    await bruno.press("Another opponent");
    await bruno.sees("searching");
});

test("an invitation is cancelled, runs out, or is one's own", async () => {
    const [ana, bruno] = [
        await stack.tab({ ...PT, width: 360, height: 640, touch: true }),
        await stack.tab(EN),
    ];
    await ana.open("ana");
    const link = await makeLink(ana);
    await inspectAll(ana, PHONES, "inviting");
    await ana.press("Cancelar o convite");
    await ana.sees("home");
    await bruno.page.goto(`${link}&player=bruno`);
    await bruno.sees("invited");
    await bruno.tells("h1", "INVITE_WITHDRAWN");
    await inspect(bruno, "invited-withdrawn");

    const own = await makeLink(ana);
    await ana.page.goto(own);
    await ana.sees("inviting"); // the reload goes back to waiting
    const copy = await stack.tab(PT);
    await copy.page.goto(`${own}&player=ana`);
    await copy.sees("invited");
    await copy.reads("Este convite é seu", "h1");
    await inspect(copy, "invited-own");
    await ana.press("Cancelar o convite");
    await ana.sees("invited"); // its address still has the link
    await ana.press("Início");

    await stack.world.terminate("SIGTERM");
    stack.world.env.DUEL_INVITE_MS = "4000";
    await stack.world.serve();
    await stack.world.ready();
    const short = await makeLink(ana);
    await bruno.page.goto(`${short}&player=bruno`);
    await bruno.reads("Ana challenges you", "h1");
    await ana.sees("problem");
    assert.equal((await ana.where()).code, "INVITE_EXPIRED");
    await inspect(ana, "problem-invite-expired");
    await ana.press("Início");
    await ana.sees("home");
    await bruno.press("Accept");
    await bruno.sees("problem");
    assert.equal((await bruno.where()).code, "INVITE_EXPIRED");
    await bruno.page.goto(short);
    await bruno.tells("h1", "INVITE_EXPIRED");
    stack.world.env.DUEL_INVITE_MS = String(INVITE_MS);
});

test("for rating, and too many: said where it was asked for", async () => {
    const tab = await stack.tab(EN);
    await tab.open("davi");
    await tab.sees("home");
    await tab.follow("Challenge a friend");
    await tab.sees("challenge");
    await (await tab.shown(".kind:last-child")).tap();
    await tab.press("Make the link");
    await tab.tells("main", "RATED_NEEDS_OPPONENTS");
    await inspectAll(tab, PHONES, "challenge-refused");
});

test("a search goes on after a reload; a cancelled one does not", async () => {
    const tab = await stack.tab(PT);
    await tab.open("clara");
    await tab.findOpponent();
    await tab.sees("searching");
    await tab.page.reload();
    await tab.sees("searching");
    await tab.press("Cancelar");
    await tab.sees("home");
    await tab.page.reload();
    await tab.sees("home");
});

test("who left three duels early is told when it goes on", async () => {
    const [clara, davi] = await Promise.all([stack.script("clara"), stack.script("davi")]);
    for (let i = 0; i < 3; i++) {
        const queues = await Promise.all([clara.queue(), davi.queue()]);
        const found = await Promise.all(queues.map((queue) => queue.take("matched")));
        const sockets = await Promise.all([clara.match(found[0]), davi.match(found[1])]);
        await Promise.all(sockets.map((socket) => socket.take("welcome")));
        sockets[0].send({ t: "leave" });
        await Promise.all(sockets.map((socket) => socket.take("match_end")));
        sockets.forEach((socket) => socket.cut());
    }
    const tab = await stack.tab(PT);
    await tab.open("clara");
    await tab.findOpponent();
    await tab.sees("problem");
    assert.equal((await tab.where()).code, "COOLDOWN");
    await tab.until(
        () => /^Tente de novo em \d+ (s|min), às \d\d:\d\d$/.test(document.querySelector(".fine").innerText),
        "the time it ends",
    );
    assert.equal(await tab.page.$eval("button.first", ({ disabled }) => disabled), true);
    await inspect(tab, "problem-cooldown");
});
