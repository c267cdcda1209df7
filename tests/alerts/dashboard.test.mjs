// The dashboard as Grafana has to find it: panels that do not lie on each other, each of them explained, with a
// unit, and asking the data source that is chosen above.

import assert from "node:assert/strict";
import { test } from "node:test";
import { panelsOf, readDashboard } from "./queries.mjs";

const dashboard = readDashboard();
const panels = panelsOf(dashboard);
const shown = panels.filter((panel) => panel.type !== "row");

test("each panel says what it shows, in which unit", () => {
    for (const { title, description, type, fieldConfig } of shown) {
        assert.ok(title && description?.length > 10, `${title} is explained`);
        assert.ok(["stat", "timeseries", "table"].includes(type), `${title} is of a kind that Grafana has`);
        assert.ok(fieldConfig.defaults.unit, `${title} has a unit`);
        assert.ok(fieldConfig.defaults.thresholds.steps[0].value === null, `${title} begins with a colour`);
    }
    assert.equal(new Set(panels.map((panel) => panel.id)).size, panels.length, "ids are unique");
    assert.equal(new Set(shown.map((panel) => panel.title)).size, shown.length, "titles are unique");
});

test("the source is a variable, and so is the node", () => {
    const variables = dashboard.templating.list;
    assert.deepEqual(variables.map((one) => one.name), ["datasource", "job", "node"]);
    for (const one of [...shown, ...shown.flatMap((panel) => panel.targets), ...variables.slice(1)]) {
        assert.deepEqual(one.datasource, { type: "prometheus", uid: "${datasource}" });
    }
    for (const { title, targets } of shown) {
        assert.ok(targets.length > 0, title);
        for (const { expr } of targets) {
            for (const [metric, labels] of expr.matchAll(/\b(?:duel|process)_\w+(\{[^}]*\})?/g)) {
                assert.match(labels ?? "", /job=~"\$job", instance=~"\$node"/, `${title}: ${metric}`);
            }
        }
        const refs = targets.map((target) => target.refId);
        assert.equal(new Set(refs).size, refs.length, title);
    }
});

test("panels lie side by side within 24 columns", () => {
    const taken = new Map();
    for (const { title, gridPos: { x, y, w, h } } of panels) {
        assert.ok(x >= 0 && w > 0 && h > 0 && x + w <= 24, title);
        for (let row = y; row < y + h; row++) {
            for (let column = x; column < x + w; column++) {
                const place = `${column},${row}`;
                assert.ok(!taken.has(place), `${title} lies on ${taken.get(place)}`);
                taken.set(place, title);
            }
        }
    }
});

test("the first row tells whether players are well", () => {
    const top = shown.filter((panel) => panel.gridPos.y === shown[0].gridPos.y);
    assert.deepEqual(top.map((panel) => panel.type), Array(8).fill("stat"));
    assert.equal(top.reduce((sum, panel) => sum + panel.gridPos.w, 0), 24);
});
