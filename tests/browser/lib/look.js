// What every page must be, whoever reads it and on whatever screen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { world } from "./world.js";

/**
 * Looks at the page that a browser without JavaScript shows. The same answer, byte for byte and with its headers, is shown to a
 * mirror with JavaScript, where it must read the same and is judged while the walk goes on.
 */
export async function look(page, name) {
  const url = new URL(page.url());
  const route = world.routeOf(url.pathname);
  if (route) world.looked.add(route);
  const { document } = page;
  if (document.request().method() === "GET" && document.ok()) {
    const title = await page.title();
    world.titles.set(title, (world.titles.get(title) ?? new Set()).add(route));
  }
  const { "set-cookie": _, ...headers } = await document.allHeaders();
  const seen = {
    name,
    address: url.href.split("#")[0],
    status: document.status(),
    headers,
    body: await document.body(),
    text: await page.locator("body").innerText(),
    viewport: page.viewportSize(),
  };
  const said = (fault) => `${name} (${url.pathname}) : ${fault}`;
  world.faults.push(...page.complaints.splice(0).map((complaint) => said(`navigateur : ${complaint}`)));
  world.judge(seen, (faults) => world.faults.push(...faults.map(said)));
}

/** A test whose pages are all judged before it fails: one ugly page hides no other. */
export function claim(said, walk) {
  test(said, async () => {
    await world.open();
    world.faults = [];
    let broken;
    await walk().catch((error) => (broken = error));
    await world.judged().catch((error) => (broken ??= error));
    if (broken && world.faults.length) console.error(world.faults.join("\n"));
    if (broken) throw broken;
    assert.deepEqual(world.faults, []);
  });
}
