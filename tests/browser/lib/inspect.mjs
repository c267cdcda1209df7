// What every screen has to keep: axe finds nothing serious, nothing hangs over the side, no word is broken,
// fingers hit what is there to be hit. Takes a picture of each.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const TAP_MIN = 40;
export const PHONES = [[390, 844], [360, 640]];

/** Serious and critical findings of axe, as lines. */
async function faults(tab) {
    if (!(await tab.page.evaluate("typeof axe === 'object'"))) {
        await tab.page.evaluate(AXE);
    }
    await tab.still();
    const found = await tab.page.evaluate(async () => {
        const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false });
        return violations.map(({ id, impact, nodes }) => ({
            id, impact, nodes: nodes.map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`),
        }));
    });
    return found.filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node}`));
}

/** What hangs over the side of the window; what ends in an ellipsis does not. */
function overhang(tab) {
    return tab.page.evaluate(() => {
        const width = document.documentElement.clientWidth;
        const meant = (node) => node.closest("[aria-hidden=true], .unseen") || ellipsis(node);
        const ellipsis = (node) => {
            for (let one = node; one; one = one.parentElement) {
                if (getComputedStyle(one).textOverflow === "ellipsis") {
                    return true;
                }
            }
            return false;
        };
        const holdsText = (node) => [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
        const lines = [];
        for (const node of document.querySelectorAll("#app *")) {
            const box = node.getBoundingClientRect();
            const counts = holdsText(node) || node.matches("button, input, img, a");
            const outside = box.left < -1 || box.right > width + 1;
            if (counts && node.checkVisibility() && box.width > 0 && outside && !meant(node)) {
                const name = node.className || node.tagName;
                lines.push(`${name}: ${Math.round(box.left)}…${Math.round(box.right)}`);
            }
        }
        const scrolls = document.scrollingElement.scrollWidth;
        return scrolls > width ? [...lines, `the page is ${scrolls} wide`] : lines;
    });
}

/** Words that a narrow place broke in two. */
function brokenWords(tab) {
    return tab.page.evaluate(() => {
        const broken = [];
        const walker = document.createTreeWalker(document.getElementById("app"), NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            if (!node.parentElement.checkVisibility() || node.parentElement.closest(".unseen")) {
                continue;
            }
            for (const { index, 0: word } of node.data.matchAll(/[\p{L}\p{N}]+/gu)) {
                const range = document.createRange();
                range.setStart(node, index);
                range.setEnd(node, index + word.length);
                const parts = [...range.getClientRects()].filter(({ width }) => width > 0);
                if (new Set(parts.map(({ top }) => top)).size > 1) {
                    broken.push(word);
                }
            }
        }
        return broken;
    });
}

/** What is too small for a finger: less than TAP_MIN pixels high or wide take a tap for it. */
function smallTargets(tab) {
    return tab.page.evaluate((least) => {
        const takes = (node, x, y) => {
            const hit = document.elementFromPoint(x, y);
            return hit && (node.contains(hit) || hit.closest("label")?.control === node);
        };
        const lines = [];
        for (const node of document.querySelectorAll("button, input, a[href], [role=option]")) {
            const box = node.getBoundingClientRect();
            const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
            const inView = y > 0 && y < innerHeight && x > 0 && x < innerWidth;
            if (!node.checkVisibility() || node.disabled || !inView || !takes(node, x, y)) {
                continue;
            }
            const reach = least / 2 - 1;
            const wide = box.width >= least || (takes(node, x - reach, y) && takes(node, x + reach, y));
            const high = box.height >= least || (takes(node, x, y - reach) && takes(node, x, y + reach));
            if (!wide || !high) {
                const name = node.getAttribute("aria-label") ?? (node.innerText || node.className);
                lines.push(`${name}: ${Math.round(box.width)}×${Math.round(box.height)}`);
            }
        }
        return lines;
    }, TAP_MIN);
}

/**
 * All of it for the screen on show. What is wrong is kept as the tab's complaints, so that one run tells all.
 *
 * @param options.axe false where the same screen was judged already
 */
export async function inspect(tab, name, { axe = true } = {}) {
    await tab.still();
    const before = await tab.where();
    await tab.picture(name);
    const { width, height, hasTouch } = tab.page.viewport();
    const complain = (what, lines) =>
        tab.complaints.push(...lines.map((line) => `${name} ${width}×${height}: ${what}: ${line}`));
    complain("over the side", await overhang(tab));
    complain("broken in two", await brokenWords(tab));
    complain("too small for a finger", hasTouch ? await smallTargets(tab) : []);
    complain("axe", axe ? await faults(tab) : []);
    const after = await tab.where();
    assert.deepEqual([after.screen, after.phase], [before.screen, before.phase], `${name} stayed on show`);
}

/** The screen on show in several sizes; axe judges the first. */
export async function inspectAll(tab, sizes, name, look = inspect) {
    for (const [at, size] of sizes.entries()) {
        await tab.resize(...size);
        await look(tab, name, { axe: at === 0 });
    }
}
