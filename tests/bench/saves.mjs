// What it costs that matches are saved in Valkey: processor time, and how long the news of a round's end
// waits for its save. Real sockets, real stores. The bots share the machine with what they measure, so the
// server and Valkey go before everything else on it where that is allowed, and the bots after.
//
//   node tests/bench/saves.mjs [MATCHES]    with DATABASE_URL, VALKEY_URL and DUEL_SERVER set; 0: only a save by itself
//
// Measured: the server's processor time while people play, the saves in that time, the waits, and the
// processor time of a save by itself. Computed: the share of saves = saves x time of one / time of all.
// Not measured: Valkey on another machine, which adds the network's round trip to each wait.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import Valkey from "iovalkey";
import { Socket } from "../../loadtest/lib/socket.mjs";
import { sleep, until } from "../../loadtest/lib/processes.mjs";
import { openFrame } from "../integration/lib/client.mjs";
import { World } from "../integration/lib/world.mjs";

const MATCHES = Number(process.argv[2] ?? 250);
const TITLES = 2000; // to be suggested; not drawn
const BATCH = 50; // players who come at once
const SHORT_S = 20; // of rounds of some seconds
const LONG_S = 28; // of rounds that last as long as they may
const COST_MATCHES = 20;
const COST_WINDOWS = 10; // with saves, and as many without
const COST_WINDOW_MS = 1_000;
const SAVE_EVERY_MS = 40; // a little longer than the time between two renewals of the lease
const WAIT_MS = 60_000;

const WORDS = ("gato guitar vento raft feijoada robot xadrez volcano ônibus bakery estação karaoke relógio " +
    "bridge horta telescope making the a of challenge noite first day mundo how we um novo jogo secret 100 " +
    "episode ao vivo").split(" ");

/** How people play; `right` is the share of guesses that are right. */
const SHORT = { keys: [6, 12], keyMs: [140, 260], thinkMs: [500, 2_000], right: 0.5 }; // solved soon
const LONG = { ...SHORT, right: 0 }; // the round's time runs out
/** Four rounds, then idle. */
const QUICK = { keys: [0, 0], keyMs: [0, 0], thinkMs: [1, 10], right: 0.4, lastRound: 4 };

const between = ([low, high]) => low + Math.random() * (high - low);
const pick = (list) => list[Math.floor(Math.random() * list.length)];

class Bot {
    #timer = null;
    #frame = null;
    #seq = 0;
    sent = { guesses: 0, keys: 0 };

    constructor(world, play, player) {
        Object.assign(this, { world, play, player, round: 0, answer: null });
    }

    /** Through the queue into a match; resolves when welcomed. */
    async enter() {
        const url = this.player.base.replace(/^http/, "ws");
        const found = await new Promise((done) => {
            new Socket(`${url}/queue`, { token: this.player.token }, {
                onMessage: (message) => message.t === "matched" && done(message),
            });
        });
        await new Promise((done) => {
            this.socket = new Socket(new URL(url).origin + found.path, { ticket: found.resume }, {
                onMessage: (message) => this.#hear(message, done),
            });
        });
    }

    leave() {
        clearTimeout(this.#timer);
        this.socket?.cut();
    }

    #hear(message, welcomed) {
        switch (message.t) {
        case "welcome":
            if (message.frame) {
                this.#look(message.frame);
            }
            welcomed();
            break;
        case "frame":
            this.#look(message);
            break;
        case "round":
            this.#begin(message);
            break;
        case "verdict":
            if (!message.correct && message.guesses_left > 0) {
                this.#think();
            }
            break;
        case "round_end":
            clearTimeout(this.#timer);
            break;
        default:
        }
    }

    async #look(frame) {
        const body = this.player.load(frame);
        this.#frame = { url: frame.url, body };
        await body;
        this.socket.send({ t: "ready", round: frame.round });
    }

    async #begin({ round, key }) {
        this.round = round;
        this.#seq = 0;
        const { url, body } = this.#frame;
        this.answer = this.world.videoOf(await openFrame(await body, key, url));
        if (round <= (this.play.lastRound ?? Infinity)) {
            this.#think();
        }
    }

    #think() {
        const isRight = Math.random() < this.play.right;
        const others = this.world.videos.filter((one) => one !== this.answer);
        const { title } = isRight ? this.answer : pick(others);
        const keys = Math.min(title.length, Math.round(between(this.play.keys)));
        this.#timer = setTimeout(() => this.#type(title, 1, keys), between(this.play.thinkMs));
    }

    /** A suggestion for each key, then the guess. */
    #type(title, typed, keys) {
        if (typed > keys) {
            this.sent.guesses++;
            this.socket.send({ t: "guess", round: this.round, seq: ++this.#seq, text: title });
            return;
        }
        this.socket.send({ t: "suggest", seq: ++this.sent.keys, q: title.slice(0, typed) });
        this.#timer = setTimeout(() => this.#type(title, typed + 1, keys), between(this.play.keyMs));
    }
}

// ---- what is read ----

/** Of all threads of a process so far, in µs: which = 0: processor time; 1: ready, but without a core. */
function scheduledUs(pid, which) {
    return sum(readdirSync(`/proc/${pid}/task`).map((thread) =>
        Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[which]) / 1000));
}

const cpuUs = (pid) => scheduledUs(pid, 0);

async function look(world) {
    const text = await (await fetch(`${world.server.ops}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
    const values = new Map(lines.map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
    }));
    const { pid } = world.child;
    return { values, us: performance.now() * 1000, cpuUs: cpuUs(pid), delayUs: scheduledUs(pid, 1) };
}

/** What happened between two looks. */
function since(before, after) {
    return {
        seconds: (after.us - before.us) / 1e6, cpuUs: after.cpuUs - before.cpuUs,
        delayUs: after.delayUs - before.delayUs,
        count: (name) => (after.values.get(name) ?? 0) - (before.values.get(name) ?? 0),
        names: (prefix) => [...after.values.keys()].filter((name) => name.startsWith(prefix)),
    };
}

/** The bound of the bucket that holds this share of the waits, in ms. */
function waitBound(period, share) {
    const total = period.count("duel_save_wait_seconds_count");
    const name = period.names("duel_save_wait_seconds_bucket")
        .find((one) => period.count(one) >= share * total);
    return 1000 * Number(/le="([^"]+)"/.exec(name)[1].replace("+Inf", "Infinity"));
}

// ---- the worlds ----

async function populate(world, count, play) {
    const bots = [];
    for (let first = 0; first < count; first += BATCH) {
        const batch = [];
        for (let i = first; i < Math.min(first + BATCH, count); i++) {
            const bot = new Bot(world, play, await world.player(`save${String(i).padStart(8, "0")}`));
            batch.push(bot.enter());
            bots.push(bot);
        }
        const isIn = await Promise.race([Promise.all(batch), sleep(WAIT_MS)]);
        if (!isIn) {
            throw new Error("not all players came into a match");
        }
    }
    return bots;
}

async function withWorld(env, run) {
    const world = await World.start({ start: false, env: {
        LOG_LEVEL: "info", DUEL_BEST_OF: "25", DUEL_MAX_GUESSES: "12", DUEL_WINDOW: "100000",
        DUEL_DRAIN_MS: "0",
        DUEL_ADDRESS_CONNECTIONS: "0", DUEL_ADDRESS_UNAUTHENTICATED: "0", DUEL_ADDRESS_RATE: "0", ...env,
    } });
    const bots = [];
    try {
        await world.db.query(`insert into videos (video_id, title, channel, duration, view_count, difficulty)
            select 'made' || lpad(i::text, 7, '0'), concat_ws(' ', w[1 + i % 35], w[1 + i * 7 / 3 % 35],
                w[1 + i * 11 / 5 % 35], i), 'Channel ' || i % 97, 600, i * 10, 9
            from generate_series(1, $1::int) i, (select $2::text[] as w) words`, [TITLES, WORDS]);
        await world.serve();
        await world.ready();
        goFirst(world.child.pid, true);
        await run(world, bots);
    } finally {
        bots.forEach((bot) => bot.leave());
        await world.stop();
    }
}

/** Before all others, or as usual again; false where that is not allowed. */
function goFirst(pid, isFirst) {
    const how = isFirst ? ["-R", "-f", "-a", "-p", "10"] : ["-o", "-a", "-p", "0"];
    try {
        execFileSync("chrt", [...how, String(pid)], { stdio: "ignore" });
        return true;
    } catch {
        return false;
    }
}

async function valkeyPid() {
    const valkey = new Valkey(process.env.VALKEY_URL.replace(/^unix:\/\//, ""));
    const info = await valkey.info("server");
    valkey.disconnect();
    return Number(/process_id:(\d+)/.exec(info)[1]);
}

// ---- the figures ----

/** What one save takes, by itself: about as often as the lease is renewed the server is told that one match
 * is nobody's any more, and takes it back by a save. The same time without that is subtracted. */
async function saveCost(store) {
    const env = { DUEL_LEASE_MS: "100", DUEL_ROUND_MS: "3600000", DUEL_LOCKOUT_MS: "0" };
    const pairs = [];
    let bytes = 0;
    await withWorld(env, async (world, bots) => {
        bots.push(...await populate(world, 2 * COST_MATCHES, QUICK));
        if (!await until(() => bots.every((bot) => bot.round === QUICK.lastRound + 1), WAIT_MS)) {
            throw new Error("the matches to be saved did not come to their fifth round");
        }
        const boot = (await world.valkey.keys("duel:lease:*"))[0].slice("duel:lease:".length);
        const keys = await world.valkey.keys("duel:match:*");
        const windowOf = async (losses) => {
            const before = await look(world);
            const storeUs = cpuUs(store);
            await loseInTurn(world, losses, boot);
            const period = since(before, await look(world));
            const commands = period.count("duel_valkey_commands_total");
            return { commands, cpuUs: period.cpuUs, storeUs: cpuUs(store) - storeUs };
        };
        for (let i = 0; i < COST_WINDOWS; i++) {
            const without = await windowOf([]);
            const withSaves = await windowOf(keys);
            const saves = withSaves.commands - without.commands;
            pairs.push({
                saves, us: withSaves.cpuUs - without.cpuUs, storeUs: withSaves.storeUs - without.storeUs,
            });
        }
        bytes = mean(await Promise.all(keys.map((key) => world.valkey.hstrlen(key, "data"))));
    });
    return { pairs, bytes };
}

const sum = (list) => list.reduce((all, one) => all + one, 0);
const mean = (list) => sum(list) / list.length;

async function loseInTurn(world, keys, boot) {
    const end = performance.now() + COST_WINDOW_MS;
    for (let turn = 0; performance.now() < end; turn++) {
        if (keys.length > 0) {
            const key = keys[turn % keys.length];
            await world.valkey.hset(key, "owner", "");
            await world.valkey.rpush(`duel:lost:${boot}`, key.slice("duel:match:".length));
        }
        await sleep(SAVE_EVERY_MS);
    }
}

/** What the server does while `seconds` of play pass. */
async function playFor(world, bots, play, seconds) {
    bots.forEach((bot) => (bot.play = play));
    const sent = (what) => sum(bots.map((bot) => bot.sent[what]));
    const counted = { guesses: sent("guesses"), keys: sent("keys") };
    const before = await look(world);
    await sleep(seconds * 1000);
    const period = since(before, await look(world));
    return { ...period, guesses: sent("guesses") - counted.guesses, keys: sent("keys") - counted.keys,
        turns: period.count("duel_loop_turns_total") };
}

function report(name, period, usPerSave) {
    const waits = "duel_save_wait_seconds";
    const saves = period.count(`${waits}_count`);
    const perSecond = (count) => (count / period.seconds).toFixed(1);
    const meanMs = period.count(`${waits}_sum`) / saves * 1000;
    const inTime = 100 * period.count(`${waits}_bucket{le="0.001"}`) / saves;
    const say = (what, text) => console.log(`bench saves_${name}_${what} ${text}`);
    say("load", `${MATCHES} matches, each saved every ${(MATCHES * period.seconds / saves).toFixed(1)} s; ` +
        `a second: ${perSecond(saves)} saves, ${perSecond(period.guesses)} guesses, ` +
        `${perSecond(period.keys)} suggestions`);
    say("cpu", `${(period.cpuUs / period.seconds / 1e4).toFixed(1)} % of a core in all (measured)`);
    say("share", `${(100 * saves * usPerSave / period.cpuUs).toFixed(2)} % of it are saves (computed)`);
    say("wait", `mean ${meanMs.toFixed(2)} ms, p50 <= ${waitBound(period, 0.5)} ms, p99 <= ` +
        `${waitBound(period, 0.99)} ms, ${inTime.toFixed(1)} % within 1 ms (${saves} waits)`);
    say("queueing", `${(period.delayUs / period.turns).toFixed(1)} us a turn without a core for the server`);
}

function reportCost({ pairs, bytes }) {
    const saves = sum(pairs.map((pair) => pair.saves));
    const us = sum(pairs.map((pair) => pair.us)) / saves;
    const storeUs = sum(pairs.map((pair) => pair.storeUs)) / saves;
    const squares = sum(pairs.map((pair) => (pair.us - us * pair.saves) ** 2));
    const error = Math.sqrt(squares * pairs.length / (pairs.length - 1)) / saves;
    console.log(`bench save_cpu ${us.toFixed(0)} us of the server (standard error ${error.toFixed(0)}), ` +
        `${storeUs.toFixed(0)} us of Valkey: ${saves} saves of ${bytes.toFixed(0)} bytes, each by itself`);
    return us;
}

async function reportPlay(usPerSave) {
    await withWorld({ DUEL_ROUND_MS: "25000", DUEL_COUNTDOWN_MS: "3000", DUEL_INTERMISSION_MS: "3000",
        DUEL_LOCKOUT_MS: "1000" }, async (world, bots) => {
        bots.push(...await populate(world, 2 * MATCHES, SHORT));
        await until(() => bots.every((bot) => bot.round > 0), WAIT_MS);
        report("short_rounds", await playFor(world, bots, SHORT, SHORT_S), usPerSave);
        report("long_rounds", await playFor(world, bots, LONG, LONG_S), usPerSave);
    });
}

async function main() {
    setPriority(0, constants.priority.PRIORITY_LOW);
    const store = await valkeyPid();
    const isFirst = goFirst(store, true);
    console.log(`bench saves_setting server and Valkey ${isFirst ? "before" : "beside"} all other processes`);
    try {
        const usPerSave = reportCost(await saveCost(store));
        if (MATCHES > 0) {
            await reportPlay(usPerSave);
        }
    } finally {
        goFirst(store, false);
    }
}

await main();
