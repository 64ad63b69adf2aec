// A mother's month on her telephone, without JavaScript; then what others of the family see.
import assert from "node:assert/strict";
import { claim, look } from "../lib/look.js";
import { activate } from "../lib/people.js";
import { layoutFaults } from "../lib/layout.js";
import { world } from "../lib/world.js";

const CLAIRE = { person: "R0001", login: "claire@exemple.fr", fact: "05/05/1990" };

claim("a mother activates her access and sees her children and what she owes", async () => {
  const page = (world.mother = await world.visitor());
  await activate(page, world.house, CLAIRE);
  await page.getByRole("heading", { name: "Bonjour Claire" }).waitFor();
  await look(page, "famille");
  await page.getByText("Menu", { exact: true }).click();
  assert.deepEqual(await page.evaluate(layoutFaults), [], "the open menu");
  await page.getByRole("link", { name: "Mon compte" }).click();
  await look(page, "famille-compte");
  await page.getByLabel(/^Nouveau code/).fill("0000");
  await page.getByLabel(/^Nouveau code/).press("Enter");
  await page.getByText("choisissez-en un autre").waitFor();
  await look(page, "famille-compte-code-refuse");
  await page.getByLabel(/^Nouveau code/).fill("471108");
  await page.getByLabel(/^Nouveau code/).press("Enter");
  await page.getByText("Votre code est enregistré").waitFor();
  await look(page, "famille-compte-code");
});

claim("she reads a month of each child, full or empty", async () => {
  const page = world.mother;
  await page.goto(`${world.house.url}/famille`);
  await page.getByRole("link", { name: "Voir le mois de Léa" }).click();
  const child = page.url().split("?")[0];
  await look(page, "enfant");
  await page.getByRole("link", { name: "Mois d’avant" }).click();
  await look(page, "enfant-mois-passe");
  await page.goto(`${child}?mois=2027-07`);
  await look(page, "enfant-mois-vide");
});

claim("she announces an absence, and what is wrong is said where it is", async () => {
  const page = world.mother;
  await page.goto(`${world.house.url}/famille`);
  await page.getByRole("link", { name: "Annoncer une absence de Léa" }).click();
  await look(page, "absence");
  for (const box of await page.getByRole("checkbox").all()) await box.uncheck();
  await page.getByLabel("Premier jour d’absence").fill("2026-11-30");
  await page.getByLabel(/^Dernier jour/).fill("2026-11-27");
  await page.getByRole("button", { name: "Annoncer l’absence" }).click();
  await look(page, "absence-refusee");
  assert.equal(await page.getByRole("alert").count() > 0, true);
  assert.equal(await page.getByLabel("Premier jour d’absence").inputValue(), "2026-11-30", "what was typed is kept");
  await page.getByLabel(/^Dernier jour/).fill("");
  await page.getByRole("checkbox").first().check();
  await page.getByRole("button", { name: "Annoncer l’absence" }).click();
  await page.getByRole("heading", { name: "C’est noté" }).waitFor();
  await look(page, "absence-notee");
});

claim("she writes a word to the team for a day, and takes it back", async () => {
  const page = world.mother;
  await page.goto(`${world.house.url}/famille`);
  await page.getByRole("link", { name: "Un mot à l’équipe de Léa" }).click();
  await look(page, "mot");
  const word = page.getByLabel(/^Votre mot/);
  await word.fill("   ");
  await page.getByRole("button", { name: "Écrire à l’équipe" }).click();
  await page.getByText("Écrivez votre mot.").waitFor();
  await look(page, "mot-refuse");
  await word.fill("Mamie vient la chercher à 17 h, elle a sa carte d’identité. Le doudou est dans la poche de devant du sac ; le goûter aussi.");
  await page.getByRole("button", { name: "Écrire à l’équipe" }).click();
  await page.getByRole("heading", { name: "Ce que l’équipe lira" }).waitFor();
  await look(page, "mot-ecrit");
  await page.getByRole("button", { name: /^Retirer ce mot/ }).click();
  await page.getByRole("heading", { name: "Ce que l’équipe lira" }).waitFor({ state: "detached" });
});

claim("she opens her bill, reads why, opens the document and asks about a day", async () => {
  const page = world.mother;
  await page.goto(`${world.house.url}/famille/factures`);
  await look(page, "factures");
  await page.locator("main").getByRole("link").first().click();
  world.bill = page.url();
  await look(page, "facture");
  await page.locator("details.why > summary").first().click();
  await page.getByText("La règle.").first().waitFor();

  const document = await page.request.get(`${world.bill}/facture.pdf`);
  world.remember(document.url(), document.status(), document.headers()["content-type"]);
  assert.equal((await document.body()).subarray(0, 5).toString(), "%PDF-");

  await page.getByText("Un jour vous semble faux ?").first().click();
  const question = page.getByLabel(/^Que s’est-il passé/).first();
  await question.fill("   ");
  await page.getByRole("button", { name: "Envoyer la question" }).first().click();
  await page.getByRole("alert").waitFor();
  await look(page, "facture-question-refusee");
  await question.fill("Léa était chez sa grand-mère ce jour-là, et nous l’avions dit à l’équipe la veille au soir.");
  await page.getByRole("button", { name: "Envoyer la question" }).first().click();
  await page.getByText("Pas encore de réponse.").waitFor();
  await look(page, "facture-question");
});

claim("she pays in the sandbox, comes back, and the bill says paid", async () => {
  const page = world.mother;
  await page.goto(world.bill);
  await page.getByRole("button", { name: "Payer par carte ou prélèvement" }).click();
  assert.equal(new URL(page.url()).origin, world.house.payfip);
  await page.getByRole("button", { name: "Payé par carte" }).click();
  await page.getByRole("heading", { name: "Paiement reçu" }).waitFor();
  await look(page, "paiement-recu");
  await page.getByRole("link", { name: "Voir la facture" }).click();
  await page.getByText("payée", { exact: false }).first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Payer par carte" }).count(), 0);
  await look(page, "facture-payee");
});

claim("a father sees the child he has rights on, and nothing of the other home", async () => {
  const page = await world.visitor();
  await activate(page, world.house, { person: "R0007", login: "pere@exemple.fr", fact: world.house.fact("R0007") });
  await look(page, "pere");
  const read = await page.locator("main").innerText();
  assert.match(read, /Inès/);
  await page.goto(`${world.house.url}/famille/factures`);
  await look(page, "pere-factures");
  const bills = await page.locator("main").innerText();
  assert.doesNotMatch(read + bills, /Aurélie|Martin|Léa/);
  const [, other] = world.bill.match(/factures\/(.+)$/);
  await page.goto(`${world.house.url}/famille/factures/${other}`);
  assert.equal(page.document.status(), 404);
});

claim("a barred father reads no presence, no place and no time", async () => {
  const page = await world.visitor();
  await activate(page, world.house, { person: "R0004", login: "barre@exemple.fr", fact: world.house.fact("R0004") });
  await look(page, "barre");
  assert.doesNotMatch(await page.locator("main").innerText(), /\d{1,2}:\d{2}|Garderie|Cantine/);
});

claim("the longest names of the territory fit everywhere", async () => {
  const page = await world.visitor();
  await activate(page, world.house, { person: "R0012", login: "marie-benedicte-apolline@exemple.fr", fact: world.house.fact("R0012") });
  await look(page, "longs-noms");
  await page.getByRole("link", { name: /^Voir le mois/ }).first().click();
  await look(page, "longs-noms-enfant");
  await page.goto(`${world.house.url}/famille/factures`);
  await page.locator("main").getByRole("link").first().click();
  await look(page, "longs-noms-facture");
  await page.goto(`${world.house.url}/famille/compte`);
  await look(page, "longs-noms-compte");
  await page.getByText("Menu", { exact: true }).click();
  await page.getByRole("button", { name: "Se déconnecter" }).first().click();
  assert.equal(new URL(page.url()).pathname, "/connexion");
});
