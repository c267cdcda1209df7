// What the address says: a screen around the duels (#history, #ranking, #challenge, #match-<id>) and somebody's
// invitation (?invite=<match>). So the browser's own Back works, and links can be kept.

import { matchIn } from "@framedle/duel";

const NAMES = ["challenge", "history", "ranking"];
const MATCH = "match-";

export const linkTo = (match) => `#${MATCH}${match}`;

/** {name, match}: match only of name "result". */
export function viewOf({ hash }) {
    const place = hash.slice(1);
    const match = place.startsWith(MATCH) ? matchIn(place) : null;
    return { name: match ? "result" : NAMES.includes(place) ? place : "home", match };
}

/** The id of the match that the address invites to, or null. */
export const invitationOf = ({ search }) => matchIn(new URLSearchParams(search).get("invite"));

function rewrite(change) {
    const url = new URL(location.href);
    change(url);
    history.replaceState(null, "", url);
}

export function forgetInvitation() {
    rewrite(({ searchParams }) => searchParams.delete("invite"));
}

/** Without a new entry in the browser's history: what was on show there is over. */
export function goTo(place) {
    rewrite((url) => {
        url.hash = place;
    });
}
