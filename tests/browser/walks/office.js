// The office by keyboard alone, without JavaScript: each agent does a day's work, and every page of theirs is looked at.
import assert from "node:assert/strict";
import { AGENTS_PASSWORD } from "../lib/house.js";
import { enterOn, tabTo, typeInto } from "../lib/keyboard.js";
import { claim, look } from "../lib/look.js";
import { enter, totp } from "../lib/people.js";
import { world } from "../lib/world.js";

const DAY = "/bureau/MEN/journee/MEN-PERI?date=2026-11-20";

/** An agent whose second factor is in place. */
async function agent(name) {
  const page = await world.visitor({ desk: true });
  await enter(page, world.house, `${name}@demo.example`);
  return page;
}

const go = (page, path) => page.goto(world.house.url + path);

claim("a director logs in by keyboard, her telephone at hand", async () => {
  const page = (world.direction = await world.visitor({ desk: true }));
  await go(page, "/connexion?suite=%2Fbureau%2FMEN");
  await typeInto(page, "Adresse électronique", "direction@demo.example");
  await typeInto(page, "Mot de passe", AGENTS_PASSWORD);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await tabTo(page, "Je ne peux pas le photographier");
  await page.keyboard.press("Enter");
  const key = (await page.locator(".secret").innerText()).replace(/[^A-Z2-7]/g, "");
  await typeInto(page, /^Code/, totp(key));
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await enterOn(page, "Je les ai notés, continuer");
  await page.getByRole("heading", { name: "Aujourd’hui" }).waitFor();
  await look(page, "bureau");
});

claim("the skip link leads past the menu", async () => {
  const page = world.direction;
  await go(page, "/bureau/MEN");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Aller au contenu");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.closest("main")?.id), "page");
});

claim("she signs a day, corrects a time, retracts one, adds a presence, and signs again", async () => {
  const page = world.direction;
  await go(page, "/bureau/MEN");
  await enterOn(page, "Garderie de Ménilles");
  await look(page, "journee-vide");
  await go(page, DAY);
  await look(page, "journee");
  await enterOn(page, "Signer la journée");
  await page.getByText("La journée est signée.").waitFor();

  await enterOn(page, "Corriger Léa Martin");
  await look(page, "journee-corriger");
  await typeInto(page, "La bonne heure", "0812a");
  await typeInto(page, "Pourquoi", "arrivée notée trop tôt");
  await enterOn(page, "Corriger l’heure");
  await page.getByText("L’heure est corrigée.").waitFor();

  await enterOn(page, "Corriger Tom Martin");
  await typeInto(page, "Pourquoi le retirer", "pris pour un autre");
  await enterOn(page, "Retirer ce pointage");
  await page.getByText("Le pointage est retiré.").waitFor();

  await tabTo(page, "Enfant");
  await page.keyboard.type("Achille");
  await typeInto(page, "Arrivée", "0745a");
  await typeInto(page, "Départ", "0825a");
  await typeInto(page, "Pourquoi", "oublié à l’appel");
  await enterOn(page, "Ajouter");
  await page.getByText("La présence est ajoutée").waitFor();

  await enterOn(page, "Signer à nouveau");
  await page.getByText("La journée est signée.").waitFor();
  await enterOn(page, /^Seulement ce qui est à voir/);
  await look(page, "journee-a-voir");
});

claim("she makes the day's list on paper, opens it, and hears that nothing changed since", async () => {
  const page = world.direction;
  await go(page, "/bureau/MEN/liste-de-secours");
  await look(page, "liste-de-secours");
  await page.getByRole("button", { name: /^(Faire|Refaire) la liste de Garderie de Ménilles, Aujourd’hui/ }).press("Enter");
  await page.getByRole("status").waitFor();
  const link = page.getByRole("link", { name: /^Télécharger la liste de Garderie de Ménilles, Aujourd’hui/ });
  const document = await page.request.get(world.house.url + (await link.getAttribute("href")));
  assert.equal(document.headers()["content-type"], "application/pdf");
  world.remember(document.url(), document.status(), document.headers()["content-type"]);
  await page.getByRole("button", { name: /^Refaire la liste de Garderie de Ménilles, Aujourd’hui/ }).press("Enter");
  await page.getByText("Rien n’a changé depuis").waitFor();
  await look(page, "liste-de-secours-faite");
});

claim("a correction that can't be is said on the day's page", async () => {
  const page = world.direction;
  await go(page, DAY);
  await tabTo(page, "Enfant");
  await page.keyboard.type("Achille");
  await typeInto(page, "Arrivée", "0545p");
  await typeInto(page, "Départ", "0425p");
  await typeInto(page, "Pourquoi", "à l’envers");
  await enterOn(page, "Ajouter");
  await page.getByRole("alert").waitFor();
  await look(page, "journee-refus");
});

claim("the front desk finds a family, reads its file and gives an activation code", async () => {
  const page = (world.accueil ??= await agent("accueil"));
  await go(page, "/bureau/MEN/familles");
  await look(page, "familles");
  await typeInto(page, "Nom d’un enfant, d’un adulte ou du foyer", "personne de ce nom");
  await enterOn(page, "Chercher");
  await look(page, "familles-rien");
  await go(page, "/bureau/MEN/familles");
  await typeInto(page, "Nom d’un enfant, d’un adulte ou du foyer", "rochefoucauld");
  await enterOn(page, "Chercher");
  await look(page, "familles-trouvees");
  await enterOn(page, /^de La Rochefoucauld/);
  await look(page, "foyer");
  await page.getByText(/^Code à la borne/).first().click();
  await page.getByLabel(/^Nouveau code de/).first().fill("1234");
  await page.getByLabel(/^Nouveau code de/).first().press("Enter");
  await page.getByText("choisissez-en un autre").waitFor();
  await look(page, "foyer-borne-refuse");
  await page.getByText(/^Code à la borne/).first().click();
  await page.getByLabel(/^Nouveau code de/).first().fill("471108");
  await page.getByLabel(/^Nouveau code de/).first().press("Enter");
  await page.getByText("Le code est posé").waitFor();
  await look(page, "foyer-borne");
  await enterOn(page, /^Code d’activation pour François/);
  await page.locator(".code").waitFor();
  await look(page, "foyer-code");
});

claim("finance decides what blocks, issues the month, and prints what goes by post", async () => {
  const page = (world.finance = await agent("finances"));
  await go(page, "/bureau/MEN/facturation?mois=2026-09");
  await look(page, "brouillon-vide");
  await go(page, "/bureau/MEN/emission/2026-11");
  await look(page, "emission-bloquee");
  await enterOn(page, "Revenir au brouillon pour décider");
  await look(page, "brouillon");
  await enterOn(page, "Facturer la réservation");
  await page.getByRole("status").waitFor();
  await enterOn(page, "Émettre quand même");
  await page.getByRole("status").waitFor();
  await look(page, "brouillon-decide");
  await typeInto(page, "Chercher une famille", "rochefoucauld");
  await enterOn(page, "Chercher");
  await enterOn(page, /^Marie-Bénédicte/);
  await look(page, "brouillon-facture");
  await go(page, "/bureau/MEN/emission/2026-11");
  await look(page, "emission");
  await enterOn(page, /^Émettre \d+ factures/);
  await page.getByRole("heading", { name: "Factures de novembre 2026" }).waitFor();
  await look(page, "campagne-neuve");
  await go(page, "/bureau/MEN/emission/2026-11");
  await look(page, "emission-rien");

  await go(page, "/bureau/MEN/facturation?mois=2026-10");
  await enterOn(page, /106 factures/);
  const run = page.url();
  await enterOn(page, "Imprimer le lot suivant");
  assert.equal(page.document.headers()["content-type"], "application/pdf");
  await page.goto(run);
  await look(page, "campagne");
  await typeInto(page, "Chercher un nom ou un numéro", "rochefoucauld");
  await enterOn(page, "Chercher");
  await enterOn(page, /^F-2026/);
  await look(page, "facture-bureau");
  world.longBill = page.url();
  const document = await page.request.get(`${page.url()}/pdf`);
  world.remember(document.url(), document.status(), document.headers()["content-type"]);
  assert.equal((await document.body()).subarray(0, 5).toString(), "%PDF-");
  await go(page, "/bureau/MEN/factures/00000000-0000-0000-0000-000000000000");
  await look(page, "bureau-404");
});

claim("the régisseur takes a cheque, takes it back, and reads the account; the issuer forgives, then withdraws the bill", async () => {
  const page = await agent("regie");
  await page.goto(world.longBill);
  await look(page, "facture-guichet");
  const open = async () => (await page.locator(".figure b").nth(2).innerText()).replace(/\s/g, " ");
  const before = await open();
  await typeInto(page, "Moyen", "Esp");
  await typeInto(page, "Montant, en euros", "300,01");
  await enterOn(page, "Encaisser");
  await page.getByRole("alert").waitFor();
  await look(page, "facture-encaissement-refuse");
  await typeInto(page, "Moyen", "Ch");
  await typeInto(page, "Montant, en euros", "10");
  await typeInto(page, /^Référence/, "n° 1234567");
  await enterOn(page, "Encaisser");
  await page.getByText("Le paiement est encaissé").waitFor();
  await look(page, "facture-encaissee");
  assert.notEqual(await open(), before);
  await enterOn(page, /^Compte de/);
  await look(page, "compte");
  await page.goto(world.longBill);
  await tabTo(page, "Annuler cette quittance");
  await page.keyboard.press("Enter");
  await typeInto(page, /^Pourquoi/, "chèque rejeté par la banque");
  await enterOn(page, /^Annuler la quittance de/);
  await page.getByText("La quittance est annulée").waitFor();
  await look(page, "facture-quittance-annulee");
  assert.equal(await open(), before);

  const finance = world.finance;
  await finance.goto(world.longBill);
  await tabTo(finance, "Remise, non-valeur, créance éteinte");
  await finance.keyboard.press("Enter");
  await typeInto(finance, "Montant, en euros", "5,00");
  await typeInto(finance, /^Délibération/, "2026-112 du 2 novembre");
  await enterOn(finance, "Enregistrer");
  await finance.getByText("La remise est enregistrée.").waitFor();
  await tabTo(finance, "Annuler cette facture");
  await finance.keyboard.press("Enter");
  await typeInto(finance, /^Pourquoi/, "mauvais payeur");
  await enterOn(finance, /^Annuler la facture/);
  await finance.getByText("La facture est annulée par un avoir.").waitFor();
  await look(finance, "facture-annulee");
  await enterOn(finance, /^A-2026-/);
  await look(finance, "avoir");
});

claim("a family's question is answered at the desk, and the family reads the answer", async () => {
  const page = world.finance;
  await go(page, "/bureau/MEN/questions");
  await look(page, "questions");
  await typeInto(page, "Votre réponse", "La feuille le confirme : le jour est retiré de la prochaine facture.");
  await enterOn(page, "Répondre");
  await page.getByText("Déjà répondu").waitFor();
  await look(page, "questions-repondues");
  await world.mother.goto(world.bill);
  await world.mother.getByText("La feuille le confirme").waitFor();
});

claim("the front desk decides on what a lost tablet handed in, one by one and the rest of the lot", async () => {
  world.house.lostTablet("perdue", "S-MEN", "MEN-MAT", world.house.enrolled("MEN-MAT"), "2026-11-24");
  const page = (world.accueil ??= await agent("accueil"));
  await go(page, "/bureau/MEN/a-decider");
  await page.getByText(/pointages mis de côté attendent une décision/).waitFor();
  await look(page, "a-decider");
  await go(page, "/bureau/MEN");
  await enterOn(page, /pointages mis de côté attendent une décision/);
  await tabTo(page, /Groupe scolaire de Ménilles$/);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  const lot = new URL(page.url()).pathname;
  await look(page, "a-decider-lot");
  const decide = async (reason, button) => {
    await go(page, lot);
    // The lot's own, then that of the first entry that waits.
    await tabTo(page, "Pourquoi");
    await typeInto(page, "Pourquoi", reason);
    await enterOn(page, button);
  };
  await decide("vue par l’équipe", /^Retenir, Arrivée/);
  await page.getByText("C’est retenu").waitFor();
  await decide("jamais venu ce jour-là", /^Écarter, Arrivée/);
  await page.getByText("C’est écarté").waitFor();
  await go(page, lot);
  await typeInto(page, "Pourquoi", "l’équipe reconnaît ces passages");
  await enterOn(page, "Tout retenir");
  await page.getByText("Déjà décidé").waitFor();
  await look(page, "a-decider-decide");
  await go(page, lot);
  await look(page, "a-decider-lot-decide");
  await go(page, "/bureau/MEN/journee/MEN-PERI?date=2026-11-24");
  await page.getByText("mis de côté, puis retenu par une décision").first().waitFor();
  await look(page, "journee-retenue");
});

claim("an administrator of two desks chooses one, gives a tablet's code and revokes a tablet", async () => {
  world.house.account("territoire@demo.example", "Hélène Marchand", "administrateur", "SNV", "MEN");
  const page = await world.visitor({ desk: true });
  await enter(page, world.house, "territoire@demo.example");
  await go(page, "/bureau");
  await look(page, "bureaux");
  await enterOn(page, /^Agglomération/);
  await look(page, "bureau-agglomeration");
  await enterOn(page, "Tablettes");
  await look(page, "tablettes");
  await tabTo(page, "Bâtiment où elle sera");
  await page.keyboard.type("Groupe");
  await enterOn(page, "Donner un code");
  await page.locator(".code").waitFor();
  await look(page, "tablette-code");
  await enterOn(page, "Revenir aux tablettes");
  await look(page, "tablettes-code-en-cours");
  await tabTo(page, "Heure");
  await page.keyboard.type("0930a");
  await enterOn(page, "Enregistrer");
  await page.getByText("L’heure est enregistrée.").waitFor();
  await look(page, "tablettes-veille");
  await enterOn(page, "vm");
  await look(page, "tablette");
  await typeInto(page, "Comment on l’appelle", "Tablette de l’accueil du matin, côté cour");
  await enterOn(page, "Renommer");
  await page.getByText("La tablette porte son nouveau nom.").waitFor();
  await enterOn(page, "Donner un code pour l’y enrôler");
  await page.locator(".code").waitFor();
  await look(page, "tablette-demenagement");
  await go(page, "/bureau/MEN/equipe");
  await look(page, "equipe");
  const code = page.getByLabel(/^Nouveau code de/).first();
  await code.fill("1234");
  await code.press("Enter");
  await page.getByText("choisissez-en un autre").waitFor();
  await look(page, "equipe-code-refuse");
  await page.getByLabel(/^Nouveau code de/).first().fill("4711");
  await page.getByLabel(/^Nouveau code de/).first().press("Enter");
  await page.getByRole("status").waitFor();
  await look(page, "equipe-code");
  await go(page, "/bureau/SNV/signalements");
  await look(page, "signalements");
  await go(page, "/bureau/SNV/tablettes");
  await enterOn(page, /^Tablette de l’accueil/);
  await enterOn(page, "Révoquer cette tablette");
  await look(page, "tablette-revocation");
  await enterOn(page, /^Révoquer/);
  await page.getByRole("status").waitFor();
  await look(page, "tablettes-revoquee");
});

claim("whoever controls reads what was done, and the chain of it", async () => {
  const page = await agent("admin");
  await go(page, "/bureau/MEN");
  await enterOn(page, "Journal des actes");
  await page.getByText("Chaîne vérifiée").waitFor();
  await look(page, "actes");
  await go(page, "/bureau/MEN/actes?jour=2026-01-01");
  await look(page, "actes-vide");
  await go(page, "/bureau/MEN/tablettes");
  await look(page, "tablettes-aucune");
});
