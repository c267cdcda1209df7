// A private PostgreSQL and Valkey that can be killed, frozen, emptied and started again on the same data.
// Valkey keeps its log of writes as deployments do (fsync each second): what it answered outlives kill -9
// of the process, though not a power cut.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ended, family, signal, sleep } from "./processes.mjs";

const run = promisify(execFile);
const SCRIPT = new URL("../../deploy/local/stores", import.meta.url).pathname;

export class Stores {
    constructor(dir) {
        this.dir = join(dir, "stores");
    }

    /** Starts what is not running; nothing any more once they are to be removed. */
    async start() {
        if (this.#isLeaving) {
            return;
        }
        this.#starting = run(SCRIPT, ["start", this.dir]);
        const { stdout } = await this.#starting;
        const lines = stdout.trim().split("\n").map((line) => line.split(/=(.*)/s));
        this.env = Object.fromEntries(lines);
    }

    #starting = null;
    #isLeaving = false;

    async remove() {
        this.#isLeaving = true;
        await this.#starting?.catch(() => {});
        if (this.env) {
            signal([...this.#pids("postgres"), ...this.#pids("valkey")], "SIGCONT");
        }
        await run(SCRIPT, ["remove", this.dir]);
    }

    #pids(store) {
        const pid = Number(this.env[`${store.toUpperCase()}_PID`]);
        return store === "postgres" ? family(pid) : [pid];
    }

    /** kill -9 of the whole store, and a new start `downMs` later. */
    async kill(store, downMs) {
        const pids = this.#pids(store);
        // The parent first, and frozen: it would take the death of a child for a crash and go on.
        signal(pids, "SIGSTOP");
        signal(pids, "SIGKILL");
        await ended(pids);
        await sleep(downMs);
        await this.start();
    }

    async freeze(store, ms) {
        const pids = this.#pids(store);
        signal(pids, "SIGSTOP");
        await sleep(ms);
        signal(pids, "SIGCONT");
    }

    async valkey(...args) {
        const { stdout } = await run(this.env.VALKEY_CLI, args, { maxBuffer: 1 << 28 });
        return stdout.split("\n").filter((line) => line !== "");
    }

    /** Deletes that share of the keys that Duels have in Valkey, as an eviction would. */
    async evict(share, random) {
        const keys = (await this.valkey("--scan")).filter((key) => /^(duel:|lb:duels:)/.test(key)).sort();
        const chosen = keys.filter(() => random.chance(share));
        for (let at = 0; at < chosen.length; at += 500) {
            await this.valkey("unlink", ...chosen.slice(at, at + 500));
        }
        return chosen.length;
    }
}
