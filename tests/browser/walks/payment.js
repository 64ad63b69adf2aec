// A payment, and the browser closed at each step of it: the bill ends settled once, or free again.
import assert from "node:assert/strict";
import { enterOn } from "../lib/keyboard.js";
import { claim, look } from "../lib/look.js";
import { activate, logIn } from "../lib/people.js";
import { world } from "../lib/world.js";

const PAY = "Payer par carte ou prélèvement";
/** How long PayFiP's word may take to become a posting. */
const SETTLED_MS_MAX = 15_000;

/** What is asked for reaches its server, and the browser is gone before the answer. */
async function gone(page, address) {
  let reached;
  const done = new Promise((resolve) => (reached = resolve));
  await page.route(address, async (route) => {
    const { status } = await route.fetch({ maxRedirects: 0 }).then((answer) => ({ status: answer.status() }));
    await route.abort();
    reached(status);
  });
  return { done };
}

/** Somebody with a bill of October, in a browser of their own; `page`: that bill. */
async function payer(person, login) {
  const page = await world.visitor();
  await activate(page, world.house, { person, login, fact: world.house.fact(person) });
  await page.goto(`${world.house.url}/famille/factures`);
  await page.getByRole("link", { name: "Facture d’octobre 2026" }).click();
  return { page, login, bill: page.url() };
}

/** The browser is closed, whatever it was doing; another one is opened on the bill. */
async function comeBackTo({ page, login, bill }) {
  await page.context().close();
  const again = await world.visitor();
  await logIn(again, world.house, login);
  await again.goto(bill);
  return again;
}

/** Loads the bill until it says that it is paid. */
async function paid(page, bill) {
  const until = Date.now() + SETTLED_MS_MAX;
  for (;;) {
    await page.goto(bill);
    if (await page.getByText("payée", { exact: true }).count()) break;
    assert.ok(Date.now() < until, `${bill} isn't paid`);
  }
  assert.equal(await page.getByRole("button", { name: PAY }).count(), 0);
  await settledOnce(bill);
}

/** What the office reads: all of it is paid, once. */
async function settledOnce(bill) {
  const page = world.finance;
  await page.goto(`${world.house.url}/bureau/MEN/factures/${bill.split("/").pop()}`);
  const [total, sum, open] = await page.locator(".figure b").allInnerTexts();
  assert.equal(sum, total);
  assert.match(open, /^0,00\s€$/);
  assert.equal(await page.getByRole("cell", { name: "payé", exact: true }).count(), 1);
}

claim("closed after the click, before PayFiP's page: the payer goes on where they were", async () => {
  const visit = await payer("R0003", "nadia@exemple.fr");
  const left = await gone(visit.page, `${visit.bill}/payer`);
  await visit.page.getByRole("button", { name: PAY }).click();
  assert.equal(await left.done, 303);
  const page = await comeBackTo(visit);
  assert.equal(await page.getByRole("button", { name: PAY }).count(), 0, "no second payment beside the first");
  await look(page, "facture-paiement-en-cours");
  await page.getByRole("link", { name: "Suivre ce paiement" }).click();
  await look(page, "paiement-en-cours");
  await page.getByRole("link", { name: "Reprendre ce paiement" }).click();
  await page.getByRole("button", { name: "Payé par carte" }).click();
  await page.getByRole("heading", { name: "Paiement reçu" }).waitFor();
  await paid(page, visit.bill);
});

claim("closed on PayFiP's page: another click begins nothing beside it, and the bill is free the next day", async () => {
  const visit = await payer("R0006", "aurelie@exemple.fr");
  const early = await world.tab(visit.page.context());
  await early.goto(visit.bill);
  await visit.page.getByRole("button", { name: PAY }).click();
  await visit.page.getByRole("heading", { name: "Paiement en ligne" }).waitFor();
  // Another tab was open before: its button is still there.
  await early.getByRole("button", { name: PAY }).click();
  await early.getByRole("heading", { name: "Le paiement n’a pas commencé" }).waitFor();
  await look(early, "paiement-deja-en-cours");
  world.left = visit;
  await visit.page.context().close();
});

claim("closed after paying, before the return: the bill is paid without it", async () => {
  const visit = await payer("R0008", "elodie@exemple.fr");
  await visit.page.getByRole("button", { name: PAY }).click();
  const left = await gone(visit.page, `${world.house.payfip}/tpa/paiementws.web`);
  await visit.page.getByRole("button", { name: "Payé par prélèvement" }).click();
  assert.equal(await left.done, 303);
  await paid(await comeBackTo(visit), visit.bill);
});

claim("closed on the return: the bill is paid once, and a stranger's browser reads no name there", async () => {
  const visit = await payer("R0014", "maelys@exemple.fr");
  await visit.page.getByRole("button", { name: PAY }).click();
  const back = visit.page.waitForRequest(/\/payfip\/retour\//);
  // The browser may be gone before the click is told of.
  const clicked = visit.page.getByRole("button", { name: "Payé par carte" }).click().catch(() => {});
  const address = (await back).url();
  const page = await comeBackTo(visit);
  await clicked;
  await paid(page, visit.bill);

  const stranger = await world.visitor();
  for (let times = 0; times < 2; times++) await stranger.goto(address);
  await stranger.getByRole("heading", { name: "Paiement reçu" }).waitFor();
  await look(stranger, "retour-inconnu");
  assert.doesNotMatch(await stranger.locator("main").innerText(), /Maëlys|Arcy|\d,\d\d/);
  await settledOnce(visit.bill);
});

claim("refused or given up: nothing is paid, it is said, and the payer may begin again", async () => {
  const { page, bill } = await payer("R0023", "ioana@exemple.fr");
  await page.getByRole("button", { name: PAY }).click();
  await page.getByRole("button", { name: "Carte refusée" }).click();
  await page.getByRole("heading", { name: "Paiement refusé" }).waitFor();
  await look(page, "paiement-refuse");
  await page.getByRole("link", { name: "Voir la facture" }).click();
  await page.getByRole("button", { name: PAY }).click();
  await page.getByRole("button", { name: "Abandon du payeur" }).click();
  assert.equal(new URL(page.url()).origin, world.house.url);
  await look(page, "paiement-abandonne");
  await page.goto(bill);
  assert.equal(await page.getByText("payée", { exact: true }).count(), 0);
});

claim("paid in one of two tabs: the other pays nothing more", async () => {
  const { page, bill } = await payer("R0005", "solene@exemple.fr");
  await page.getByRole("button", { name: PAY }).click();
  const other = await world.tab(page.context());
  await other.goto(page.url());
  await page.getByRole("button", { name: "Payé par carte" }).click();
  await page.getByRole("heading", { name: "Paiement reçu" }).waitFor();
  await other.getByRole("button", { name: "Payé par carte" }).click();
  await other.waitForLoadState();
  await paid(page, bill);
});

claim("what PayFiP couldn't prove is decided at the desk, and a debit that a bank took back opens its bill again", async () => {
  const next = new URLSearchParams({ montant: "1200" });
  assert.equal((await fetch(`${world.house.payfip}/_bac-a-sable/suivante`, { method: "POST", body: next })).status, 200);
  const { page, bill } = await payer("R0011", "payeur-a-verifier@exemple.fr");
  const total = (await page.locator(".total").innerText()).replace("€", "").trim();
  await page.getByRole("button", { name: PAY }).click();
  await page.getByRole("button", { name: "Payé par prélèvement" }).click();
  await page.getByRole("heading", { name: "Paiement à vérifier" }).waitFor();
  await look(page, "paiement-a-verifier");

  const desk = world.finance;
  await desk.goto(`${world.house.url}/bureau/MEN/paiements`);
  await look(desk, "paiements");
  await desk.getByLabel("L’argent est arrivé").check();
  await desk.getByLabel("Montant arrivé, en euros").first().fill("douze");
  await desk.getByLabel("D’où le savez-vous ?").first().fill("relevé du 25 novembre");
  await enterOn(desk, "Enregistrer");
  await desk.getByRole("alert").waitFor();
  await look(desk, "paiements-refus");
  await desk.getByLabel("Montant arrivé, en euros").first().fill(total);
  await enterOn(desk, "Enregistrer");
  await desk.getByText("L’encaissement est dans les comptes").waitFor();
  await page.goto(bill);
  await page.getByText("payée", { exact: true }).waitFor();

  // Theirs, wherever it stands: the house's day begins again at midnight, and what was paid before then is listed first.
  const theirs = desk.getByRole("listitem").filter({ hasText: "relevé du 25 novembre" });
  await theirs.getByText(/^Signaler un rejet par la banque/).click();
  await theirs.getByLabel("D’où le savez-vous ?").fill("avis de rejet du 26 novembre");
  await theirs.getByRole("button", { name: /^Enregistrer le rejet/ }).press("Enter");
  await desk.getByText("Le rejet est dans les comptes").waitFor();
  await look(desk, "paiements-rejet");
  await page.goto(bill);
  assert.equal(await page.getByRole("button", { name: PAY }).count(), 1, "it is to pay again");
});
