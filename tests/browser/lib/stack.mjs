// What a browser needs to play: the world of a test (database, Valkey, server) with the local stack's sample
// content, its stand-in Logto and its page, and one Chromium. Ends all of it by pid.
//
// From the runner: DATABASE_URL, VALKEY_URL, DUEL_SERVER. CHROMIUM names another browser than the machine's.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { AUDIENCE, serve as serveIssuer } from "../../../deploy/local/issuer.mjs";
import { PLAYERS } from "../../../deploy/local/sample.mjs";
import { makeEye } from "../../../deploy/local/typist.mjs";
import { Player, within } from "../../integration/lib/client.mjs";
import { World } from "../../integration/lib/world.mjs";
import { Line } from "./line.mjs";
import { PICTURES, Tab } from "./tab.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const LOCAL = join(ROOT, "deploy/local");

/** As people know it, but for waiting; each test file changes what it is about. */
const SETTINGS = {
    DUEL_COUNTDOWN_MS: "1200", DUEL_INTERMISSION_MS: "1200", DUEL_ROUND_MS: "30000", DUEL_LOCKOUT_MS: "300",
    DUEL_GRACE_MS: "15000", DUEL_WAITING_MS: "20000", DUEL_READY_WAIT_MS: "10000",
    DUEL_QUEUE_TIMEOUT_MS: "60000", DUEL_REMATCH_MS: "30000", DUEL_DRAIN_MS: "500",
};

function isProgram(path) {
    try {
        accessSync(path, constants.X_OK);
        return true;
    } catch {
        return false;
    }
}

function findChromium() {
    if (process.env.CHROMIUM) {
        return process.env.CHROMIUM;
    }
    const found = process.env.PATH.split(delimiter).map((folder) => join(folder, "chromium")).find(isProgram);
    if (!found) {
        throw new Error("no Chromium here: deploy/local/deps installs it, or set CHROMIUM to its path");
    }
    return found;
}

// By itself Puppeteer would close its browser at a signal, and let the test go on without.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => process.exit(1));
}

function launch() {
    const root = process.getuid() === 0;
    return puppeteer.launch({
        executablePath: findChromium(), headless: true, pipe: true,
        handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false,
        // Shared memory may be tiny in a container; as root there is no sandbox.
        args: ["--disable-dev-shm-usage", "--force-color-profile=srgb", ...(root ? ["--no-sandbox"] : [])],
    });
}

/** The page's server as a process: {child, origin}. */
async function servePage(world, issuer) {
    const args = ["--port", "0", "--server", `http://127.0.0.1:${world.port}`, "--issuer", issuer];
    const child = spawn(process.execPath, [join(LOCAL, "page.mjs"), ...args], {
        env: { ...process.env, DATABASE_URL: world.databaseUrl }, stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    const origin = await within(new Promise((done, failed) => {
        lines.once("line", done);
        child.once("exit", (code) => failed(new Error(`page.mjs ended with ${code}`)));
    }), "the page's address");
    return { child, origin };
}

function runSample(dir) {
    return new Promise((done, failed) => {
        const child = spawn(process.execPath, [join(LOCAL, "sample.mjs"), dir], { stdio: "ignore" });
        child.once("exit", (code) => (code === 0 ? done() : failed(new Error(`sample.mjs: ${code}`))));
    });
}

export class Stack {
    #tabs = [];

    /** `env`: settings of the server that differ from those above. */
    static async start({ env = {} } = {}) {
        const stack = new Stack();
        try {
            await stack.#start(env);
        } catch (error) {
            await stack.stop().catch(() => {});
            throw error;
        }
        return stack;
    }

    async #start(env) {
        mkdirSync(PICTURES, { recursive: true });
        this.world = await World.start({ start: false });
        const { dir, db } = this.world;
        await runSample(dir);
        await db.query("delete from frames; delete from videos;");
        await db.query(readFileSync(join(dir, "sample.sql"), "utf8"));
        this.eye = makeEye(join(dir, "objects"));
        await this.openIssuer();
        this.page = await servePage(this.world, this.issuer);
        Object.assign(this.world.env, SETTINGS, {
            LOGTO_ENDPOINT: this.issuer, LOGTO_API_RESOURCE: AUDIENCE, DUEL_FRAMES: `file://${dir}/objects`,
            DUEL_ALLOWED_ORIGINS: this.page.origin, DUEL_INVITE_URL: `${this.page.origin}/?invite={match}`,
        }, env);
        await this.world.serve();
        [this.browser] = await Promise.all([launch(), this.world.ready()]);
    }

    /** The stand-in Logto; again at the same address after it was closed. */
    async openIssuer() {
        const port = this.issuer ? Number(new URL(this.issuer).port) : 0;
        this.listener = await serveIssuer(join(this.world.dir, "issuer"), port);
        this.issuer = `http://127.0.0.1:${this.listener.address().port}`;
    }

    async closeIssuer() {
        this.listener.closeAllConnections();
        await new Promise((done) => this.listener.close(done));
    }

    /**
     * A window of its own, with nothing remembered.
     *
     * @param options.language "pt-BR" or "en": what the browser prefers
     * @param options.touch fingers instead of a mouse
     * @param options.cuttable its line to the world can be cut
     */
    async tab({ language = "pt-BR", width = 1280, height = 800, touch = false, cuttable = false } = {}) {
        const line = cuttable ? await Line.open() : null;
        // Else loopback would go past a proxy.
        const proxy = line && { proxyServer: line.address, proxyBypassList: ["<-loopback>"] };
        const context = await this.browser.createBrowserContext(proxy ?? {});
        const tab = new Tab({ stack: this, page: await context.newPage(), line, language });
        this.#tabs.push(tab);
        await tab.prepare({ width, height, touch });
        return tab;
    }

    /** One who plays by protocol alone: key "ana", "bruno" … */
    async script(key) {
        const { sub } = PLAYERS.find(({ name }) => name.toLowerCase() === key);
        const answer = await fetch(`${this.issuer}/token?sub=${sub}`, { method: "POST" });
        return new Player(this.world.base, (await answer.json()).access_token);
    }

    /** Closes all tabs and gives what was complained about; of a failed test the last sights are kept. */
    async closeTabs(failedTest = null) {
        const tabs = this.#tabs.splice(0);
        const name = failedTest?.replace(/\W+/g, "-").slice(0, 40);
        for (const [at, tab] of tabs.entries()) {
            if (failedTest) {
                await tab.picture(`failed-${name}-${at}`).catch(() => {});
            }
            await tab.close();
        }
        return tabs.flatMap(({ complaints }) => complaints);
    }

    async stop() {
        await this.closeTabs().catch(() => {});
        await this.#endBrowser();
        this.page?.child.kill("SIGTERM");
        if (this.listener?.listening) {
            await this.closeIssuer();
        }
        await this.world?.stop();
    }

    async #endBrowser() {
        const child = this.browser?.process();
        await within(this.browser?.close() ?? null, "Chromium's end").catch(() => child?.kill("SIGKILL"));
    }
}

/** For `afterEach`: leaves no tab behind and fails on what was complained about. */
export async function tidyUp(stack, context) {
    const hasFailed = context.passed === false || context.error;
    const complaints = await stack?.closeTabs(hasFailed ? context.name : null);
    if (hasFailed) {
        console.log([`also complained about in "${context.name}":`, ...complaints].join("\n  "));
    } else {
        assert.deepEqual(complaints, [], "what was complained about");
    }
}
