// Getting in: passwords, activation codes, the second factor, the territory's sign-on, and doors that stay shut.
import assert from "node:assert/strict";
import { AGENTS_PASSWORD } from "../lib/house.js";
import { claim, look } from "../lib/look.js";
import { FAMILY_PASSWORD, activate, logIn, totp, totpKey } from "../lib/people.js";
import { world } from "../lib/world.js";

const JULIEN = { person: "R0002", login: "julien@exemple.fr", fact: "Martin" };

claim("a wrong password is said at the field, and too many are said to wait", async () => {
  const page = await world.visitor();
  await page.goto(`${world.house.url}/`);
  assert.equal(new URL(page.url()).pathname, "/connexion");
  await look(page, "connexion");
  for (let tries = 0; tries < 4; tries++) await logIn(page, world.house, "personne@exemple.fr", "pas le bon mot de passe");
  assert.equal(await page.getByLabel("Adresse électronique").inputValue(), "personne@exemple.fr", "what was typed is kept");
  await page.getByText("n’est pas le bon").waitFor();
  await look(page, "connexion-erreur");
  for (let tries = 0; tries < 2; tries++) await logIn(page, world.house, "personne@exemple.fr", "pas le bon mot de passe");
  await page.getByText("Trop d’essais se suivent").waitFor();
  await look(page, "connexion-attente");
  await page.context().close();
});

claim("an activation code opens an access once; a wrong one is said at the field", async () => {
  const page = await world.visitor();
  await page.goto(`${world.house.url}/activation`);
  await look(page, "activation");
  const wrong = { activationCode: () => "AAAA-BBBB-CCCC", url: world.house.url };
  await activate(page, wrong, JULIEN);
  await page.locator("#wrong").waitFor();
  await look(page, "activation-erreur");
  await activate(page, world.house, JULIEN);
  await page.getByRole("heading", { name: "Bonjour Julien" }).waitFor();
  await page.context().close();
});

claim("whoever comes by the sign-on links it to the access they have", async () => {
  const page = await world.visitor();
  await page.goto(`${world.house.url}/connexion`);
  await page.getByRole("link", { name: "Mon territoire" }).click();
  await page.locator("[name=login]").fill("julien.m");
  await page.locator("[name=password]").fill("n’importe lequel");
  await page.locator("[type=submit]").click();
  assert.equal(new URL(page.url()).pathname, "/activation");
  await look(page, "activation-sso");
  await page.getByRole("link", { name: "Connectez-vous pour relier les deux" }).click();
  await look(page, "connexion-lier");
  await page.getByLabel("Adresse électronique").fill(JULIEN.login);
  await page.getByLabel("Mot de passe").fill(FAMILY_PASSWORD);
  await page.getByRole("button", { name: "Se connecter" }).click();
  await page.getByRole("heading", { name: "Relier vos deux accès" }).waitFor();
  await look(page, "lier");
  await page.getByRole("button", { name: "Relier" }).click();
  await page.goto(`${world.house.url}/famille`);
  await page.getByRole("heading", { name: "Bonjour Julien" }).waitFor();
  await page.context().close();
});

claim("an agent's access is protected by a second factor before any desk opens", async () => {
  const page = await world.visitor();
  world.house.account("nouvelle@demo.example", "Fatou Ndiaye", "agent", "MEN");
  await logIn(page, world.house, "nouvelle@demo.example", AGENTS_PASSWORD);
  await page.goto(`${world.house.url}/bureau/MEN`);
  assert.equal(new URL(page.url()).pathname, "/connexion/double-facteur");
  await look(page, "second-facteur");
  const key = await totpKey(page);
  await page.getByLabel(/^Code/).fill("000000");
  await page.getByRole("button", { name: "Terminer" }).click();
  await look(page, "second-facteur-erreur");
  await page.getByLabel(/^Code/).fill(totp(await totpKey(page)));
  await page.getByRole("button", { name: "Terminer" }).click();
  await look(page, "codes-de-secours");
  await page.getByRole("link", { name: "Je les ai notés, continuer" }).click();
  await page.getByRole("button", { name: "Se déconnecter" }).click();

  await logIn(page, world.house, "nouvelle@demo.example", AGENTS_PASSWORD);
  assert.equal(new URL(page.url()).pathname, "/connexion/code");
  await look(page, "code");
  await page.getByLabel(/^Code/).fill("000000");
  await page.getByRole("button", { name: "Continuer" }).click();
  await look(page, "code-erreur");
  await page.getByLabel(/^Code/).fill(totp(key, 1));
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByRole("heading", { name: "Aujourd’hui" }).waitFor();
  await page.context().close();
});

claim("a page that isn't there and one that isn't theirs read the same", async () => {
  const page = await world.visitor();
  await page.goto(`${world.house.url}/nulle-part`);
  assert.equal(page.document.status(), 404);
  await look(page, "404");
  const nowhere = await page.locator("main").innerText();
  await logIn(page, world.house, JULIEN.login);
  await page.goto(`${world.house.url}/bureau/MEN`);
  assert.equal(await page.locator("main").innerText(), nowhere);
  for (const notice of ["accessibilite", "vie-privee"]) {
    await page.goto(`${world.house.url}/${notice}`);
    await look(page, notice);
  }
  await page.context().close();
});
