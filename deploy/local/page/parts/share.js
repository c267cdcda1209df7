// The text to share: shown as it is, copied by a button, handed to the phone's own sheet where there is one.

import { announce, h, setText, show } from "../dom.js";
import { t } from "../i18n.js";

const COPIED_MS = 2000;

export function makeShare() {
    const text = h("pre", {
        class: "share-text",
        tabindex: "0",
        "aria-label": t("shareText"),
        role: "group",
    });
    const copy = h("button", { type: "button", class: "second", onclick: () => copyText() }, t("copy"));
    const send = h(
        "button",
        {
            type: "button",
            class: "second",
            onclick: () => navigator.share({ text: text.textContent }).catch(() => {}),
        },
        t("share"),
    );
    show(send, typeof navigator.share === "function");
    const node = h("section", { class: "share" }, text, h("div", { class: "share-buttons" }, copy, send));

    async function copyText() {
        const done = await navigator.clipboard?.writeText(text.textContent).then(
            () => true,
            () => false,
        );
        if (!done) {
            getSelection().selectAllChildren(text);
        }
        setText(copy, t(done ? "copied" : "copyFailed"));
        announce(t(done ? "copied" : "copyFailed"));
        setTimeout(() => setText(copy, t("copy")), COPIED_MS);
    }

    return {
        node,
        update(words) {
            show(node, words);
            setText(text, words);
        },
    };
}
