// One run: builds the world, lets the bots in, makes things go wrong, waits for calm, compares the books.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { promisify } from "node:util";
import { Books } from "./books.mjs";
import { Bot } from "./bot.mjs";
import { Broken, Cluster } from "./cluster.mjs";
import { Content } from "./content.mjs";
import { Notebook } from "./notebook.mjs";
import { describe, draw, perform, settleMs } from "./plan.mjs";
import { cpuMs, descriptorLimit, isAlive, sleep, until } from "./processes.mjs";
import { Random } from "./random.mjs";
import { makeReport, percentiles } from "./report.mjs";

const CROWD_MS = 60_000; // for the matches to begin
const BACK_MS = 20_000; // for players to be back after an event
const CALM_MS = 240_000;
const ASK_MS = 5_000;
const PAUSE_LIMIT_MS = 3_000; // p99, in mode crash
const SHARE = 0.98; // of the bots, where a few may be on their way

/* Quick matches, and a grace that no outage of seconds can use up. */
const RULES = { roundMs: 4_000, lockoutMs: 300, graceMs: 20_000 };
const HABITS = {
    arriveMs: 4_000, thinkMs: [150, 1_800], look: 0.3, leave: 0.04, stayAway: 0.001, lookTwice: 0.03, reload: 0.1,
};
const CALM_PLAY = { // where all matches have to be there at one moment
    rules: { ...RULES, roundMs: 20_000 },
    habits: { ...HABITS, arriveMs: 15_000, thinkMs: [4_000, 14_000], look: 0.1, leave: 0, stayAway: 0 },
};

/** Removes what a killed run left: stores whose run is no longer there. */
export async function sweep(runs, names) {
    const script = new URL("../../deploy/local/stores", import.meta.url).pathname;
    for (const name of names.filter((one) => /^\d+$/.test(one) && !isAlive(Number(one)))) {
        await promisify(execFile)(script, ["remove", join(runs, name, "stores")]);
    }
}

export class Trial {
    isCalm = false;
    happening = "nothing";
    #pauses = new Map();

    constructor(chosen, dir) {
        Object.assign(this, { chosen, dir });
        const isChaos = chosen.mode === "chaos";
        this.rules = isChaos ? RULES : CALM_PLAY.rules;
        this.habits = isChaos ? HABITS : CALM_PLAY.habits;
        this.random = new Random(chosen.seed);
        this.book = new Notebook();
        this.content = new Content();
        this.cluster = new Cluster({ binary: chosen.server, dir, logs: chosen.logs, nodes: chosen.nodes,
            behindProxy: chosen.mode !== "crash", book: this.book });
        this.bots = [];
    }

    // ---- what bots ask ----

    origin() {
        return `http://127.0.0.1:${this.cluster.port}`;
    }

    /** GET /me; null when it cannot be had now. */
    async me(headers) {
        try {
            const response = await fetch(`${this.origin()}/api/duel/me`, {
                headers, signal: AbortSignal.timeout(ASK_MS),
            });
            this.book.count(`GET /me ${response.status}`);
            const { data } = await response.json();
            return response.status === 200 ? data : null;
        } catch {
            return null;
        }
    }

    async load(frame, headers) {
        const response = await fetch(new URL(frame.url, this.origin()),
            { headers, signal: AbortSignal.timeout(ASK_MS) });
        if (response.status !== 200) {
            throw new Error(`HTTP ${response.status}`);
        }
        return Buffer.from(await response.arrayBuffer());
    }

    pause(kind, ms) {
        if (!this.#pauses.has(kind)) {
            this.#pauses.set(kind, []);
        }
        this.#pauses.get(kind).push(ms);
    }

    // ---- the run ----

    async run() {
        const { chosen } = this;
        this.#enoughDescriptors();
        this.say(`seed ${chosen.seed}: ${chosen.mode}, ${chosen.matches} matches, ${chosen.nodes.length} node(s)`);
        await this.cluster.stores.start();
        await this.content.start(this.dir, this.cluster.stores.env.DATABASE_URL, chosen.seconds + 3_600);
        await this.cluster.start(this.#settings());
        const stalls = monitorEventLoopDelay();
        stalls.enable();
        this.bots = Array.from({ length: 2 * chosen.matches }, (_, number) => new Bot(this, number));
        this.running = this.bots.map((bot) => bot.run());
        await this.#play().catch((error) => {
            if (!(error instanceof Broken)) {
                throw error;
            }
        });
        this.book.count("longest stall of the bots' own process, ms", Math.round(stalls.max / 1e6));
        return makeReport(this.book, this.#pauses, chosen.seed);
    }

    async #play() {
        await this.#crowd();
        await { chaos: () => this.#chaos(), crash: () => this.#crash(), rolling: () => this.#rolling() }[
            this.chosen.mode]();
        await this.#calm();
        await new Books(this.book).compare(this.cluster.stores.env.DATABASE_URL,
            (...args) => this.cluster.stores.valkey(...args));
        await this.cluster.shutDown();
    }

    async stop() {
        this.content.stop();
        await this.cluster.stop();
    }

    say(text) {
        console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
    }

    #enoughDescriptors() {
        const wanted = this.chosen.matches * (this.cluster.behindProxy ? 6 : 2) * 1.2 + 300;
        const limit = descriptorLimit();
        if (limit < wanted) {
            throw new Error(`${Math.ceil(wanted)} open files are needed, ${limit} are allowed: ulimit -n`);
        }
    }

    #settings() {
        const { content, rules, cluster } = this;
        const own = Object.fromEntries(Object.entries(process.env)
            .filter(([name]) => /^(LOG_LEVEL|[AU]BSAN_OPTIONS|LSAN_OPTIONS)$/.test(name)));
        const { DATABASE_URL, VALKEY_URL } = cluster.stores.env;
        return {
            ...own, DATABASE_URL, VALKEY_URL, LOGTO_ENDPOINT: content.endpoint,
            LOGTO_API_RESOURCE: content.audience, DUEL_FRAMES: content.frames, DUEL_COUNTDOWN_MS: "300",
            DUEL_INTERMISSION_MS: "300", DUEL_ROUND_MS: `${rules.roundMs}`, DUEL_LOCKOUT_MS: `${rules.lockoutMs}`,
            DUEL_READY_WAIT_MS: "2000", DUEL_REMATCH_MS: "10000", DUEL_GRACE_MS: `${rules.graceMs}`,
            DUEL_WAITING_MS: "30000", DUEL_WINDOW: "100000", DUEL_MAX_UNAUTHENTICATED: "10000",
            DUEL_ADDRESS_CONNECTIONS: "0", DUEL_ADDRESS_UNAUTHENTICATED: "0", DUEL_ADDRESS_RATE: "0",
        };
    }

    #live() {
        return this.bots.filter((bot) => bot.isThere).length / 2;
    }

    #areBack(share) {
        const playing = this.bots.filter((bot) => bot.isPlaying);
        return playing.filter((bot) => bot.isThere).length >= share * playing.length;
    }

    /** Until nearly all bots play (they come and go, so not all at one moment). */
    async #crowd() {
        const wanted = this.chosen.matches * (this.chosen.mode === "chaos" ? 0.8 : SHARE);
        const isThere = await until(() => this.#live() >= wanted, CROWD_MS, 20);
        this.say(`${Math.round(this.#live())} live matches`);
        if (!isThere) {
            this.book.violation("not-recovered", `only ${this.#live()} matches began in ${CROWD_MS} ms`);
        }
    }

    async #happen(what, kind, action) {
        this.say(what);
        this.book.happenings.push([Date.now(), what]);
        this.book.count(`event ${kind}`);
        this.happening = kind;
        await action();
        if (!await this.cluster.isHealthy()) {
            this.book.violation("not-recovered", `not ready again after: ${what}`);
        }
        const share = this.chosen.mode === "chaos" ? SHARE : 1; // bots come and go in chaos
        if (!await until(() => this.#areBack(share), BACK_MS)) {
            const away = this.bots.filter((bot) => bot.isPlaying && !bot.isThere);
            this.book.violation("not-recovered", `${away.length} players are not back after: ${what}\n` +
                `    ${away.slice(0, 20).map(String).join(", ")}`, away[0].match);
        }
        this.book.happenings.push([Date.now(), `recovered from ${kind}`]);
    }

    async #chaos() {
        const end = Date.now() + this.chosen.seconds * 1000;
        const plan = this.random.fork("plan");
        for (let number = 1; Date.now() < end; number++) {
            const started = Date.now();
            const event = draw(plan, this.chosen.nodes, this.chosen.allowed);
            const own = this.random.fork(`event ${number}`); // what it draws depends on what it meets
            await this.#happen(describe(event), event.kind, () => perform(event, this.cluster, this.bots, own));
            await sleep(Math.max(settleMs(event), this.chosen.every * 1000 - (Date.now() - started)));
        }
    }

    async #crash() {
        const [node] = this.chosen.nodes;
        const playing = this.bots.filter((bot) => bot.isThere).length;
        const ownMs = cpuMs(process.pid);
        await this.#happen(`kill -9 under ${Math.round(this.#live())} matches, started at once`, "server-kill",
            () => this.cluster.crash(node, 0));
        const { count, p99 } = percentiles(this.#pauses.get("server-kill") ?? []);
        this.say(`${count} of ${playing} players back, p99 pause ${p99} ms; processor time since the kill: ` +
            `server ${cpuMs(this.cluster.serverOf(node).pid)} ms, bots ${cpuMs(process.pid) - ownMs} ms`);
        if (!(p99 < PAUSE_LIMIT_MS)) {
            this.book.violation("pause", `p99 ${p99} ms, not under ${PAUSE_LIMIT_MS} ms`);
        }
    }

    async #rolling() {
        for (const node of this.chosen.nodes) {
            await this.#happen(`node ${node} replaced under ${Math.round(this.#live())} matches`, "server-roll",
                () => this.cluster.roll(node, true));
            await sleep(3_000);
        }
    }

    async #calm() {
        this.say("calm");
        this.happening = "calm";
        this.book.happenings.push([Date.now(), "calm"]);
        this.isCalm = true;
        this.bots.forEach((bot) => bot.calm());
        const isDone = await Promise.race([Promise.all(this.running), sleep(CALM_MS)]);
        if (!isDone) {
            const left = this.bots.filter((bot) => bot.state !== "done");
            this.book.violation("unresolved", `${left.length} bots are not done: ` +
                left.slice(0, 20).map(String).join(", "), left[0].match);
        }
        this.say("all bots are done");
    }
}
