// A browser with JavaScript that shows an answer which another browser got, and judges it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { layoutFaults, unseenFocus } from "./layout.js";

const WIDTHS = [360, 390, 768, 1024, 1280, 1440];
const HEIGHT = 844;
const PHONE_PX = 390;
const DESK_PX = 1280;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PICTURES = process.env.PREAU_PICTURES;
/** A day of eighty children is no picture to look at. */
const PICTURE_HEIGHT_MAX = 3000;
const LETTERS = { plain: { standard: 16, fixed: 13 }, doubled: { standard: 32, fixed: 26 } };

export class Mirror {
  static async open(browser, hearComplaints) {
    const mirror = new Mirror();
    const context = await browser.newContext({ viewport: { width: PHONE_PX, height: HEIGHT }, locale: "fr-FR", reducedMotion: "reduce" });
    mirror.page = await context.newPage();
    mirror.tools = await context.newCDPSession(mirror.page);
    hearComplaints(mirror.page);
    return mirror;
  }

  /** What is wrong with an answer, line by line: in light and in the dark, at six widths, with letters twice as large. */
  async judge({ name, address, status, headers, body, text, viewport }) {
    const { page } = this;
    const faults = [];
    const note = (where, found) => faults.push(...found.map((fault) => `${where} : ${fault}`));
    await page.setViewportSize(viewport);
    await page.route((url) => url.href === address, (route) => route.fulfill({ status, headers, body }), { times: 1 });
    await page.goto(address);
    if ((await page.locator("body").innerText()) !== text) faults.push("le texte change avec JavaScript");
    note("page", await page.evaluate(bones));
    await page.keyboard.press("Tab");
    note("clavier", await page.evaluate(unseenFocus));
    await page.evaluate(() => {
      document.activeElement?.blur();
      for (const details of document.querySelectorAll("details:not(.menu)")) details.open = true;
    });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      note(`${width} px`, await page.evaluate(layoutFaults));
      // A family's page is one column at any width; the office's unfold.
      if (width === PHONE_PX || width === viewport.width) note(`axe, ${width} px`, await this.#axe());
      if (width === PHONE_PX || width === DESK_PX) await this.#picture(`${name}-${width}`);
    }
    await page.setViewportSize({ width: PHONE_PX, height: HEIGHT });
    await page.emulateMedia({ colorScheme: "dark" });
    note("axe, sombre", await this.#axe(["color-contrast"]));
    await page.emulateMedia({ colorScheme: "light" });
    await this.tools.send("Page.setFontSizes", { fontSizes: LETTERS.doubled });
    note("lettres doublées", await page.evaluate(layoutFaults));
    await this.#picture(`${name}-200`);
    await this.tools.send("Page.setFontSizes", { fontSizes: LETTERS.plain });
    note("navigateur, avec JavaScript", page.complaints.splice(0));
    return faults;
  }

  async #axe(only) {
    if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(axe.source);
    const runOnly = only ? { type: "rule", values: only } : { type: "tag", values: RULES };
    const { violations } = await this.page.evaluate((options) => window.axe.run(document, options), { runOnly, resultTypes: ["violations"], preload: false });
    return violations.flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map((node) => `${id} : ${node.html.slice(0, 160)} ${node.failureSummary.split("\n").slice(1, 3).join(" ").trim()}`),
    );
  }

  async #picture(name) {
    if (!PICTURES) return;
    mkdirSync(PICTURES, { recursive: true });
    const { width, height } = this.page.viewportSize();
    const whole = await this.page.evaluate(() => document.documentElement.scrollHeight);
    await this.page.setViewportSize({ width, height: Math.min(whole, PICTURE_HEIGHT_MAX) });
    await this.page.evaluate(() => window.scrollTo(0, 0));
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`) });
    await this.page.setViewportSize({ width, height });
  }
}

/** Runs within the page: what a screen reader and the content policy ask of the document itself. */
function bones() {
  const faults = [];
  const count = (selector) => document.querySelectorAll(selector).length;
  if (document.documentElement.lang !== "fr") faults.push("la langue n'est pas dite");
  if (!document.title.trim()) faults.push("pas de titre");
  if (count("h1") !== 1) faults.push(`${count("h1")} titres h1`);
  if (count("main") !== 1) faults.push(`${count("main")} éléments main`);
  if (count("script, [onclick], [onload], [onsubmit], [onchange], [style], style")) faults.push("un script ou un style dans la page");
  const first = document.querySelector("a[href], button, input");
  if (first?.getAttribute("href") !== "#page" || !document.querySelector("#page")) faults.push("pas de lien d'évitement en premier");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (twice.length) faults.push(`identifiants en double : ${twice}`);
  return faults;
}
