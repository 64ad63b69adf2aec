// Runs within a page (it is sent there as text, so it uses nothing from outside itself): what a person couldn't read or reach.
/* eslint-env browser */

/** A line for each text or control that is cut, covered or out of the window. */
export function layoutFaults() {
  const faults = new Set();
  const width = document.documentElement.clientWidth;
  const SLACK = 1.5;
  const name = (text) => `« ${text.trim().replace(/\s+/g, " ").slice(0, 50)} »`;

  if (document.documentElement.scrollWidth > width) faults.add(`la page défile en largeur : ${document.documentElement.scrollWidth} > ${width}`);

  for (const region of document.querySelectorAll(".scroll")) {
    if (region.scrollWidth > region.clientWidth + 1) faults.add(`un tableau défile en largeur : ${region.scrollWidth} > ${region.clientWidth}`);
  }

  /** Not shown at all, or for a screen reader alone. */
  const unseen = (element) => {
    if (!element.checkVisibility({ visibilityProperty: true, checkVisibilityCSS: true })) return true;
    for (let at = element; at; at = at.parentElement) {
      if (getComputedStyle(at).clipPath !== "none" || at.classList.contains("skip")) return true;
    }
    return false;
  };
  const box = (element) => {
    let at = element;
    while (at.parentElement && getComputedStyle(at).display === "inline") at = at.parentElement;
    return at;
  };
  /** What stands above the page (an open menu) covers it on purpose. */
  const floats = (element) => {
    for (let at = element; at; at = at.parentElement) if (getComputedStyle(at).position === "absolute") return true;
    return false;
  };

  const placed = [];
  const place = (element, rect, text) => {
    if (rect.width < 1 || rect.height < 1) return;
    let scrolls = false;
    for (let at = element; at && at !== document.documentElement; at = at.parentElement) {
      const style = getComputedStyle(at);
      const edge = at.getBoundingClientRect();
      if (["auto", "scroll"].includes(style.overflowX) && at.scrollWidth > at.clientWidth) scrolls = true;
      if (["hidden", "clip"].includes(style.overflowX) && !scrolls && (rect.right > edge.right + SLACK || rect.left < edge.left - SLACK)) {
        faults.add(`coupé : ${text}`);
      }
      if (["hidden", "clip"].includes(style.overflowY) && (rect.bottom > edge.bottom + SLACK || rect.top < edge.top - SLACK)) {
        faults.add(`coupé en hauteur : ${text}`);
      }
    }
    if (!scrolls && (rect.left < -SLACK || rect.right > width + SLACK)) faults.add(`hors de la fenêtre : ${text}`);
    placed.push({ element, rect, text });
  };

  /** Words that go on in the next line though the line would hold them. */
  const brokenWords = (node, room) => {
    // Addresses and numbers may break anywhere.
    for (const { index, 0: word } of node.data.matchAll(/(?<![\p{L}\p{N}@./:-])\p{L}{2,}(?![\p{L}\p{N}@./:])/gu)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const parts = [...range.getClientRects()].filter((rect) => rect.width > 0);
      const isBroken = parts.some((part) => Math.abs(part.top - parts[0].top) > 4);
      if (isBroken && parts.reduce((sum, part) => sum + part.width, 0) < room) faults.add(`mot coupé : « ${word} » dans ${name(node.data)}`);
    }
  };

  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = words.nextNode(); node; node = words.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || ["OPTION", "TEXTAREA"].includes(element.tagName) || unseen(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const edge = box(element).getBoundingClientRect();
    const lines = range.getClientRects();
    if (lines.length > 1) brokenWords(node, edge.width);
    for (const rect of lines) {
      if (rect.width > 0 && (rect.right > edge.right + SLACK || rect.left < edge.left - SLACK)) faults.add(`déborde de sa case : ${name(node.data)}`);
      place(element, rect, name(node.data));
    }
  }
  for (const control of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, summary, svg, img")) {
    if (!unseen(control)) place(control, control.getBoundingClientRect(), `${control.tagName.toLowerCase()} ${name(control.name || control.textContent || "")}`);
  }

  placed.sort((a, b) => a.rect.top - b.rect.top);
  for (let i = 0; i < placed.length; i++) {
    const a = placed[i];
    for (let j = i + 1; j < placed.length && placed[j].rect.top < a.rect.bottom - 4; j++) {
      const b = placed[j];
      const across = Math.min(a.rect.right, b.rect.right) - Math.max(a.rect.left, b.rect.left);
      if (across < 3 || a.element.contains(b.element) || b.element.contains(a.element)) continue;
      if (Math.min(a.rect.bottom, b.rect.bottom) - b.rect.top < 4 || floats(a.element) || floats(b.element)) continue;
      faults.add(`se chevauchent : ${a.text} et ${b.text}`);
    }
  }
  return [...faults];
}

/** What can take the focus and doesn't show it; sent to the page after a key was pressed, as browsers show focus to keyboards. */
export function unseenFocus() {
  const stops = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const faults = [];
  for (const stop of document.querySelectorAll(stops)) {
    if (!stop.checkVisibility() || stop.disabled) continue;
    stop.focus({ preventScroll: true });
    const style = getComputedStyle(stop);
    if (document.activeElement === stop && (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2)) {
      faults.push(`le focus ne se voit pas : ${stop.tagName.toLowerCase()} « ${(stop.textContent || stop.name).trim().slice(0, 40)} »`);
    }
  }
  return faults;
}
