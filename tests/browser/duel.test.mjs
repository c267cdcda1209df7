// A whole duel in two tabs: one person has only a keyboard, the other only a finger. What both see is
// compared with what was stored.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { inspect, inspectAll, PHONES } from "./lib/inspect.mjs";
import { Stack, tidyUp } from "./lib/stack.mjs";

let stack;
before(async () => {
    stack = await Stack.start();
});
after(() => stack?.stop());
afterEach((context) => tidyUp(stack, context));

function seconds(ms, language) {
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return `${new Intl.NumberFormat(language, digits).format(ms / 1000)} s`;
}

/** Where the focus is, and whether a person can see that. */
async function focus(tab) {
    const visible = await tab.page.evaluate(() => {
        const node = document.activeElement;
        const box = node.getBoundingClientRect();
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node);
        const ringed = (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
        return node.matches(":focus-visible") && ringed && box.bottom > 0 && box.top < innerHeight;
    });
    return { on: await tab.focused(), visible };
}

/** Goes on with Tab until the focus is on what `name` begins, and sees it there. */
async function tabTo(tab, name) {
    const passed = [];
    for (let presses = 0; presses < 25; presses++) {
        const { on, visible } = await focus(tab);
        if (on.startsWith(name)) {
            assert.ok(visible, `the focus on "${name}" can be seen`);
            return;
        }
        passed.push(on);
        await tab.key("Tab");
    }
    assert.fail(`Tab never came to "${name}": ${passed.join(", ")}`);
}

/** After a screen change the focus is on what one does next there. */
async function assertFocus(tab, name) {
    const { on, visible } = await focus(tab);
    assert.equal(on, name, "the focus");
    assert.ok(visible, `the focus on "${name}" can be seen`);
}

/** The result of a round as a tab shows it, read at one moment: it goes by itself. */
function resultSeen(tab, number) {
    return tab.until((count) => {
        const all = (selector) => [...document.querySelectorAll(selector)];
        const ended = all(".reel-cell").filter(({ dataset }) => !["now", "blank"].includes(dataset.state));
        const result = document.querySelector(".result");
        return ended.length === count && result?.checkVisibility() && {
            won: result.dataset.won,
            answer: result.querySelector(".result-answer").textContent,
            times: all(".result .time-value").map((node) => node.textContent),
            score: all(".scoreboard .score").map((node) => Number(node.textContent)),
        };
    }, `the result of round ${number}`, number);
}

/** The end as a tab shows it, once its rating has settled and was counted up or down. */
async function summarySeen(tab, rating) {
    await tab.until((wanted) => document.querySelector(".elo-value").innerText === wanted,
        "the rating counted", String(rating));
    return {
        outcome: await tab.page.$eval(".summary", ({ dataset }) => dataset.outcome),
        score: (await tab.texts(".final-score span")).map(Number),
        change: await tab.text(".elo-change"),
        share: await tab.text(".share-text"),
        rows: await tab.page.$$eval(".sheet-row", (rows) => rows.map((row) => ({
            won: row.dataset.won,
            title: row.querySelector(".sheet-title").textContent,
            times: [...row.querySelectorAll(".sheet-times span")].map((time) => time.textContent),
        }))),
    };
}

/** What a seat of the stored match has to look like on the screen. */
function expectedSummary(row, slot, { language, name }) {
    const other = 1 - slot;
    const score = [row.score_p1, row.score_p2];
    const before = [row.rating_p1_before, row.rating_p2_before][slot];
    const gain = [row.rating_p1_after, row.rating_p2_after][slot] - before;
    const won = score[slot] > score[other];
    const shown = (ms) => (ms === null ? "—" : seconds(ms, language));
    const times = ({ p1_time: one, p2_time: two }) => [one, two];
    const solved = row.rounds.map((round) => times(round)[slot]).filter((ms) => ms !== null);
    const average = solved.reduce((sum, ms) => sum + ms, 0) / solved.length / 1000;
    return {
        outcome: won ? "win" : "loss", score: [score[slot], score[other]],
        change: gain > 0 ? `+${gain}` : `−${-gain}`,
        share: `⚔️ Framedle Duel\n🏆 ${won ? "W" : "L"} ${score[slot]}-${score[other]} vs @${name}\n` +
            `⚡ Avg: ${average.toFixed(1)}s\nframedle.wtf`,
        rows: row.rounds.map((round) => ({
            won: round.winner === null ? "nobody" : round.winner === slot ? "you" : "them",
            title: round.title,
            times: [shown(times(round)[slot]), shown(times(round)[other])],
        })),
    };
}

/** The rounds as stored against what both saw at each round's end. */
function checkRounds(row, slots, seen) {
    const languages = ["pt-BR", "en"];
    const score = [0, 0];
    for (const [at, round] of row.rounds.entries()) {
        const times = [round.p1_time, round.p2_time];
        assert.equal(round.title, seen[at].title, `round ${at + 1}: the frame that was shown`);
        score[round.winner]++;
        for (const [who, slot] of slots.entries()) {
            const none = ["não acertou", "no answer"][who];
            const shown = (ms) => (ms === null ? none : seconds(ms, languages[who]));
            assert.deepEqual(seen[at].results[who], {
                won: round.winner === slot ? "you" : "them", answer: round.title,
                times: [shown(times[slot]), shown(times[1 - slot])], score: [score[slot], score[1 - slot]],
            }, `round ${at + 1} as ${languages[who]} saw it`);
        }
    }
    const guesses = row.rounds.map((round) => slots.map((slot) =>
        round.guesses.filter((guess) => guess.slot === slot).length));
    assert.deepEqual(guesses, [[1, 1], [0, 1], [2, 0], [1, 0]], "every guess was stored once");
}

/** Both choose who they are and search: one with Tab and Enter, the other with a finger. */
async function meet(ana, bruno) {
    await Promise.all([ana.open(), bruno.open()]);
    await Promise.all([ana.sees("players"), bruno.sees("players")]);
    await tabTo(ana, "Ana");
    await ana.key("Enter");
    await bruno.choose("Bruno");
    await Promise.all([ana.sees("home"), bruno.sees("home")]);
    await assertFocus(ana, "Encontrar adversário");
    await ana.key("Enter");
    await ana.sees("searching");
    await assertFocus(ana, "Cancelar");
    await bruno.press("Find an opponent");
    await Promise.all([ana.sees("found"), bruno.sees("found")]);
    await Promise.all([ana.reads("Bruno", ".card.them"), bruno.reads("Ana", ".card.them")]);
}

/** Round `number` is on show, and nothing lies over it. */
async function roundSeen(tab, number) {
    await tab.sees("match", "round");
    await tab.until((place) => {
        const cells = [...document.querySelectorAll(".reel-cell")];
        return cells.findIndex(({ dataset }) => dataset.state === "now") === place - 1 &&
            !document.querySelector(".result").checkVisibility();
    }, `round ${number}`, number);
}

/** The winner picks the right title, after `before` has happened: {title, results of both}. */
async function playRound([ana, bruno], number, winner, before = async () => {}) {
    await Promise.all([roundSeen(ana, number), roundSeen(bruno, number)]);
    await assertFocus(ana, "De que vídeo é este quadro?");
    const [video, same] = await Promise.all([ana.video(), bruno.video()]);
    assert.equal(video.title, same.title, "both look at the same frame");
    await before();
    await (winner === ana ? ana.pickByKeys(video) : bruno.pickByHand(video));
    const results = await Promise.all([resultSeen(ana, number), resultSeen(bruno, number)]);
    return { title: video.title, results };
}

/** The one match that was stored, and of Ana and Bruno the slots and ratings in it. */
async function stored() {
    const { world } = stack;
    const { rows: [{ id }] } = await world.db.query("select id from duel_matches");
    const row = await world.storedMatch(id);
    const { rows: users } = await world.db.query("select id, auth_provider_id as sub from users");
    const slots = ["anaduel00001", "bruduel00002"].map((sub) =>
        [row.player1_id, row.player2_id].indexOf(users.find((one) => one.sub === sub).id));
    return { row, slots, ratings: slots.map((slot) => [row.rating_p1_after, row.rating_p2_after][slot]) };
}

test("a duel by keyboard and by finger ends as it was stored", async () => {
    const [ana, bruno] = await Promise.all([
        stack.tab({ language: "pt-BR" }),
        stack.tab({ language: "en", width: 390, height: 844, touch: true }),
    ]);
    const both = [ana, bruno];
    await meet(ana, bruno);
    const seen = [
        await playRound(both, 1, ana, async () => {
            await bruno.guessText("something else entirely");
            await bruno.shown(".guess[data-state=wrong]");
            await ana.shown(".pips.them .pip[data-state=used]");
        }),
        await playRound(both, 2, bruno),
        await playRound(both, 3, ana, async () => {
            await ana.guessText("não faço ideia");
            await ana.shown(".guess[data-state=wrong]");
            await bruno.shown(".pips.them .pip[data-state=used]");
            await ana.until(() => !document.querySelector(".ask").dataset.locked, "the lockout over");
        }),
        await playRound(both, 4, ana),
    ];

    await Promise.all([ana.sees("summary"), bruno.sees("summary")]);
    const { row, slots, ratings } = await stored();
    assert.deepEqual([row.status, row.reason, row.rounds.length], ["completed", "score", 4]);
    const summaries = [await summarySeen(ana, ratings[0]), await summarySeen(bruno, ratings[1])];
    assert.deepEqual(summaries, [
        expectedSummary(row, slots[0], { language: "pt-BR", name: "Bruno" }),
        expectedSummary(row, slots[1], { language: "en", name: "Ana" }),
    ]);
    assert.deepEqual(summaries[0].score, [3, 1]);
    checkRounds(row, slots, seen);

    await assertFocus(ana, "Revanche");
    await Promise.all([inspect(ana, "summary-win"), inspectAll(bruno, PHONES, "summary-loss")]);
    await tabTo(ana, "Início");
    await ana.key("Enter");
    await ana.sees("home");
    await ana.reads(String(ratings[0]), ".profile-rating");
});
