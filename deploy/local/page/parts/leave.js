// "Resign?", asked before it is done.

import { h, setText } from "../dom.js";
import { t } from "../i18n.js";

export function makeLeaveDialog(app) {
    const text = h("p", {});
    const stay = h("button", { type: "button", class: "first", onclick: () => node.close() }, t("leaveNo"));
    const go = h(
        "button",
        {
            type: "button",
            class: "second",
            onclick() {
                node.close();
                app.leave();
            },
        },
        t("leaveYes"),
    );
    const node = h(
        "dialog",
        { class: "dialog", "aria-labelledby": "leave-title" },
        h("h2", { id: "leave-title" }, t("leaveTitle")),
        text,
        h("div", { class: "dialog-buttons" }, stay, go),
    );
    return {
        node,
        open() {
            const { match } = app.state;
            setText(text, t("leaveText", { name: match.players[1 - match.you].name }));
            node.showModal();
            stay.focus();
        },
    };
}
