// The servers, the stores and the proxy together, and what can be done to them: one thing at a time, and
// back to health after it.

import { join } from "node:path";
import { endedNow, freePort, sleep, until } from "./processes.mjs";
import { Proxy } from "./proxy.mjs";
import { Server } from "./server.mjs";
import { Stores } from "./stores.mjs";

const READY_MS = 30_000;
const EXIT_MS = 60_000; // of a server that was asked to stop
const LOOK_MS = 250;
const FAULTS = /ERROR: AddressSanitizer|runtime error:|LeakSanitizer|assertion failed/;

/** A server does not come up again: there is nothing left to try. */
export class Broken extends Error {}

export class Cluster {
    /** `settings`: the servers' environment. `book` takes what goes wrong. */
    constructor({ binary, dir, logs, nodes, behindProxy, book }) {
        Object.assign(this, { binary, logs, nodes, behindProxy, book, servers: [], watch: null });
        this.stores = new Stores(dir);
    }

    async start(settings) {
        this.settings = settings;
        this.proxy = new Proxy(() => this.servers.filter((server) => !server.end && !server.isLeaving));
        await this.proxy.start();
        for (const node of this.nodes) {
            await this.#launch(node);
        }
        this.watch = setInterval(() => this.#look(), LOOK_MS);
    }

    get port() {
        return this.behindProxy ? this.proxy.port : this.servers[0].port;
    }

    async stop() {
        clearInterval(this.watch);
        this.proxy?.stop();
        for (const server of this.servers) {
            server.wanted = true;
            server.kill("SIGKILL");
        }
        await Promise.all(this.servers.map((server) => server.exit));
        await this.stores.remove();
    }

    /** Ends the servers as an operator would: each must exit with 0. */
    async shutDown() {
        clearInterval(this.watch);
        await Promise.all(this.servers.map((server) => this.#terminate(server)));
    }

    // ---- servers ----

    serverOf(node) {
        return this.servers.findLast((server) => server.node === node && !server.isLeaving);
    }

    async #launch(node, from = null) {
        const server = new Server({
            binary: this.binary, node, env: this.settings, log: join(this.logs, `server-${node}.log`),
            ...(from ? { port: from.port, opsPort: from.opsPort }
                : { port: await freePort(), opsPort: await freePort() }),
        }).start();
        this.servers = [...this.servers.filter((one) => one !== from), server];
        server.exit.then((end) => this.#ended(server, end));
        if (!await server.ready(READY_MS) && !server.wanted) {
            this.book.violation("not-ready", `node ${node} is not ready after ${READY_MS} ms: ` +
                `${JSON.stringify(server.end)}\n${server.tail()}`);
            throw new Broken();
        }
        return server;
    }

    #ended(server, end) {
        if (!server.wanted) {
            this.book.violation("server-died", `node ${server.node}, pid ${server.pid}: ` +
                `${JSON.stringify(end)}\n${server.tail()}`);
        } else if (server.isLeaving && end.code !== 0) {
            this.book.violation("exit", `node ${server.node} was asked to stop: ${JSON.stringify(end)}\n` +
                server.tail());
        }
        if (FAULTS.test(server.tail())) {
            this.book.violation("server-fault", `node ${server.node}: ${server.tail()}`);
        }
    }

    async #look() {
        await Promise.all(this.servers.map(async (server) => {
            server.isUp = (await server.look()) === 200;
        }));
    }

    async #terminate(server) {
        server.wanted = true;
        server.isLeaving = true;
        server.kill("SIGTERM");
        if (await Promise.race([server.exit, sleep(EXIT_MS)]) === undefined) {
            this.book.violation("exit", `node ${server.node} did not stop within ${EXIT_MS} ms\n${server.tail()}`);
            server.kill("SIGKILL");
            await server.exit;
        }
        this.servers = this.servers.filter((one) => one !== server);
    }

    /** kill -9, and a new start on the same port `downMs` later. */
    async crash(node, downMs) {
        const server = this.serverOf(node);
        server.wanted = true;
        server.kill("SIGKILL");
        endedNow(server.pid);
        if (downMs > 0) {
            await sleep(downMs);
        }
        await this.#launch(node, server);
    }

    async freeze(node, ms) {
        const server = this.serverOf(node);
        server.kill("SIGSTOP");
        await sleep(ms);
        server.kill("SIGCONT");
    }

    /** A deploy: a new process under the same name, started beside the old one or after it. */
    async roll(node, isBeside) {
        const old = this.serverOf(node);
        if (isBeside) {
            await this.#launch(node);
            await this.#terminate(old);
        } else {
            await this.#terminate(old);
            await this.#launch(node);
        }
    }

    /** Everybody ready again? */
    async isHealthy(ms = READY_MS) {
        const all = async () => {
            const looks = await Promise.all(this.servers.map((server) => server.look()));
            return looks.every((status) => status === 200);
        };
        return Boolean(await until(all, ms, 100));
    }
}
