// Every GET route that the server has, from its own description (a test holds that to the router): a page that no walk opens must not
// go unseen.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./house.js";

/** The paths. */
export function getRoutes() {
  const { paths } = JSON.parse(readFileSync(join(ROOT, "docs/openapi.json"), "utf8"));
  return Object.keys(paths).filter((path) => paths[path].get).sort();
}

/** The route that answers an address; the one with the fewest holes, as the server chooses. */
export function matcher(paths) {
  const holes = (path) => path.split("{").length;
  const patterns = [...paths]
    .sort((a, b) => holes(a) - holes(b))
    .map((path) => [path, new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+")}$`)]);
  return (pathname) => patterns.find(([, pattern]) => pattern.test(pathname))?.[0];
}
