// Something that could not be had, said where it would stand, with a button that asks again.

import { tell } from "@framedle/duel/texts.js";
import { h, setText, show } from "../dom.js";
import { language, t } from "../i18n.js";

/** Anything that was thrown, as something that can be told. */
export const asProblem = (error) => (error?.code ? error : { code: "CANNOT_CONNECT" });

/** Of these the sentences say that it goes on by itself, which a single request does not. */
const LINES = new Set(["CANNOT_CONNECT", "OFFLINE"]);
const MENDING = new Set(["retry", "wait", "reload"]);

/** {what, todo, again}: the sentences, and whether asking once more may help. */
export function tellOnce(problem) {
    const { what, todo, action } = tell(problem, language().tag);
    const isLine = LINES.has(problem.code);
    return { what, todo: isLine ? "" : todo, again: isLine || MENDING.has(action) };
}

/** `retry` is what the button does; without it there is none. */
export function makeTold(retry = null) {
    const what = h("strong", {});
    const todo = h("span", {});
    const again = h("button", { type: "button", class: "second", onclick: () => retry() }, t("retry"));
    const node = h(
        "div",
        { class: "inline-problem", role: "status", hidden: true },
        h("p", {}, what, " ", todo),
        retry ? again : null,
    );
    return {
        node,
        update(problem) {
            const told = problem ? tellOnce(problem) : null;
            show(node, told);
            setText(what, told?.what);
            setText(todo, told?.todo);
            show(again, told?.again);
        },
    };
}
