// Every screen on the way through a duel, on a desk and on two phones: axe finds nothing serious, everything
// fits and can be hit with a finger, and with the keyboard of a phone open frame and field are both in sight.
// The pictures of them are in build/test-output/browser.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { inspect, inspectAll, PHONES, TAP_MIN } from "./lib/inspect.mjs";
import { Stack, tidyUp } from "./lib/stack.mjs";

let stack;
before(async () => {
    // Time to look at what is short.
    stack = await Stack.start({ env: { DUEL_COUNTDOWN_MS: "4500", DUEL_INTERMISSION_MS: "20000",
        DUEL_ROUND_MS: "60000", DUEL_LOCKOUT_MS: "3500" } });
});
after(() => stack?.stop());
afterEach((context) => tidyUp(stack, context));

const DESK = [1280, 800];
const phone = (tab, name) => inspectAll(tab, PHONES, name);

/** With the keyboard open frame, field and what is offered are in sight. */
async function inspectTyping(tab, name, options) {
    await inspect(tab, name, options);
    const wanted = ["img.frame-image", "[role=combobox]", "[role=option]"];
    const hidden = await tab.page.evaluate((all, least) => all.filter((one) => {
        const node = document.querySelector(one);
        const { left, top, bottom, height } = node.getBoundingClientRect();
        // What a parent cuts off takes no tap.
        const inSight = (y) => node.contains(document.elementFromPoint(left + 30, y));
        return height < least || !inSight(top + 3) || !inSight(bottom - 3);
    }), wanted, TAP_MIN);
    const { width, height } = tab.page.viewport();
    tab.complaints.push(...hidden.map((one) => `${name} ${width}×${height}: not in sight: ${one}`));
}

test("every screen of a duel, on a desk and on phones", async () => {
    const [ana, bruno] = await Promise.all([
        stack.tab({ language: "pt-BR", width: DESK[0], height: DESK[1] }),
        stack.tab({ language: "en", width: 390, height: 844, touch: true }),
    ]);
    const both = (screen, phase) => Promise.all([ana.sees(screen, phase), bruno.sees(screen, phase)]);
    const look = (name) => Promise.all([inspect(ana, name), phone(bruno, name)]);

    await Promise.all([ana.open(), bruno.open()]);
    await both("players");
    await look("players");
    await Promise.all([ana.choose("Ana"), bruno.choose("Bruno")]);
    await both("home");
    await look("home");

    await ana.press("Encontrar adversário");
    await ana.sees("searching");
    await inspect(ana, "searching");
    await ana.press("Cancelar");
    await bruno.press("Find an opponent");
    await bruno.sees("searching");
    await phone(bruno, "searching");

    await ana.press("Encontrar adversário");
    await both("found", "countdown");
    await look("countdown");

    await both("match", "round");
    await Promise.all([ana.shown("img.frame-image"), bruno.shown("img.frame-image")]);
    await look("round");
    const video = await ana.video();
    await Promise.all([lookTyping(ana, bruno, video), ana.search(video)]);
    await inspect(ana, "suggestions");

    await Promise.all([
        ana.guessText("um palpite comprido, bem mais longo do que a linha em que ele fica"),
        bruno.guessText("a long guess, a good deal longer than the line that it is on"),
    ]);
    await Promise.all([ana.shown(".guess[data-state=wrong]"), bruno.shown(".guess[data-state=wrong]")]);
    await look("wrong");
    await bruno.press("Resign");
    await bruno.shown("dialog[open]");
    await phone(bruno, "resign");
    await bruno.press("Keep playing");

    await ana.until(() => !document.querySelector(".ask").dataset.locked, "the lockout over");
    await ana.pickByHand(video);
    await Promise.all([ana.shown('.result[data-won="you"]'), bruno.shown('.result[data-won="them"]')]);
    await look("result");
});

async function lookTyping(ana, bruno, video) {
    await bruno.search(video);
    // What a keyboard leaves of these phones.
    await inspectAll(bruno, [[390, 508], [360, 360]], "typing", inspectTyping);
    await bruno.resize(...PHONES[0]);
}

test("the language changes at a touch, and stays", async () => {
    const tab = await stack.tab({ language: "en", width: 390, height: 844, touch: true });
    await tab.open();
    await tab.sees("players");
    await tab.reads("Who plays in this tab?");
    await tab.press("PT, Português");
    await tab.reads("Quem joga nesta aba?");
    assert.equal(await tab.page.evaluate(() => document.documentElement.lang), "pt-BR");
    await tab.page.reload();
    await tab.sees("players");
    await tab.reads("Quem joga nesta aba?");
});
