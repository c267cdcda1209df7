// In the queue: the time waited inside a turning film leader, what is known of the wait, and a way out.

import { h, setText } from "../dom.js";
import { minutes, rough, t } from "../i18n.js";
import { makeLeader } from "../parts/leader.js";
import { makeNotice } from "../parts/notice.js";

const windowText = (queue) =>
    queue.window === null
        ? t("anyRating")
        : `${Math.max(0, queue.rating - queue.window)} – ${queue.rating + queue.window}`;

const peopleText = ({ waiting }) => (waiting > 1 ? t("people", { n: waiting }) : t("alone"));

function etaText(queue, now) {
    if (queue.eta === null) {
        return t("etaUnknown");
    }
    const left = queue.since + queue.eta - now;
    return left < 1500 ? t("etaSoon") : t("about", { time: rough(left) });
}

export function makeSearching(app) {
    const notice = makeNotice();
    const waited = h("span", { class: "leader-time", role: "timer", "aria-label": t("waited") });
    const fact = (key) => ({ value: h("dd", {}, "—"), label: h("dt", {}, t(key)) });
    const facts = { window: fact("window"), people: fact("inQueue"), eta: fact("eta") };
    const until = h("p", { class: "fine" });
    const cancel = h(
        "button",
        { type: "button", class: "second wide", onclick: () => app.cancel() },
        t("cancel"),
    );
    const opened = Date.now();
    const node = h(
        "main",
        { class: "searching narrow centred" },
        notice.node,
        h("h1", { tabindex: "-1" }, t("searching")),
        makeLeader("big", waited),
        h(
            "dl",
            { class: "facts" },
            Object.values(facts).map(({ label, value }) => h("div", {}, label, value)),
        ),
        until,
        cancel,
    );
    return {
        node,
        focus: cancel,
        update() {
            this.tick(Date.now());
        },
        tick(now) {
            const { queue } = app.state;
            notice.update(app.state, now);
            setText(waited, minutes(now - (queue?.since ?? opened)));
            if (queue) {
                setText(facts.window.value, windowText(queue));
                setText(facts.people.value, peopleText(queue));
                setText(facts.eta.value, etaText(queue, now));
                setText(until, t("givesUpIn", { time: minutes(queue.expiresAt - now + 999) }));
            }
        },
    };
}
