// Sealed frames: loaded ahead, opened when the key is there, in whichever order the two come. One at a time;
// a newer frame, also one for the same round, takes the place of the one before.

import { DuelProblem, problem } from "./problem.js";
import { fetchWithin } from "./http.js";

const TRIES_MAX = 5; // an address serves five times
const LOAD_MS = 10_000;
const RETRY_BASE_MS = 400;
const IV_SIZE = 12;
const TAG_SIZE = 16;
const LENGTH_SIZE = 4;

/** Opens a sealed body; `token` is the last part of its address. Rejects when anything does not fit. */
export async function openFrame(body, key, token) {
    const subtle = globalThis.crypto?.subtle;
    if (!subtle) {
        throw new DuelProblem({ code: "NO_CRYPTO", message: "WebCrypto needs a secure context" });
    }
    if (body.length < IV_SIZE + LENGTH_SIZE + TAG_SIZE) {
        throw new DuelProblem({ code: "FRAME_BROKEN", message: "too short" });
    }
    let plain;
    try {
        const secret = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
        plain = new Uint8Array(await subtle.decrypt({
            name: "AES-GCM", iv: body.subarray(0, IV_SIZE),
            additionalData: new TextEncoder().encode(token), tagLength: 8 * TAG_SIZE,
        }, secret, body.subarray(IV_SIZE)));
    } catch {
        throw new DuelProblem({ code: "FRAME_BROKEN", message: "does not open with this key" });
    }
    const size = new DataView(plain.buffer, plain.byteOffset).getUint32(0);
    if (size === 0 || size > plain.length - LENGTH_SIZE) {
        throw new DuelProblem({ code: "FRAME_BROKEN", message: "its length does not fit" });
    }
    return plain.slice(LENGTH_SIZE, LENGTH_SIZE + size);
}

function canShow() {
    return typeof globalThis.document !== "undefined" && typeof URL.createObjectURL === "function";
}

/**
 * @param mayLoad (url) => whether it is an address of a frame
 * @param onLoaded (round), onPicture (round, picture), onProblem (round, problem)
 */
export function createFrames(env, { mayLoad, onLoaded, onPicture, onProblem }) {
    let frame = null; // {round, url, type, size, body, key, stop (aborts the loading), failed, opening}
    let urls = [];
    const timers = new Set();

    function pause(ms) {
        return new Promise((done) => {
            const timer = env.setTimeout(() => {
                timers.delete(timer);
                done();
            }, ms);
            timers.add(timer);
        });
    }

    async function loadOnce(one) {
        const read = async (response) => {
            if (response.status !== 200) {
                throw new DuelProblem({ code: response.status === 404 ? "NO_SUCH_FRAME" : "FRAME_FAILED",
                    message: `HTTP ${response.status}` });
            }
            return new Uint8Array(await response.arrayBuffer());
        };
        const body = await fetchWithin(env, env.origin + one.url, { credentials: "omit" }, read,
            { ms: LOAD_MS, signal: one.stop.signal });
        if (body.length !== one.size) {
            throw new DuelProblem({ code: "FRAME_BROKEN", message: `${body.length} of ${one.size} bytes` });
        }
        return body;
    }

    async function load(one) {
        for (let attempt = 0; one === frame; attempt++) {
            try {
                const body = await loadOnce(one);
                if (one === frame) {
                    one.body = body;
                    onLoaded(one.round);
                    open(one);
                }
                return;
            } catch (error) {
                // Also when it is said to be gone: while one server takes over from another, an address may
                // reach the one that does not know it.
                if (one === frame && attempt + 1 >= TRIES_MAX) {
                    failed(one, error);
                    return;
                }
            }
            await pause(Math.floor(env.random() * RETRY_BASE_MS * 2 ** attempt));
        }
    }

    function failed(one, error) {
        one.failed = true;
        const known = error instanceof DuelProblem ? error : { message: String(error?.message ?? error) };
        onProblem(one.round, problem(known.code ?? "FRAME_FAILED", { message: known.message }));
    }

    async function open(one) {
        if (!one.body || !one.key || one.opening) {
            return;
        }
        one.opening = true;
        const token = one.url.slice(one.url.lastIndexOf("/") + 1);
        try {
            const bytes = await openFrame(one.body, one.key, token);
            if (one === frame) {
                onPicture(one.round, Object.freeze({ url: urlFor(bytes, one.type), bytes, type: one.type }));
            }
        } catch (error) {
            if (one === frame) {
                failed(one, error);
            }
        }
    }

    function urlFor(bytes, type) {
        if (!canShow()) {
            return null;
        }
        const url = URL.createObjectURL(new Blob([bytes], { type }));
        urls.push(url);
        return url;
    }

    function drop() {
        frame?.stop.abort();
        frame = null;
    }

    function stop() {
        drop();
        timers.forEach((timer) => env.clearTimeout(timer));
        timers.clear();
    }

    return {
        /** A frame was announced, perhaps again; true when it is another one. */
        announce({ round, url, type, size }) {
            if (frame?.url === url && !frame.failed) {
                return false;
            }
            drop();
            if (!mayLoad(url) || !/^image\/[a-z0-9.+-]+$/.test(type)) {
                onProblem(round, problem("FRAME_BROKEN", { message: "a strange address or type" }));
                return true;
            }
            frame = { round, url, type, size, body: null, key: null, opening: false, failed: false,
                stop: new AbortController() };
            load(frame);
            return true;
        },

        /** The key of a round's frame. */
        unlock(round, key) {
            if (frame?.round === round && frame.key === null) {
                frame.key = key;
                open(frame);
            }
        },

        isLoaded(round) {
            return frame?.round === round && frame.body !== null;
        },

        /** Loads nothing more; pictures stay. */
        stop,

        clear() {
            stop();
            urls.forEach((url) => URL.revokeObjectURL(url));
            urls = [];
        },
    };
}
