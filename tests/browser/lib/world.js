// What all tests share: one house, one browser, and the memory of what was opened and looked at.
import { chromium } from "playwright-core";
import { House } from "./house.js";
import { Mirror } from "./mirror.js";
import { getRoutes, matcher } from "./routes.js";

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };
/** Pages judged at once: as many as the smallest machine has cores. */
const MIRRORS = 2;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--lang=fr"];

class World {
  /** Route → the statuses that a browser saw; only those of the house. */
  opened = new Map();
  /** Routes whose page was looked at. */
  looked = new Set();
  /** Title → the pages that bear it. */
  titles = new Map();
  /** What is wrong with the pages looked at in this test. */
  faults = [];

  /** The first who comes opens; the others find it open. */
  open() {
    return (this.opening ??= this.#open());
  }

  async #open() {
    this.routes = getRoutes();
    this.routeOf = matcher(this.routes);
    [this.house, this.browser] = await Promise.all([
      House.open(),
      chromium.launch({
        executablePath: process.env.PREAU_CHROMIUM ?? "/usr/bin/chromium",
        args: [...FLAGS, "--disable-component-update", "--disable-sync"],
      }),
    ]);
    const mirrors = await Promise.all(Array.from({ length: MIRRORS }, () => Mirror.open(this.browser, hearComplaints)));
    this.mirrors = mirrors.map((mirror) => ({ mirror, last: Promise.resolve() }));
  }

  async close() {
    await this.browser?.close();
    await this.house?.close();
  }

  /** Gives an answer to the mirror whose turn it is. */
  judge(seen, tell) {
    const place = this.mirrors.shift();
    this.mirrors.push(place);
    place.last = place.last.then(async () => tell(await place.mirror.judge(seen)));
    // What breaks is told by `judged`, not to the process.
    place.last.catch(() => {});
  }

  /** All that was given has been judged. */
  async judged() {
    const pending = this.mirrors.map((place) => place.last);
    for (const place of this.mirrors) place.last = Promise.resolve();
    await Promise.all(pending);
  }

  /** Somebody's browser, with nothing in it; without JavaScript unless asked. Gives its page. */
  async visitor({ desk = false, script = false } = {}) {
    const context = await this.browser.newContext({ viewport: desk ? DESK : PHONE, javaScriptEnabled: script, locale: "fr-FR" });
    context.setDefaultTimeout(15_000);
    context.on("response", (response) => {
      if (response.request().method() === "GET") this.remember(response.url(), response.status(), response.headers()["content-type"]);
    });
    return this.tab(context);
  }

  /** Another tab of the same browser. */
  async tab(context) {
    const page = await context.newPage();
    hearComplaints(page);
    return page;
  }

  /** That an address of the house was opened. */
  remember(address, status, kind = "") {
    const url = new URL(address);
    const route = url.origin === this.house.url && this.routeOf(url.pathname);
    if (!route) return;
    const seen = this.opened.get(route) ?? [];
    seen.push({ status, html: kind.startsWith("text/html") });
    this.opened.set(route, seen);
  }
}

/** What the browser itself says against a page: a script, a style or a form that the content policy forbids, a file that is missing. */
function hearComplaints(page) {
  page.complaints = [];
  page.on("console", (message) => {
    // A page that answers 4xx on purpose is said too, and what others' pages do is theirs.
    const ours = page.url().startsWith(world.house.url) && !/the server responded with a status of 4\d\d/.test(message.text());
    if (message.type() === "error" && ours) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => {
    // Chromium shows a frame that it was told to refuse as a page of its own, whose script breaks when the walk leaves meanwhile.
    if (!/ \(?chrome-error:\/\//.test(error.stack ?? "")) page.complaints.push(String(error));
  });
  page.on("response", (response) => {
    if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) page.document = response;
  });
}

export const world = new World();
