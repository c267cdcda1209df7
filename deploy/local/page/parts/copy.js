// Handing a text on: a button that copies it and says so, and the phone's own sheet where there is one.

import { announce, h, setText } from "../dom.js";
import { t } from "../i18n.js";

const COPIED_MS = 2000;

export const canSend = () => typeof navigator.share === "function";

/** `what` as navigator.share takes it; who closes the sheet has simply not sent it. */
export function send(what) {
    navigator.share(what).catch(() => {});
}

async function copied(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false; // a page without https has no clipboard, or it was forbidden
    }
}

/** `text()` gives what is copied; `select()` marks it where it stands, so that it can be copied by hand. */
export function makeCopy({ label, done, text, select, kind = "second" }) {
    const node = h(
        "button",
        {
            type: "button",
            class: kind,
            async onclick() {
                const isDone = await copied(text());
                if (!isDone) {
                    select();
                }
                const words = isDone ? done : t("copyFailed");
                setText(node, words);
                announce(words);
                setTimeout(() => setText(node, label), COPIED_MS);
            },
        },
        label,
    );
    return node;
}
