// What another site, a planted cookie or a crafted link can't do to somebody's browser.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { AGENTS_PASSWORD } from "../lib/house.js";
import { claim, look } from "../lib/look.js";
import { FAMILY_PASSWORD, activate, logIn, totp, totpKey } from "../lib/people.js";
import { world } from "../lib/world.js";

const SESSION = "preau";
const SAM = { person: "R0012", login: "marie-benedicte-apolline@exemple.fr" };

async function session(page) {
  return (await page.context().cookies(world.house.url)).find((cookie) => cookie.name === SESSION);
}

/** A site of somebody else, for as long as the walk lasts: `localhost` is another site than 127.0.0.1. */
async function onAnotherSite(html, walk) {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html; charset=utf-8").end(html));
  await new Promise((resolve) => server.listen(0, resolve));
  await walk(`http://localhost:${server.address().port}/`).finally(() => server.close());
}

claim("cookies are out of scripts' reach, stay here, and go with the window", async () => {
  const page = await world.visitor({ script: true });
  await logIn(page, world.house, SAM.login);
  const cookies = await page.context().cookies();
  assert.ok(cookies.some((cookie) => cookie.name === SESSION));
  for (const cookie of cookies) {
    const { httpOnly, sameSite, path, domain } = cookie;
    assert.deepEqual({ httpOnly, sameSite, path, domain }, { httpOnly: true, sameSite: "Lax", path: "/", domain: "127.0.0.1" }, cookie.name);
  }
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
  await page.context().close();
});

claim("a session that was planted before the log-in is nobody's afterwards", async () => {
  const page = await world.visitor();
  const planted = "p".repeat(43);
  await page.context().addCookies([{ name: SESSION, value: planted, url: world.house.url, httpOnly: true }]);
  await logIn(page, world.house, SAM.login);
  await page.getByRole("heading", { name: /^Bonjour/ }).waitFor();
  const before = (await session(page)).value;
  assert.notEqual(before, planted);

  const thief = await world.visitor();
  const opens = async (value) => {
    await thief.context().addCookies([{ name: SESSION, value, url: world.house.url, httpOnly: true }]);
    await thief.goto(`${world.house.url}/famille`);
    return new URL(thief.url()).pathname === "/famille";
  };
  assert.equal(await opens(planted), false);
  assert.equal(await opens(before), true, "the cookie is what opens: this is what must not leak");
  await page.getByText("Menu", { exact: true }).click();
  await page.getByRole("button", { name: "Se déconnecter" }).first().click();
  assert.equal(await opens(before), false, "whoever logs out takes the session along");
});

claim("the session from before the second factor opens no desk", async () => {
  world.house.account("second@demo.example", "Ali Second", "agent", "MEN");
  const page = await world.visitor();
  await logIn(page, world.house, "second@demo.example", AGENTS_PASSWORD);
  const before = (await session(page)).value;
  await page.getByLabel(/^Code/).fill(totp(await totpKey(page)));
  await page.getByRole("button", { name: "Terminer" }).click();
  assert.notEqual((await session(page)).value, before);
  const thief = await world.visitor();
  await thief.context().addCookies([{ name: SESSION, value: before, url: world.house.url, httpOnly: true }]);
  await thief.goto(`${world.house.url}/bureau/MEN`);
  assert.equal(new URL(thief.url()).pathname, "/connexion");
});

claim("a form of another site changes nothing, whatever it carries", async () => {
  const page = await world.visitor();
  await logIn(page, world.house, SAM.login);
  await page.goto(`${world.house.url}/famille/compte`);
  const csrf = await page.locator("[name=csrf]").first().inputValue();
  const form = (action, fields) =>
    `<form method="post" action="${world.house.url}${action}">${fields.map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`).join("")}<button>${action}</button></form>`;
  const evil = form("/deconnexion", [["csrf", csrf]]) + form("/connexion", [["login", SAM.login], ["password", FAMILY_PASSWORD]]);
  await onAnotherSite(`<!doctype html>${evil}<iframe src="${world.house.url}/connexion"></iframe>`, async (address) => {
    for (const action of ["/deconnexion", "/connexion"]) {
      await page.goto(address);
      await page.getByRole("button", { name: action }).click();
      await page.getByRole("heading", { name: "Ce formulaire ne vient pas d’ici" }).waitFor();
      assert.equal(page.document.status(), 403);
    }
    await look(page, "autre-site");
    await page.goto(address);
    const [, frame] = page.frames();
    assert.equal(await frame.locator("form").count(), 0, "no page of ours within another site's");
  });
  await page.goto(`${world.house.url}/famille`);
  await page.getByRole("heading", { name: /^Bonjour/ }).waitFor();
});

claim("a form without its token, or with somebody else's, is refused", async () => {
  const stranger = await world.visitor();
  await stranger.goto(`${world.house.url}/connexion`);
  const foreign = await stranger.locator("[name=csrf]").first().inputValue();
  const page = await world.visitor();
  await logIn(page, world.house, SAM.login);
  for (const token of ["", foreign]) {
    await page.goto(`${world.house.url}/famille/compte`);
    await page.locator("main form [name=csrf]").last().evaluate((field, value) => (field.value = value), token);
    await page.getByRole("button", { name: "Se déconnecter" }).last().click();
    await page.getByRole("heading", { name: "Cette page est restée ouverte trop longtemps" }).waitFor();
    assert.equal(page.document.status(), 403);
  }
  await look(page, "vieux-formulaire");
  await page.goto(`${world.house.url}/famille`);
  await page.getByRole("heading", { name: /^Bonjour/ }).waitFor();
});

claim("a crafted link leads nowhere but here after the log-in", async () => {
  const crafted = ["//evil.example/", "https://evil.example/", "/\\evil.example/", "\\\\evil.example", "/\t/evil.example", "javascript:alert(1)"];
  for (const suite of crafted) {
    const page = await world.visitor();
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url()).origin));
    await page.goto(`${world.house.url}/connexion?suite=${encodeURIComponent(suite)}`);
    // What a link can't do, a page that was saved and changed could.
    await page.locator("[name=suite]").evaluate((field, value) => (field.value = value), suite);
    await page.getByLabel("Adresse électronique").fill(SAM.login);
    await page.getByLabel("Mot de passe").fill(FAMILY_PASSWORD);
    await page.getByRole("button", { name: "Se connecter" }).click();
    assert.equal(page.url(), `${world.house.url}/famille`, suite);
    assert.deepEqual([...new Set(asked)], [world.house.url], suite);
    await page.context().close();
  }
});
