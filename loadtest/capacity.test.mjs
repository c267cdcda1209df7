// The page says what the arithmetic gives, and the arithmetic goes the right way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds, COSTS, MACHINES, readPage, tables } from "./capacity.mjs";

test("docs/capacity.md is fresh (node loadtest/capacity.mjs --write)", () => {
    const text = readPage().split(/<!-- \/?capacity -->/)[1];
    assert.equal(text.trim(), tables());
});

test("what costs more leaves room for fewer", () => {
    const [small, large] = MACHINES.map(bounds);
    for (const means of Object.keys(small)) {
        assert.ok(small[means] > 0 && large[means] >= small[means], means);
    }
    const before = COSTS.guess[0];
    COSTS.guess[0] = 2 * before;
    const dearer = bounds(MACHINES[0]);
    COSTS.guess[0] = before;
    assert.ok(Math.abs(dearer.loop - small.loop / 2) < 1e-6);
    assert.ok(dearer.cores < small.cores);
    assert.equal(dearer.memory, small.memory);
});
