// Every GET route that the server has, read from its source: a page that no test opens must not go unseen.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./house.js";

/** Routers that are made from a table; the tables' own lines are read instead. */
const FROM_A_TABLE = new Set(["entry.path(), entry.handler", "route.path, (route.handler)()"]);

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith(".rs") ? [path] : [];
  });
}

/** The paths, and what couldn't be understood. */
export function getRoutes() {
  const [paths, unread] = [new Set(), []];
  for (const file of sources(join(ROOT, "sync-server/app/src"))) {
    const [code] = readFileSync(file, "utf8").split("#[cfg(test)]");
    // Elsewhere such a text is only what the audit calls an act.
    if (file.includes("/office/")) for (const [, path] of code.matchAll(/"GET (\/[^"\s]*)"/g)) paths.add(path);
    for (const [, path] of code.matchAll(/method: "GET", path: "([^"]+)"/g)) paths.add(path);
    for (const [, inside] of code.matchAll(/\.route\(\s*(.+)\)/g)) {
      const literal = inside.match(/^"([^"]+)",\s*(.+)$/);
      if (literal && /\bget\(/.test(literal[2])) paths.add(literal[1]);
      const isRead = literal || [...FROM_A_TABLE].some((known) => inside.startsWith(known));
      if (!isRead) unread.push(`${file} : .route(${inside})`);
    }
  }
  return { paths: [...paths].sort(), unread };
}

/** The route that answers an address; the one with the fewest holes, as the server chooses. */
export function matcher(paths) {
  const holes = (path) => path.split("{").length;
  const patterns = [...paths]
    .sort((a, b) => holes(a) - holes(b))
    .map((path) => [path, new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+")}$`)]);
  return (pathname) => patterns.find(([, pattern]) => pattern.test(pathname))?.[0];
}
