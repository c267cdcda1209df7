// The world of one test file: a database of its own, an emptied Valkey, a key set over HTTP, pictures in
// a folder, and the server under test as a child process. Ends all of it by pid.
//
// From the runner: DATABASE_URL and VALKEY_URL (private stores), DUEL_SERVER (the binary).

import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import Valkey from "iovalkey";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import pg from "pg";
import { Player } from "./client.mjs";
import { Server, until } from "./server.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
export const AUDIENCE = "https://api.framedle.test";

function need(name) {
    if (!process.env[name]) {
        throw new Error(`${name} is not set: these tests are run by \`make test\``);
    }
    return process.env[name];
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
    /** `env`: settings that differ from the quick ones below; `stores`: others than the runner's. */
    static async start({ env = {}, start = true, stores } = {}) {
        const world = new World();
        world.addresses = stores?.env ?? {
            DATABASE_URL: need("DATABASE_URL"), VALKEY_URL: need("VALKEY_URL"),
        };
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
        this.valkey = new Valkey(valkeyOptions(this.addresses.VALKEY_URL));
        this.valkey.on("error", () => {});
        await this.valkey.flushall();
        await this.#makeIssuer();
        this.server = await Server.at();
        this.servers = [this.server];
        this.env = { ...this.#quickSettings(), ...env };
        if (start) {
            await this.serve();
            await this.ready();
        }
    }

    #quickSettings() {
        return {
            DUEL_LISTEN: `127.0.0.1:${this.port}`, DUEL_OPS_LISTEN: `127.0.0.1:${this.opsPort}`,
            DATABASE_URL: this.databaseUrl, VALKEY_URL: this.addresses.VALKEY_URL,
            LOGTO_ENDPOINT: this.issuer, LOGTO_API_RESOURCE: AUDIENCE,
            DUEL_FRAMES: `file://${this.dir}/store`, LOG_LEVEL: "debug",
            DUEL_ALLOWED_ORIGINS: "https://framedle.wtf tauri://localhost",
            DUEL_COUNTDOWN_MS: "40", DUEL_INTERMISSION_MS: "40", DUEL_ROUND_MS: "8000", DUEL_LOCKOUT_MS: "1",
            DUEL_REMATCH_MS: "8000", DUEL_WAITING_MS: "8000", DUEL_GRACE_MS: "8000", DUEL_READY_WAIT_MS: "3000",
        };
    }

    async #makeDatabase() {
        const admin = new pg.Client({ connectionString: this.addresses.DATABASE_URL });
        await admin.connect();
        this.databaseName = `test_${process.pid}_${randomBytes(4).toString("hex")}`;
        await admin.query(`create database ${this.databaseName}`);
        await admin.end();
        this.databaseUrl = databaseNamed(this.addresses.DATABASE_URL, this.databaseName);
        await this.connectDatabase();
        await this.db.query(readFileSync(join(ROOT, "tests/schema/framedle.sql"), "utf8"));
        await this.db.query(`insert into achievements (id, name, description, icon) values
            ('first_blood', 'First blood', '', ''), ('speed_demon', 'Speed demon', '', ''),
            ('rival', 'Rival', '', ''), ('gladiator', 'Gladiator', '', '')`);
        this.videos = [];
        for (const [id, title, channel, views] of VIDEOS) {
            await this.addVideo({ id, title, channel, views });
        }
    }

    /** Also after PostgreSQL was away: its client does not come back by itself. */
    async connectDatabase() {
        this.db = new pg.Client({ connectionString: this.databaseUrl });
        this.db.on("error", () => {});
        await this.db.connect();
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

    get port() {
        return this.server.port;
    }

    get opsPort() {
        return this.server.opsPort;
    }

    get base() {
        return this.server.base;
    }

    get child() {
        return this.server.child;
    }

    get exited() {
        return this.server.exited;
    }

    get log() {
        return this.servers.map((server) => server.log).join("");
    }

    async serve(env = {}) {
        this.server.serve({ ...this.env, ...env });
    }

    /** Another process on the same stores, at addresses of its own; ready when this resolves. */
    async another(env = {}) {
        const server = await Server.at();
        this.servers.push(server);
        server.serve({ ...this.env, ...env });
        await server.ready();
        return server;
    }

    /** Ends the processes of another(), which must have done well. */
    async stopOthers() {
        const others = this.servers.splice(1);
        await Promise.all(others.map((server) => server.stop()));
        others.forEach((server) => server.check());
    }

    /** The server dies with all that it knew, and is started again at the same addresses. */
    async restart(env = {}) {
        await this.terminate("SIGKILL");
        await this.serve(env);
        await this.ready();
    }

    ready(wanted) {
        return this.server.ready(wanted);
    }

    metric(line) {
        return this.server.metric(line);
    }

    until(get, what) {
        return until(get, what, () => this.log);
    }

    storedMatch(id) {
        return this.until(async () => (await this.db.query("select * from duel_matches where id = $1", [id]))
            .rows[0], `match ${id} in duel_matches`);
    }

    terminate(signal) {
        return this.server.terminate(signal);
    }

    /** Ends everything; a server that did not end well fails the test. */
    async stop() {
        await Promise.all((this.servers ?? []).map((server) => server.stop()));
        await this.db?.end().catch(() => {});
        const admin = new pg.Client({ connectionString: this.addresses.DATABASE_URL });
        await admin.connect();
        await admin.query(`drop database if exists ${this.databaseName} with (force)`);
        await admin.end();
        this.valkey?.disconnect();
        this.jwks?.closeAllConnections();
        this.jwks?.close();
        rmSync(this.dir, { recursive: true, force: true });
        for (const server of this.servers ?? []) {
            server.check();
        }
    }
}

function valkeyOptions(url) {
    return url.startsWith("unix://") ? { path: url.slice("unix://".length) } : url;
}

/** The same server, another database. */
function databaseNamed(url, name) {
    return url.replace(/^(postgres(?:ql)?:\/\/[^/]*\/)[^?]*/, `$1${name}`);
}
