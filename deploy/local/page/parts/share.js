// The text to share: shown as it is, copied by a button, handed to the phone's own sheet where there is one.

import { h, setText, show } from "../dom.js";
import { t } from "../i18n.js";
import { canSend, makeCopy, send } from "./copy.js";

export function makeShare() {
    const text = h("pre", {
        class: "share-text",
        tabindex: "0",
        "aria-label": t("shareText"),
        role: "group",
    });
    const copy = makeCopy({
        label: t("copy"),
        done: t("copied"),
        text: () => text.textContent,
        select: () => getSelection().selectAllChildren(text),
    });
    const pass = h(
        "button",
        { type: "button", class: "second", onclick: () => send({ text: text.textContent }) },
        t("share"),
    );
    show(pass, canSend());
    const node = h(
        "section",
        { class: "share" },
        text,
        h("div", { class: "share-buttons" }, copy, pass),
    );
    return {
        node,
        update(words) {
            show(node, words);
            setText(text, words);
        },
    };
}
