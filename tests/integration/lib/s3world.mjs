// A world whose pictures are in an S3 store, under names that a signature has to get right, and people who
// meet in it.

import assert from "node:assert/strict";
import { meet, startRound } from "./client.mjs";
import { World } from "./world.mjs";

export const FRAME_MAX = 100_000;
const SETTINGS = {
    DUEL_FRAME_MAX: String(FRAME_MAX), DUEL_FRAME_CACHE: "0",
    DUEL_ROUND_MS: "20000", DUEL_WAITING_MS: "20000", DUEL_DRAIN_MS: "50",
};

export class S3World {
    /** `put(key, bytes)` stores an object, `settings` are the store's. No server runs yet. */
    static async start(settings, put) {
        const self = new S3World();
        self.people = 0;
        self.open = [];
        self.world = await World.start({ env: { ...SETTINGS, ...settings }, start: false });
        for (const video of self.world.videos) {
            for (const [index, bytes] of video.pictures.entries()) {
                const key = `frames/São João + ü/${video.id} (${index + 1})&=?#%20~*'@:,;!.png`;
                await put(key, bytes);
                await self.world.db.query("update frames set r2_path = $1 where video_id = $2 and rank = $3",
                    [key, video.id, index + 1]);
            }
        }
        return self;
    }

    async serve(env, ready = 200) {
        this.logged = this.world.log.length;
        await this.world.serve(env);
        await this.world.ready(ready);
    }

    async person() {
        this.people++;
        return this.world.player(`s3${String(this.people).padStart(10, "0")}`, { name: `P${this.people}` });
    }

    async meetNew() {
        const { seats } = await meet(await this.person(), await this.person());
        this.open.push(...seats.map((seat) => seat.socket));
        return seats;
    }

    /** Both see round `number`, with a picture of a video. */
    async bothSee(seats, number) {
        const [one, other] = await Promise.all(seats.map((seat) => startRound(seat, number)));
        assert.deepEqual(one.image, other.image);
        return this.world.videoOf(one.image);
    }

    /** Waits until this server's log says it. */
    said(pattern) {
        return this.world.until(() => pattern.test(this.world.log.slice(this.logged)),
            `${pattern} in the log`);
    }

    /** What /readyz says. */
    async why() {
        return (await fetch(`${this.world.server.ops}/readyz`)).text();
    }

    /** Ends the server, whose log must not hold what is secret. */
    async end(secret) {
        this.open.splice(0).forEach((socket) => socket.cut());
        if (this.world.child && !this.world.exited) {
            await this.world.terminate();
            this.world.server.check();
        }
        assert.ok(!this.world.log.includes(secret), "the secret key is in the log");
        assert.doesNotMatch(this.world.log, /AWS4|Signature=|[0-9a-f]{64}/, "a signature is in the log");
    }
}
