// The golden vectors through the client's codec, and bytes of a server that means no good.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { MESSAGES } from "../shapes.js";
import { cutToBytes, decodeMessages, encodeMessage, wellFormed } from "../wire.js";

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url),
    "utf8"));
const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));

/** Binary is hexadecimal in the vectors. */
function plain(value) {
    if (value instanceof Uint8Array) {
        return Buffer.from(value).toString("hex");
    }
    if (Array.isArray(value)) {
        return value.map(plain);
    }
    return value !== null && typeof value === "object"
        ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)])) : value;
}

test("every server message of the vectors is taken and means what they say", () => {
    const seen = new Set();
    for (const { from, fields, hex, note } of vectors("messages").filter((one) => one.from === "server")) {
        const [message] = decodeMessages(bytes(hex));
        assert.ok(message, `${note} (${from})`);
        assert.deepEqual(plain(message), plain(fields), note);
        seen.add(message.t);
    }
    assert.deepEqual([...seen].sort(), Object.keys(MESSAGES).sort());
});

test("every client message of the vectors is written byte for byte", () => {
    const ours = vectors("messages").filter((one) => one.from === "client");
    assert.ok(ours.length > 5);
    for (const { fields, hex, note } of ours) {
        // JSON cannot hold the whole of a 64-bit `ts`; this client sends small ones.
        const isExact = Object.values(fields).every((value) =>
            typeof value !== "number" || Number.isSafeInteger(value));
        if (isExact) {
            assert.equal(Buffer.from(encodeMessage(fields)).toString("hex"), hex, note);
        }
    }
});

test("a batch is its messages in order; what is no message is left out", () => {
    const good = { t: "player", slot: 0, connected: false, grace_until: null };
    const batch = [good, { t: "player", slot: 2, connected: true }, { t: "later", x: 1 }, 7, null, [good],
        { t: 5 }, {}, { ...good, extra: { deep: [1] } }];
    assert.deepEqual(decodeMessages(encode(batch)).map(({ t, extra }) => [t, extra !== undefined]),
        [["player", false], ["later", false], ["player", true]]);
    for (const nothing of [[], "text", 5, null]) {
        assert.deepEqual(decodeMessages(encode(nothing)), []);
    }
    const whole = encode(good);
    assert.deepEqual(decodeMessages(whole.subarray(0, whole.length - 1)), [], "cut off");
    assert.deepEqual(decodeMessages(bytes("c1")), []);
    assert.deepEqual(decodeMessages(bytes("81a95f5f70726f746f5f5fc0")), [], "__proto__");
    assert.deepEqual(decodeMessages(new Uint8Array(0)), []);
    assert.deepEqual(decodeMessages(bytes("dfffffffff")), [], "a map of four thousand million");
});

test("each field of each message is missed when it is of another type", () => {
    for (const { fields, hex, note } of vectors("messages").filter((one) => one.from === "server")) {
        const [message] = decodeMessages(bytes(hex));
        for (const name of Object.keys(fields).filter((one) => one !== "t")) {
            const broken = { ...message, [name]: { strange: true } };
            const taken = decodeMessages(encode(broken));
            assert.deepEqual(taken, [], `${note}: ${name}`);
        }
    }
});

test("text is made well-formed and cut between code points", () => {
    assert.equal(wellFormed("a\ud83db\udc00c😀"), "a\ufffdb\ufffdc😀");
    assert.equal(cutToBytes("ééé", 5), "éé");
    assert.equal(cutToBytes("a😀b", 4), "a");
    assert.equal(cutToBytes("abc", 3), "abc");
});
