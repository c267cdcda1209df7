// The golden vectors against a MessagePack library of somebody else's: the same bytes must mean the same.
// Needs tests/node_modules: node --test tests/unit/protocol/vectors.test.mjs
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { decode, encode } from '@msgpack/msgpack';

const load = (name) =>
    JSON.parse(readFileSync(new URL(`../../../protocol/vectors/${name}.json`, import.meta.url), 'utf8'));
const bytes = (vector) => new Uint8Array(Buffer.from(vector.hex, 'hex'));

// Vectors write binary as hexadecimal text; `key` is the only such field.
const toJson = (value) => JSON.parse(JSON.stringify(value, (_, part) =>
    (part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part)));
const fromJson = (value) => JSON.parse(JSON.stringify(value), (name, part) =>
    (name === 'key' ? Buffer.from(part, 'hex') : part));

// What a reader of the contract sees: known fields only, nil like left out.
const known = (fields, read) => Object.fromEntries(
    Object.keys(fields).map((name) => [name, read[name] ?? null]));

// JavaScript writes the float 1 as an integer, so such a vector cannot come out byte for byte.
const hasWholeFloat = (vector) => /"similarity":[01][,}]/.test(JSON.stringify(vector.fields));

for (const vector of load('messages')) {
    test(vector.note, () => {
        assert.deepEqual(toJson(decode(bytes(vector))), vector.fields);
        if (!hasWholeFloat(vector)) {
            assert.equal(Buffer.from(encode(fromJson(vector.fields))).toString('hex'), vector.hex);
        }
    });
}
for (const vector of load('accepted')) {
    test(vector.note, () => {
        assert.deepEqual(known(vector.fields, toJson(decode(bytes(vector)))), vector.fields);
    });
}
// What is cut off or has bytes behind it is no MessagePack value for anybody.
for (const vector of load('refused')) {
    if (['cut off', 'more than one message', 'not MessagePack', 'empty'].includes(vector.reason)) {
        test(vector.note, () => assert.throws(() => decode(bytes(vector))));
    }
}
