// One person's tab: what they see, and what they do with keys, a mouse or a finger. Looks at the page as it
// is rendered and at the attributes that page/main.js promises; knows nothing of the page's scripts.

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TEXTS } from "../../../protocol/js/texts.js";

/** Where pictures of the screens are kept. */
export const PICTURES = fileURLToPath(new URL("../../../build/test-output/browser", import.meta.url));

/** A bound on waiting, not a claim about speed. */
const PATIENCE_MS = 25_000;
/** What Chromium says of a line that a test cut or a server that a test ended. */
const EXPECTED = /^(Failed to load resource|WebSocket connection to|Access to fetch)/;

/** A title as one types it in a hurry: small letters, no accents. */
export const hurried = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export class Tab {
    #touch = false;
    /** What the page or an inspection of it complained about; a test with any has failed. */
    complaints = [];

    constructor({ stack, page, line, language }) {
        Object.assign(this, { stack, page, line, language });
    }

    async prepare({ width, height, touch }) {
        const { page } = this;
        this.#touch = touch;
        page.setDefaultTimeout(PATIENCE_MS);
        page.on("pageerror", (error) => this.complaints.push(String(error?.stack ?? error)));
        page.on("console", (message) => {
            if (message.type() === "error" && !EXPECTED.test(message.text())) {
                this.complaints.push(message.text());
            }
        });
        this.cdp = await page.createCDPSession();
        const userAgent = await this.stack.browser.userAgent();
        await this.cdp.send("Emulation.setUserAgentOverride", { userAgent, acceptLanguage: this.language });
        await page.setViewport({ width, height, hasTouch: touch, isMobile: touch });
    }

    async close() {
        await this.page.browserContext().close();
        await this.line?.close();
    }

    async open(who = null, origin = this.stack.page.origin) {
        await this.page.goto(`${origin}/${who ? `?player=${who}` : ""}`);
    }

    /** Comes to where round 1 is played; somebody else has to search as well. */
    async findOpponent() {
        await this.sees("home");
        await this.page.click("main button.first");
    }

    /** As when a phone loses its network: the line is cut and the browser knows. */
    async loseNetwork() {
        this.line.cut();
        await this.page.setOfflineMode(true);
    }

    async regainNetwork() {
        this.line.mend();
        await this.page.setOfflineMode(false);
    }

    /** The same screen in a window of another size. */
    async resize(width, height) {
        await this.page.setViewport({ width, height, hasTouch: this.#touch, isMobile: this.#touch });
        // Chromium keeps what was in sight by zooming, as when a phone is turned.
        await this.cdp.send("Emulation.setPageScaleFactor", { pageScaleFactor: 1 });
    }

    // What is seen.

    /** Waits for a screen, and a phase of the match where one is named. */
    async sees(screen, phase = null) {
        const wanted = `#app[data-screen="${screen}"]${phase === null ? "" : `[data-phase="${phase}"]`}`;
        try {
            await this.page.waitForSelector(wanted);
        } catch {
            throw new Error(`waited for ${wanted}, saw ${JSON.stringify(await this.where())}`);
        }
    }

    where() {
        return this.page.$eval("#app", ({ dataset }) => ({ ...dataset }));
    }

    /** Waits for an element that can be seen. */
    async shown(selector) {
        try {
            return await this.page.waitForSelector(selector, { visible: true });
        } catch {
            throw new Error(`waited for ${selector} on ${JSON.stringify(await this.where())}`);
        }
    }

    /** Waits until the visible text of the page, or of an element in it, holds `words`. */
    async reads(words, selector = "#app") {
        const holds = (one, wanted) => document.querySelector(one)?.innerText.includes(wanted);
        try {
            await this.page.waitForFunction(holds, {}, selector, words);
        } catch {
            const text = await this.page.evaluate((one) => document.querySelector(one)?.innerText, selector);
            throw new Error(`waited for "${words}" in ${selector}, read: ${text}`);
        }
    }

    /** Waits until `selector` tells what happened, in this tab's language, for one of `codes`. */
    async tells(selector, ...codes) {
        const sentences = codes.map((code) => TEXTS[code][this.language.slice(0, 2)].what);
        await this.until((one, wanted) => {
            const text = document.querySelector(one)?.innerText ?? "";
            return wanted.some((sentence) => text.includes(sentence));
        }, `one of ${JSON.stringify(sentences)}`, selector, sentences);
    }

    /** Waits until `look`, run in the page, gives something. */
    async until(look, what, ...given) {
        try {
            return await (await this.page.waitForFunction(look, {}, ...given)).jsonValue();
        } catch {
            throw new Error(`never: ${what}; saw ${JSON.stringify(await this.where())}`);
        }
    }

    /** The accessible name of what has the focus. */
    async focused() {
        const { result } = await this.cdp.send("Runtime.evaluate", { expression: "document.activeElement" });
        const { nodes } = await this.cdp.send("Accessibility.getPartialAXTree",
            { objectId: result.objectId, fetchRelatives: false });
        return nodes[0].name?.value ?? "";
    }

    text(selector) {
        return this.page.$eval(selector, (node) => node.innerText.trim());
    }

    texts(selector) {
        return this.page.$$eval(selector, (nodes) => nodes.map((node) => node.innerText.trim()));
    }

    /** The video whose frame is on show: found by looking, as people do. */
    async video() {
        await this.shown("img.frame-image");
        const address = await this.page.$eval("img.frame-image", (image) => image.src);
        await this.cdp.send("Page.enable");
        const { frameTree } = await this.cdp.send("Page.getFrameTree");
        const { content, base64Encoded } = await this.cdp.send("Page.getResourceContent",
            { frameId: frameTree.frame.id, url: address });
        const video = this.stack.eye(Buffer.from(content, base64Encoded ? "base64" : "utf8"));
        assert.ok(video, "the picture on show is none of the sample's");
        return video;
    }

    /** Short animations have come to their end. */
    async still() {
        await this.page.evaluate(async () => {
            const isShort = ({ playState, effect }) =>
                playState === "running" && effect.getComputedTiming().endTime < 3000;
            await Promise.allSettled(document.getAnimations().filter(isShort).map((one) => one.finished));
        });
    }

    async picture(name) {
        const { width, height } = this.page.viewport();
        await this.page.screenshot({ path: join(PICTURES, `${name}-${width}x${height}.png`) });
    }

    // What is done.

    /** The button with that accessible name. */
    button(name) {
        return this.page.waitForSelector(`::-p-aria([name="${name}"][role="button"])`, { visible: true });
    }

    async press(name) {
        await this.#hit(await this.button(name));
    }

    /** The link with that accessible name. */
    async follow(name) {
        await this.#hit(await this.page.waitForSelector(`::-p-aria([name="${name}"][role="link"])`, { visible: true }));
    }

    /** The player of that name, on the first screen. */
    async choose(name) {
        await this.#hit(await this.shown(`.choice::-p-text(${name})`));
    }

    #hit(element) {
        return this.#touch ? element.tap() : element.click();
    }

    type(text) {
        return this.page.keyboard.type(text);
    }

    key(name) {
        return this.page.keyboard.press(name);
    }

    /** Empties the field and sends a text as it is. */
    async guessText(text) {
        await this.#emptyField();
        await this.type(text);
        await this.key("Enter");
    }

    /** A finger taps the field; at a desk "/" leads there from wherever the focus is. */
    async #emptyField() {
        const isThere = () => this.page.evaluate(() => document.activeElement?.role === "combobox");
        if (this.#touch) {
            await this.#hit(await this.shown("[role=combobox]"));
        } else if (!(await isThere())) {
            await this.key("/");
        }
        assert.ok(await isThere(), "the field has the focus");
        await this.page.keyboard.down("Control");
        await this.key("a");
        await this.page.keyboard.up("Control");
        await this.key("Backspace");
    }

    /** Types the beginning of a title until it is offered. */
    async search({ title }) {
        await this.#emptyField();
        await this.type(hurried(title).slice(0, 14));
        await this.until((wanted) => [...document.querySelectorAll("[role=option] .option-title")]
            .some((node) => node.textContent === wanted), `"${title}" offered`, title);
    }

    /** Searches, goes to the title with the arrow keys and sends it. */
    async pickByKeys(video) {
        await this.search(video);
        const active = () =>
            document.querySelector("[role=option][aria-selected=true] .option-title")?.textContent;
        for (let presses = 0; presses < 12 && (await this.page.evaluate(active)) !== video.title; presses++) {
            await this.key("ArrowDown");
        }
        assert.equal(await this.page.evaluate(active), video.title, "the arrows reached it");
        await this.key("Enter");
    }

    /** Searches and taps, or clicks, the title. */
    async pickByHand(video) {
        await this.search(video);
        // Each is asked for its own title: the list may be drawn anew between two questions.
        for (const option of await this.page.$$("[role=option]")) {
            if ((await option.$eval(".option-title", (title) => title.innerText)) === video.title) {
                return this.#hit(option);
            }
        }
        throw new Error(`“${video.title}” is not offered`);
    }
}
