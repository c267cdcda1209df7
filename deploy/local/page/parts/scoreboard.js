// The line above the frame: both names with their guesses, the score, and the clock between them.

import { h, play, setAttr, setText } from "../dom.js";
import { t } from "../i18n.js";
import { guessState } from "./guesses.js";
import { makePips } from "./pips.js";
import { makeRing } from "./ring.js";

function makeSide(side) {
    const name = h("span", { class: "side-name" });
    const status = h("span", { class: "side-status" });
    const pips = makePips(side);
    const score = h("span", { class: `score ${side}` });
    const node = h(
        "div",
        { class: `side ${side}` },
        h("div", { class: "side-text" }, h("div", { class: "side-line" }, name, status), pips.node),
        score,
    );
    return { node, name, status, pips, score };
}

function setScore(node, value) {
    const before = node.textContent;
    setText(node, value);
    if (before !== "" && before !== String(value)) {
        const pop = [{ transform: "scale(1.7)" }, { transform: "none" }];
        play(node, pop, { duration: 520, easing: "cubic-bezier(.2,1.4,.4,1)" });
    }
}

function statusWord(match, player) {
    if (!player.connected) {
        return ["gone", t("statusGone")];
    }
    if (match.phase !== "round") {
        return ["", ""];
    }
    const { status } = match.round.opponent;
    return [status, t(`status${status[0].toUpperCase()}${status.slice(1)}`)];
}

export function makeScoreboard() {
    const you = makeSide("you");
    const them = makeSide("them");
    const ring = makeRing();
    const node = h("div", { class: "scoreboard" }, you.node, ring.node, them.node);
    return {
        node,
        /** Returns the whole seconds left, null between rounds. */
        update(match, now) {
            const total = match.rules.maxGuesses;
            const other = match.players[1 - match.you];
            const guesses = match.round?.guesses ?? [];
            setText(you.name, match.players[match.you].name);
            setText(them.name, other.name);
            setScore(you.score, match.score[match.you]);
            setScore(them.score, match.score[1 - match.you]);
            you.pips.update(guesses.map(guessState), total, t("yourPips", { n: guesses.length, total }));
            const n = match.round?.opponent.guesses ?? 0;
            const solved = match.round?.opponent.status === "solved";
            const used = Array.from({ length: n }, (_, at) => (solved && at === n - 1 ? "right" : "used"));
            them.pips.update(used, total, t("opponentGuesses", { name: other.name, n }));
            const [kind, word] = statusWord(match, other);
            setAttr(them.status, "data-kind", kind);
            setText(them.status, word);
            return ring.update(match.phase === "round" ? match.round : null, now);
        },
    };
}
