#!/usr/bin/env node
// Two scripted players who meet in the queue and duel, told as it happens; then what the stores kept of it.
//
//   players.mjs --server http://127.0.0.1:4100 --issuer http://127.0.0.1:4180 --objects DIR
//
// With PG_BIN and DATABASE_URL (and VALKEY_CLI) in the environment the stored row, the ranking and the event
// are read back and compared with what both were told. Exit status 1: they differ. That the picture they
// opened is one of the sample's, byte for byte, is checked too.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { PLAYERS } from "./sample.mjs";
import { anotherThan, between, makeEye, plain, search, signIn, sleep } from "./typist.mjs";

const run = promisify(execFile);
const GIVE_UP_MS = 300_000;
const STORED_WITHIN_MS = 10_000;
const colourful = process.stdout.isTTY && !process.env.NO_COLOR;

const paint = (code, text) => (colourful ? `\x1b[${code}m${text}\x1b[0m` : text);
const bold = (text) => paint("1", text);
const dim = (text) => paint("2", text);
const good = (text) => paint("32", text);
const bad = (text) => paint("31", text);
const say = (text = "") => console.log(text);

/** What both seats are told alike is told once; the second to hear it is checked against the first. */
class Story {
    #told = new Map();
    roundStart = 0;
    differences = [];

    act({ name, colour }, text) {
        const time = `${((Date.now() - this.roundStart) / 1000).toFixed(1)} s`.padStart(8);
        say(`  ${dim(time)}  ${paint(colour, name.padEnd(7))} ${text}`);
    }

    /** True for the first. */
    isFirst(key, value) {
        const text = JSON.stringify(value);
        if (!this.#told.has(key)) {
            this.#told.set(key, text);
            return true;
        }
        this.expect(key, text, this.#told.get(key));
        return false;
    }

    /** A round that a dead server took with it comes again with another picture. */
    forgetVoid({ rounds, round: running }) {
        const known = new Set([...rounds, running ?? {}].map(({ round }) => `round ${round}`));
        for (const key of this.#told.keys()) {
            if (/^round \d+$/.test(key) && !known.has(key)) {
                this.#told.delete(key);
            }
        }
    }

    expect(what, one, other) {
        if (one !== other) {
            this.differences.push(`${what}: ${one} and ${other}`);
        }
    }
}

class Player {
    constructor({ sub, name }, colour, { story, eye, isQuick, ...options }) {
        Object.assign(this, { name, colour, story, eye, isQuick });
        this.duel = signIn(sub, options);
    }

    get match() {
        return this.duel.state.match;
    }

    /** Resolves once the match is over and its rating known. */
    play() {
        const { duel, name, story } = this;
        return new Promise((resolve, reject) => {
            duel.on("matched", ({ opponent }) =>
                say(`${name} meets ${opponent.name} (${opponent.country ?? "?"}, ${opponent.rating})`));
            duel.on("message", (message) => this.#hear(message));
            duel.on("picture", ({ round, bytes }) => this.#see(round, bytes).catch(reject));
            duel.on("verdict", (verdict) => this.#tellVerdict(verdict));
            duel.on("problem", ({ code, message }) => story.act(this, bad(`is told ${code}: ${message}`)));
            duel.on("matchEnd", ({ outcome }) => outcome === "none" && resolve());
            duel.on("matchEnd", () => setTimeout(resolve, STORED_WITHIN_MS).unref());
            duel.on("state", ({ status, problem, match }) => {
                if (status === "failed") {
                    reject(new Error(`${name}: ${problem.code} ${problem.message}`));
                } else if (match?.end?.rating) {
                    resolve();
                }
            });
            duel.search();
        });
    }

    #hear(message) {
        const { story } = this;
        if (message.t === "welcome") {
            const { match, players, rules, rated } = message;
            story.forgetVoid(message);
            if (story.isFirst("welcome", { match, rules, rated })) {
                const [one, other] = players.map((player) => player.name);
                const kind = `match ${match}, best of ${rules.best_of}${rated ? ", rated" : ""}`;
                say(`\n${bold(`${one} vs ${other}`)}  ${dim(kind)}`);
            }
        } else if (message.t === "round_end" && story.isFirst(`end of round ${message.round}`, message)) {
            const { winner, score, answer } = message;
            const [one, other] = this.match.players.map((player) => player.name);
            const who = winner === null ? "Nobody's round" : `${[one, other][winner]} takes the round`;
            say(`  ${bold(who)}: ${one} ${score[0]} – ${score[1]} ${other}` +
                `  ${dim(`“${answer.title}”, ${answer.channel}`)}`);
        }
    }

    async #see(number, bytes) {
        const video = this.eye(bytes);
        if (!video) {
            throw new Error(`${this.name} opened a picture that is not in the sample`);
        }
        if (this.story.isFirst(`round ${number}`, video.id)) {
            this.story.roundStart = this.match.round.startsAt;
            say(`\n${bold(`Round ${number}`)}  ${dim(`the picture is from “${video.title}”`)}`);
        }
        const here = () => {
            const { phase, round } = this.match;
            return phase === "round" && round.number === number && !round.solved && round.guessesLeft > 0;
        };
        const quick = this.isQuick(number, this.name);
        await sleep(quick ? between(900, 1800) : between(1900, 3200));
        if (here() && (!quick || Math.random() < 0.3)) {
            await this.#guess({ text: plain(anotherThan(video).title) });
            await sleep(between(300, 600));
        }
        while (here()) {
            const found = await search(this.duel, video, { keyMs: () => 125, here });
            const offered = found.items.slice(0, 2).map((item) => item.title).join(" · ") || "nothing";
            this.story.act(this, `types “${found.typed}” ${dim(`offered: ${offered}`)}`);
            if (here()) {
                // Half of the time the title is typed to its end, without accents, instead of picked.
                const picks = found.isOffered && Math.random() < 0.5;
                await this.#guess(picks ? { video: video.id } : { text: plain(video.title) });
            }
        }
    }

    async #guess(answer) {
        const verdict = await this.duel.guess(answer).catch((problem) => {
            this.story.act(this, dim(`is too late: ${problem.code}`));
            return null;
        });
        await sleep(verdict?.correct ? 0 : Math.max(300, (verdict?.lockedUntil ?? 0) - Date.now()));
    }

    #tellVerdict({ seq, correct, ms, similarity, guessesLeft }) {
        const { video, text } = this.match.round.guesses.find((guess) => guess.seq === seq) ?? {};
        const verdict = correct ? good(`right, ${(ms / 1000).toFixed(3)} s`)
            : bad(`wrong (similarity ${similarity}), ${guessesLeft} left`);
        this.story.act(this, `${video ? "picks what was offered" : `answers “${text}”`}  ${verdict}`);
    }
}

function tellEnd(story, players) {
    say(`\n${bold("The match is over")}  ${dim(`by ${players[0].match.end.reason}`)}`);
    for (const { name, match: { end, you } } of players) {
        const rating = end.rating ? `rating ${end.rating.before} → ${end.rating.after}` : "no rating";
        say(`  ${name.padEnd(7)} ${end.outcome.padEnd(5)} ${end.points[you]} points, ${rating}`);
        story.isFirst("final score", end.score);
    }
    const winner = players.find((player) => player.match.end.outcome === "win") ?? players[0];
    say(winner.match.end.share.replace(/^/gm, "    "));
}

// ---- what the stores kept ----

/** Asks until the answer is `enough`; the last one otherwise. */
async function ask(question, enough) {
    const until = Date.now() + STORED_WITHIN_MS;
    for (;; await sleep(100)) {
        const answer = await question();
        if (enough(answer) || Date.now() > until) {
            return answer;
        }
    }
}

async function query(sql) {
    const { PG_BIN, DATABASE_URL } = process.env;
    const { stdout } = await run(join(PG_BIN, "psql"), ["-X", "-At", "-c", sql, DATABASE_URL]);
    return stdout.trim();
}

async function compareStored(story, players) {
    const { id } = players[0].match;
    const sql = `select row_to_json(m) from duel_matches m where id = '${id}'`;
    const text = await ask(() => query(sql), Boolean);
    if (text === "") {
        throw new Error(`match ${id} is not in duel_matches`);
    }
    const { rounds, ...row } = JSON.parse(text);
    say(`\n${bold("Stored in duel_matches")}`);
    Object.entries(row).forEach(([column, value]) => say(`  ${column.padEnd(18)} ${dim(String(value))}`));
    for (const { round, title, p1_time: one, p2_time: other, guesses } of rounds) {
        const times = `${one ?? "–"} / ${other ?? "–"} ms, ${guesses.length} guesses`;
        say(`  ${`round ${round}`.padEnd(18)} ${dim(`${title}: ${times}`)}`);
    }
    for (const { name, match: { end, you } } of players) {
        const user = row[`player${you + 1}_id`];
        const seat = `p${you + 1}`;
        story.expect(`score of ${name}`, row[`score_${seat}`], end.score[you]);
        story.expect(`points of ${name}`, row[`points_${seat}`], end.points[you]);
        story.expect(`rating of ${name} before`, row[`rating_${seat}_before`], end.rating?.before);
        story.expect(`rating of ${name} after`, row[`rating_${seat}_after`], end.rating?.after);
        story.expect(`did ${name} win`, row.winner_id === user, end.outcome === "win");
        const kept = await query(`select rating from duel_ratings where user_id = '${user}'`);
        story.expect(`rating of ${name} in duel_ratings`, Number(kept), end.rating?.after);
    }
    return row;
}

async function compareValkey(story, players, row) {
    const valkey = async (...words) => (await run(process.env.VALKEY_CLI, words)).stdout.trim();
    const events = await ask(() => valkey("XREVRANGE", "duel:events", "+", "-", "COUNT", "20"),
        (text) => text.includes(row.id));
    story.expect("the match is in the stream duel:events", events.includes(row.id), true);
    say(`\n${bold("Ranking (lb:duels:elo)")}`);
    for (const { name, match: { end, you } } of players) {
        const score = Number(await valkey("ZSCORE", "lb:duels:elo", row[`player${you + 1}_id`]));
        say(`  ${name.padEnd(7)} ${score}`);
        story.expect(`ranking of ${name}`, score, end.rating?.after);
    }
}

async function main() {
    const { values } = parseArgs({
        options: {
            server: { type: "string", default: "http://127.0.0.1:4100" },
            issuer: { type: "string" },
            objects: { type: "string" },
        },
    });
    if (!values.issuer || !values.objects) {
        console.error("usage: players.mjs [--server URL] --issuer URL --objects DIR");
        process.exit(64);
    }
    const story = new Story();
    // The last of the list: the first are whom people play as.
    const cast = PLAYERS.slice(-2);
    const quicker = Array.from({ length: 30 }, () => cast[Math.random() < 0.5 ? 0 : 1].name);
    const isQuick = (round, name) => quicker[round] === name;
    const eye = makeEye(values.objects);
    const options = { ...values, story, eye, isQuick };
    const players = cast.map((one, i) => new Player(one, ["36", "35"][i], options));
    const timeout = setTimeout(() => {
        console.error(`the players gave up after ${GIVE_UP_MS / 1000} s`);
        process.exit(1);
    }, GIVE_UP_MS);
    await Promise.all(players.map((player) => player.play()));
    clearTimeout(timeout);
    const [one, other] = players;
    story.expect("the match", one.match.id, other.match.id);
    tellEnd(story, players);
    if (process.env.PG_BIN && process.env.DATABASE_URL) {
        const row = await compareStored(story, players);
        if (process.env.VALKEY_CLI) {
            await compareValkey(story, players, row);
        }
    }
    story.differences.forEach((difference) => console.error(bad(`DIFFERENCE  ${difference}`)));
    if (story.differences.length === 0) {
        say(`\n${good("Both seats and the stores agree.")}`);
    }
    process.exit(story.differences.length === 0 ? 0 : 1);
}

main().catch((error) => {
    console.error(bad(`players: ${error.message}`));
    process.exit(1);
});
