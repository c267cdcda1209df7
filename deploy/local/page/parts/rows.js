// A list that is read in pages: rows, a button for more of them, and what is said when there are none or they
// cannot be had. Fetches by itself; the owner makes the rows.

import { announce, h, setAttr, setText, show } from "../dom.js";
import { t } from "../i18n.js";
import { asProblem, makeTold } from "./told.js";

/**
 * @param load (rows so far) → a promise of the next page
 * @param size of a full page; one with fewer rows is the last
 * @param add (page) → puts its rows on show, and returns the first one's node for the focus, or null
 */
export function makeRows({ load, size, add, empty }) {
    const rows = [];
    const told = makeTold(() => next());
    const more = h("button", { type: "button", class: "second wide", onclick: () => next() });
    const loading = h("p", { class: "fine", role: "status" }, t("loading"));
    show(empty, false);
    const node = h("div", { class: "more" }, loading, empty, told.node, more);
    let busy = false;

    function draw(problem, isLast) {
        show(loading, busy && rows.length === 0);
        show(empty, !busy && !problem && rows.length === 0);
        show(more, rows.length > 0 && !isLast && !problem);
        setAttr(more, "aria-disabled", busy ? "true" : null);
        setText(more, t(busy ? "loading" : "more"));
        told.update(problem);
    }

    async function next() {
        if (busy) {
            return;
        }
        busy = true;
        draw(null, false);
        let problem = null;
        let page = [];
        try {
            page = await load(rows);
        } catch (error) {
            problem = asProblem(error);
        }
        busy = false;
        const isFirst = rows.length === 0;
        rows.push(...page);
        const first = add(page);
        if (!isFirst && page.length > 0) {
            announce(t("moreShown", { n: page.length }));
            first?.focus();
        }
        draw(problem, !problem && page.length < size);
    }

    next();
    return { node };
}
