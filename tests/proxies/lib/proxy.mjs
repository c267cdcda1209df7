// One haproxy or nginx as a process that may be killed, reloaded and started again. Knows nothing of what
// stands behind it.
//
// deploy/local/deps --integration unpacks both into .local/proxies.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "../../integration/lib/client.mjs";
import { until } from "../../integration/lib/server.mjs";
import * as haproxy from "./haproxy.mjs";
import * as nginx from "./nginx.mjs";

const KINDS = { haproxy, nginx };
const LOCAL = process.env.DUEL_LOCAL
    ?? resolve(fileURLToPath(import.meta.url), "../../../../.local");
const UNPACKED = join(LOCAL, "proxies");

function libraries() {
    const folder = join(UNPACKED, "usr/lib");
    const machine = existsSync(folder) ? readdirSync(folder).filter((name) => name.includes("-linux-")) : [];
    return machine.map((name) => join(folder, name)).join(":");
}

function isThere(pid) {
    try {
        return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
        return false;
    }
}

function childrenOf(pid) {
    try {
        const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
        return text.split(" ").filter(Boolean).map(Number);
    } catch {
        return [];
    }
}

function accepts(port) {
    return new Promise((done) => {
        const socket = connect(port, "127.0.0.1");
        socket.once("error", () => done(false));
        socket.once("connect", () => {
            socket.destroy();
            done(true);
        });
    });
}

export class Proxy {
    /** @param kind haproxy or nginx; place: edge or router; options: that place's, with `dir` and `port` */
    constructor(kind, place, options) {
        this.kind = kind;
        this.place = place;
        this.port = options.port;
        this.file = join(options.dir, `${place}-${kind}.conf`);
        this.log = "";
        writeFileSync(this.file, KINDS[kind][place](options));
    }

    /** Listening when this resolves. */
    async start() {
        const program = join(UNPACKED, "usr/sbin", this.kind);
        if (!existsSync(program)) {
            throw new Error(`no ${program}: deploy/local/deps --integration fetches it`);
        }
        const child = spawn(program, KINDS[this.kind].COMMAND(this.file), {
            env: { PATH: process.env.PATH, LD_LIBRARY_PATH: libraries() }, stdio: ["ignore", "pipe", "pipe"],
        });
        child.stdout.on("data", (part) => (this.log += part));
        child.stderr.on("data", (part) => (this.log += part));
        this.child = child;
        this.exit = new Promise((done) => {
            child.on("error", done);
            child.on("exit", done);
        });
        await until(() => {
            if (child.exitCode !== null) {
                throw new Error(`${this.kind} ended:\n${this.log}`);
            }
            return accepts(this.port);
        }, `${this.kind} at ${this.port}`, () => this.log);
    }

    get #workers() {
        return childrenOf(this.child.pid).filter(isThere);
    }

    /** Dies as by a crash, with its worker. */
    async kill() {
        const family = [this.child.pid, ...this.#workers];
        family.forEach((pid) => isThere(pid) && process.kill(pid, "SIGKILL"));
        await until(() => !family.some(isThere), `the end of ${this.kind}`);
    }

    /** Resolves when a new worker serves; what was connected to the old one is still there. */
    async reload() {
        const old = this.#workers;
        process.kill(this.child.pid, KINDS[this.kind].RELOAD);
        await until(() => this.#workers.some((pid) => !old.includes(pid)), `a new worker of ${this.kind}`,
            () => this.log);
        await until(() => accepts(this.port), `${this.kind} at ${this.port}`, () => this.log);
    }

    /** Ends it, if it runs. */
    async stop() {
        if (this.child && isThere(this.child.pid)) {
            const workers = this.#workers;
            this.child.kill("SIGTERM");
            await within(this.exit, `the end of ${this.kind}`).catch(() => this.kill());
            workers.filter(isThere).forEach((pid) => process.kill(pid, "SIGKILL"));
        }
    }
}
