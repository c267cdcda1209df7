// The ranking: the own place with who stands around it, and the best, page by page. People who are gone keep
// their place without a name.

import { h, setText, show } from "../dom.js";
import { count, t } from "../i18n.js";
import { makeBack } from "../parts/back.js";
import { makeAvatar, makeCountry } from "../parts/person.js";
import { makeRows } from "../parts/rows.js";
import { asProblem, makeTold } from "../parts/told.js";
import { nameOf } from "./history.js";

const PAGE = 25;

function makePlayer(row) {
    const avatar = makeAvatar();
    const country = makeCountry();
    const name = nameOf(row);
    avatar.update({ ...row, name: row.name ?? "?" });
    country.update(row.country);
    const text = h("span", { class: "rank-name" }, name);
    return h(
        "th",
        { scope: "row", class: "rank-player" },
        h("span", {}, avatar.node, text, country.node),
    );
}

function makeRow(row, own) {
    const figure = (kind, value) => h("td", { class: `rank-${kind}` }, count(value));
    return h(
        "tr",
        {
            tabindex: "-1",
            "aria-current": row.id === own ? "true" : null,
            class: row.deleted ? "gone" : null,
        },
        figure("place", row.rank),
        makePlayer(row),
        figure("rating", row.rating),
        figure("count", row.wins),
        figure("count", row.draws),
        figure("count", row.losses),
    );
}

function makeTable(label) {
    const body = h("tbody", {});
    const head = (kind, words, full) =>
        h("th", { scope: "col", class: `rank-${kind}`, abbr: full ?? null, title: full ?? null }, words);
    const node = h(
        "table",
        { class: "ranks" },
        h("caption", { class: "eyebrow" }, label),
        h(
            "thead",
            {},
            h(
                "tr",
                {},
                head("place", h("span", { class: "unseen" }, t("place"))),
                head("player", t("player")),
                head("rating", t("rating")),
                head("count", t("winsShort"), t("wins")),
                head("count", t("drawsShort"), t("draws")),
                head("count", t("lossesShort"), t("losses")),
            ),
        ),
        body,
    );
    return { node, body };
}

/** The own place, asked for once. */
function makeOwn(app) {
    const place = h("p", { class: "own-place", role: "status" }, t("loading"));
    const told = makeTold(() => load());
    const around = makeTable(t("aroundYou"));
    show(around.node, false);
    const node = h(
        "section",
        { class: "own", "aria-label": t("yourPlace") },
        h("div", { class: "own-head" }, h("h2", { class: "eyebrow" }, t("yourPlace")), place),
        told.node,
        around.node,
    );

    async function load() {
        told.update(null);
        try {
            const { rank, total, around: rows } = await app.ownRank();
            const words = { rank: count(rank ?? 0), total: count(total) };
            setText(place, rank === null ? t("noPlace") : t("placeOf", words));
            place.classList.toggle("unranked", rank === null);
            // Who stands among the first is seen below.
            show(around.node, rank !== null && rank > PAGE);
            around.body.replaceChildren(...rows.map((row) => makeRow(row, app.me?.id)));
        } catch (error) {
            setText(place, "");
            told.update(asProblem(error));
        }
    }

    load();
    return { node };
}

export function makeRanking(app) {
    const own = makeOwn(app);
    const best = makeTable(t("best"));
    const rows = makeRows({
        size: PAGE,
        empty: h("p", { class: "lead nothing" }, t("rankingEmpty")),
        load: (before) => app.leaderboard({ limit: PAGE, offset: before.length }),
        add(page) {
            const made = page.map((row) => makeRow(row, app.me?.id));
            best.body.append(...made);
            show(best.node, best.body.firstElementChild);
            return made[0];
        },
    });
    show(best.node, false);
    const node = h(
        "main",
        { class: "lists narrow" },
        makeBack(),
        h("h1", { tabindex: "-1" }, t("ranking")),
        own.node,
        best.node,
        rows.node,
    );
    return { node, update() {} };
}
