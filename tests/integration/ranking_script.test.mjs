// The script that keeps the ranking's copy in Valkey, asked step by step: what was published between reading
// a page or a correction and writing it stays, and a copy that vanished meanwhile is not taken for whole.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";
import Valkey from "iovalkey";

const KEY = "lb:duels:elo";
const read = (name) => readFileSync(new URL(`../../deploy/valkey/${name}.lua`, import.meta.url), "utf8");
const SCRIPT = read("common") + read("ranking");
const [A, B, C] = ["a", "b", "c"].map((digit) => randomUUID().replace(/^./, digit));

let valkey;
before(() => {
    const url = process.env.VALKEY_URL;
    valkey = new Valkey(url.startsWith("unix://") ? { path: url.slice("unix://".length) } : url);
});
after(() => valkey?.disconnect());
beforeEach(() => valkey.flushall());

const ask = (...words) => valkey.eval(SCRIPT, 0, "0123456789abcdef", "1", "a", ...words);
const rating = (player) => valkey.zscore(KEY, player);
const publish = (player, score) => valkey.zadd(KEY, score, player);

async function filled(entries) {
    const [stamp] = await ask("fill", "", entries);
    assert.deepEqual(await ask("seal", stamp), [stamp]);
    return stamp;
}

test("a page that was read before a rating was published does not undo it", async () => {
    await publish(A, 1016);
    const [stamp] = await ask("fill", "", `${A}:1000 ${B}:990`);
    await publish(C, 1040);
    assert.deepEqual(await ask("fill", stamp, `${C}:1024`), [stamp]);
    assert.deepEqual(await ask("seal", stamp), [stamp]);
    assert.deepEqual(await Promise.all([A, B, C].map(rating)), ["1016", "990", "1040"]);
});

test("a correction made before a rating was published does not undo it", async () => {
    await filled(`${A}:1000 ${B}:1000`);
    await publish(A, 1032); // between "it is 1000 here and 1016 there" and its correction
    assert.deepEqual(await ask("mend", `${A}:1000:1016 ${B}:1000:984 ${C}::1200`), ["2"]);
    assert.deepEqual(await Promise.all([A, B, C].map(rating)), ["1032", "984", "1200"]);
    assert.deepEqual(await ask("mend", `${A}:1032: ${B}:1: ${C}::7`), ["1"]);
    assert.deepEqual(await Promise.all([A, B, C].map(rating)), [null, "984", "1200"]);
});

test("a set is whole only when it was filled without vanishing", async () => {
    assert.deepEqual(await ask("page", "0", "10"), ["0"]);
    await publish(A, 1016);
    assert.deepEqual(await ask("page", "0", "10"), ["0"], "made by a publication");
    const [stamp] = await ask("fill", "", `${A}:1000`);
    assert.deepEqual(await ask("page", "0", "10"), ["0"], "being filled");
    await valkey.del(KEY);
    await publish(B, 984);
    assert.deepEqual(await ask("fill", stamp, `${C}:1`), [""]);
    assert.deepEqual(await ask("seal", stamp), [""]);
    const [other] = await ask("fill", "", `${A}:1016`); // somebody else begins to fill it
    assert.notEqual(other, stamp);
    assert.deepEqual(await ask("seal", stamp), [""], "not by who filled another one");
    assert.deepEqual(await ask("fill", "", `${A}:1016`), [other], "two may fill it together");
    assert.deepEqual(await ask("seal", other), [other]);
    assert.deepEqual(await ask("page", "0", "10"), ["1", "2", "0", "1", "", `${A}:1016 ${B}:984`]);
    await publish(C, 1100);
    await valkey.zrem(KEY, B);
    assert.equal((await ask("page", "0", "1"))[0], "1", "changes leave it whole");
});

test("places and ranks", async () => {
    await filled(`${A}:1000 ${B}:1000 ${C}:900`);
    assert.deepEqual(await ask("page", "0", "2"), ["1", "3", "0", "1", "", `${B}:1000 ${A}:1000`]);
    assert.deepEqual(await ask("page", "1", "5"), ["1", "3", "1", "1", "", `${A}:1000 ${C}:900`]);
    assert.deepEqual(await ask("page", "3", "5"), ["1", "3", "3", "1", "", ""]);
    assert.deepEqual(await ask("around", C, "1"), ["1", "3", "1", "1", "3", `${A}:1000 ${C}:900`]);
    assert.deepEqual(await ask("around", randomUUID(), "1"), ["1", "3", "0", "1", "", ""]);
});

test("members that are no players, and a key of another type, are taken out", async () => {
    await filled(`${A}:1000`);
    await valkey.zadd(KEY, 2000, "x", 3000, `${B} `, 4000, "");
    assert.deepEqual(await ask("page", "0", "10"), ["0"]);
    assert.deepEqual(await ask("page", "0", "10"), ["1", "1", "0", "1", "", `${A}:1000`]);
    await valkey.zadd(KEY, 2000, "x");
    assert.deepEqual(await ask("scan", "0"), ["0", `${A}:1000`]);
    assert.equal(await valkey.zcard(KEY), 1);
    await valkey.set(KEY, "1");
    assert.deepEqual(await ask("page", "0", "10"), ["0"]);
    assert.equal(await valkey.exists(KEY), 0);
});
