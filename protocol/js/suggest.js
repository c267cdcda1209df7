// Search as you type: one question at a time, the newest, not faster than the server allows.

import { cutToBytes, wellFormed } from "./wire.js";

const INTERVAL_MS = 120; // the server answers 10 a second
const AGAIN_MS = 400; // after it asked to slow down
const Q_BYTES_MAX = 100;
const SEQ_FIRST = 0x40000000; // apart from the seqs of guesses: `error` names either by its seq alone

export function createSuggest(env, send) {
    let current = null; // {seq, q, resolve}
    let seq = SEQ_FIRST;
    let timer = null;
    let nextAt = 0;

    function settle(items) {
        const one = current;
        current = null;
        env.clearTimeout(timer);
        timer = null;
        one?.resolve(items);
    }

    function ask() {
        timer = null;
        if (current !== null) {
            nextAt = env.now() + INTERVAL_MS;
            send({ t: "suggest", seq: current.seq, q: current.q });
        }
    }

    function askIn(ms) {
        if (timer !== null) {
            env.clearTimeout(timer);
        }
        if (ms <= 0) {
            ask();
        } else {
            timer = env.setTimeout(ask, ms);
        }
    }

    return {
        ask(q) {
            settle(null);
            const cut = cutToBytes(wellFormed(q), Q_BYTES_MAX);
            if (cut.trim() === "") {
                return Promise.resolve(Object.freeze([]));
            }
            return new Promise((resolve) => {
                seq = seq >= 0x7fffffff ? SEQ_FIRST : seq + 1;
                current = { seq, q: cut, resolve };
                askIn(Math.min(INTERVAL_MS, nextAt - env.now()));
            });
        },

        answered(message, items) {
            if (current?.seq === message.seq) {
                settle(items);
            }
        },

        /** True when the error was about a question of ours. */
        refused({ seq: about, code }) {
            if (current?.seq === about && code === "SLOW_DOWN") {
                askIn(AGAIN_MS);
            } else if (current?.seq === about) {
                settle(null);
            }
            return about >= SEQ_FIRST;
        },

        welcomed() {
            if (current !== null) {
                askIn(0);
            }
        },

        clear() {
            settle(null);
        },
    };
}
