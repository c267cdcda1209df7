// Processes by pid: whose children they are, signals, waiting for their end.

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Asks `get` until it gives something, for `ms` at most; undefined then. */
export async function until(get, ms, step = 50) {
    const end = Date.now() + ms;
    for (;;) {
        const value = await get();
        if (value || Date.now() > end) {
            return value || undefined;
        }
        await sleep(step);
    }
}

function statOf(pid) {
    try {
        // pid (name, which may hold anything) state ppid …
        const [state, parent] = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
        return { state, parent: Number(parent) };
    } catch {
        return null;
    }
}

export function isAlive(pid) {
    const stat = statOf(pid);
    return stat !== null && !"ZX".includes(stat.state);
}

/** Processor time used so far, in ms. */
export function cpuMs(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12])); // user and system, in ticks of 10 ms
}

/** A process and its children, parent first. */
export function family(pid) {
    const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
    return [pid, ...all.filter((one) => statOf(one)?.parent === pid)];
}

export function signal(pids, name) {
    for (const pid of pids) {
        try {
            process.kill(pid, name);
        } catch (error) {
            if (error.code !== "ESRCH") {
                throw error;
            }
        }
    }
}

export async function ended(pids, ms = 10_000) {
    return until(() => pids.every((pid) => !isAlive(pid)), ms, 5);
}

/** Holds everything up until a process that was killed has ended: who restarts it at once is no program that
 * has two thousand closed sockets to look after first. */
export function endedNow(pid) {
    const clock = new Int32Array(new SharedArrayBuffer(4));
    for (let ms = 0; (isAlive(pid) || threadsOf(pid) > 1) && ms < 5_000; ms++) {
        Atomics.wait(clock, 0, 0, 1);
    }
}

/** The first thread may be dead while others still hold the descriptors. */
function threadsOf(pid) {
    try {
        return readdirSync(`/proc/${pid}/task`).length;
    } catch {
        return 0;
    }
}

/** A port that nobody listens on, below those of tests/run and those that the kernel gives to clients. */
export async function freePort() {
    for (let attempt = 0; attempt < 50; attempt++) {
        const port = 12000 + Math.floor(Math.random() * 8000);
        const isFree = await new Promise((done) => {
            const probe = createServer();
            probe.once("error", () => done(false));
            probe.listen(port, "127.0.0.1", () => probe.close(() => done(true)));
        });
        if (isFree) {
            return port;
        }
    }
    throw new Error("no free port");
}

/** How many descriptors a process of ours may open. */
export function descriptorLimit() {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Infinity);
}
