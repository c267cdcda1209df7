// What is said over a screen while something mends itself: the own connection is gone, or the opponent's.
// Calm: it covers nothing, and goes by itself.

import { tell } from "@framedle/duel/texts.js";
import { h, setAttr, setText, show } from "../dom.js";
import { language, t } from "../i18n.js";

const secondsTo = (time, now) => Math.max(0, Math.ceil((time - now) / 1000));

/** What is mending on the own side: the client knows why. */
function ownWords({ connection, problem, match }) {
    if (connection !== "offline" && !(connection === "connecting" && (match || problem))) {
        return null;
    }
    if (!problem) {
        return { kind: "offline", what: t("reconnecting"), more: t("clockRuns") };
    }
    const { what, todo, action } = tell(problem, language().tag);
    // The client does by itself what a button would offer.
    const more = action === "retry" || action === "wait" ? t("keepTrying") : todo;
    return { kind: "offline", what, more };
}

function theirWords({ match }, now) {
    const until = match && match.phase !== "over" ? match.graceUntil[1 - match.you] : null;
    if (!until) {
        return null;
    }
    const { name } = match.players[1 - match.you];
    const more = t("opponentBackBy", { n: secondsTo(until, now) });
    return { kind: "gone", what: t("opponentGone", { name }), more };
}

export function makeNotice() {
    const what = h("strong", {});
    const more = h("span", {});
    const node = h(
        "div",
        { class: "notice", hidden: true },
        h("i", { class: "notice-light", "aria-hidden": "true" }),
        h("div", { class: "notice-text" }, what, more),
    );
    return {
        node,
        update(state, now) {
            const words = ownWords(state) ?? theirWords(state, now);
            show(node, words);
            if (words) {
                setAttr(node, "data-kind", words.kind);
                setText(what, words.what);
                setText(more, words.more);
            }
            return words;
        },
    };
}
