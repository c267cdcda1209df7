// What a server under load needs: a catalogue of a thousand videos, their pictures, and an issuer of tokens.
//
// All videos that can be drawn carry one title, as re-uploads of each other, so that a load generator knows a
// right answer without looking; the picture also says which video it shows, for those who look.

import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { PgClient } from "./packages.mjs";

export const ANSWER = "The Answer Of The Load Test";
export const AUDIENCE = "https://api.framedle.load";
const SCHEMA = new URL("../../tests/schema/framedle.sql", import.meta.url);
const DRAWABLE = 100;
const OTHERS = 900;
const PICTURE_SIZE = 50 * 1024;
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const WORDS = ("Amber Bridge Canoe Desert Engine Forest Garden Harbour Island Jungle Kitchen Lantern " +
    "Market Night Orchard Piano Quarry River Stadium Tunnel").split(" ");

function titleOf(number) {
    const words = [0, 1, 2].map((place) => (number * (place * 2 + 3) + (number >> place)) % WORDS.length)
        .map((at) => WORDS[at]);
    return `${words.join(" ")} ${number}`;
}

/** The videos in a row: id, title, difficulty. */
function videos() {
    return Array.from({ length: DRAWABLE + OTHERS }, (_, at) => ({
        id: `load${String(at).padStart(7, "0")}`,
        title: at < DRAWABLE ? ANSWER : titleOf(at),
        difficulty: at < DRAWABLE ? 4 + at % 3 : at % 2 ? 2 : 8,
    }));
}

async function addVideo(db, dir, { id, title, difficulty }) {
    const path = `frames/${id}/f01.png`;
    await db.query(`insert into videos (video_id, title, channel, duration, view_count, difficulty)
        values ($1, $2, 'Load', 600, 1000, $3)`, [id, title, difficulty]);
    await db.query(`insert into frames (video_id, rank, timestamp_sec, heatmap_value, r2_path)
        values ($1, 1, 1, 0.5, $2)`, [id, path]);
    if (title === ANSWER) {
        const file = join(dir, "frames", path);
        mkdirSync(dirname(file), { recursive: true });
        const told = Buffer.from(`framedle-video=${id}\n`);
        writeFileSync(file, Buffer.concat([PNG, told, randomBytes(PICTURE_SIZE)]));
    }
}

function makeKey(dir, alg, type, options) {
    const { privateKey } = generateKeyPairSync(type, options);
    const file = join(dir, `${alg}.pem`);
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const jwk = createPublicKey(createPrivateKey(readFileSync(file))).export({ format: "jwk" });
    return { file, kid: `load-${alg}`, jwk: { ...jwk, use: "sig", kid: `load-${alg}`, alg } };
}

export class BenchContent {
    /** Tables, pictures under `dir`, and the issuer's key set on a port of its own. */
    async start(dir, databaseUrl) {
        this.frames = `file://${dir}/frames`;
        this.audience = AUDIENCE;
        await this.#fill(dir, databaseUrl);
        // ES384 as Logto signs by default; RS256, a fortieth of its price, where checks are not measured.
        this.keys = {
            ES384: makeKey(dir, "ES384", "ec", { namedCurve: "P-384" }),
            RS256: makeKey(dir, "RS256", "rsa", { modulusLength: 2048 }),
        };
        const body = JSON.stringify({ keys: Object.values(this.keys).map((key) => key.jwk) });
        this.#server = createServer((request, response) => {
            response.setHeader("content-type", "application/jwk-set+json; charset=utf-8");
            response.end(body);
        });
        await new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
        this.endpoint = `http://127.0.0.1:${this.#server.address().port}`;
    }

    #server;

    async #fill(dir, databaseUrl) {
        const db = new PgClient({ connectionString: databaseUrl });
        await db.connect();
        try {
            await db.query(readFileSync(SCHEMA, "utf8"));
            await db.query("begin");
            for (const video of videos()) {
                await addVideo(db, dir, video);
            }
            await db.query("commit");
        } finally {
            await db.end();
        }
    }

    stop() {
        this.#server?.closeAllConnections();
        this.#server?.close();
    }
}
