// The page of the local stack: starts the app and shows the screen that its state asks for.
//
// For tests, and whoever else finds the way by attributes, #app carries:
//   data-screen      loading · players · home · challenge · inviting · invited · searching · found · match ·
//                    summary · history · ranking · result · problem
//   data-phase       the match's phase (waiting · countdown · round · intermission · over), else ""
//   data-connection  none · connecting · online · offline
//   data-code        on the problem screen: the code of what happened, else ""
// "found" lasts from the match being known to the end of the countdown, and comes again when a duel goes on
// after its server died. After a match's last round the screen stays "match" with phase "over" for a few
// seconds (or until "See the result"), then "summary".
// .news is what operators tell all players.
// Within: role "combobox" is the field, role "option" a suggestion, .guess[data-state=wrong|right|sent] a
// guess, .result[data-won=you|them|nobody] a round's result, .ring the clock, .notice[data-kind=offline|gone]
// a mending connection, .lock the lockout, .summary[data-outcome=win|loss|draw|none] the end.
// Buttons have their visible words as names (i18n.js). ?player=ana chooses who plays, ?invite=<match> brings an
// invitation; #challenge, #history, #ranking and #match-<id> are the screens around the duels.

import { App, screenOf } from "./app.js";
import { h } from "./dom.js";
import { language, t } from "./i18n.js";
import { makeHeader } from "./parts/brand.js";
import { makeNews } from "./parts/news.js";
import { makeChallenge } from "./screens/challenge.js";
import { makeFound } from "./screens/found.js";
import { makeHistory } from "./screens/history.js";
import { makeHome } from "./screens/home.js";
import { makeInvited } from "./screens/invited.js";
import { makeInviting } from "./screens/inviting.js";
import { makeMatch } from "./screens/match.js";
import { makePlayers } from "./screens/players.js";
import { makeProblem } from "./screens/problem.js";
import { makeRanking } from "./screens/ranking.js";
import { makeResult } from "./screens/result.js";
import { makeSearching } from "./screens/searching.js";
import { makeSummary } from "./screens/summary.js";
import { whoPlays } from "./session.js";
import { followViewport } from "./viewport.js";

const TICK_MS = 100;

const makeLoading = () => {
    const node = h("main", { class: "loading centred" }, h("h1", { tabindex: "-1" }, t("loading")));
    return { node, update() {} };
};

const SCREENS = {
    loading: makeLoading,
    players: makePlayers,
    home: makeHome,
    challenge: makeChallenge,
    inviting: makeInviting,
    invited: makeInvited,
    searching: makeSearching,
    found: makeFound,
    match: makeMatch,
    summary: makeSummary,
    history: makeHistory,
    ranking: makeRanking,
    result: makeResult,
    problem: makeProblem,
};

/** Puts a screen on show when another is asked for; else only lets it follow the state. */
class Stage {
    #root = document.getElementById("app");
    #key = "";
    #screen = null;
    #fresh = true;
    #news = makeNews();
    #app = null;

    show(app, again = false) {
        const name = screenOf(app);
        const key = `${name} ${app.state.match?.id ?? app.view.match ?? ""} ${language().id}`;
        // The found-screen is the same before and after the match is known.
        const same = name === "found" ? this.#key.split(" ")[0] === name && !again : key === this.#key;
        this.#app = app;
        this.#mark(app, name);
        if (!same || again) {
            this.#change(app, name, again);
        }
        this.#key = key;
        this.#screen.update();
        this.#tell();
    }

    #tell() {
        this.#news.update(this.#app.state, Date.now());
    }

    #mark(app, name) {
        const { dataset } = this.#root;
        dataset.screen = name;
        dataset.phase = app.state.match?.phase ?? "";
        dataset.connection = app.state.connection;
        dataset.code = app.problem?.code ?? "";
    }

    #change(app, name, again) {
        this.#screen?.destroy?.();
        this.#screen = SCREENS[name](app);
        this.#root.replaceChildren(this.#news.node, makeHeader(app), this.#screen.node);
        this.#screen.update();
        scrollTo(0, 0);
        document.title = name === "home" ? "Framedle Duel" : `Framedle Duel · ${this.#heading()}`;
        const pressed = again && this.#root.querySelector(".languages [aria-pressed=true]");
        const target = pressed || this.#screen.focus || this.#root.querySelector("h1");
        // A page that was just loaded is read from its top; later the focus goes along.
        if (!this.#fresh) {
            target?.focus({ preventScroll: true });
        }
        this.#fresh &&= name === "loading";
    }

    #heading() {
        return this.#root.querySelector("h1")?.textContent ?? "";
    }

    tick() {
        this.#screen?.tick?.(Date.now());
        if (this.#app) {
            this.#tell();
        }
    }
}

async function main() {
    followViewport();
    const stage = new Stage();
    const config = await (await fetch("/config.json")).json();
    const app = new App(config, (again) => stage.show(app, again));
    const who = await whoPlays(config.players);
    setInterval(() => stage.tick(), TICK_MS);
    addEventListener("hashchange", () => app.turn());
    if (who) {
        await app.enter(who);
    } else {
        stage.show(app);
    }
}

main().catch((error) => {
    console.error(error);
    const again = h("button", { class: "first", onclick: () => location.reload() }, t("reload"));
    const node = h("main", { class: "narrow centred" }, h("h1", {}, t("problem")), again);
    document.getElementById("app").replaceChildren(node);
});
