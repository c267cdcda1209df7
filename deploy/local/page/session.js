// Who plays in this tab, and their tokens. A tab is a person: what is remembered lies in sessionStorage, so
// two windows of one browser are two players.

const KEY = "framedle.player";
const SEARCHING = "framedle.searching";

const stored = () => {
    try {
        return JSON.parse(sessionStorage.getItem(KEY));
    } catch {
        return null;
    }
};

export function remember(player) {
    sessionStorage.setItem(KEY, JSON.stringify(player));
}

export function forget() {
    sessionStorage.removeItem(KEY);
    const url = new URL(location.href);
    url.searchParams.delete("player");
    history.replaceState(null, "", url);
}

/** Whether this tab is looking for an opponent, so that a reload goes on with it. */
export function rememberSearching(searches) {
    if (searches) {
        sessionStorage.setItem(SEARCHING, "yes");
    } else {
        sessionStorage.removeItem(SEARCHING);
    }
}

export const wasSearching = () => sessionStorage.getItem(SEARCHING) !== null;

/** A player of that name, known to the issuer; null when the name is none. */
export async function named(name) {
    const answer = await fetch(`/player?${new URLSearchParams({ name })}`, { method: "POST" });
    return answer.ok ? answer.json() : null;
}

/** Who the address (?player=ana) or this tab's memory says; null: nobody yet. */
export async function whoPlays(players) {
    const wanted = new URLSearchParams(location.search).get("player");
    if (!wanted) {
        return stored();
    }
    const key = wanted.toLowerCase();
    const player = players.find((one) => one.key === key) ?? (await named(wanted).catch(() => null));
    if (player) {
        remember(player);
    }
    return player;
}

/** The client's token callback for a player: asks the stand-in Logto, and again when told so. */
export function tokensOf(player) {
    let last = null;
    return async ({ refresh }) => {
        if (!last || refresh) {
            const answer = await fetch(`/token?${new URLSearchParams({ sub: player.sub })}`, {
                method: "POST",
            });
            if (!answer.ok) {
                throw new Error(`no token: ${answer.status}`);
            }
            last = (await answer.json()).access_token;
        }
        return last;
    };
}
