// Guesses on their way: each keeps its seq until its verdict or refusal has come, over reconnections. Knows
// nothing of sockets; `send` may do nothing.

import { DuelProblem } from "./problem.js";
import { byteLength, wellFormed } from "./wire.js";

const TEXT_BYTES_MAX = 200;
const VIDEO_BYTES_MAX = 20;

const refusal = (code, message) => new DuelProblem({ code, message });

/** {video} or {text} as it will be sent; throws what is wrong with it. */
export function readAnswer(answer) {
    const { video, text } = answer ?? {};
    if ((typeof video === "string") === (typeof text === "string")) {
        throw refusal("BAD_GUESS", "a guess is {video} or {text}");
    }
    const name = typeof video === "string" ? "video" : "text";
    const value = wellFormed(answer[name]);
    if (value.trim() === "") {
        throw refusal("GUESS_EMPTY", "nothing to guess with");
    }
    if (byteLength(value) > (name === "video" ? VIDEO_BYTES_MAX : TEXT_BYTES_MAX)) {
        throw refusal("GUESS_TOO_LONG", `${name} is too long`);
    }
    return { [name]: value };
}

export function createGuesses(send) {
    let pending = []; // {round, startsAt, message, resolve, reject}, in order of seq
    let last = { round: 0, startsAt: 0, seq: 0 };

    /** Takes those out that `chosen` wants. */
    function take(chosen) {
        const taken = pending.filter(chosen);
        pending = pending.filter((one) => !chosen(one));
        return taken;
    }

    function reject(chosen, error) {
        take(chosen).forEach((one) => one.reject(error));
    }

    function nextSeq(round) {
        const known = round.guesses.reduce((most, guess) => Math.max(most, guess.seq), 0);
        const same = last.round === round.number && last.startsAt === round.startsAt;
        const seq = Math.max(known, same ? last.seq : 0) + 1;
        last = { round: round.number, startsAt: round.startsAt, seq };
        return seq;
    }

    return {
        /** `round` is the state's, by the server's clock. Returns {seq, verdict: a promise}. */
        make(round, answer) {
            const seq = nextSeq(round);
            const message = { t: "guess", round: round.number, seq, ...answer };
            const verdict = new Promise((resolve, fail) => {
                const { number, startsAt } = round;
                pending.push({ round: number, startsAt, message, resolve, reject: fail });
            });
            send(message);
            return { seq, verdict };
        },

        /** True when one was waiting for it. */
        judged(verdict, named) {
            const [one] = take(({ round, message }) =>
                round === verdict.round && message.seq === verdict.seq);
            one?.resolve(named);
            return one !== undefined;
        },

        /** The seq of the guess that was refused, or null. */
        refused({ seq, code, message }) {
            const [one] = take((guess) => guess.message.seq === seq);
            one?.reject(refusal(code, message));
            return one ? seq : null;
        },

        /** After a reconnect: says again what has no verdict yet, as long as the round could count it or its
         *  verdict could still be told. Returns the seqs that are lost. */
        welcomed({ round, rounds, phase }) {
            const latest = rounds.length > 0 ? rounds[rounds.length - 1].round : 0;
            const alive = (one) => (round ? one.round === round.round && one.startsAt === round.starts_at
                : (phase === "intermission" || phase === "over") && one.round === latest);
            const lost = take((one) => !alive(one));
            lost.forEach((one) => one.reject(refusal("NOT_IN_ROUND", "the round is over")));
            pending.forEach((one) => send(one.message));
            return lost.map((one) => one.message.seq);
        },

        /** A round starts: what belongs to an earlier one gets no verdict any more. */
        roundStarts({ round, starts_at }) {
            reject((one) => one.round !== round || one.startsAt !== starts_at,
                refusal("NOT_IN_ROUND", "the round is over"));
        },

        clear() {
            reject(() => true, refusal("NOT_IN_ROUND", "the match was left"));
        },
    };
}
