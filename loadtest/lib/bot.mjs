// One bot: to the queue, to the match that it is told, back to it whenever its socket goes, until it is
// over, and to the queue again. After the calm it plays on what it is in and asks whether that was all.

import { Play } from "./player.mjs";
import { sleep } from "./processes.mjs";
import { Socket } from "./socket.mjs";

const SILENCE_MS = 14_000; // a server says something every 5 s
const RATING_MS = 3_000; // match_end without a rating: how long one waits for it
const REDIRECTIONS_MAX = 8; // in a row
const LOST_TRIES = 8; // times of asking before a match is believed to be gone

export class Bot {
    #queueSocket = null;
    #found = null;
    #current = null; // the match being played
    #tries = 0;
    #redirections = 0;
    #goneAt = 0; // the loss of the last welcomed socket

    constructor(world, number) {
        this.world = world;
        this.number = number;
        this.random = world.random.fork(`bot ${number}`);
        this.sub = `chaos${String(number).padStart(7, "0")}`;
        this.token = world.content.token(this.sub);
        // Bounds by address are not what is tried here: each bot comes from one of its own.
        this.headers = { "X-Forwarded-For": `198.18.${number >> 8}.${number & 255}` };
        this.state = "idle";
        this.socket = null;
    }

    /** In a match, connected or on the way back to it. */
    get isPlaying() {
        return this.#current !== null && this.state !== "away";
    }

    /** In a match, and with a socket that was welcomed. */
    get isThere() {
        return this.state === "playing";
    }

    get match() {
        return this.#current;
    }

    toString() {
        return `${this.sub} ${this.state} ${this.#current?.id ?? ""}`;
    }

    async run() {
        await sleep(this.random.between(0, this.world.habits.arriveMs));
        while (!this.world.isCalm || this.#found) {
            this.#found ??= await this.#queue();
            if (this.#found) {
                await this.#play();
            }
            await sleep(this.random.between(50, 300));
        }
        await this.#settle();
        this.state = "done";
    }

    cut() {
        this.#queueSocket?.cut();
        this.socket?.cut();
    }

    /** Called once the world is calm: leaves the queue. */
    calm() {
        this.#queueSocket?.send({ t: "leave" });
    }

    #open(path, how, options) {
        const url = path.startsWith("/api/") ? path : `/api/duel${path}`;
        return new Socket(this.world.origin().replace("http", "ws") + url, how,
            { ...options, headers: this.headers });
    }

    #me() {
        return this.world.me({ ...this.headers, Authorization: `Bearer ${this.token}` });
    }

    // ---- queue ----

    /** Waits for an opponent; null when the world has become calm and the queue was left in good order. */
    async #queue() {
        this.state = "queueing";
        for (;;) {
            let found = null;
            let isLeft = false;
            const socket = this.#open("/queue", { token: this.token }, {
                silenceMs: 2 * SILENCE_MS,
                onMessage: (message) => {
                    if (message.t === "matched") {
                        found = message;
                    } else if (message.t === "error") {
                        this.world.book.count(`queue: ${message.code}`);
                    } else if (message.t === "queued" && this.world.isCalm) {
                        isLeft = true;
                        socket.send({ t: "leave" });
                    }
                },
            });
            this.#queueSocket = socket;
            const end = await socket.closed;
            this.#queueSocket = null;
            if (found) {
                return this.#told(found);
            }
            this.#closedInQueue(end);
            if (this.world.isCalm && (isLeft || [1000, 4408, 4429].includes(end.code))) {
                return null;
            }
            await sleep(this.random.between(50, end.code === 1012 ? 300 : 1000));
        }
    }

    #told({ match: id, path, resume }) {
        this.world.book.count("matched");
        const match = this.world.book.matched(this.sub, id, this.#current);
        return { match, path, ticket: resume };
    }

    #closedInQueue({ code, reason, status }) {
        this.world.book.count(`queue closed ${status ? `by HTTP ${status}` : code}`);
        if ([4400, 4401, 4403, 4404, 4409].includes(code) && reason !== "AUTH_UNAVAILABLE") {
            this.world.book.violation("close", `${this.sub}: the queue closed with ${code} ${reason}`);
        }
    }

    /** A second tab: who is in a match must be told that match. */
    async #lookTwice() {
        let found = null;
        const asked = this.#current;
        const socket = this.#open("/queue", { token: this.token }, {
            onMessage: (message) => {
                if (message.t === "matched") {
                    found = message;
                } else if (message.t === "queued") {
                    socket.send({ t: "leave" });
                }
            },
        });
        await socket.closed;
        this.world.book.count(found ? "second tab: told a match" : "second tab: told none");
        if (found && found.match !== asked.id) {
            this.#found = this.#told(found);
        }
    }

    // ---- match ----

    async #play() {
        const found = this.#found;
        this.#found = null;
        this.#current = found.match;
        this.#tries = 0;
        this.#redirections = 0;
        this.play = null;
        this.resume = null;
        let way = { path: found.path, how: found.ticket ? { ticket: found.ticket } : { token: this.token } };
        while (way) {
            this.state = "connecting";
            const end = await this.#connect(way);
            this.state = "connecting";
            way = await this.#after(end, way);
        }
        this.play?.stop();
        this.#current = null;
        this.#goneAt = 0;
    }

    async #connect({ path, how }) {
        const socket = this.#open(path, how, {
            silenceMs: SILENCE_MS,
            onMessage: (message, from) => this.#hear(message, from),
        });
        this.socket = socket;
        const end = await socket.closed;
        this.socket = null;
        clearTimeout(this.ratingTimer);
        this.play?.stop();
        if (this.state === "playing") {
            this.#goneAt = Date.now();
            this.goneBy = this.world.happening;
        }
        const slot = this.play?.slot ?? 0;
        this.#current.note(slot, `closed ${end.status ?? end.code} ${end.reason} by ${end.node ?? "?"}`);
        return end;
    }

    #hear(message, socket) {
        const { book } = this.world;
        const match = this.#current;
        const slot = this.play?.slot;
        if (message.t === "welcome") {
            this.#welcomed(message, socket);
        } else if (message.t === "error" && slot === undefined) {
            book.count(`error ${message.code} instead of welcome`); // a close follows
        } else if (slot === undefined) {
            book.violation("order", `${message.t} before welcome`, match);
        } else if (message.t === "frame") {
            this.play.frame(message);
        } else if (message.t === "round") {
            book.round(match, slot, message);
            this.play.round(message, socket);
            this.#perhapsLookTwice(message.round);
            this.#perhapsStayAway(socket);
        } else if (message.t === "verdict") {
            this.play.verdict(message, socket);
        } else if (message.t === "error") {
            this.play.refused(message);
        } else if (message.t === "round_end") {
            book.roundEnd(match, slot, message);
            this.play.roundEnd(message, socket);
        } else if (message.t === "match_end") {
            book.matchEnd(match, slot, message);
            this.#mayGo(message.rating !== null || !this.isRated, socket);
        } else if (message.t === "rating") {
            book.rating(match, slot, message);
            this.#mayGo(true, socket);
        }
    }

    #welcomed(message, socket) {
        const match = this.#current;
        const { book } = this.world;
        if (message.match !== match.id || (this.play && this.play.slot !== message.you)) {
            book.violation("players", `${this.sub} in another match or seat: ${message.match} ${message.you}`,
                match);
        }
        this.play ??= new Play(this, match, message.you);
        this.isRated = message.rated;
        this.#tries = 0;
        this.#redirections = 0;
        this.resume = message.resume;
        this.state = "playing";
        book.welcome(match, message.you, this.sub, message);
        if (this.#goneAt > 0) {
            this.world.pause(this.goneBy, Date.now() - this.#goneAt);
            this.#goneAt = 0;
        }
        this.play.welcomed(socket, message);
    }

    /** The match is over: closes, at once or after the rating had its time to come. */
    #mayGo(isComplete, socket) {
        clearTimeout(this.ratingTimer);
        this.ratingTimer = setTimeout(() => socket.close(), isComplete ? 100 : RATING_MS);
    }

    #perhapsLookTwice(round) {
        if (round === 1 && this.random.chance(this.world.habits.lookTwice)) {
            this.#lookTwice();
        }
    }

    /** Goes for longer than the grace, now and then. */
    #perhapsStayAway(socket) {
        if (this.random.chance(this.world.habits.stayAway)) {
            const match = this.#current;
            match.stayedAway[this.play.slot] = true;
            match.note(this.play.slot, "stays away");
            this.world.book.count("stayed away");
            this.awayMs = this.world.rules.graceMs + 2_000;
            socket.cut();
        }
    }

    /** Where to go next, or null when the match is over for this bot. */
    async #after(end, way) {
        const { book } = this.world;
        const match = this.#current;
        const slot = this.play?.slot ?? 0;
        book.count(`match closed ${end.status ? `by HTTP ${end.status}` : end.code}`);
        if (this.awayMs) {
            this.state = "away";
            await sleep(this.awayMs);
            this.state = "connecting";
            this.awayMs = 0;
            this.#goneAt = 0;
        } else if (match.ends[slot] && this.play) {
            return null;
        }
        const how = this.resume ? { ticket: this.resume } : way.how;
        const same = { path: way.path, how };
        switch (end.code) {
        case 4410:
            match.gone[slot] = 4410;
            return null;
        case 4421:
            return this.#redirected(end, how);
        case 4404:
            return this.#asked(end);
        case 4408:
            match.gone[slot] = 4408;
            return null;
        case 4401:
            return this.#refused(end, same);
        case 4400: case 4403: case 4409: case 4429: case 1003: case 1008: case 1009:
            book.violation("close", `${this.sub} closed with ${end.code} ${end.reason}`, match);
            break;
        default:
        }
        this.#tries++;
        const spread = Math.min(1_000, 200 * this.#tries);
        await sleep(this.random.between(0, end.code === 4503 ? 1_000 : spread));
        return this.random.chance(this.world.habits.reload) ? this.#reloaded(same) : same;
    }

    #redirected({ reason, node }, how) {
        const { book } = this.world;
        book.count("redirected");
        const target = /^\/api\/duel\/n\/([a-z0-9-]+)\/match\/([0-9a-f-]{36})$/.exec(reason);
        if (!target || target[2] !== this.#current.id) {
            book.violation("redirection", `4421 with reason ${reason}`, this.#current);
        } else if (target[1] === node) {
            book.violation("redirection", `node ${node} sends to itself`, this.#current);
        } else if (++this.#redirections > REDIRECTIONS_MAX) {
            this.#redirections = 0;
            book.violation("redirection", `sent around ${REDIRECTIONS_MAX} times`, this.#current);
        }
        return { path: reason, how };
    }

    async #refused({ reason }, way) {
        if (way.how.ticket && reason === "AUTH_BAD_TICKET") {
            this.world.book.violation("ticket", `${this.sub}: its own ticket is refused`, this.#current);
            return { path: way.path, how: { token: this.token } };
        }
        if (reason !== "AUTH_UNAVAILABLE") {
            this.world.book.violation("close", `${this.sub} closed with 4401 ${reason}`, this.#current);
        }
        await sleep(500);
        return way;
    }

    /** As after a reload: nothing is known but the token. */
    async #reloaded(way) {
        const me = await this.#me();
        this.world.book.count("reloads");
        return me?.match?.match === this.#current.id ? { path: me.match.path, how: { token: this.token } } : way;
    }

    /** No such match: asks for a while whether that is so. */
    async #asked() {
        const match = this.#current;
        const slot = this.play?.slot ?? 0;
        this.world.book.count(match.isStarted ? "4404 in a started match" : "4404 before the first round");
        for (let tries = 0; tries < LOST_TRIES; tries++) {
            const me = await this.#me();
            if (me?.match?.match === match.id) {
                this.world.book.count("4404 and yet there");
                match.note(slot, "4404 and yet there");
                return { path: me.match.path, how: { token: this.token } };
            }
            await sleep(1_000);
        }
        match.gone[slot] = 4404;
        return null;
    }

    /** In the calm: plays whatever match the server says there is, and leaves nothing open. */
    async #settle() {
        this.state = "settling";
        for (let tries = 0; tries < 30; tries++) {
            const me = await this.#me();
            if (me && me.match === null && me.queue.status === "idle") {
                return;
            }
            if (me?.match) {
                this.world.book.count("played on in the calm");
                const match = this.world.book.match(me.match.match);
                this.#found = { match, path: me.match.path, ticket: null };
                await this.#play();
            } else if (me?.queue.status === "queued") {
                this.#found = await this.#queue();
                if (this.#found) {
                    await this.#play();
                }
            }
            await sleep(500);
        }
        this.world.book.violation("unresolved", `${this.sub} is not done: ` +
            JSON.stringify(await this.#me()));
    }
}
