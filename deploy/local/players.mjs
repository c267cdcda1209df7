#!/usr/bin/env node
// Two scripted players who meet in the queue and duel, told as it happens; then what the stores kept of it.
//
//   players.mjs --server http://127.0.0.1:4100 --issuer http://127.0.0.1:4180 --objects DIR
//
// They know the protocol and nothing of the server. What a picture shows they find out by opening the
// sealed frame and looking for the same bytes among the sample's files: a wrong key, nonce or length would
// show at once. With PG_BIN and DATABASE_URL (and VALKEY_CLI) in the environment the stored row, the
// ranking and the event are read back and compared with what both were told. Exit status 1: they differ.

import { createDecipheriv, createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { FRAMES_EACH, PLAYERS, VIDEOS, frameKey } from "./sample.mjs";

// Packages are installed once, for the tests.
const require = createRequire(new URL("../../tests/package.json", import.meta.url));
const WebSocket = require("ws");
const { decode, encode } = require("@msgpack/msgpack");
const run = promisify(execFile);

const SUBPROTOCOL = "framedle.duel.v1";
const GIVE_UP_MS = 300_000;
const STORED_WITHIN_MS = 10_000;
const KEYSTROKE_MS = 125; // below ten a second, where the server says SLOW_DOWN
const colourful = process.stdout.isTTY && !process.env.NO_COLOR;

const paint = (code, text) => (colourful ? `\x1b[${code}m${text}\x1b[0m` : text);
const bold = (text) => paint("1", text);
const dim = (text) => paint("2", text);
const good = (text) => paint("32", text);
const bad = (text) => paint("31", text);
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const between = (low, high) => low + Math.random() * (high - low);
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Everything that both seats are told alike goes here once: the first to hear it prints. */
class Story {
    #told = new Map();
    #roundStart = 0;
    differences = [];

    say(text = "") {
        console.log(text);
    }

    startRound(now) {
        this.#roundStart = now;
    }

    act(player, text) {
        const time = seconds(Date.now() - this.#roundStart).padStart(8);
        console.log(`  ${dim(time)}  ${paint(player.colour, player.name.padEnd(7))} ${text}`);
    }

    /** True for the first seat; the second is checked against it. */
    first(key, value) {
        const text = JSON.stringify(value);
        if (!this.#told.has(key)) {
            this.#told.set(key, text);
            return true;
        }
        if (this.#told.get(key) !== text) {
            this.differences.push(`${key}: one was told ${this.#told.get(key)}, the other ${text}`);
        }
        return false;
    }
}

/** Which video a picture belongs to, by the sample's own files. */
function makeEye(objects) {
    const known = new Map();
    const digest = (data) => createHash("sha256").update(data).digest("hex");
    for (const video of VIDEOS) {
        for (let rank = 1; rank <= FRAMES_EACH; rank++) {
            known.set(digest(readFileSync(join(objects, frameKey(video.id, rank)))), video);
        }
    }
    return (picture) => known.get(digest(picture));
}

/** Opens a sealed frame: IV (12) ‖ ciphertext ‖ tag (16); inside length (4), picture, zeros. */
function unseal(body, key, token) {
    const decipher = createDecipheriv("aes-128-gcm", key, body.subarray(0, 12));
    decipher.setAAD(Buffer.from(token));
    decipher.setAuthTag(body.subarray(body.length - 16));
    const inside = Buffer.concat([
        decipher.update(body.subarray(12, body.length - 16)),
        decipher.final(),
    ]);
    return inside.subarray(4, 4 + inside.readUInt32BE(0));
}

class Player {
    constructor({ sub, name }, colour, { server, issuer, eye, story, plan }) {
        Object.assign(this, { sub, name, colour, server, issuer, eye, story, plan });
        this.names = [];
        this.frames = new Map();
        this.round = null;
        this.seq = 0;
        this.guesses = new Map();
        this.searches = new Map();
    }

    #open(path, protocols) {
        const socket = new WebSocket(this.server.replace(/^http/, "ws") + path, protocols, {
            perMessageDeflate: false,
        });
        socket.on("message", (data, binary) => {
            const received = binary ? decode(data) : [];
            for (const message of Array.isArray(received) ? received : [received]) {
                this.on(message);
            }
        });
        return socket;
    }

    #send(message) {
        if (this.socket.readyState === WebSocket.OPEN) {
            this.socket.send(encode(message));
        }
    }

    /** Resolves to what the match ended with. */
    async play() {
        const reply = await fetch(`${this.issuer}/token?sub=${this.sub}`, { method: "POST" });
        const { access_token: token } = await reply.json();
        const matched = await this.#findMatch(token);
        return new Promise((resolve, reject) => {
            this.finish = resolve;
            this.on = (message) => this.#hear(message).catch(reject);
            this.socket = this.#open(matched.path, [SUBPROTOCOL, `r.${matched.resume}`]);
            this.socket.on("error", reject);
            this.socket.on("close", (code, reason) =>
                reject(new Error(`${this.name}'s match was closed: ${code} ${reason}`)),
            );
        });
    }

    #findMatch(token) {
        return new Promise((resolve, reject) => {
            const queue = this.#open("/api/duel/queue", [SUBPROTOCOL]);
            queue.on("open", () => queue.send(encode({ t: "auth", token })));
            queue.on("error", reject);
            queue.on("close", (code, reason) =>
                reject(new Error(`the queue was closed for ${this.name}: ${code} ${reason}`)),
            );
            this.on = (message) => {
                if (message.t === "queued") {
                    this.story.say(
                        `${this.name} waits for an opponent: rating ${message.rating}, ` +
                            (message.window === null
                                ? "anyone will do"
                                : `within ${message.window}`),
                    );
                } else if (message.t === "matched") {
                    const other = message.opponent;
                    this.story.say(
                        `${this.name} meets ${other.name} (${other.country ?? "?"}, ${other.rating})`,
                    );
                    resolve(message);
                } else if (message.t === "error" || message.t === "timeout") {
                    reject(
                        new Error(
                            `${this.name}: ${message.code ?? "nobody came"} ${message.message ?? ""}`,
                        ),
                    );
                }
            };
        });
    }

    async #hear(message) {
        const { story } = this;
        switch (message.t) {
            case "welcome":
                this.slot = message.you;
                this.names = message.players.map((player) => player.name);
                if (story.first("welcome", message.match)) {
                    story.say(
                        `\n${bold(`${this.names[0]} vs ${this.names[1]}`)}  ${dim(
                            `match ${message.match}, ` +
                                `best of ${message.rules.best_of}${message.rated ? ", rated" : ""}`,
                        )}`,
                    );
                }
                this.match = message.match;
                // A reload in the middle of things: the state holds what was told before.
                if (message.frame) {
                    await this.#load(message.frame);
                }
                if (message.round) {
                    this.#startRound(message.round);
                }
                break;
            case "frame":
                await this.#load(message);
                break;
            case "round":
                this.#startRound(message);
                break;
            case "verdict":
                this.#tellVerdict(message);
                this.guesses.get(message.seq)?.resolve(message);
                break;
            case "suggestions":
                this.searches.get(message.seq)?.(message.items);
                break;
            case "error":
                story.act(this, bad(`is told ${message.code}: ${message.message}`));
                this.guesses.get(message.seq)?.resolve(null);
                this.searches.get(message.seq)?.([]);
                break;
            case "round_end":
                this.#endRound(message);
                break;
            case "match_end":
                this.end = message;
                if (message.rating !== null || message.outcome === "none") {
                    this.finish(this);
                } else {
                    setTimeout(() => this.finish(this), STORED_WITHIN_MS).unref();
                }
                break;
            case "rating":
                this.end.rating = { before: message.before, after: message.after };
                this.finish(this);
                break;
        }
    }

    async #load({ round, url, size }) {
        const reply = await fetch(this.server + url);
        const body = Buffer.from(await reply.arrayBuffer());
        if (reply.status !== 200 || body.length !== size) {
            throw new Error(
                `${this.name}'s frame of round ${round}: ${reply.status}, ${body.length} bytes of ${size}`,
            );
        }
        this.frames.set(round, { body, token: url.slice(url.lastIndexOf("/") + 1) });
        this.#send({ t: "ready", round });
    }

    #startRound({ round, key, starts_at: startsAt }) {
        const { body, token } = this.frames.get(round);
        const video = this.eye(unseal(body, Buffer.from(key), token));
        if (video === undefined) {
            throw new Error(`${this.name} opened a picture that is not in the sample`);
        }
        if (this.story.first(`round ${round}`, video.id)) {
            this.story.startRound(startsAt);
            this.story.say(
                `\n${bold(`Round ${round}`)}  ${dim(`the picture is from “${video.title}”`)}`,
            );
        }
        this.round = round;
        this.#guess(round, video).catch((error) => this.socket.emit("error", error));
    }

    #endRound(message) {
        const { t, ...told } = message;
        this.round = null;
        if (this.story.first(`end of round ${message.round}`, told)) {
            const who =
                message.winner === null
                    ? "Nobody's round"
                    : `${this.names[message.winner]} takes the round`;
            this.story.say(
                `  ${bold(who)}: ${this.names[0]} ${message.score[0]} – ${message.score[1]} ${this.names[1]}` +
                    `  ${dim(`“${message.answer.title}”, ${message.answer.channel}`)}`,
            );
        }
    }

    // ---- a human at the keyboard ----

    async #guess(round, video) {
        const here = () => this.round === round;
        const quick = this.plan(round) === this.name;
        await sleep(quick ? between(900, 1800) : between(1900, 3200));
        if (here() && (!quick || Math.random() < 0.3)) {
            await this.#guessWrong(round, video);
            await sleep(between(300, 600));
        }
        while (here()) {
            const found = await this.#search(video, here);
            if (!here()) {
                return;
            }
            // Half of the time the title is typed to its end, without accents, instead of picked.
            const answer =
                found && Math.random() < 0.5 ? { video: video.id } : { text: plain(video.title) };
            const verdict = await this.#answer(round, answer, video.title);
            if (verdict?.correct || verdict?.guesses_left === 0) {
                return;
            }
            await sleep(1100);
        }
    }

    async #guessWrong(round, video) {
        const others = VIDEOS.filter(
            (other) => other.id !== video.id && plain(other.title) !== plain(video.title),
        );
        const wrong = others[Math.floor(Math.random() * others.length)];
        const verdict = await this.#answer(round, { text: plain(wrong.title) }, wrong.title);
        if (verdict !== null && verdict.locked_until !== null) {
            await sleep(Math.max(0, verdict.locked_until - Date.now()) + 50);
        }
    }

    /** Types until the title is offered; true when it was. */
    async #search(video, here) {
        const title = plain(video.title);
        let typed = "";
        let items = [];
        for (const letter of title.slice(0, 14)) {
            typed += letter;
            if (!here()) {
                return false;
            }
            const seq = ++this.seq;
            const answer = new Promise((resolve) => this.searches.set(seq, resolve));
            this.#send({ t: "suggest", seq, q: typed });
            [items] = await Promise.all([
                Promise.race([answer, sleep(1000).then(() => [])]),
                sleep(KEYSTROKE_MS),
            ]);
            if (typed.length >= 4 && items[0]?.video === video.id) {
                break;
            }
        }
        const offered = items
            .slice(0, 2)
            .map((item) => item.title)
            .join(" · ");
        if (here()) {
            this.story.act(this, `types “${typed}” ${dim(`offered: ${offered || "nothing"}`)}`);
        }
        return items.some((item) => item.video === video.id);
    }

    async #answer(round, answer, title) {
        const seq = ++this.seq;
        const words = answer.video ? `picks “${title}”` : `answers “${answer.text}”`;
        const verdict = new Promise((resolve) => this.guesses.set(seq, { words, resolve }));
        this.#send({ t: "guess", round, seq, ...answer });
        return Promise.race([verdict, sleep(5000).then(() => null)]);
    }

    #tellVerdict({ seq, correct, ms, similarity, guesses_left: left }) {
        const verdict = correct
            ? good(`right, ${(ms / 1000).toFixed(3)} s`)
            : bad(`wrong (similarity ${similarity}), ${left} left`);
        this.story.act(this, `${this.guesses.get(seq)?.words ?? "guessed before"}  ${verdict}`);
    }
}

// ---- what the stores kept ----

async function query(sql) {
    const { PG_BIN, DATABASE_URL } = process.env;
    const { stdout } = await run(join(PG_BIN, "psql"), ["-X", "-At", "-c", sql, DATABASE_URL]);
    return stdout.trim();
}

async function readStored(match) {
    for (const until = Date.now() + STORED_WITHIN_MS; Date.now() < until; await sleep(100)) {
        const row = await query(`select row_to_json(m) from duel_matches m where id = '${match}'`);
        if (row !== "") {
            return JSON.parse(row);
        }
    }
    throw new Error(`match ${match} is not in duel_matches`);
}

async function compareStored(story, players) {
    const row = await readStored(players[0].match);
    const seat = ["p1", "p2"];
    story.say(`\n${bold("Stored in duel_matches")}`);
    for (const [column, value] of Object.entries(row)) {
        if (column !== "rounds") {
            story.say(`  ${column.padEnd(18)} ${dim(String(value))}`);
        }
    }
    for (const round of row.rounds) {
        story.say(
            `  ${`round ${round.round}`.padEnd(18)} ${dim(
                `${round.title}: ${round.p1_time ?? "–"} / ` +
                    `${round.p2_time ?? "–"} ms, ${round.guesses.length} guesses`,
            )}`,
        );
    }
    const expect = (what, stored, told) => {
        if (stored !== told) {
            story.differences.push(`${what}: stored ${stored}, told ${told}`);
        }
    };
    for (const player of players) {
        const { end, slot } = player;
        expect(`score of ${player.name}`, row[`score_${seat[slot]}`], end.score[slot]);
        expect(`points of ${player.name}`, row[`points_${seat[slot]}`], end.points[slot]);
        expect(
            `rating of ${player.name} before`,
            row[`rating_${seat[slot]}_before`],
            end.rating?.before,
        );
        expect(
            `rating of ${player.name} after`,
            row[`rating_${seat[slot]}_after`],
            end.rating?.after,
        );
        expect(
            `did ${player.name} win`,
            row.winner_id === row[`player${slot + 1}_id`],
            end.outcome === "win",
        );
        const kept = await query(
            `select rating from duel_ratings where user_id = '${row[`player${slot + 1}_id`]}'`,
        );
        expect(`rating of ${player.name} in duel_ratings`, Number(kept), end.rating?.after);
    }
    return row;
}

async function compareValkey(story, players, row) {
    const ask = async (...words) => (await run(process.env.VALKEY_CLI, words)).stdout.trim();
    const deadline = Date.now() + STORED_WITHIN_MS;
    let events = "";
    do {
        events = await ask("XREVRANGE", "duel:events", "+", "-", "COUNT", "20");
    } while (!events.includes(row.id) && Date.now() < deadline && (await sleep(100)) === undefined);
    if (!events.includes(row.id)) {
        story.differences.push("the match is not in the stream duel:events");
    }
    story.say(`\n${bold("Ranking (lb:duels:elo)")}`);
    for (const player of players) {
        const score = Number(
            await ask("ZSCORE", "lb:duels:elo", row[`player${player.slot + 1}_id`]),
        );
        story.say(`  ${player.name.padEnd(7)} ${score}`);
        if (score !== player.end.rating?.after) {
            story.differences.push(
                `ranking of ${player.name}: ${score}, told ${player.end.rating?.after}`,
            );
        }
    }
}

function tellEnd(story, players) {
    story.say(`\n${bold("The match is over")}  ${dim(`by ${players[0].end.reason}`)}`);
    for (const { name, slot, end } of players) {
        const rating = end.rating
            ? `rating ${end.rating.before} → ${end.rating.after}`
            : "no rating";
        story.say(
            `  ${name.padEnd(7)} ${end.outcome.padEnd(5)} ${end.points[slot]} points, ${rating}`,
        );
    }
    story.first("final score", players[0].end.score);
    story.first("final score", players[1].end.score);
    const winner = players.find((player) => player.end.outcome === "win") ?? players[0];
    story.say(
        winner.end.share
            .split("\n")
            .map((text) => dim(`    ${text}`))
            .join("\n"),
    );
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
    const eye = makeEye(values.objects);
    const quicker = new Map();
    const plan = (round) => {
        if (!quicker.has(round)) {
            quicker.set(round, PLAYERS[Math.random() < 0.5 ? 0 : 1].name);
        }
        return quicker.get(round);
    };
    const players = PLAYERS.map(
        (player, i) => new Player(player, ["36", "35"][i], { ...values, eye, story, plan }),
    );
    const timeout = setTimeout(() => {
        console.error(`the players gave up after ${seconds(GIVE_UP_MS)}`);
        process.exit(1);
    }, GIVE_UP_MS);
    await Promise.all(players.map((player) => player.play()));
    clearTimeout(timeout);
    tellEnd(story, players);
    if (process.env.PG_BIN && process.env.DATABASE_URL) {
        const row = await compareStored(story, players);
        if (process.env.VALKEY_CLI) {
            await compareValkey(story, players, row);
        }
    }
    story.differences.forEach((difference) => console.error(bad(`DIFFERENCE  ${difference}`)));
    if (story.differences.length === 0) {
        story.say(`\n${good("Both seats and the stores agree.")}`);
    }
    process.exit(story.differences.length === 0 ? 0 : 1);
}

main().catch((error) => {
    console.error(bad(`players: ${error.message}`));
    process.exit(1);
});
