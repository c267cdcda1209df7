// How many players a machine holds: arithmetic on measured costs. The tables of docs/capacity.md are its output.
//
//   node loadtest/capacity.mjs            prints them
//   node loadtest/capacity.mjs --write    puts them into docs/capacity.md
//
// A figure that was measured anew is changed here, and nowhere else.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PAGE = new URL("../docs/capacity.md", import.meta.url);

/** What was measured: [value, unit, what it is, where it comes from]. */
export const COSTS = {
    guess: [41, "µs", "the server's processor, a guess, all in all", "docs/performance.md, 200 matches"],
    save: [100, "µs", "Valkey's processor, a save", "docs/performance.md, at saturation"],
    result: [2000, "µs", "PostgreSQL's processor, a result and its players", "docs/performance.md, at saturation"],
    base: [16, "MiB", "the server's memory at its start, 12 videos", "`process_resident_memory_bytes`"],
    match: [10, "KiB", "the server's memory, a match", "docs/performance.md"],
    socket: [1.5, "KiB", "the server's memory, a connection", "docs/performance.md"],
    picture: [64, "KiB", "a sealed picture, a seat and round", "`duel_frame_bytes_total` has yours"],
    messages: [1, "KiB", "messages, a seat and round", "rounded up"],
    row: [2.5, "kB", "PostgreSQL, a match of 20 guesses with its indexes", "240 matches, `pg_total_relation_size`"],
    events: [0.6, "kB", "PostgreSQL, the events of such a match, kept for 30 days", "240 matches, the same"],
    wal: [6.2, "kB", "PostgreSQL's log, such a match", "240 matches, `pg_wal_lsn_diff`"],
    saved: [2.7, "kB", "Valkey, a match that is kept", "130 matches, `MEMORY USAGE`"],
    marks: [0.3, "kB", "Valkey, a player in a match", "24 players, `MEMORY USAGE`"],
    stream: [2.3, "MB", "Valkey, `duel:events` when full (10,000 entries)", "360 entries, `MEMORY USAGE`"],
};

/** What is supposed of people: change it to what your dashboard shows. */
export const PLAY = {
    rounds: [4.1, "", "rounds a match", "a best of five between equals"],
    guesses: [3, "", "guesses a round, of both together", "supposed"],
    lasts: [75, "s", "a match", "supposed: rounds of 15 s with what lies between"],
    over: [30, "s", "for a rematch, in which it stays in memory", "`DUEL_REMATCH_MS`"],
    peak: [4, "", "times the mean of the month play at the evening's peak", "supposed"],
};

/** Hostinger's plans; TB: traffic of a month, to be compared with what yours says. */
export const MACHINES = [
    { name: "KVM2", cores: 2, gib: 8, traffic: 8 },
    { name: "KVM4", cores: 4, gib: 16, traffic: 16 },
];

/** What duels may use of a machine that does other things as well. */
export const SHARES = {
    cores: [0.5, "", "of all cores, server and both stores together", "the rest is Traefik's and Framedle's own"],
    loop: [0.6, "", "of one core, a server: it is one thread that decides", "above it turns get long"],
    memory: [190, "MiB", "a server", "the alert at 200 MB; the container is killed at 256 MiB"],
    traffic: [0.5, "", "of the plan's traffic", "the rest is Framedle's own"],
};

const of = (entry) => entry[0];

/** What a live match takes, each second. */
function perMatch() {
    const share = 1 / of(PLAY.lasts);
    const guesses = of(PLAY.rounds) * of(PLAY.guesses) * share;
    const server = guesses * of(COSTS.guess) / 1e6;
    const valkey = (of(PLAY.rounds) + 2) * share * of(COSTS.save) / 1e6;
    const postgresql = share * of(COSTS.result) / 1e6;
    const kib = (of(COSTS.match) + 2 * of(COSTS.socket)) * (of(PLAY.lasts) + of(PLAY.over)) * share;
    const sent = 2 * of(PLAY.rounds) * (of(COSTS.picture) + of(COSTS.messages)) * 1024;
    const cores = server + valkey + postgresql;
    return { guesses, server, valkey, postgresql, cores, kib, sent, bytes: sent * share };
}

/** Matches at the same time that each of its means allows a machine with one server. */
export function bounds(machine) {
    const one = perMatch();
    const month = 30 * 86400;
    return {
        cores: of(SHARES.cores) * machine.cores / one.cores,
        loop: of(SHARES.loop) / one.server,
        memory: (of(SHARES.memory) - of(COSTS.base)) * 1024 / one.kib,
        traffic: of(SHARES.traffic) * machine.traffic * 1e12 / month / one.bytes * of(PLAY.peak),
    };
}

const round = (value) => {
    const step = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
    return (Math.round(value / step) * step).toLocaleString("en");
};

function inputs(title, entries) {
    const rows = Object.values(entries).map(([value, unit, what, source]) =>
        `| ${what} | ${value}${unit && ` ${unit}`} | ${source} |`);
    return [`| ${title} | | from |`, "|---|---|---|", ...rows];
}

function results() {
    const all = MACHINES.map((machine) => ({ machine, by: bounds(machine) }));
    const least = all.map(({ by }) => Math.min(...Object.values(by)));
    const row = (title, cells) => `| ${title} | ${cells.join(" | ")} |`;
    return [
        row("matches at the same time, at most, by", MACHINES.map(({ name, cores, gib, traffic }) =>
            `${name}: ${cores} cores, ${gib} GiB, ${traffic} TB a month`)),
        row("---", all.map(() => "---")).replaceAll(" ", ""),
        row("processors, server and stores", all.map(({ by }) => round(by.cores))),
        row("the one core of one server", all.map(({ by }) => round(by.loop))),
        row("memory of one server", all.map(({ by }) => round(by.memory))),
        row("traffic of a month, at the evening's peak", all.map(({ by }) => round(by.traffic))),
        row("**so many players at the peak**", least.map((matches) => `**${round(2 * matches)}**`)),
    ];
}

function costsOfPlay() {
    const one = perMatch();
    const perPeak = 1000;
    const mean = perPeak / of(PLAY.peak);
    const matches = mean / of(PLAY.lasts) * 86400 * 30;
    const kept = (of(PLAY.lasts) + of(PLAY.over)) / of(PLAY.lasts);
    const valkey = perPeak * (of(COSTS.saved) * kept + 2 * of(COSTS.marks)) / 1000 + of(COSTS.stream);
    return [
        "| 1,000 matches at the peak (2,000 players) take | |",
        "|---|---|",
        `| guesses a second | ${round(one.guesses * perPeak)} |`,
        `| the server's processor | ${round(one.server * perPeak * 100)} % of a core |`,
        `| Valkey's processor | ${round(one.valkey * perPeak * 100)} % of a core |`,
        `| PostgreSQL's processor | ${round(one.postgresql * perPeak * 100)} % of a core |`,
        `| the server's memory | ${round(of(COSTS.base) + one.kib * perPeak / 1024)} MiB |`,
        `| Valkey's memory | ${round(valkey)} MB |`,
        `| what leaves | ${round(one.bytes * perPeak * 8 / 1e6)} Mbit/s, ${round(matches * one.sent / 1e12)} TB a month |`,
        `| matches a month | ${round(matches / 1e6)} million |`,
        `| PostgreSQL's disk, for ever | ${round(matches * of(COSTS.row) / 1e6)} GB a month |`,
        `| PostgreSQL's disk, events of the last 30 days | ${round(matches * of(COSTS.events) / 1e6)} GB |`,
        `| PostgreSQL's log | ${round(matches * of(COSTS.wal) / 30 / 1e6)} GB a day |`,
    ];
}

export function tables() {
    return [
        ...inputs("measured", COSTS), "", ...inputs("supposed of people", PLAY), "",
        ...inputs("what duels may use", SHARES), "", "### What comes of it", "", ...results(), "", ...costsOfPlay(),
    ].join("\n");
}

const MARKS = /(<!-- capacity -->\n)[^]*?(<!-- \/capacity -->)/;

export function readPage() {
    return readFileSync(PAGE, "utf8");
}

function pageWith(page, text) {
    return page.replace(MARKS, (_, start, end) => `${start}\n${text}\n\n${end}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    if (process.argv[2] === "--write") {
        writeFileSync(PAGE, pageWith(readPage(), tables()));
    } else {
        console.log(tables());
    }
}
