// Once more against the same one: the offer, the other's answer, and the time there is for it. The client goes
// into the new duel by itself.

import { tell } from "@framedle/duel/texts.js";
import { announce, h, setAttr, setText, show } from "../dom.js";
import { language, minutes, t } from "../i18n.js";

/** What an offer can be answered with; nothing more comes of it but after the last. */
const FINAL = new Set(["REMATCH_DECLINED", "REMATCH_UNAVAILABLE", "MATCH_OVER", "COOLDOWN"]);
const ANSWERS = new Set([...FINAL, "UNAVAILABLE"]);

/** What can be done: "none" · "offer" · "waiting" (own offer) · "asked" (the other's) · "over". */
function stageOf({ state, problem }, now) {
    const { match, connection } = state;
    const { end, rematch, you } = match;
    if (end.reason === "abandoned") {
        return "none";
    }
    if (rematch?.status === "offered" && connection !== "none") {
        return rematch.slot === you ? "waiting" : "asked";
    }
    const isRefused =
        rematch?.status === "declined" && rematch.slot !== you && rematch.offeredBy === you;
    const isLate = rematch?.status === "expired" || connection === "none" || end.rematchUntil <= now;
    return isRefused || isLate || FINAL.has(problem?.code) ? "over" : "offer";
}

/** The sentence beside the buttons. */
function wordsOf(stage, { match }, { name, problem }) {
    const { rematch, you, players } = match;
    if (stage === "waiting") {
        return t("rematchWaiting", { name });
    }
    if (problem) {
        return tell(problem, language().tag).what;
    }
    if (stage === "asked") {
        return t("rematchAsked", { name });
    }
    if (rematch?.status === "declined" && rematch.slot !== you) {
        return t(rematch.offeredBy === rematch.slot ? "rematchTakenBack" : "rematchDeclined", { name });
    }
    if (stage === "over") {
        return rematch?.status === "expired" ? t("rematchExpired") : "";
    }
    return stage === "offer" && !players[1 - you].connected ? t("rematchAway", { name }) : "";
}

export function makeRematch(app) {
    const words = h("p", { class: "rematch-words" });
    const bar = h("i", { class: "rematch-bar", "aria-hidden": "true" });
    const left = h("span", { class: "fine", role: "timer", "aria-label": t("timeLeft") });
    const yes = h("button", { type: "button", class: "first", onclick: () => say(true) });
    const no = h("button", { type: "button", class: "second wide", onclick: () => say(false) });
    const line = h("div", { class: "rematch-line" }, words, left);
    const node = h("div", { class: "rematch" }, line, bar, yes, no);
    let stage = null;
    let said = "";
    let problem = null;
    const stop = app.onProblem((told) => {
        if (ANSWERS.has(told.code)) {
            problem = told;
            app.changed();
        }
    });

    function say(accept) {
        problem = null;
        app.rematch(accept);
    }

    function draw(now) {
        const { state } = app;
        const name = state.match.players[1 - state.match.you].name;
        const before = stage;
        stage = stageOf({ state, problem }, now);
        const text = wordsOf(stage, state, { name, problem });
        const isOpen = stage === "waiting" || stage === "asked";
        const hadFocus = node.contains(document.activeElement);
        show(node, stage !== "none" && (stage !== "over" || text));
        setText(words, text);
        show(line, text || isOpen);
        show(yes, stage === "offer" || stage === "asked");
        setText(yes, t(stage === "asked" ? "rematchAccept" : "rematch"));
        show(no, isOpen);
        setText(no, t(stage === "asked" ? "rematchDecline" : "rematchTakeBack"));
        setAttr(node, "data-stage", stage);
        show(bar, isOpen);
        show(left, isOpen);
        drawTime(now);
        // A change is told; what a screen begins with is read with it.
        if (before !== null && text !== said && text) {
            announce(text, stage === "asked");
        }
        said = text;
        return { stage, lostFocus: hadFocus && !document.activeElement?.checkVisibility() };
    }

    function drawTime(now) {
        const { end, rules } = app.state.match;
        const ms = Math.max(0, end.rematchUntil - now);
        setText(left, minutes(ms + 999));
        bar.style.transform = `scaleX(${Math.min(1, ms / Math.max(1, rules.rematchMs))})`;
    }

    return {
        node,
        stop,
        first: yes,
        second: no,
        /** {stage, lostFocus}: the focus was on a button that is gone. */
        update: () => draw(Date.now()),
        tick(now) {
            drawTime(now);
            // Time runs out without a message where the line is away.
            if (stage === "offer" && app.state.match.end.rematchUntil <= now) {
                app.changed();
            }
        },
    };
}
