// The client: joins the queue, the match, the frames and the state into one thing to render and call.

import { createClock } from "./clock.js";
import { createEmitter } from "./emitter.js";
import { createEnv } from "./env.js";
import { createFrames } from "./frames.js";
import { createGuesses, readAnswer } from "./guesses.js";
import { createLink } from "./link.js";
import { createMemory } from "./memory.js";
import {
    nameCard, nameMatchEnd, nameNotice, nameRating, nameRoundEnd, nameVerdict, nameVideo,
} from "./names.js";
import { createPaths } from "./paths.js";
import { DuelProblem, isCode, problem } from "./problem.js";
import { createReading, needMatch } from "./reading.js";
import * as states from "./state.js";
import { createSuggest } from "./suggest.js";

const VERSION = 1;
// How often a line is probed, and how long it may be silent after that: in a match the grace is 15 s.
const LINE = { queue: { probeMs: 12_000, deadMs: 8_000 }, match: { probeMs: 3_000, deadMs: 4_000 } };
const LEAVING_MS = 2_000; // for the server to confirm that the queue was left
// The match is gone for good, so there is nothing to go back to.
const GONE = new Set(["MATCH_OVER", "NO_SUCH_MATCH", "NOT_YOUR_MATCH", "INVITE_EXPIRED", "INVITE_WITHDRAWN"]);

export function createDuel(options) {
    const env = createEnv(options);
    const clock = createClock();
    const paths = createPaths(env.basePath);
    const memory = createMemory(env.storage);
    const { emit, on } = createEmitter();
    const reading = createReading(env, clock, (me) => noticed(me.notice ?? null));
    const send = (message) => link?.send(message);
    const guesses = createGuesses(send);
    const suggestions = createSuggest(env, send);
    const frames = createFrames(env, {
        mayLoad: paths.isFrame, onLoaded: sayReady, onPicture: pictured, onProblem: unpictured,
    });

    let state = states.IDLE;
    let notice = null; // what operators tell all players, whatever the state
    let snapshot = states.present(state, clock);
    let offset = 0; // of the clock, in the snapshot
    let isTold = true;
    let link = null;
    let wanted = null; // the match that the link is for; null: the queue
    let readyFor = 0; // the round that this socket has said `ready` for
    let wantsToLeave = false;
    let leavingTimer = null;
    let resuming = null; // {done(isLive), failed(problem), hasAsked}

    // ---- the state ----

    function set(next) {
        if (next !== state) {
            state = next;
            changed();
        }
    }

    function changed() {
        snapshot = null;
        if (isTold) {
            isTold = false;
            queueMicrotask(() => {
                isTold = true;
                emit("state", look());
            });
        }
    }

    function look() {
        if (snapshot === null) {
            offset = clock.offset;
            snapshot = states.present(state, clock, notice);
        }
        return snapshot;
    }

    function noticed(told) {
        if (told?.message === notice?.message && told?.until === notice?.until) {
            return;
        }
        notice = told?.message ? told : null;
        changed();
        emit("notice", nameNotice(notice, clock));
    }

    // ---- connections ----

    function openLink(match, { path, ticket = null } = {}) {
        const line = match === null ? LINE.queue : LINE.match;
        wanted = match;
        readyFor = 0;
        link = createLink(env, {
            ...line, clock, ticket, first: path ?? null,
            path: match === null ? paths.queue : paths.match(match),
            mayFollow: (to) => (match === null ? paths.isQueue(to) : paths.isMatch(to, match)),
            mayRetry, isDone: () => match === null || Boolean(state.match?.end) || leavesEarly(),
            onChange: lineChanged, onMessage: match === null ? inQueue : inMatch, onEnd: lineEnded,
        });
    }

    function closeLink() {
        link?.close();
        letGo();
        frames.clear();
    }

    /** What was on its way will not arrive any more. */
    function letGo() {
        link = null;
        wantsToLeave = false;
        env.clearTimeout(leavingTimer);
        leavingTimer = null;
        guesses.clear();
        suggestions.clear();
        frames.stop(); // the last picture stays beside the result
    }

    function openMatch(match, { path, ticket, found = null } = {}) {
        closeLink();
        set(states.opening(found));
        openLink(match, { ticket, path: path && paths.isMatch(path, match) ? path : null });
    }

    /** The queue or an own invitation, which nobody loses by leaving. */
    const leavesEarly = () => wantsToLeave && (wanted === null || state.status === "inviting");

    /** A result that is known need not be asked for again once no rematch can come of it. */
    function mayRetry() {
        const end = state.match?.end;
        return !end || (end.reason !== "abandoned" && env.now() < clock.toLocal(end.rematch_until));
    }

    function lineChanged(line) {
        if (wantsToLeave && wanted === null && line.connection !== "online") {
            toIdle();
            return;
        }
        set(states.connection(state, line));
        if (line.problem !== null) {
            emit("problem", line.problem);
        }
    }

    function lineEnded(why) {
        const left = leavesEarly();
        letGo();
        if (left || (why !== null && GONE.has(why.code))) {
            memory.forget();
        }
        if (resuming !== null) {
            resumeEnded(why);
            return;
        }
        set(states.ended(state, left ? null : why));
        if (state.problem !== null) {
            emit("problem", state.problem);
        }
    }

    function toIdle() {
        closeLink();
        set(states.IDLE);
    }

    // ---- in the queue ----

    function inQueue(message) {
        const here = link;
        emit("message", message);
        if (here !== link) {
            return; // a listener has left
        }
        if (message.t === "queued") {
            link.welcome();
            set(states.told(state, message));
        } else if (message.t === "matched") {
            matched(message);
        } else if (message.t === "pong") {
            clockChanged();
        } else if (message.t === "notice") {
            noticed(message);
        }
    }

    function matched(message) {
        const found = Object.freeze({ match: message.match, opponent: nameCard(message.opponent) });
        memory.keep(message.match, message.resume);
        openMatch(message.match, { path: message.path, ticket: message.resume, found });
        emit("matched", found);
    }

    function clockChanged() {
        if (clock.offset !== offset) {
            changed();
        }
    }

    // ---- in a match ----

    function inMatch(message) {
        const here = link;
        emit("message", message);
        if (here !== link || (message.t === "welcome" && !isMine(message))) {
            return;
        }
        set(states.told(state, message));
        if (Object.hasOwn(AFTER, message.t)) {
            AFTER[message.t](message);
        }
    }

    function isMine(welcome) {
        if (welcome.v === VERSION && welcome.match.toLowerCase() === wanted.toLowerCase()) {
            return true;
        }
        const why = welcome.v === VERSION ? problem("BAD_ANSWER", { message: "another match", final: true })
            : problem("CLIENT_OUTDATED", { message: `protocol version ${welcome.v}`, final: true });
        link.close();
        lineEnded(why);
        return false;
    }

    const AFTER = {
        welcome(message) {
            clock.hint(message.now, env.now());
            memory.keep(message.match, message.resume);
            link.keep(message.resume);
            link.welcome();
            readyFor = 0;
            resuming?.done(true);
            if (message.frame) {
                AFTER.frame(message.frame);
            }
            if (message.round) {
                frames.unlock(message.round.round, message.round.key);
            }
            message.round?.guesses.forEach((verdict) => guesses.judged(verdict, nameVerdict(verdict, clock)));
            guesses.welcomed(message).forEach((seq) => set(states.unguessed(state, seq)));
            suggestions.welcomed();
            if (wantsToLeave && message.phase !== "over") {
                link.send({ t: "leave" });
            }
        },
        frame(message) {
            if (frames.announce(message)) {
                readyFor = 0;
            }
            sayReady(message.round);
        },
        round(message) {
            guesses.roundStarts(message);
            frames.unlock(message.round, message.key);
            const { round } = look().match ?? {};
            if (round?.number === message.round) {
                const { number, startsAt, endsAt } = round;
                emit("round", Object.freeze({ number, startsAt, endsAt }));
            }
        },
        verdict(message) {
            const named = nameVerdict(message, clock);
            guesses.judged(message, named);
            emit("verdict", named);
        },
        opponent: ({ round, status, guesses: count }) =>
            emit("opponent", Object.freeze({ round, status, guesses: count })),
        suggestions: (message) => suggestions.answered(message, Object.freeze(message.items.map(nameVideo))),
        pong: clockChanged,
        notice: noticed,
        round_end: (message) => emit("roundEnd", nameRoundEnd(message, clock)),
        match_end: (message) => emit("matchEnd", nameMatchEnd(message, clock)),
        rating: (message) => emit("rating", nameRating(message)),
        player: ({ slot, connected, grace_until }) =>
            emit("player", Object.freeze({ slot, connected, graceUntil: clock.toLocal(grace_until) })),
        rematch(message) {
            const { rematch } = look().match ?? {};
            if (rematch) {
                emit("rematch", rematch);
            }
            if (message.status === "accepted" && message.match && state.status === "over") {
                goOn(message);
            }
        },
        error(message) {
            const seq = message.seq ?? null;
            if (seq !== null && suggestions.refused(message)) {
                return;
            }
            const guess = seq === null ? null : guesses.refused(message);
            if (guess !== null) {
                set(states.unguessed(state, guess));
            } else if (state.match !== null && message.code !== "NOT_IN_ROUND") {
                // Before the welcome a close tells it. NOT_IN_ROUND is `ready`, too late: nothing is lost.
                const code = isCode(message.code) ? message.code : "BAD_ANSWER";
                const until = clock.toLocal(message.until);
                emit("problem", problem(code, { message: message.message, until }));
            }
        },
    };

    /** Into the rematch, against the opponent of the match before. */
    function goOn({ match, path, resume: ticket = null }) {
        const { you, players } = state.match;
        const found = Object.freeze({ match, opponent: nameCard(players[1 - you]) });
        if (ticket !== null) {
            memory.keep(match, ticket);
        }
        openMatch(match, { path, ticket, found });
    }

    function sayReady(round) {
        const { match } = state;
        const playsIt = match?.phase === "round" && match.round?.number === round;
        if (match && !playsIt && match.phase !== "over" && link?.isOnline && readyFor !== round &&
            frames.isLoaded(round)) {
            readyFor = round;
            link.send({ t: "ready", round });
        }
    }

    function pictured(round, picture) {
        set(states.pictured(state, round, picture));
        emit("picture", Object.freeze({ round, ...picture }));
    }

    function unpictured(round, why) {
        set(states.unpictured(state, round, why));
        emit("problem", why);
    }

    // ---- going back ----

    function resume() {
        if (link !== null) {
            return Promise.resolve(wanted !== null);
        }
        const promise = new Promise((resolve, reject) => {
            const settle = (how) => (value) => {
                resuming = null;
                how(value);
            };
            resuming = { done: settle(resolve), failed: settle(reject), hasAsked: false };
        });
        const kept = memory.read();
        if (kept) {
            openMatch(kept.match, { ticket: kept.resume });
        } else {
            askWhere(resuming);
        }
        return promise;
    }

    /** Without a ticket, or when its match is gone, the server knows whether there is one to go back to. */
    async function askWhere(mine) {
        mine.hasAsked = true;
        try {
            const { match } = await reading.askMe();
            if (mine === resuming && match) {
                openMatch(match.match, { path: match.path });
            } else if (mine === resuming) {
                mine.done(false);
            }
        } catch (error) {
            if (mine === resuming) {
                mine.failed(error);
            }
        }
    }

    /** The match that was to be gone back to ended the connection before its welcome. */
    function resumeEnded(why) {
        const isGone = why === null || GONE.has(why.code);
        set(isGone ? states.IDLE : states.ended(state, why));
        if (!isGone) {
            resuming.failed(new DuelProblem(why));
        } else if (resuming.hasAsked) {
            resuming.done(false);
        } else {
            askWhere(resuming);
        }
    }

    // ---- what a page calls ----

    return {
        get state() {
            return look();
        },
        on,
        search() {
            if (link !== null && wanted === null && !wantsToLeave) {
                return;
            }
            resuming?.done(false);
            closeLink();
            memory.forget();
            set(states.searching());
            openLink(null);
        },
        cancel,
        open(matchOrLink) {
            const match = needMatch(matchOrLink);
            resuming?.done(false);
            const kept = memory.read();
            openMatch(match, { ticket: kept?.match === match ? kept.resume : null });
        },
        resume,
        async guess(answer) {
            const read = readAnswer(answer);
            const { match } = state;
            if (link === null || match?.phase !== "round" || !match.round) {
                throw new DuelProblem({ code: "NOT_IN_ROUND", message: "no round is being played" });
            }
            const { seq, verdict } = guesses.make(match.round, read);
            set(states.guessed(state, { seq, ...read }));
            return verdict;
        },
        suggest: async (q) => (link !== null && wanted !== null ? suggestions.ask(q) : null),
        async invite({ rated = false } = {}) {
            if (isBusy()) {
                throw new DuelProblem({ code: "PLAYER_BUSY", message: "a match or an invitation is open" });
            }
            const invitation = await reading.invite(Boolean(rated));
            if (!isBusy()) {
                openMatch(invitation.match, { path: invitation.path, ticket: null });
            }
            return invitation;
        },
        async withdraw(matchOrLink = null) {
            const own = state.status === "inviting" ? wanted : null;
            const match = matchOrLink === null ? own : needMatch(matchOrLink);
            if (match !== null && match === own && link.isOnline) {
                wantsToLeave = true;
                link.send({ t: "leave" });
                return;
            }
            if (match !== null && match === own) {
                memory.forget();
                toIdle();
            }
            if (match !== null) {
                await reading.withdraw(match);
            }
        },
        leave() {
            if (wanted === null) {
                cancel();
            } else if (link !== null && !state.match?.end) {
                wantsToLeave = true;
                link.send({ t: "leave" });
            }
        },
        rematch(accept) {
            if (link?.isOnline) {
                link.send({ t: "rematch", accept: Boolean(accept) });
            } else {
                emit("problem", problem(link === null ? "MATCH_OVER" : "CONNECTION_LOST"));
            }
        },
        reset() {
            resuming?.done(false);
            takeBack();
            reading.abort();
            memory.forget();
            toIdle();
        },
        ...reading.calls,
    };

    /** Nobody is to come to an invitation or a rematch whose maker has gone. */
    function takeBack() {
        const { rematch, you } = state.match ?? {};
        if (state.status === "inviting") {
            link?.send({ t: "leave" });
        } else if (rematch?.status === "offered" && rematch.slot === you) {
            link?.send({ t: "rematch", accept: false });
        }
    }

    function isBusy() {
        return resuming !== null || (link !== null && wanted !== null && !state.match?.end);
    }

    function cancel() {
        if (link === null || wanted !== null) {
            return;
        }
        if (!link.isOnline) {
            toIdle();
            return;
        }
        wantsToLeave = true;
        link.send({ t: "leave" });
        env.clearTimeout(leavingTimer);
        leavingTimer = env.setTimeout(toIdle, LEAVING_MS);
    }
}

