// An invitation is made: friendly or for rating. What comes of it is the client's state.

import { h, setAttr, setText } from "../dom.js";
import { t } from "../i18n.js";
import { makeBack } from "../parts/back.js";
import { makeTold } from "../parts/told.js";

function makeKind(value, words, hint, checked) {
    const input = h("input", { type: "radio", name: "kind", value, checked });
    const text = h("span", { class: "kind-text" }, h("strong", {}, words), h("span", {}, hint));
    return { input, node: h("label", { class: "kind" }, input, text) };
}

export function makeChallenge(app) {
    const friendly = makeKind("friendly", t("friendly"), t("friendlyHint"), true);
    const rated = makeKind("rated", t("forRating"), t("forRatingHint"), false);
    const told = makeTold();
    const go = h("button", { type: "submit", class: "first" }, t("makeLink"));
    let busy = false;

    async function make() {
        if (busy) {
            return;
        }
        busy = true;
        told.update(null);
        setAttr(go, "aria-disabled", "true");
        setText(go, t("makingLink"));
        told.update(await app.invite(rated.input.checked));
        busy = false;
        setAttr(go, "aria-disabled", null);
        setText(go, t("makeLink"));
    }

    const form = h(
        "form",
        {
            class: "challenge-form",
            onsubmit(event) {
                event.preventDefault();
                make();
            },
        },
        h(
            "fieldset",
            { class: "kinds" },
            h("legend", { class: "eyebrow" }, t("duelKind")),
            friendly.node,
            rated.node,
        ),
        told.node,
        go,
    );
    const node = h(
        "main",
        { class: "challenge narrow" },
        makeBack(),
        h("h1", { tabindex: "-1" }, t("challenge")),
        h("p", { class: "lead" }, t("challengeHint")),
        form,
    );
    return { node, update() {} };
}
