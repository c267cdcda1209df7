// Both names face each other; in the middle first "VS", then the film leader counts 3, 2, 1.

import { announce, h, play, setText, show } from "../dom.js";
import { t } from "../i18n.js";
import { makeLeader } from "../parts/leader.js";
import { makeNotice } from "../parts/notice.js";
import { makeCard } from "../parts/person.js";

/** The two players as far as they are known: own first. */
function sides(app) {
    const { match, found } = app.state;
    if (match) {
        return [match.players[match.you], match.players[1 - match.you]];
    }
    const me = app.me ?? { ...app.who, rating: app.state.queue?.rating ?? "" };
    return [me, found?.opponent ?? { name: "…", avatar: null, country: null, rating: "" }];
}

function statusLine(app, them) {
    const { match } = app.state;
    if (!match) {
        return t("connecting");
    }
    if (match.phase === "waiting") {
        return t("waitingFor", { name: them.name });
    }
    const kind = match.rated ? t("rated") : t("unrated");
    return `${t("bestOf", { n: match.rules.bestOf })} · ${kind}`;
}

export function makeFound(app) {
    const notice = makeNotice();
    const you = makeCard("you", t("you"));
    const them = makeCard("them", t("opponent"));
    const number = h("span", { class: "leader-number" });
    const leader = makeLeader("versus", number);
    const line = h("p", { class: "found-line", role: "status" });
    const leave = h(
        "button",
        { type: "button", class: "quiet", onclick: () => app.leave() },
        t("cancelMatch"),
    );
    const node = h(
        "main",
        { class: "found" },
        notice.node,
        h("h1", { tabindex: "-1", class: "unseen" }, t("found")),
        h("div", { class: "found-cards" }, you.node, leader, them.node),
        line,
        leave,
    );
    let told = false;
    return {
        node,
        update() {
            const [mine, other] = sides(app);
            you.update(mine);
            them.update(other);
            setText(line, statusLine(app, other));
            show(leave, app.state.match?.phase !== "countdown");
            if (!told && other.name !== "…") {
                told = true;
                announce(`${t("found")}: ${other.name}, ${other.rating}.`);
            }
            this.tick(Date.now());
        },
        tick(now) {
            const { match } = app.state;
            notice.update(app.state, now);
            const counting = match?.phase === "countdown" && match.phaseEndsAt;
            const left = counting ? Math.max(1, Math.ceil((match.phaseEndsAt - now) / 1000)) : null;
            const text = left === null ? "VS" : String(left);
            if (number.textContent !== text) {
                setText(number, text);
                leader.classList.toggle("counting", left !== null);
                const pop = [
                    { transform: "scale(1.35)", opacity: 0.2 },
                    { transform: "none", opacity: 1 },
                ];
                play(number, pop, { duration: 260, easing: "cubic-bezier(.2,.9,.3,1)" });
            }
        },
    };
}
