// What was played and who leads: history in pages, a duel that has ended with its rounds, the ranking with the
// own place, and people who are gone. The pictures of it are in build/test-output/browser.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { inspect, inspectAll, PHONES } from "./lib/inspect.mjs";
import { Stack, tidyUp } from "./lib/stack.mjs";

const PLAYERS = 60;
let stack;
let ids;
before(async () => {
    stack = await Stack.start();
    await fill();
});
after(() => stack?.stop());
afterEach((context) => tidyUp(stack, context));

/** Sixty players with ratings; Ana is the 40th, the 2nd is gone, and has a name as long as they get. */
async function fill() {
    const { db } = stack.world;
    await db.query(`insert into users (auth_provider_id, display_name, country_code)
        select 'crowd' || i, case when i = 3 then 'Maximiliana Albuquerque-Hohenloh' else 'Player ' || i end,
            case when i % 2 = 0 then 'PT' end from generate_series(1, ${PLAYERS}) i where i <> 40`);
    await db.query(`insert into users (auth_provider_id, display_name, country_code)
        values ('anaduel00001', 'Ana', 'BR'), ('bruduel00002', 'Bruno', 'BR')
        on conflict (auth_provider_id) do update set display_name = excluded.display_name`);
    await db.query(`insert into duel_ratings (user_id, rating, wins, losses, draws)
        select id, case when auth_provider_id = 'anaduel00001' then 1160
            else 1200 - substr(auth_provider_id, 6)::int end, 1234, 5, 6
        from users where auth_provider_id like 'crowd%' or auth_provider_id = 'anaduel00001'`);
    await db.query("update users set deleted_at = now() where auth_provider_id = 'crowd2'");
    const { rows } = await db.query("select id, auth_provider_id as sub from users");
    ids = new Map(rows.map(({ id, sub }) => [sub, id]));
}

const ROUNDS = [
    {
        round: 1,
        video_id: "aaaaaaaaa01",
        title: "O Gato Que Virou Presidente",
        p1_time: 2345,
        p2_time: null,
        winner: 0,
        guesses: [
            {
                slot: 1,
                seq: 1,
                text: "alguma coisa comprida que não cabe numa linha só de um telefone pequeno",
                similarity: 0.1,
                ms: 900,
                raw_ms: 950,
            },
            { slot: 0, seq: 1, video: "aaaaaaaaa01", similarity: 1, ms: 2345, raw_ms: 2400 },
        ],
    },
    {
        round: 2,
        video_id: "aaaaaaaaa02",
        title: "Making a Guitar from Scrap Metal",
        p1_time: null,
        p2_time: 4100,
        winner: 1,
        guesses: [
            { slot: 0, seq: 1, video: "aaaaaaaaa01", similarity: 0, ms: 900, raw_ms: 950 },
            {
                slot: 1,
                seq: 1,
                text: "making a guitar from scrap metal",
                similarity: 1,
                ms: 4100,
                raw_ms: 4200,
            },
        ],
    },
    {
        round: 3,
        video_id: "aaaaaaaaa03",
        title: "Canção do Vento na Serra",
        p1_time: null,
        p2_time: null,
        winner: null,
        guesses: [],
    },
];

/** Ana (first) against `sub`, `ago` minutes ago. */
async function store(sub, ago, { winner = null, reason = "score", rated = true, rounds = [] } = {}) {
    const id = randomUUID();
    const [ana, other] = [ids.get("anaduel00001"), ids.get(sub)];
    const won = winner === null ? null : [ana, other][winner];
    const gain = winner === null ? 0 : winner === 0 ? 16 : -16;
    const score = winner === null ? [2, 2] : winner === 0 ? [3, 1] : [1, 3];
    const ratings =
        rated && reason !== "abandoned" ? [1000, 1000 + gain, 1000, 1000 - gain] : [null, null, null, null];
    await stack.world.db.query(
        `insert into duel_matches (id, player1_id, player2_id, winner_id, score_p1, score_p2,
            points_p1, points_p2, status, reason, completed_at, rounds, rating_p1_before, rating_p1_after,
            rating_p2_before, rating_p2_after)
        values ($1, $2, $3, $4, $13, $14, 750, 200, $5, $6, now() - make_interval(mins => $7), $8, $9, $10, $11, $12)`,
        [
            id,
            ana,
            other,
            won,
            reason === "abandoned" ? "abandoned" : "completed",
            reason,
            ago,
            JSON.stringify(rounds),
            ...ratings,
            ...score,
        ],
    );
    return id;
}

const rows = (tab) =>
    tab.page.$$eval(".duel", (nodes) => nodes.map((node) => node.innerText.replace(/\s+/g, " ")));

test("history page by page, and a duel in it with what was typed", async () => {
    for (let i = 1; i <= 24; i++) {
        await store(`crowd${i}`, i * 800, {
            winner: i % 3 === 0 ? 1 : i % 3 === 1 ? 0 : null,
            rated: i % 4 !== 0,
            reason: i === 5 ? "abandoned" : i === 4 ? "forfeit" : "score",
        });
    }
    const latest = await store("bruduel00002", 1, { winner: 0, rounds: ROUNDS });
    const tab = await stack.tab({ language: "pt-BR", width: 390, height: 844, touch: true });
    await tab.open("ana");
    await tab.sees("home");
    await tab.follow("Histórico");
    await tab.sees("history");
    await tab.shown(".duel");
    assert.equal(await tab.focused(), "Histórico", "the heading, so that it is read");
    const shown = await rows(tab);
    assert.equal(shown.length, 20);
    assert.match(shown[0], /Bruno Vitória \d\d:\d\d 3–1 \+16$/);
    assert.match(shown[2], /Jogador que saiu Empate .* 2–2 ±0$/);
    assert.match(shown[4], /Player 4 Vitória .* 3–1 amistoso$/);
    assert.match(shown[5], /Player 5 Anulado [^–]*$/);
    await inspectAll(tab, PHONES, "history");
    await tab.press("Mostrar mais");
    await tab.until(() => document.querySelectorAll(".duel").length === 25, "the second page");
    assert.match(await tab.focused(), /Player 20/, "the first of the new ones");
    assert.equal(await tab.page.$('::-p-aria([name="Mostrar mais"])'), null, "that was all");

    await (await tab.shown(".duel")).tap();
    await tab.sees("result");
    await tab.reads("Vitória", "h1");
    assert.ok((await tab.page.url()).endsWith(`#match-${latest}`));
    assert.deepEqual(await tab.texts(".past .final-score span"), ["3", "1"]);
    assert.deepEqual(await tab.texts(".past .elo-change"), ["+16", "−16"]);
    assert.deepEqual(
        await tab.texts(".played .sheet-title"),
        ROUNDS.map(({ title }) => title),
    );
    await tab.page.$$eval(".typed-box summary", (all) => all.forEach((one) => one.click()));
    assert.deepEqual(await tab.texts(".played:nth-child(1) .typed.you li"), ["O Gato Que Virou Presidente"]);
    assert.match((await tab.texts(".played:nth-child(1) .typed.them li"))[0], /^alguma coisa comprida/);
    assert.deepEqual(await tab.texts(".played:nth-child(2) .typed.you li"), ["outro vídeo"]);
    assert.deepEqual(await tab.texts(".played:nth-child(3) .typed"), [
        "Ana\n\nnenhum palpite",
        "Bruno\n\nnenhum palpite",
    ]);
    await inspectAll(tab, PHONES, "past");
    await tab.page.goBack();
    await tab.sees("history");
    await tab.follow("Voltar");
    await tab.sees("home");

    // A link to a result is anybody's; what was typed is not.
    const other = await stack.tab({ language: "en" });
    await other.page.goto(`${stack.page.origin}/?player=clara#match-${latest}`);
    await other.sees("result");
    await other.reads("Ana against Bruno", "h1");
    assert.equal((await other.texts(".played .sheet-title")).length, 3);
    assert.equal(await other.page.$(".typed-box"), null);
    await inspect(other, "past-other");
    await other.page.goto(`${stack.page.origin}/?player=clara#match-${randomUUID()}`);
    await other.sees("result");
    await other.tells("main", "NO_SUCH_MATCH");
    await inspect(other, "past-none");
});

test("the ranking: the own place, who stands around, and page by page who leads", async () => {
    const tab = await stack.tab({ language: "en" });
    await tab.open("ana");
    await tab.sees("home");
    await tab.follow("Ranking");
    await tab.sees("ranking");
    await tab.reads("40 of 60", ".own-place");
    await tab.shown(".lists > .ranks tbody tr");
    const names = (selector) => tab.texts(`${selector} .rank-name`);
    assert.deepEqual((await names(".own")).slice(4, 7), ["Player 39", "Ana", "Player 41"]);
    assert.deepEqual((await names(".lists > .ranks")).slice(0, 3), [
        "Player 1",
        "Player who left",
        "Maximiliana Albuquerque-Hohenloh",
    ]);
    await inspect(tab, "ranking");
    await tab.press("Show more");
    await tab.until(
        () => document.querySelectorAll(".lists > .ranks tbody tr").length === 50,
        "the second page",
    );
    assert.match(await tab.text(":focus"), /^26\b/, "the first of the new ones");
    assert.deepEqual(await tab.texts(".lists > .ranks [aria-current=true] .rank-name"), ["Ana"]);
    await tab.press("Show more");
    await tab.until(
        () => document.querySelectorAll(".lists > .ranks tbody tr").length === 60,
        "the last page",
    );
    assert.equal(await tab.page.$('::-p-aria([name="Show more"])'), null);

    const fresh = await stack.tab({ language: "pt-BR", width: 360, height: 640, touch: true });
    await fresh.page.goto(`${stack.page.origin}/?player=davi#ranking`);
    await fresh.sees("ranking");
    await fresh.reads("Jogue um duelo que vale rating para entrar.", ".own-place");
    await fresh.shown(".lists > .ranks tbody tr");
    await inspectAll(fresh, PHONES, "ranking");
});

test("nothing yet, and nothing to be had", async () => {
    const tab = await stack.tab({ language: "pt-BR", width: 390, height: 844, touch: true });
    await tab.open("elisa");
    await tab.sees("home");
    await tab.follow("Histórico");
    await tab.reads("Nenhum duelo ainda.", "main");
    await inspect(tab, "history-empty");
    await stack.world.terminate("SIGKILL");
    await tab.page.reload();
    await tab.sees("history");
    await tab.tells("main", "CANNOT_CONNECT");
    await inspect(tab, "history-away");
    await stack.world.serve();
    await stack.world.ready();
    await tab.press("Tentar de novo");
    await tab.reads("Nenhum duelo ainda.", "main");
});
