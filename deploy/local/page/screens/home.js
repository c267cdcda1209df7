// Home: who you are, what you have won, and the one big button.

import { h, setText } from "../dom.js";
import { t } from "../i18n.js";
import { makeAvatar, makeCountry } from "../parts/person.js";
import { makeTold } from "../parts/told.js";

function makeProfile(app) {
    const avatar = makeAvatar();
    const country = makeCountry();
    const name = h("span", { class: "profile-name" });
    const rating = h("span", { class: "profile-rating" });
    const change = h(
        "button",
        { type: "button", class: "link", onclick: () => app.changePlayer() },
        t("changePlayer"),
    );
    const counts = ["wins", "draws", "losses"].map((kind) => ({
        kind,
        value: h("dd", {}),
        label: h("dt", {}, t(kind)),
    }));
    const node = h(
        "section",
        { class: "profile", "aria-label": app.who.name },
        h(
            "div",
            { class: "profile-who" },
            avatar.node,
            h("div", {}, name, h("div", { class: "profile-more" }, country.node, change)),
        ),
        h("div", { class: "profile-elo" }, h("span", { class: "eyebrow" }, t("rating")), rating),
        h(
            "dl",
            { class: "record" },
            counts.map(({ label, value }) => h("div", {}, label, value)),
        ),
    );
    return {
        node,
        update() {
            const me = app.me ?? { ...app.who, avatar: null };
            avatar.update(me);
            country.update(me.country);
            setText(name, me.name);
            setText(rating, me.rating ?? "—");
            for (const { kind, value } of counts) {
                setText(value, me[kind] ?? "—");
            }
        },
    };
}

export function makeHome(app) {
    const profile = makeProfile(app);
    const find = h("button", { type: "button", class: "first", onclick: () => app.search() });
    const missing = makeTold(() => app.loadMe());
    const step = (key) => h("li", {}, t(key));
    const node = h(
        "main",
        { class: "home" },
        h("div", { class: "home-strip", "aria-hidden": "true" }, h("div", { class: "home-reel" })),
        h(
            "div",
            { class: "home-body narrow" },
            h("h1", { tabindex: "-1", class: "tagline" }, t("tagline")),
            profile.node,
            find, // above what may come later: nothing moves under a thumb
            missing.node,
            h("a", { class: "second wide", href: "#challenge" }, t("challenge")),
            h(
                "nav",
                { class: "home-links" },
                h("a", { class: "second", href: "#history" }, t("history")),
                h("a", { class: "second", href: "#ranking" }, t("ranking")),
            ),
            h(
                "section",
                { class: "how" },
                h("h2", { class: "eyebrow" }, t("howTitle")),
                h("ol", {}, step("how1"), step("how2"), step("how3")),
            ),
        ),
    );
    return {
        node,
        focus: find,
        update() {
            profile.update();
            missing.update(app.meProblem);
            setText(find, app.me?.match ? t("goBack") : t("find"));
        },
    };
}
