// The next day; then what was never opened.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TOMORROW } from "../lib/house.js";
import { claim } from "../lib/look.js";
import { logIn } from "../lib/people.js";
import { world } from "../lib/world.js";

claim("the next day a payment that was left is no more in the way, and the bill is paid once", async () => {
  const { login, bill } = world.left;
  await world.house.stop();
  await world.house.start(TOMORROW);
  const page = await world.visitor();
  await logIn(page, world.house, login);
  await page.goto(bill);
  await page.getByRole("button", { name: "Payer par carte ou prélèvement" }).click();
  await page.getByRole("button", { name: "Payé par carte" }).click();
  await page.getByRole("heading", { name: "Paiement reçu" }).waitFor();
  await page.getByRole("link", { name: "Voir la facture" }).click();
  await page.getByText("payée", { exact: true }).waitFor();
});

claim("every page of the server was opened by somebody who may, and looked at", async () => {
  // What machines ask for; that it isn't HTML is seen below.
  for (const path of ["/sante", "/payfip/notification/00000000-0000-0000-0000-000000000000"]) {
    const answer = await world.mother.request.get(world.house.url + path);
    world.remember(answer.url(), answer.status(), answer.headers()["content-type"]);
  }
  const opened = (route) => (world.opened.get(route) ?? []).filter(({ status }) => status < 400);
  assert.deepEqual(world.routes.filter((route) => !opened(route).length), [], "routes that no test opens");
  const pages = world.routes.filter((route) => opened(route).some(({ status, html }) => status === 200 && html));
  assert.deepEqual(pages.filter((route) => !world.looked.has(route)), [], "pages that no test looks at");
});

test("no two pages bear the same title", () => {
  const shared = [...world.titles].filter(([, routes]) => routes.size > 1).map(([title, routes]) => `${title} : ${[...routes].join(", ")}`);
  assert.deepEqual(shared, []);
});
