// Both names face each other; in the middle first "VS", then the film leader counts 3, 2, 1. The same when a
// duel goes on after its server died, with the score and a word about the round that comes.

import { announce, h, play, setAttr, setText, show } from "../dom.js";
import { t } from "../i18n.js";
import { makeLeader } from "../parts/leader.js";
import { makeLeaveDialog } from "../parts/leave.js";
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
    const { wayBack } = app;
    const round = wayBack ? t(wayBack.void ? "roundAgain" : "roundNext", { n: wayBack.next }) : "";
    if (match.phase === "waiting") {
        return `${round} ${t("waitingFor", { name: them.name })}`.trim();
    }
    if (wayBack) {
        return round;
    }
    const parts = [t("bestOf", { n: match.rules.bestOf }), t(match.rated ? "rated" : "unrated")];
    const [a, b] = [match.series[match.you], match.series[1 - match.you]];
    return [...parts, ...(a + b > 0 ? [t("seriesNow", { a, b })] : [])].join(" · ");
}

/** The own side of the score first. */
function scoreOf({ score, you }) {
    return { a: score[you], b: score[1 - you] };
}

function makeScore() {
    const you = h("span", { class: "you" });
    const them = h("span", { class: "them" });
    const node = h("p", { class: "final-score found-score", hidden: true }, you, h("i", {}, "–"), them);
    return {
        node,
        update(match) {
            show(node, match);
            if (match) {
                const { a, b } = scoreOf(match);
                setText(you, a);
                setText(them, b);
            }
        },
    };
}

export function makeFound(app) {
    const notice = makeNotice();
    const you = makeCard("you", t("you"));
    const them = makeCard("them", t("opponent"));
    const number = h("span", { class: "leader-number" });
    const leader = makeLeader("versus", number);
    const line = h("p", { class: "found-line", role: "status" });
    const title = h("h1", { tabindex: "-1" });
    const score = makeScore();
    const dialog = makeLeaveDialog(app);
    // Before the first round nothing is lost by leaving; later it is asked for.
    const leave = h("button", {
        type: "button",
        class: "quiet",
        onclick: () => (app.wayBack ? dialog.open() : app.leave()),
    });
    const node = h(
        "main",
        { class: "found" },
        notice.node,
        title,
        score.node,
        h("div", { class: "found-cards" }, you.node, leader, them.node),
        line,
        leave,
        dialog.node,
    );
    let told = false;

    function tellOnce(other) {
        const { wayBack } = app;
        const { match } = app.state;
        if (told || other.name === "…") {
            return;
        }
        told = true;
        announce(
            wayBack
                ? `${t("back")}. ${t("scoreSay", scoreOf(match))} ${statusLine(app, other)}`
                : `${t("found")}: ${other.name}, ${other.rating}.`,
        );
    }

    return {
        node,
        update() {
            const [mine, other] = sides(app);
            you.update(mine);
            them.update(other);
            const { match } = app.state;
            const { wayBack } = app;
            setText(title, t(wayBack ? "back" : "found"));
            setAttr(title, "class", wayBack ? null : "unseen");
            score.update(wayBack ? match : null);
            setText(line, statusLine(app, other));
            setText(leave, t(wayBack ? "leave" : "cancelMatch"));
            show(leave, match?.phase !== "countdown" && (match || !wayBack));
            tellOnce(other);
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
