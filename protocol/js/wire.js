// Bytes to messages and back. What is not a message, or has not its shape, is left out: a server that
// knows more than this client must not break it.

import { decode, encode } from "@msgpack/msgpack";
import { MESSAGES } from "./shapes.js";

export const PROTOCOL = "framedle.duel.v1";
const TOKEN_BYTES_MAX = 3500;

/** The well-formed messages of one WebSocket message, in order; unknown ones too. */
export function decodeMessages(data) {
    let decoded;
    try {
        decoded = decode(data instanceof Uint8Array ? data : new Uint8Array(data));
    } catch {
        return [];
    }
    const all = Array.isArray(decoded) ? decoded : [decoded];
    return all.filter((one) => {
        const type = typeof one === "object" && one !== null ? one.t : undefined;
        return typeof type === "string" && (!Object.hasOwn(MESSAGES, type) || MESSAGES[type](one));
    });
}

export function encodeMessage(message) {
    return encode(message, { ignoreUndefined: true });
}

const utf8 = new TextEncoder();

export function byteLength(text) {
    return utf8.encode(text).length;
}

export function isTokenTooLong(token) {
    return byteLength(token) > TOKEN_BYTES_MAX;
}

const HALF_A_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Half a surrogate pair has no UTF-8 and would be refused as ill-formed. */
export function wellFormed(text) {
    return String(text).replace(HALF_A_PAIR, "\ufffd");
}

/** As much of the text's start as fits, no code point cut. */
export function cutToBytes(text, max) {
    let size = 0;
    let result = "";
    for (const point of text) {
        size += byteLength(point);
        if (size > max) {
            break;
        }
        result += point;
    }
    return result;
}
