// The own duels that have ended, latest first, each a link to how it went.

import { h } from "../dom.js";
import { signed, t, when } from "../i18n.js";
import { makeBack } from "../parts/back.js";
import { makeAvatar } from "../parts/person.js";
import { makeRows } from "../parts/rows.js";
import { linkTo } from "../route.js";

const PAGE = 20;
const OUTCOMES = { win: "outcomeWin", loss: "outcomeLoss", draw: "outcomeDraw", none: "outcomeNone" };

export const nameOf = ({ name }) => name ?? t("deletedPlayer");

function ratingText({ outcome, rating }) {
    if (outcome === "none") {
        return "";
    }
    return rating ? signed(rating.after - rating.before) : t("friendlyShort");
}

function makeRow(entry) {
    const avatar = makeAvatar();
    const name = nameOf(entry.opponent);
    avatar.update({ ...entry.opponent, name: entry.opponent.name ?? "?" });
    const [own, other] = entry.score;
    const change = entry.rating ? Math.sign(entry.rating.after - entry.rating.before) : 0;
    const link = h(
        "a",
        { class: "duel", href: linkTo(entry.match), "data-outcome": entry.outcome },
        avatar.node,
        h(
            "span",
            { class: "duel-text" },
            h("span", { class: "duel-name" }, name),
            h(
                "span",
                { class: "duel-more" },
                h("strong", { class: "duel-outcome" }, t(OUTCOMES[entry.outcome])),
                " ",
                h(
                    "time",
                    { datetime: new Date(entry.completedAt).toISOString() },
                    when(entry.completedAt),
                ),
            ),
        ),
        " ",
        h(
            "span",
            { class: "duel-figures" },
            h("span", { class: "duel-score" }, entry.outcome === "none" ? "" : `${own}–${other}`),
            " ",
            h("span", { class: "duel-change", "data-change": change }, ratingText(entry)),
        ),
    );
    return h("li", {}, link);
}

export function makeHistory(app) {
    const list = h("ol", { class: "duels" });
    const empty = h(
        "div",
        { class: "nothing" },
        h("p", { class: "lead" }, t("historyEmpty")),
        h("p", { class: "fine" }, t("historyEmptyHint")),
    );
    const rows = makeRows({
        size: PAGE,
        empty,
        load: (before) => app.history({ limit: PAGE, before: before.at(-1)?.match }),
        add(page) {
            const made = page.map(makeRow);
            list.append(...made);
            return made[0]?.firstElementChild;
        },
    });
    const node = h(
        "main",
        { class: "lists narrow" },
        makeBack(),
        h("h1", { tabindex: "-1" }, t("history")),
        list,
        rows.node,
    );
    return { node, update() {} };
}
