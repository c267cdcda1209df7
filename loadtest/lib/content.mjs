// What the servers need around them: tables, a few invented videos with pictures, a token issuer.

import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AUDIENCE, mint, openKey, serve } from "../../deploy/local/issuer.mjs";
import { PgClient } from "./packages.mjs";

const SCHEMA = new URL("../../tests/schema/framedle.sql", import.meta.url);
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const MARK = 16; // where a picture's own bytes begin
const TITLES = [
    "O Gato Que Virou Presidente", "Making a Guitar from Scrap Metal", "Canção do Vento na Serra",
    "100 Days Alone on a Raft", "Feijoada Gigante para 500 Pessoas", "The Slowest Robot Race Ever",
    "Aprenda Xadrez em Dez Minutos", "Volcano Drone Flight at Dawn", "Pintando um Ônibus Inteiro",
    "We Opened a Bakery on the Moon", "Última Parada: Estação Fantasma", "Deep Sea Karaoke",
    "Um Relógio Feito de Areia", "Twelve Bridges in One Afternoon", "A Horta no Telhado do Prédio",
    "Ice Fishing with a Telescope",
];

export class Content {
    async start(dir, databaseUrl, tokenLifetimeS) {
        this.frames = `file://${dir}/frames`;
        this.videos = TITLES.map((title, at) => ({ id: `chaosvideo${String.fromCharCode(97 + at)}`, title }));
        this.#byMark = new Map();
        const db = new PgClient({ connectionString: databaseUrl });
        await db.connect();
        try {
            await db.query(readFileSync(SCHEMA, "utf8"));
            for (const video of this.videos) {
                await this.#add(db, dir, video);
            }
        } finally {
            await db.end();
        }
        this.#lifetimeS = tokenLifetimeS;
        this.#key = openKey(join(dir, "issuer"));
        this.#issuer = await serve(join(dir, "issuer"), 0);
        this.endpoint = `http://127.0.0.1:${this.#issuer.address().port}`;
        this.audience = AUDIENCE;
    }

    #byMark;
    #key;
    #issuer;
    #lifetimeS;

    async #add(db, dir, video) {
        await db.query(`insert into videos (video_id, title, channel, duration, view_count, difficulty)
            values ($1, $2, 'Chaos', 600, 1000, 5)`, [video.id, video.title]);
        for (const rank of [1, 2]) {
            const path = `frames/${video.id}/f0${rank}.png`;
            const picture = Buffer.concat([PNG, randomBytes(2000)]);
            const file = join(dir, "frames", path);
            mkdirSync(dirname(file), { recursive: true });
            writeFileSync(file, picture);
            this.#byMark.set(picture.toString("hex", MARK, MARK + 16), video);
            await db.query(`insert into frames (video_id, rank, timestamp_sec, heatmap_value, r2_path)
                values ($1, $2::int, $2::int, 0.5, $3)`, [video.id, rank, path]);
        }
    }

    /** The video that a picture shows. */
    videoOf(picture) {
        return this.#byMark.get(picture.toString("hex", MARK, MARK + 16));
    }

    token(sub) {
        return mint(this.#key, `${this.endpoint}/oidc`, sub, { expires: this.#lifetimeS });
    }

    stop() {
        this.#issuer?.closeAllConnections();
        this.#issuer?.close();
    }
}
