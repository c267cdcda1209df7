// The film leader: the circle with crosshairs and a turning hand that runs before a picture. Holds whatever
// is put in its middle. The hand only turns (transform), so that it costs no layout.

import { h } from "../dom.js";

export function makeLeader(className, ...middle) {
    return h(
        "div",
        { class: `leader ${className}` },
        h("div", { class: "leader-hand", "aria-hidden": "true" }),
        h("div", { class: "leader-cross", "aria-hidden": "true" }),
        h("div", { class: "leader-middle" }, middle),
    );
}
