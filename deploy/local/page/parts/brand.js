// The wordmark, and the bar above all screens but the match, with the languages.

import { h, svg } from "../dom.js";
import { LANGUAGES, language, t } from "../i18n.js";

/** Two brackets of a viewfinder, one of each player's light. */
export function makeMark() {
    return svg(
        "svg",
        { class: "mark", viewBox: "0 0 64 64", "aria-hidden": "true" },
        svg("path", { class: "mark-you", d: "M12 28V16a4 4 0 0 1 4-4h12M28 52H16a4 4 0 0 1-4-4V40" }),
        svg("path", { class: "mark-them", d: "M36 12h12a4 4 0 0 1 4 4v12M52 40v8a4 4 0 0 1-4 4H36" }),
        svg("path", { class: "mark-play", d: "M26 23v18l16-9z" }),
    );
}

function makeLanguages(app) {
    const button = (one) =>
        h(
            "button",
            {
                type: "button",
                lang: one.tag,
                "aria-label": `${one.short}, ${one.name}`,
                "aria-pressed": one === language() ? "true" : "false",
                onclick: () => app.setLanguage(one.id),
            },
            one.short,
        );
    return h(
        "div",
        { class: "languages", role: "group", "aria-label": t("language") },
        LANGUAGES.map(button),
    );
}

export function makeHeader(app) {
    return h(
        "header",
        { class: "top" },
        h(
            "div",
            { class: "brand" },
            makeMark(),
            h("span", { class: "brand-name" }, "framedle", h("b", {}, "duel")),
        ),
        makeLanguages(app),
    );
}
