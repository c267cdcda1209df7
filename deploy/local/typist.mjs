// Someone at a keyboard, for the scripts that play: a client of protocol/js that is signed in by the stand-in
// Logto, an eye that knows the sample's pictures, and fingers that search as they type. Decides nothing of
// how to play.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createDuel } from "../../protocol/js/index.js";
import { FRAMES_EACH, VIDEOS, frameKey } from "./sample.mjs";

// Packages are installed once, for the tests.
const WebSocket = createRequire(new URL("../../tests/package.json", import.meta.url))("ws");

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const between = (low, high) => low + Math.random() * (high - low);
/** A title as one types it in a hurry: small letters, no accents. */
export const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** A client for the player `sub`. */
export function signIn(sub, { server, issuer }) {
    const token = async () => {
        const reply = await fetch(`${issuer}/token?sub=${sub}`, { method: "POST" });
        const { access_token: given, error } = await reply.json();
        if (!given) {
            throw new Error(`no token for ${sub}: ${error}`);
        }
        return given;
    };
    return createDuel({ server, token, WebSocket });
}

/** Which video a picture belongs to, by the files in `objects`; undefined: none of them. */
export function makeEye(objects) {
    const known = new Map();
    const digest = (data) => createHash("sha256").update(data).digest("hex");
    for (const video of VIDEOS) {
        for (let rank = 1; rank <= FRAMES_EACH; rank++) {
            known.set(digest(readFileSync(join(objects, frameKey(video.id, rank)))), video);
        }
    }
    return (bytes) => known.get(digest(bytes));
}

/** A video that has another title. */
export function anotherThan(video) {
    const others = VIDEOS.filter((other) => plain(other.title) !== plain(video.title));
    return others[Math.floor(Math.random() * others.length)];
}

/**
 * Types the title of `video`, asking for suggestions at each key, until it is among the first offered.
 *
 * @param keyMs () => milliseconds for the next key; below a hundred the client asks less often than that
 * @param here () => false as soon as there is no use in going on
 * @returns {typed, items: the last suggestions, isOffered}
 */
export async function search(duel, video, { keyMs, here, atLeast = 4, atMost = 16, among = 5 }) {
    let typed = "";
    let items = [];
    const isOffered = () => items.slice(0, among).some((item) => item.video === video.id);
    for (const letter of plain(video.title).slice(0, atMost)) {
        typed += letter;
        const answer = duel.suggest(typed).then((found) => {
            items = found ?? items;
        });
        await Promise.race([Promise.all([answer, sleep(keyMs())]), sleep(1000)]);
        if (!here() || (typed.length >= atLeast && isOffered())) {
            break;
        }
    }
    return { typed, items, isOffered: isOffered() };
}
