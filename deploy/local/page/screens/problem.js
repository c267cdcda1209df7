// Something did not go on: what happened, what to do, and a button that does it. The two sentences are the
// client's (texts.js).

import { tell } from "@framedle/duel/texts.js";
import { h, setAttr, setText, show } from "../dom.js";
import { clockTime, language, rough, t } from "../i18n.js";

/** From here on the time of day is told too. */
const LONG_MS = 30_000;

function waitText(until, now) {
    const time = rough(until - now);
    return until - now < LONG_MS
        ? t("tryAgainIn", { time })
        : t("tryAgainAt", { time, at: clockTime(until) });
}

const LABELS = {
    retry: "retry",
    search: "find",
    signin: "signIn",
    reload: "reload",
    here: "playHere",
    wait: "retry",
};

export function makeProblem(app) {
    const what = h("h1", { tabindex: "-1" });
    const todo = h("p", { class: "lead" });
    const until = h("p", { class: "fine", role: "timer" });
    const code = h("p", { class: "code" });
    const go = h("button", { type: "button", class: "first" });
    const home = h(
        "button",
        { type: "button", class: "second wide", onclick: () => app.goHome() },
        t("home"),
    );
    const node = h(
        "main",
        { class: "problem narrow centred" },
        h("div", { class: "problem-film", "aria-hidden": "true" }, h("i", {}), h("i", {}), h("i", {})),
        what,
        todo,
        until,
        go,
        home,
        code,
    );
    let action = "none";
    go.addEventListener("click", () => app.mend(action));
    return {
        node,
        focus: what,
        update() {
            const { problem } = app;
            const told = tell(problem, language().tag);
            action = told.action;
            setText(what, told.what);
            setText(todo, told.todo);
            setText(code, problem.close ? `${problem.code} · ${problem.close}` : problem.code);
            show(go, LABELS[action]);
            setText(go, LABELS[action] ? t(LABELS[action]) : "");
            this.tick(Date.now());
        },
        tick(now) {
            const wait = app.problem?.until ? app.problem.until - now : 0;
            show(until, wait > 0);
            setText(until, wait > 0 ? waitText(app.problem.until, now) : "");
            setAttr(go, "disabled", wait > 0);
        },
    };
}
