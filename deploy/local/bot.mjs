#!/usr/bin/env node
// Practice bots: opponents for whoever has nobody to play with. Ordinary clients outside the server, who say
// in their names what they are and are of different strengths; bots never play one another.
//
//   bot.mjs --issuer http://127.0.0.1:4180 --objects DIR [--server http://127.0.0.1:4100] [--count 8]
//           [--metrics http://127.0.0.1:4190/metrics, of each node] [--patience 5]
//
// Who queues when: the queue pairs whoever fits, so two bots that wait would get each other. All bots are
// therefore in this one process and at most one of them is in the queue. With --metrics it goes there only
// when a person has waited for `patience` seconds, and leaves when nobody waits any more: two people who
// search within that time get each other. Without --metrics nothing tells who waits, and one bot always does.
//
// How it plays: what a picture shows it finds out by comparing it with the sample's files, and then it acts
// as if it had to think: whether it knows the video, how soon, how fast it types and how often it is wrong
// follow from its skill and the video's difficulty. After a match it is there for a rematch for a while, then it
// rests. It ends only when it is told to; a server that restarts finds it again.

import { get } from "node:http";
import { parseArgs } from "node:util";
import { BOTS } from "./sample.mjs";
import { anotherThan, between, makeEye, plain, search, signIn, sleep } from "./typist.mjs";

const LOOK_MS = 500;
const STAY_MS = 5_000; // in the queue with nobody there, before it leaves again
const REST_MS = [1_000, 4_000];
const REMATCH_MS = 12_000; // there for whoever wants another
const TROUBLE_MS = 5_000;
const KNOWN = { 4: 0.97, 5: 0.9, 6: 0.8 }; // by difficulty, to the best of bots

let isBlind = false;

const say = (text) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
/** Spread as people's times are: mostly near the middle, sometimes much longer. */
const about = (middle) => middle * Math.exp(between(-1, 1) * 0.5 + between(-1, 1) * 0.3);

class Bot {
    #skill;
    #eye;
    #duel;
    #restUntil = 0;
    #staying = null;

    constructor({ sub, name, skill }, options) {
        this.name = name;
        this.#skill = skill;
        this.#eye = options.eye;
        this.#duel = signIn(sub, options);
        this.#duel.on("state", () => this.#look());
        this.#duel.on("matched", ({ opponent }) => say(`${name} meets ${opponent.name}`));
        this.#duel.on("matchEnd", ({ outcome, reason, score }) =>
            say(`${name}: ${outcome} by ${reason}, ${score.join(" – ")}`));
        this.#duel.on("picture", ({ round, bytes }) => {
            this.#play(round, bytes).catch((error) => say(`${name}: ${error.message}`));
        });
    }

    get isQueued() {
        return this.#duel.state.status === "searching";
    }

    get isFree() {
        return this.#duel.state.status === "idle" && Date.now() >= this.#restUntil;
    }

    /** A match that an earlier process left is played to its end. */
    async resume() {
        await this.#duel.resume().catch(() => {});
    }

    search() {
        this.#duel.search();
    }

    cancel() {
        this.#duel.cancel();
    }

    leave() {
        this.#duel.leave();
    }

    #look() {
        const { status, problem } = this.#duel.state;
        if (status === "failed") {
            if (problem.code !== "QUEUE_TIMEOUT") {
                say(`${this.name}: ${problem.code} ${problem.message}`);
            }
            this.#rest(Math.max(TROUBLE_MS, (problem.until ?? 0) - Date.now()));
        } else if (status === "over") {
            this.#stay(this.#duel.state);
        } else {
            clearTimeout(this.#staying);
            this.#staying = null;
        }
    }

    /** Takes any rematch; without one it goes after a while, and at once where none can come. */
    #stay({ connection, match: { you, end, rematch } }) {
        if (connection === "none" || end.reason === "abandoned") {
            this.#rest(between(...REST_MS));
        } else if (rematch?.status === "offered" && rematch.slot !== you) {
            this.#duel.rematch(true);
        } else {
            this.#staying ??= setTimeout(() => this.#rest(between(...REST_MS)), REMATCH_MS);
        }
    }

    #rest(ms) {
        clearTimeout(this.#staying);
        this.#staying = null;
        this.#restUntil = Date.now() + ms;
        this.#duel.reset();
    }

    // ---- a round ----

    #isPlaying(number) {
        const { match } = this.#duel.state;
        return match?.phase === "round" && match.round?.number === number && !match.round.solved &&
            match.round.guessesLeft > 0;
    }

    async #play(number, bytes) {
        const video = this.#eye(bytes);
        if (!video) {
            return; // another server's content: it has never seen that
        }
        const slow = 1 - this.#skill;
        const here = () => this.#isPlaying(number);
        const knows = Math.random() < KNOWN[video.difficulty] - 0.45 * slow;
        await sleep(about(2500 + 6000 * slow));
        let mistakes = knows ? Number(Math.random() < 0.1 + 0.3 * slow) : 1 + Math.floor(Math.random() * 3);
        while (here() && mistakes-- > 0) {
            await this.#attempt(anotherThan(video), here);
            await sleep(about(1200 + 1500 * slow));
        }
        if (!knows) {
            await sleep(about(4000 + 8000 * slow)); // what the others' answers remind one of
        }
        for (let tries = 0; here() && tries < 3; tries++) {
            await this.#attempt(video, here);
        }
    }

    async #attempt(video, here) {
        const slow = 1 - this.#skill;
        const keyMs = () => about(125 + 170 * slow);
        const { isOffered } = await search(this.#duel, video, { keyMs, here });
        await sleep(about(350 + 500 * slow));
        if (here()) {
            const answer = isOffered ? { video: video.id } : { text: plain(video.title) };
            const verdict = await this.#duel.guess(answer).catch(() => null); // too late, or locked out still
            await sleep(verdict?.correct ? 0 : Math.max(300, (verdict?.lockedUntil ?? 0) - Date.now()));
        }
    }
}

/** The text at an HTTP address. (fetch refuses the port that operators use by default.) */
function read(address) {
    return new Promise((resolve, reject) => {
        const request = get(address, { timeout: 2000 }, async (reply) => {
            resolve(Buffer.concat(await reply.toArray()).toString());
        });
        request.on("error", reject);
        request.on("timeout", () => request.destroy(new Error("no answer")));
    });
}

/** How many wait in one server's part of the queue; null when that cannot be known now. */
async function countTickets(address) {
    try {
        return Number(/^duel_queue_tickets (\d+)$/m.exec(await read(address))[1]);
    } catch {
        return null;
    }
}

/** How many wait in all; null when no server tells, which is told once. */
async function countWaiting(metrics) {
    const counts = (await Promise.all(metrics.map(countTickets))).filter((count) => count !== null);
    if (counts.length === 0 && !isBlind) {
        say("who waits is not known: no server tells");
    }
    isBlind = counts.length === 0;
    return isBlind ? null : counts.reduce((sum, count) => sum + count, 0);
}

/** Sends at most one bot at a time to the queue; never returns. */
async function attend(bots, { metrics, patience }) {
    let waitingSince = null;
    let lonelySince = null;
    for (;; await sleep(LOOK_MS)) {
        const queued = bots.find((bot) => bot.isQueued);
        const waiting = metrics ? await countWaiting(metrics) : 1;
        const people = waiting === null ? 0 : Math.max(0, waiting - (metrics && queued ? 1 : 0));
        const now = Date.now();
        waitingSince = people > 0 ? waitingSince ?? now : null;
        lonelySince = queued && people === 0 ? lonelySince ?? now : null;
        if (queued && lonelySince !== null && now - lonelySince >= STAY_MS) {
            queued.cancel();
        } else if (!queued && waitingSince !== null && now - waitingSince >= (metrics ? patience : 0)) {
            const free = bots.filter((bot) => bot.isFree);
            const bot = free[Math.floor(Math.random() * free.length)];
            if (bot) {
                bot.search();
                waitingSince = null; // whoever comes next waits as long
            }
        }
    }
}

function main() {
    const { values } = parseArgs({
        options: {
            server: { type: "string", default: "http://127.0.0.1:4100" },
            issuer: { type: "string" },
            objects: { type: "string" },
            metrics: { type: "string", multiple: true },
            count: { type: "string", default: "2" },
            patience: { type: "string", default: "5" },
        },
    });
    const count = Number(values.count);
    const patience = Number(values.patience) * 1000;
    if (!values.issuer || !values.objects || !(count >= 1 && count <= BOTS.length) || !(patience >= 0)) {
        console.error("usage: bot.mjs [--server URL] --issuer URL --objects DIR " +
            `[--count 1…${BOTS.length}] [--metrics URL …] [--patience SECONDS]`);
        process.exit(64);
    }
    const options = { ...values, eye: makeEye(values.objects) };
    const bots = BOTS.slice(0, count).map((bot) => new Bot(bot, options));
    for (const signal of ["SIGINT", "SIGTERM"]) {
        process.on(signal, () => {
            // A match is left at once, so that nobody waits for somebody who does not come back.
            bots.forEach((bot) => bot.leave());
            setTimeout(() => process.exit(0), 300);
        });
    }
    process.on("unhandledRejection", (error) => say(`went on after: ${error?.stack ?? error}`));
    say(`${bots.map((bot) => bot.name).join(", ")} are there`);
    Promise.all(bots.map((bot) => bot.resume())).then(() => attend(bots, { ...values, patience }));
}

main();
