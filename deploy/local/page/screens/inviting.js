// An own invitation waits: its link to hand on, how long it is good for, and a way to take it back.

import { h, setAttr, setText, show } from "../dom.js";
import { minutes, t } from "../i18n.js";
import { canSend, makeCopy, send } from "../parts/copy.js";
import { makeLeader } from "../parts/leader.js";
import { makeNotice } from "../parts/notice.js";

export function makeInviting(app) {
    const notice = makeNotice();
    const left = h("span", { class: "leader-time", role: "timer", "aria-label": t("linkGoodFor") });
    const link = h("input", {
        id: "invite-link",
        class: "field",
        readonly: true,
        onfocus: () => link.select(),
    });
    const copy = makeCopy({
        label: t("copyLink"),
        done: t("linkCopied"),
        text: () => link.value,
        select: () => link.select(),
        kind: "first",
    });
    const pass = h(
        "button",
        {
            type: "button",
            class: "second wide",
            onclick: () => send({ text: t("inviteWords"), url: link.value }),
        },
        t("sendLink"),
    );
    show(pass, canSend());
    const kind = h("p", { class: "fine" });
    const cancel = h(
        "button",
        { type: "button", class: "second wide", onclick: () => app.withdraw() },
        t("cancelInvite"),
    );
    const node = h(
        "main",
        { class: "inviting narrow centred" },
        notice.node,
        h("h1", { tabindex: "-1" }, t("inviting")),
        h("p", { class: "lead" }, t("inviteHint")),
        makeLeader("big", left),
        h(
            "div",
            { class: "invite-link" },
            h("label", { for: "invite-link", class: "eyebrow" }, t("inviteLink")),
            link,
        ),
        h("div", { class: "invite-buttons" }, copy, pass, cancel),
        kind,
    );
    return {
        node,
        focus: copy,
        update() {
            const { match } = app.state;
            const url = match?.invitation?.url;
            if (url) {
                setAttr(link, "value", url);
                setText(kind, t(match.rated ? "invitedRated" : "invitedFriendly"));
            }
            this.tick(Date.now());
        },
        tick(now) {
            const { match } = app.state;
            notice.update(app.state, now);
            if (match?.invitation) {
                setText(left, minutes(match.invitation.expiresAt - now + 999));
            }
        },
    };
}
