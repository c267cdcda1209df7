// How a bot plays while it is connected: loads some frames, says ready, thinks, guesses, sends the last
// guess again after a reconnection. Knows only what the contract says.

import { createDecipheriv } from "node:crypto";
import { hex } from "./notebook.mjs";

const GUESSES = 4; // a round, of those who do not know the answer

/** Opens a sealed frame (contract section 6). */
function openFrame(body, key, url) {
    const cipher = createDecipheriv("aes-128-gcm", key, body.subarray(0, 12));
    cipher.setAAD(Buffer.from(url.slice(url.lastIndexOf("/") + 1)));
    cipher.setAuthTag(body.subarray(-16));
    const plain = Buffer.concat([cipher.update(body.subarray(12, -16)), cipher.final()]);
    return plain.subarray(4, 4 + plain.readUInt32BE(0));
}

export class Play {
    #timer = null;
    #round = null; // {number, key, seq, verdicts: Map, isDone, answer}
    #pending = null;
    #frame = null; // {round, url, body}

    constructor({ world, random, headers }, match, slot) {
        Object.assign(this, { world, random, headers, match, slot, socket: null });
        this.leaveAt = random.chance(world.habits.leave) ? random.whole(1, 3) : 0;
    }

    /** What was under way on the old socket is over. */
    stop() {
        clearTimeout(this.#timer);
        this.socket = null;
    }

    welcomed(socket, message) {
        this.socket = socket;
        if (this.match.left[this.slot] && message.phase !== "over") {
            socket.send({ t: "leave" });
            return;
        }
        if (message.frame) {
            this.frame(message.frame, message.phase === "round");
        }
        if (message.round) {
            this.#begin(message.round, socket);
            message.round.guesses.forEach((verdict) => this.verdict(verdict, socket));
            this.#again();
        }
    }

    async frame(frame, isRunning = false) {
        const { world, socket } = this;
        const entry = { round: frame.round, url: frame.url, body: null };
        this.#frame = entry;
        if (this.random.chance(world.habits.look)) {
            entry.body = await world.load(frame, this.headers).catch(() => null);
            world.book.count(entry.body ? "frames loaded" : "frames not to be had");
        }
        if (!isRunning && socket === this.socket) {
            socket?.send({ t: "ready", round: frame.round });
        }
    }

    round(message, socket) {
        this.#begin(message, socket);
        if (this.leaveAt > 0 && message.round >= this.leaveAt && this.random.chance(0.5)) {
            this.match.left[this.slot] = true;
            this.match.note(this.slot, "says leave");
            this.world.book.count("left by a bot");
            socket.send({ t: "leave" });
        } else if (this.random.chance(0.1)) {
            socket.send({ t: "suggest", seq: message.round, q: "ch" });
        }
    }

    #begin({ round, key }, socket) {
        const id = hex(key);
        if (this.#round?.key === id) {
            this.#round.socket = socket;
        } else {
            this.#round = { number: round, key: id, socket, seq: 0, verdicts: new Map(), isDone: false,
                answer: this.#look(round, key), right: null };
            this.#pending = null;
        }
        this.#think(this.random.between(...this.world.habits.thinkMs));
    }

    #look(round, key) {
        const frame = this.#frame;
        if (frame?.round !== round || !frame.body) {
            return null;
        }
        try {
            return this.world.content.videoOf(openFrame(frame.body, Buffer.from(key), frame.url)) ?? null;
        } catch {
            this.world.book.violation("frame", `the frame of round ${round} cannot be opened with its key`,
                this.match);
            return null;
        }
    }

    #think(ms) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#guess(), ms);
    }

    #guess() {
        const round = this.#round;
        if (!this.socket || round.isDone || this.#pending || round.seq >= GUESSES) {
            return;
        }
        const video = round.answer && this.random.chance(0.8) ? round.answer
            : this.random.pick(this.world.content.videos);
        const what = this.random.chance(0.5) ? { video: video.id } : { text: video.title };
        round.seq++;
        this.#pending = { t: "guess", round: round.number, seq: round.seq, ...what };
        this.socket.send(this.#pending);
    }

    /** After a reconnection: the guess whose verdict did not come, or else the one whose verdict is known. */
    #again() {
        const { seq, number } = this.#round;
        if (this.#pending) {
            this.socket.send(this.#pending);
        } else if (seq > 0) {
            // With another answer: the first verdict of this number must come again.
            this.socket.send({ t: "guess", round: number, seq, video: this.world.content.videos[0].id });
        }
    }

    verdict(message, socket) {
        const round = this.#round;
        if (!round || message.round !== round.number) {
            return;
        }
        const { seq, correct, ms, guesses_left: left } = message;
        const text = JSON.stringify([correct, ms, message.raw_ms]);
        const before = round.verdicts.get(seq);
        if (before !== undefined && before !== text) {
            this.world.book.violation("verdict", `round ${round.number}, guess ${seq}: ${before}, then ${text}`,
                this.match);
        }
        round.verdicts.set(seq, text);
        round.seq = Math.max(round.seq, seq);
        if (this.#pending?.seq === seq) {
            this.#pending = null;
        }
        if (correct) {
            round.right = { ms, socket };
        }
        round.isDone ||= correct || left === 0;
        if (!round.isDone && before === undefined) {
            const lockedMs = this.world.rules.lockoutMs;
            this.#think(lockedMs + this.random.between(...this.world.habits.thinkMs) / 2);
        }
    }

    /** A refused guess: the round goes on without it. */
    refused({ code, seq }) {
        this.world.book.count(`error ${code}`);
        if (seq !== null && this.#pending?.seq === seq) {
            this.#pending = null;
        }
    }

    /** A right verdict on this very socket in this very round must be what the round's end says. */
    roundEnd({ round, ms }, socket) {
        clearTimeout(this.#timer);
        const own = this.#round;
        if (own?.number === round && own.socket === socket && own.right?.socket === socket &&
            ms[this.slot] !== own.right.ms) {
            this.world.book.violation("verdict", `round ${round}: told right after ${own.right.ms} ms, ` +
                `round_end says ${ms[this.slot]}`, this.match);
        }
        this.#round = null;
        this.#pending = null;
    }
}
