// What players see of what operators do: a notice above every screen, and why they may not play. The pictures
// are in build/test-output/browser.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { inspect, inspectAll, PHONES } from "./lib/inspect.mjs";
import { Stack, tidyUp } from "./lib/stack.mjs";

const NOTICE = "Manutenção hoje às 23h: os duelos param por dez minutos.";
let stack;
before(async () => {
    stack = await Stack.start({ env: { DUEL_COUNTDOWN_MS: "3000", DUEL_ROUND_MS: "60000" } });
});
after(() => stack?.stop());
afterEach((context) => tidyUp(stack, context));

const act = (sql, ...values) => stack.world.db.query(`select ${sql}`, values);

test("a notice stands above every screen, in a round too, and goes when it is taken away", async () => {
    const [ana, bruno] = await Promise.all([
        stack.tab({ language: "pt-BR" }),
        stack.tab({ language: "en", width: 390, height: 844, touch: true }),
    ]);
    const both = (screen, phase) => Promise.all([ana.sees(screen, phase), bruno.sees(screen, phase)]);
    await Promise.all([ana.open(), bruno.open()]);
    await both("players");
    await Promise.all([ana.choose("Ana"), bruno.choose("Bruno")]);
    await both("home");
    await ana.press("Encontrar adversário");
    await ana.sees("searching");
    await bruno.press("Find an opponent");
    await both("match", "round");
    await Promise.all([ana.shown("img.frame-image"), bruno.shown("img.frame-image")]);
    await act("duel_notice($1, 'olga', 'x', null)", NOTICE);
    await Promise.all([ana.shown(".news"), bruno.shown(".news")]);
    const words = (tab) => tab.page.$eval(".news", (node) => node.textContent);
    assert.deepEqual([await words(ana), await words(bruno)], [`Aviso${NOTICE}`, `Notice${NOTICE}`]);
    await inspect(ana, "notice-round");
    await inspectAll(bruno, PHONES, "notice-round");
    await act("duel_notice('', 'olga', 'x', null)");
    await ana.page.waitForFunction(() => document.querySelector(".news").hidden);

    await act("duel_ban('Ana', 'olga', 'x', null)");
    await ana.sees("problem");
    assert.equal(await ana.page.$eval("#app", (node) => node.dataset.code), "BANNED");
    await inspect(ana, "banned");
    await bruno.sees("summary");
});
