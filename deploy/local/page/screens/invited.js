// Somebody's invitation: who invites, what it is for, and whether to take it. One that came to nothing, or
// that others have taken, is said so.

import { h, setAttr, setText, show } from "../dom.js";
import { rough, t } from "../i18n.js";
import { makeCard } from "../parts/person.js";
import { asProblem, tellOnce } from "../parts/told.js";
import { linkTo } from "../route.js";

/** What the screen says and offers for what was found: {title, line, accept}. */
function wordsOf(look, me) {
    const [host] = look.players;
    if (look.phase === "over") {
        return { title: t("inviteOver"), line: "", accept: null };
    }
    if (!look.invitation) {
        return { title: t("ownDuel"), line: "", accept: t("goBack") };
    }
    if (host.id === me?.id) {
        return { title: t("ownInvite"), line: t("ownInviteHint"), accept: t("waitHere") };
    }
    const line = t(look.rated ? "invitedRated" : "invitedFriendly");
    return { title: t("invitedBy", { name: host.name }), line, accept: t("accept") };
}

/** The same for why it could not be found. */
function wordsWhy(problem) {
    const { what, todo, again } = tellOnce(problem);
    return { title: what, line: todo, accept: null, again };
}

export function makeInvited(app) {
    const title = h("h1", { tabindex: "-1" });
    const card = makeCard("them", t("opponent"));
    const line = h("p", { class: "lead" });
    const until = h("p", { class: "fine", role: "timer" });
    const accept = h("button", { type: "button", class: "first", onclick: () => app.accept() });
    const again = h("button", { type: "button", class: "first", onclick: () => load() }, t("retry"));
    const see = h("a", { class: "first", onclick: () => app.dismiss() }, t("seeDuel"));
    const not = h("button", { type: "button", class: "second wide", onclick: () => app.dismiss() });
    const node = h(
        "main",
        { class: "invited narrow centred" },
        title,
        card.node,
        line,
        until,
        h("div", { class: "invite-buttons" }, accept, again, see, not),
    );
    let look = null;
    let problem = null;

    async function load() {
        const match = app.invitation;
        problem = null;
        draw();
        try {
            look = await app.lookAt(match);
        } catch (error) {
            const why = asProblem(error);
            problem = why.code === "NOT_YOUR_MATCH" ? { code: "INVITE_TAKEN" } : why;
        }
        draw();
        if (node.isConnected) {
            // What it is about was not known before.
            title.focus({ preventScroll: true });
        }
    }

    function draw() {
        const loading = { title: t("loading"), line: "", accept: null };
        const words = problem ? wordsWhy(problem) : look ? wordsOf(look, app.me) : loading;
        const host = look?.invitation && look.players[0].id !== app.me?.id ? look.players[0] : null;
        setText(title, words.title);
        setText(line, words.line);
        show(line, words.line);
        show(card.node, host);
        if (host) {
            card.update(host);
        }
        show(accept, words.accept);
        setText(accept, words.accept);
        show(again, words.again);
        show(see, look?.phase === "over");
        setAttr(see, "href", look ? linkTo(look.match) : null);
        setText(not, t(words.accept ? "notNow" : "home"));
        drawTime(Date.now());
    }

    function drawTime(now) {
        const left = look?.invitation ? look.invitation.expiresAt - now : 0;
        show(until, left > 0);
        setText(until, left > 0 ? t("inviteGoodFor", { time: rough(left) }) : "");
    }

    load();
    return { node, focus: title, update: draw, tick: drawTime };
}
