// What is asked by plain requests: the caller, titles, invitations, matches that are looked at, history and
// ranking. Knows no socket and keeps nothing.

import { askJson } from "./http.js";
import { nameHistory, nameInvite, nameLook, nameMe, nameOwnRank, nameRank, nameVideo } from "./names.js";
import { matchIn } from "./shapes.js";
import { cutToBytes, wellFormed } from "./wire.js";

const SEARCH_BYTES_MAX = 100;

/** The id in `text`, or a TypeError. */
export function needMatch(text) {
    const match = matchIn(text);
    if (match === null) {
        throw new TypeError("a match's id is a UUID");
    }
    return match;
}

function query(fields) {
    const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
    return given.length > 0 ? `?${new URLSearchParams(given)}` : "";
}

const frozen = (list, name) => Object.freeze(list.map(name));

/** `onMe` hears each answer about the caller, as the server says it. */
export function createReading(env, clock, onMe) {
    let requests = new AbortController();
    const ask = (path, answer, options) =>
        askJson(env, path, answer, { ...options, signal: requests.signal });

    async function askMe() {
        const me = await ask("/me", "me");
        onMe(me);
        return me;
    }

    return {
        /** What is on its way rejects. */
        abort() {
            requests.abort();
            requests = new AbortController();
        },
        /** As the server says it. */
        askMe,
        calls: {
            me: async () => nameMe(await askMe(), clock),
            async searchTitles(q, limit = 10) {
                const text = cutToBytes(wellFormed(q), SEARCH_BYTES_MAX);
                return frozen(await ask(`/search${query({ q: text, limit })}`, "search"), nameVideo);
            },
            lookAt: async (match) => nameLook(await ask(`/match/${needMatch(match)}`, "match"), clock),
            async history({ limit = 20, before } = {}) {
                const found = await ask(`/history${query({ limit, before })}`, "history");
                return frozen(found, (entry) => nameHistory(entry, clock));
            },
            async leaderboard({ limit = 100, offset = 0 } = {}) {
                const path = `/leaderboard${query({ limit, offset })}`;
                return frozen(await ask(path, "leaderboard", { isPublic: true }), nameRank);
            },
            ownRank: async () => nameOwnRank(await ask("/leaderboard/me", "ownRank")),
        },
        invite: async (rated) => nameInvite(
            await ask("/invite", "invite", { method: "POST", body: { rated } }), clock),
        async withdraw(match) {
            await ask(`/invite/${match}`, "withdrawn", { method: "DELETE" });
        },
    };
}
