// Somebody who has a keyboard and nothing else: every stop on the way must be seen.
import assert from "node:assert/strict";

/** More stops than any page has before what is looked for. */
const STOPS_MAX = 400;

/** Runs within the page: what has the focus, as a screen reader names it, and whether that shows. */
function focused() {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at);
  const { top, bottom, left, right } = at.getBoundingClientRect();
  const label = at.getAttribute("aria-label") ?? (at.labels?.length ? at.labels[0].firstChild.textContent : at.textContent);
  return {
    name: label.trim().replace(/\s+/g, " "),
    shows: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
  };
}

/** Presses Tab until the focus is on what is named so. */
export async function tabTo(page, name) {
  const passed = [];
  for (let stops = 0; stops < STOPS_MAX; stops++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(focused);
    if (!at) continue;
    assert.ok(at.shows && at.inside, `the focus on « ${at.name} » can't be seen (${page.url()})`);
    if (name instanceof RegExp ? name.test(at.name) : at.name === name) return at.name;
    passed.push(at.name);
  }
  assert.fail(`no stop « ${name} » on ${page.url()} after ${passed.slice(0, 40).join(" | ")}`);
}

/** Goes there and types. */
export async function typeInto(page, name, text) {
  await tabTo(page, name);
  await page.keyboard.type(text);
}

/** Goes there, presses Enter, and waits for the page that answers. */
export async function enterOn(page, name) {
  await tabTo(page, name);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}
