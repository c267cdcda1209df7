// The world of one test file: a database of its own, an emptied Valkey, a key set over HTTP, pictures in
// a folder, and the server under test as a child process. Ends all of it by pid.
//
// From the runner: DATABASE_URL and VALKEY_URL (private stores), DUEL_SERVER (the binary).

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcp } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import Valkey from "iovalkey";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import pg from "pg";
import { Player, within } from "./client.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
export const AUDIENCE = "https://api.framedle.test";

function need(name) {
    if (!process.env[name]) {
        throw new Error(`${name} is not set: these tests are run by \`make test\``);
    }
    return process.env[name];
}

async function freePort() {
    for (let attempt = 0; attempt < 50; attempt++) {
        const port = 20000 + Math.floor(Math.random() * 10000);
        const free = await new Promise((done) => {
            const probe = createTcp();
            probe.once("error", () => done(false));
            probe.listen(port, "127.0.0.1", () => probe.close(() => done(true)));
        });
        if (free) {
            return port;
        }
    }
    throw new Error("no free port");
}

/** Invented videos: short titles, far apart, each with two pictures. */
const VIDEOS = [
    ["aaaaaaaaa01", "O Gato Que Virou Presidente", "Bichos da Praça", 9_000_000],
    ["aaaaaaaaa02", "Making a Guitar from Scrap Metal", "Shed Works", 3_000_000],
    ["aaaaaaaaa03", "Canção do Vento na Serra", "Violas do Sul", 1_200_000],
    ["aaaaaaaaa04", "100 Days Alone on a Raft", "Salt & Rope", 22_000_000],
    ["aaaaaaaaa05", "Feijoada Gigante para 500 Pessoas", "Panela Funda", 700_000],
    ["aaaaaaaaa06", "The Slowest Robot Race Ever", "Gearbox Yard", 5_500_000],
    ["aaaaaaaaa07", "Aprenda Xadrez em Dez Minutos", "Torre e Cavalo", 410_000],
    ["aaaaaaaaa08", "Volcano Drone Flight at Dawn", "High Meridian", 15_000_000],
    ["aaaaaaaaa09", "Pintando um Ônibus Inteiro", "Spray da Vila", 230_000],
    ["aaaaaaaaa10", "We Opened a Bakery on the Moon", "Crumb Theory", 8_800_000],
    ["aaaaaaaaa11", "Última Parada: Estação Fantasma", "Trilhos Perdidos", 640_000],
    ["aaaaaaaaa12", "Ep. 12 Deep Sea Karaoke", "Blue Lantern", 90_000],
];

function picture() {
    const head = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
    return Buffer.concat([head, randomBytes(500 + Math.floor(Math.random() * 60_000))]);
}

export class World {
    /** `env`: settings that differ from the quick ones below. */
    static async start({ env = {}, start = true } = {}) {
        const world = new World();
        try {
            await world.#start(env, start);
        } catch (error) {
            await world.stop().catch(() => {});
            throw error;
        }
        return world;
    }

    async #start(env, start) {
        this.dir = mkdtempSync(join(tmpdir(), "duel-test-"));
        await this.#makeDatabase();
        this.valkey = new Valkey(valkeyOptions(need("VALKEY_URL")));
        this.valkey.on("error", () => {});
        await this.valkey.flushall();
        await this.#makeIssuer();
        this.port = await freePort();
        this.opsPort = await freePort();
        this.base = `http://127.0.0.1:${this.port}/api/duel`;
        this.env = { ...this.#quickSettings(), ...env };
        this.log = "";
        if (start) {
            await this.serve();
            await this.ready();
        }
    }

    #quickSettings() {
        return {
            DUEL_LISTEN: `127.0.0.1:${this.port}`, DUEL_OPS_LISTEN: `127.0.0.1:${this.opsPort}`,
            DATABASE_URL: this.databaseUrl, VALKEY_URL: need("VALKEY_URL"),
            LOGTO_ENDPOINT: this.issuer, LOGTO_API_RESOURCE: AUDIENCE,
            DUEL_FRAMES: `file://${this.dir}/store`, LOG_LEVEL: "debug",
            DUEL_ALLOWED_ORIGINS: "https://framedle.wtf tauri://localhost",
            DUEL_COUNTDOWN_MS: "40", DUEL_INTERMISSION_MS: "40", DUEL_ROUND_MS: "8000", DUEL_LOCKOUT_MS: "1",
            DUEL_REMATCH_MS: "8000", DUEL_WAITING_MS: "8000", DUEL_GRACE_MS: "8000", DUEL_READY_WAIT_MS: "3000",
        };
    }

    async #makeDatabase() {
        const admin = new pg.Client({ connectionString: need("DATABASE_URL") });
        await admin.connect();
        this.databaseName = `test_${process.pid}_${randomBytes(4).toString("hex")}`;
        await admin.query(`create database ${this.databaseName}`);
        await admin.end();
        this.databaseUrl = databaseNamed(need("DATABASE_URL"), this.databaseName);
        this.db = new pg.Client({ connectionString: this.databaseUrl });
        this.db.on("error", () => {});
        await this.db.connect();
        await this.db.query(readFileSync(join(ROOT, "tests/schema/framedle.sql"), "utf8"));
        await this.db.query(`insert into achievements (id, name, description, icon) values
            ('first_blood', 'First blood', '', ''), ('speed_demon', 'Speed demon', '', ''),
            ('rival', 'Rival', '', ''), ('gladiator', 'Gladiator', '', '')`);
        this.videos = [];
        for (const [id, title, channel, views] of VIDEOS) {
            await this.addVideo({ id, title, channel, views });
        }
    }

    async addVideo({ id, title, channel = "A channel", views = 1000, difficulty = 5, frames = 2 }) {
        await this.db.query(`insert into videos (video_id, title, channel, duration, view_count, difficulty)
            values ($1, $2, $3, 600, $4, $5)`, [id, title, channel, views, difficulty]);
        const video = { id, title, channel, pictures: [] };
        for (let rank = 1; rank <= frames; rank++) {
            const path = `frames/${id}/f0${rank}.png`;
            const bytes = picture();
            mkdirSync(dirname(join(this.dir, "store", path)), { recursive: true });
            writeFileSync(join(this.dir, "store", path), bytes);
            await this.db.query(`insert into frames (video_id, rank, timestamp_sec, heatmap_value, r2_path)
                values ($1, $2::int, $2::int, 0.5, $3)`, [id, rank, path]);
            video.pictures.push(bytes);
        }
        this.videos.push(video);
        return video;
    }

    async #makeIssuer() {
        this.keys = await generateKeyPair("ES384");
        const jwk = { ...(await exportJWK(this.keys.publicKey)), kid: "test-key", use: "sig", alg: "ES384" };
        this.jwksHits = 0;
        this.jwks = createServer((request, response) => {
            this.jwksHits++;
            response.setHeader("Content-Type", "application/jwk-set+json; charset=utf-8");
            response.end(JSON.stringify({ keys: [jwk] }));
        });
        await new Promise((done) => this.jwks.listen(0, "127.0.0.1", done));
        this.issuer = `http://127.0.0.1:${this.jwks.address().port}`;
    }

    /** An access token as Logto makes them, signed by jose. */
    token(sub, claims = {}, header = {}) {
        return new SignJWT({ client_id: "webapp000001", ...claims })
            .setProtectedHeader({ alg: "ES384", typ: "at+jwt", kid: "test-key", ...header })
            .setSubject(sub).setIssuer(`${this.issuer}/oidc`).setAudience(AUDIENCE)
            .setIssuedAt().setExpirationTime("1h").setJti(randomBytes(12).toString("hex"))
            .sign(this.keys.privateKey);
    }

    /** A player with a row of their own: name and, if given, a rating. */
    async player(sub, { name, rating } = {}) {
        if (name) {
            const { rows } = await this.db.query(`insert into users (auth_provider_id, display_name)
                values ($1, $2) on conflict (auth_provider_id) do update set display_name = $2 returning id`,
                [sub, name]);
            if (rating !== undefined) {
                await this.db.query(`insert into duel_ratings (user_id, rating) values ($1, $2)
                    on conflict (user_id) do update set rating = $2`, [rows[0].id, rating]);
            }
        }
        return new Player(this.base, await this.token(sub));
    }

    /** The video that a picture is of: who plays finds it by looking, as people do. */
    videoOf(image) {
        const video = this.videos.find((one) => one.pictures.some((bytes) => bytes.equals(image)));
        if (!video) {
            throw new Error("this picture is of no video");
        }
        return video;
    }

    async serve(env = {}) {
        this.exited = null;
        const child = spawn(need("DUEL_SERVER"), [], {
            env: { PATH: process.env.PATH, ...sanitizers(), ...this.env, ...env },
            stdio: ["ignore", "pipe", "pipe"],
        });
        this.child = child;
        child.stdout.on("data", (part) => (this.log += part));
        child.stderr.on("data", (part) => (this.log += part));
        this.exit = new Promise((done) => {
            child.on("exit", (code, signal) => {
                this.exited = { code, signal };
                done(this.exited);
            });
        });
    }

    /** Waits until the server says that it is ready; fails with its log when it ends instead. */
    async ready(wanted = 200) {
        for (let attempt = 0; attempt < 2000; attempt++) {
            if (this.exited) {
                throw new Error(`the server ended: ${JSON.stringify(this.exited)}\n${this.log}`);
            }
            const status = await fetch(`http://127.0.0.1:${this.opsPort}/readyz`)
                .then((response) => response.status, () => 0);
            if (status === wanted) {
                return;
            }
            await new Promise((done) => setTimeout(done, 10));
        }
        throw new Error(`the server did not become ready\n${this.log}`);
    }

    async metric(line) {
        const text = await (await fetch(`http://127.0.0.1:${this.opsPort}/metrics`)).text();
        const found = text.split("\n").find((one) => one.startsWith(`${line} `));
        return found === undefined ? undefined : Number(found.slice(line.length + 1));
    }

    /** Asks until `get` gives something, for what arrives in its own time. */
    async until(get, what) {
        for (let attempt = 0; attempt < 2000; attempt++) {
            const value = await get();
            if (value) {
                return value;
            }
            await new Promise((done) => setTimeout(done, 10));
        }
        throw new Error(`never: ${what}\n${this.log.slice(-4000)}`);
    }

    storedMatch(id) {
        return this.until(async () => (await this.db.query("select * from duel_matches where id = $1", [id]))
            .rows[0], `match ${id} in duel_matches`);
    }

    async terminate(signal = "SIGTERM") {
        this.child.kill(signal);
        return within(this.exit, "the server's exit", 40_000);
    }

    /** Ends everything; a server that did not end well fails the test. */
    async stop() {
        let end = this.exited;
        if (this.child && !end) {
            end = await this.terminate();
        }
        await this.db?.end().catch(() => {});
        const admin = new pg.Client({ connectionString: need("DATABASE_URL") });
        await admin.connect();
        await admin.query(`drop database if exists ${this.databaseName} with (force)`);
        await admin.end();
        this.valkey?.disconnect();
        this.jwks?.closeAllConnections();
        this.jwks?.close();
        rmSync(this.dir, { recursive: true, force: true });
        if (/ERROR: AddressSanitizer|runtime error:|LeakSanitizer|assertion failed/.test(this.log)) {
            throw new Error(`a fault of the server:\n${this.log.slice(-8000)}`);
        }
        if (end && end.code !== 0 && end.signal !== "SIGKILL") {
            throw new Error(`the server ended with ${JSON.stringify(end)}:\n${this.log.slice(-4000)}`);
        }
    }
}

function sanitizers() {
    return { ASAN_OPTIONS: "abort_on_error=1:detect_leaks=1", UBSAN_OPTIONS: "print_stacktrace=1" };
}

function valkeyOptions(url) {
    return url.startsWith("unix://") ? { path: url.slice("unix://".length) } : url;
}

/** The same server, another database. */
function databaseNamed(url, name) {
    return url.replace(/^(postgres(?:ql)?:\/\/[^/]*\/)[^?]*/, `$1${name}`);
}
