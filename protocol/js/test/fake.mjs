// A world of fakes for what a real server does only when it is broken or moved: sockets that the test
// holds, a clock that it turns, no chance.

import { decode, encode } from "@msgpack/msgpack";
import { createDuel } from "../index.js";

export const MATCH = "6f1c1a52-4c1a-4d6e-8a52-0123456789ab";
export const TICKET = "A".repeat(43);

export const SEAT = { id: "u", name: "Ana", avatar: null, country: null, rating: 1000, connected: true };
export const WELCOME = {
    t: "welcome", v: 1, match: MATCH, you: 0, rated: true, resume: TICKET, now: 1_000_000, phase: "waiting",
    phase_ends_at: null, rules: {
        best_of: 5, round_ms: 30000, countdown_ms: 3000, intermission_ms: 3000, max_guesses: 6,
            lockout_ms: 1000,
        grace_ms: 15000, waiting_ms: 30000, rematch_ms: 30000, lag_cap_ms: 250,
    }, players: [SEAT, { ...SEAT, name: "Bia" }], score: [0, 0], rounds: [],
};
export const MATCHED = {
    t: "matched", match: MATCH, path: `/api/duel/match/${MATCH}`, resume: TICKET,
    opponent: { name: "Bia", avatar: null, country: null, rating: 1000 },
};

/** Lets promises settle; nothing here waits for anything else. */
export async function settle() {
    for (let i = 0; i < 20; i++) {
        await Promise.resolve();
    }
}

export function createFake(options = {}) {
    const fake = { time: 1_000_000, sockets: [], timers: new Map(), tokens: [] };
    let numbers = 0;

    class FakeSocket {
        constructor(url, protocols) {
            Object.assign(this, { url, protocols, readyState: 0, sent: [], closedWith: null });
            fake.sockets.push(this);
        }

        get path() {
            return new URL(this.url).pathname;
        }

        accept() {
            this.readyState = 1;
            this.onopen?.({});
        }

        send(data) {
            this.sent.push(decode(data));
        }

        says(...messages) {
            this.raw(encode(messages.length === 1 ? messages[0] : messages));
        }

        raw(bytes) {
            this.onmessage?.({ data: bytes });
        }

        ends(code, reason = "") {
            this.readyState = 3;
            this.onclose?.({ code, reason });
        }

        close(code) {
            this.readyState = 3;
            this.closedWith = code;
        }
    }

    fake.duel = createDuel({
        server: "http://duel.test", WebSocket: FakeSocket, now: () => fake.time, random: () => 0.5,
        token: ({ refresh }) => {
            fake.tokens.push(refresh);
            return "a.b.c";
        },
        setTimeout(run, ms) {
            fake.timers.set(++numbers, { run, at: fake.time + ms });
            return numbers;
        },
        clearTimeout: (timer) => fake.timers.delete(timer),
        ...options,
    });
    fake.problems = [];
    fake.duel.on("problem", (problem) => fake.problems.push(problem.code));

    /** Turns the clock, timers in order. */
    fake.advance = async (ms) => {
        const until = fake.time + ms;
        for (;;) {
            const due = [...fake.timers].filter(([, { at }]) => at <= until).sort((a,
                b) => a[1].at - b[1].at)[0];
            if (!due) {
                break;
            }
            fake.time = Math.max(fake.time, due[1].at);
            fake.timers.delete(due[0]);
            due[1].run();
            await settle();
        }
        fake.time = until;
        await settle();
    };
    fake.last = () => fake.sockets[fake.sockets.length - 1];
    /** The newest socket, connected and welcomed. */
    fake.play = async (welcome = WELCOME) => {
        fake.duel.open(MATCH);
        await settle();
        fake.last().accept();
        fake.last().says(welcome);
        await settle();
        return fake.last();
    };
    return fake;
}
