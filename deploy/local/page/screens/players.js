// Who plays in this tab: one of the local players, or a name of one's own.

import { h, setText, show } from "../dom.js";
import { t } from "../i18n.js";
import { makeAvatar, makeCountry } from "../parts/person.js";

const NAME_MAX = 32;

function makeChoice(app, player) {
    const avatar = makeAvatar();
    const country = makeCountry();
    avatar.update({ name: player.name, avatar: null });
    country.update(player.country);
    return h(
        "li",
        {},
        h(
            "button",
            {
                type: "button",
                class: "choice",
                onclick: () => app.choose(player),
            },
            avatar.node,
            h("span", { class: "choice-name" }, player.name),
            country.node,
        ),
    );
}

export function makePlayers(app) {
    const wrong = h("p", { class: "field-wrong", role: "alert", hidden: true });
    const input = h("input", {
        id: "name",
        type: "text",
        class: "field",
        maxlength: NAME_MAX,
        autocomplete: "nickname",
        placeholder: t("anotherNameHint"),
    });
    const form = h(
        "form",
        {
            class: "name-form",
            async onsubmit(event) {
                event.preventDefault();
                if (input.value.trim()) {
                    const taken = await app.chooseName(input.value.trim());
                    setText(wrong, t("nameFailed"));
                    show(wrong, !taken);
                }
            },
        },
        h("label", { for: "name", class: "eyebrow" }, t("anotherName")),
        h(
            "div",
            { class: "name-row" },
            input,
            h("button", { type: "submit", class: "second" }, t("enter")),
        ),
        wrong,
    );
    const node = h(
        "main",
        { class: "players narrow" },
        h("h1", { tabindex: "-1" }, t("whoAreYou")),
        h("p", { class: "lead" }, t("whoHint")),
        h(
            "ul",
            { class: "choices" },
            app.config.players.map((player) => makeChoice(app, player)),
        ),
        form,
    );
    return { node, update() {} };
}
