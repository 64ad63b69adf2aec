//! From a draft to a paid bill: a month is issued, its documents and mail leave, a mother understands her bill and pays it, the father
//! of the same child sees his share and nothing else, and the books balance.

use crate::browser::{Browser, Page};
use crate::cast::Cast;
use crate::house::{self, Row};
use crate::programs::{Programs, Server, output};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use shared::money::Cents;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How often the sandbox tells of one payment, and how long that may take.
const NOTIFICATIONS: usize = 2;
const TOLD_MAX: Duration = Duration::from_secs(20);
const LOOKED_AT_EVERY: Duration = Duration::from_millis(20);
/// What every adult of the script chooses.
const PASSWORD: &str = "une phrase assez longue";

/// An adult of the script, with a browser in which they are logged in.
pub struct Adult {
    row: Row,
    browser: Browser,
}

impl Adult {
    fn name(&self) -> String {
        format!("{} {}", self.row["prenom"], self.row["nom"])
    }

    /// Opens a page that must be there.
    pub fn opens(&self, path: &str) -> Result<Page> {
        self.browser.open(path)
    }
}

/// What was issued.
pub struct Issued {
    /// Amounts by payer, as the draft had them.
    pub by_payer: BTreeMap<String, Cents>,
}

/// The bill that was paid.
pub struct Paid {
    /// Who paid.
    pub payer: String,
    /// Its address.
    pub bill: String,
    /// Its amount.
    pub amount: Cents,
}

/// Decides what the draft asks, and issues it with its documents and mail.
pub fn issue(today: &Programs, cast: &Cast) -> Result<(Issued, String)> {
    let (month, commune) = (cast.month.as_str(), cast.organisation.as_str());
    let by_payer = drafted(today, cast)?;
    house::decide(today, commune, month)?;
    let order = ["billing", "issue", "--month", month, "--organisation", commune, "--by", house::BILLS];
    let said = output(&mut today.server(&order))?;
    let said = said.lines().next().unwrap_or_default().to_owned();
    let total: Cents = by_payer.values().copied().sum();
    ensure!(said.contains(&format!("{} factures", by_payer.len())) && said.contains(&total.to_string()), "attendu {total} : {said}");
    let again = output(&mut today.server(&order))?;
    ensure!(again.contains("Rien de nouveau"), "émettre une seconde fois a fait quelque chose : {again}");
    Ok((Issued { by_payer }, said))
}

fn drafted(today: &Programs, cast: &Cast) -> Result<BTreeMap<String, Cents>> {
    let draft = ["billing", "draft", "--month", &cast.month, "--organisation", &cast.organisation, "--format", "json"];
    let draft: Value = serde_json::from_str(&output(&mut today.server(&draft))?).context("brouillon")?;
    let bills = draft["invoices"].as_array().into_iter().flatten();
    bills
        .map(|bill| Some((bill["payer"].as_str()?.to_owned(), Cents(bill["total_cents"].as_i64()?))))
        .collect::<Option<_>>()
        .context("factures du brouillon")
}

/// Every household with an address has its message, which says where and nothing else.
pub fn mail(today: &Programs, issued: &Issued) -> Result<((), String)> {
    let folder = today.server_data().join("courriels");
    let mut messages = Vec::new();
    for file in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        messages.push(std::fs::read_to_string(file?.path())?.replace("\r\n", "\n"));
    }
    let wanted: Vec<Row> = house::table(today, "responsables.csv")?
        .into_iter()
        .filter(|adult| issued.by_payer.contains_key(&adult["code"]) && adult["canal"] == "courriel")
        .collect();
    ensure!(messages.len() == wanted.len(), "attendu {} courriels, écrits {}", wanted.len(), messages.len());
    for adult in &wanted {
        let hers = messages.iter().filter(|message| message.contains(&format!("To: {}", adult["courriel"]))).count();
        ensure!(hers == 1, "{} a {hers} courriels", adult["code"]);
    }
    // The same words to everybody tell nothing of anybody.
    let said: BTreeSet<&str> = messages.iter().filter_map(|message| message.split_once("\n\n")).map(|(_, text)| text).collect();
    ensure!(said.len() == 1, "les courriels ne disent pas tous la même chose : {said:?}");
    Ok(((), format!("{} courriels, sans nom ni montant ; {} sur papier", messages.len(), issued.by_payer.len() - messages.len())))
}

/// An adult with a code on paper makes their access.
pub fn activate(today: &Programs, server: &Server, code: &str) -> Result<Adult> {
    let (row, browser) = (house::adult(today, code)?, Browser::new(&server.url)?);
    let activation = house::activation_code(today, code)?;
    let typed = [("code", activation.as_str()), ("fact", &row["nom"]), ("login", &row["courriel"]), ("password", PASSWORD)];
    let page = browser.open("/activation")?;
    browser.send(&page, "/activation", &typed)?.there()?;
    browser.open("/famille")?;
    Ok(Adult { row, browser })
}

/// Logs in again, as on another day.
pub fn log_in(today: &Programs, server: &Server, code: &str) -> Result<Adult> {
    let (row, browser) = (house::adult(today, code)?, Browser::new(&server.url)?);
    let page = browser.open("/connexion")?;
    browser.send(&page, "/connexion", &[("login", &row["courriel"]), ("password", PASSWORD)])?.there()?;
    browser.open("/famille")?;
    Ok(Adult { row, browser })
}

/// The one adult who pays for a household.
pub fn payer_of(today: &Programs, household: &str) -> Result<String> {
    let adults = house::table(today, "responsables.csv")?;
    let payer = adults.into_iter().find(|adult| adult["foyer"] == household && adult["payeur"] == "oui");
    payer.map(|adult| adult["code"].clone()).with_context(|| format!("personne ne paie pour {household}"))
}

/// The homes of a child, as its custody has them.
pub fn homes_of(today: &Programs, child: &str) -> Result<Vec<String>> {
    let homes = house::table(today, "rattachements.csv")?;
    Ok(homes.into_iter().filter(|row| row["enfant"] == child).map(|row| row["foyer"].clone()).collect())
}

/// The page of an adult's only bill of the month, found as a person finds it.
fn bill(adult: &Adult) -> Result<(String, Page)> {
    let list = adult.browser.open("/famille/factures")?;
    let bills = list.links("/famille/factures/")?;
    let [address] = &bills[..] else { anyhow::bail!("{} voit {} factures : {}", adult.name(), bills.len(), list.text()) };
    Ok((address.clone(), adult.browser.open(address)?))
}

/// A mother reads why she pays, down to the departure that the tablet recorded.
pub fn reads(today: &Programs, server: &Server, issued: &Issued, who: &str, left_at: &str) -> Result<((), String)> {
    let mother = activate(today, server, who)?;
    let (address, page) = bill(&mother)?;
    let amount = issued.by_payer.get(who).copied().unwrap_or_default();
    page.must_say(&format!("Pourquoi {amount} ?"))?;
    page.must_say(left_at)?;
    let pdf = mother.browser.document(&format!("{address}/facture.pdf"))?;
    ensure!(pdf.starts_with(b"%PDF-") && pdf.ends_with(b"%%EOF"), "{address}/facture.pdf n'est pas un PDF entier");
    Ok(((), format!("{}, {amount}, départ de {left_at} ; PDF de {} Ko", mother.name(), pdf.len() / 1024)))
}

/// A mother pays in the sandbox, whose notification comes twice; the bill is settled once.
pub fn pays(today: &Programs, server: &Server, sandbox: &Server, issued: &Issued, who: &str) -> Result<(Paid, String)> {
    let mother = activate(today, server, who)?;
    let (address, page) = bill(&mother)?;
    let amount = *issued.by_payer.get(who).with_context(|| format!("{who} n'a pas de facture"))?;
    let payfip = mother.browser.send(&page, "/payer", &[])?.there()?;
    ensure!(payfip.url.starts_with(&sandbox.url), "le navigateur est allé à {}", payfip.url);
    payfip.must_say(&amount.to_string())?;
    let back = mother.browser.send(&payfip, "/tpa/paiementws.web", &[("resultat", "P")])?.there()?;
    back.must_say("Paiement reçu : merci")?;
    mother.browser.open(&address)?.must_say("payée")?;
    let told = told(sandbox)?;
    settled_once(today, amount)?;
    Ok((
        Paid { payer: who.to_owned(), bill: address, amount },
        format!("{}, {amount} ; {told} notifications, un encaissement", mother.name()),
    ))
}

/// Waits until the sandbox has sent both notifications and seen them answered; gives how many it sent.
fn told(sandbox: &Server) -> Result<usize> {
    let window = Browser::new(&sandbox.url)?;
    let asked = Instant::now();
    loop {
        let state: Value = serde_json::from_slice(&window.document("/_bac-a-sable/etat")?).context("état du bac à sable")?;
        let operations = state["operations"].as_array().context("opérations du bac à sable")?;
        let told = operations.iter().filter_map(|operation| operation["notifications"].as_array()).map(Vec::len).sum();
        if told == NOTIFICATIONS {
            return Ok(told);
        }
        ensure!(told < NOTIFICATIONS && asked.elapsed() < TOLD_MAX, "attendu {NOTIFICATIONS} notifications, parties {told}");
        std::thread::sleep(LOOKED_AT_EVERY);
    }
}

/// One payment, of that amount, and nothing else.
pub fn settled_once(today: &Programs, amount: Cents) -> Result<()> {
    let listed: Value =
        serde_json::from_str(&output(&mut today.server(&["payments", "list", "--format", "json"]))?).context("paiements")?;
    let listed = listed.as_array().context("paiements")?;
    let paid: Vec<&Value> = listed.iter().filter(|payment| payment["state"] == "paye").collect();
    ensure!(paid.len() == 1 && listed.len() == 1, "attendu un seul paiement : {listed:?}");
    ensure!(paid[0]["amount_cents"] == amount.0, "un autre montant est encaissé : {}", paid[0]);
    Ok(())
}

/// The father of the same child: his own bill, and hers doesn't exist for him.
pub fn sees_only_his(today: &Programs, server: &Server, issued: &Issued, who: &str, hers: &Paid) -> Result<((), String)> {
    let father = activate(today, server, who)?;
    let (address, page) = bill(&father)?;
    let amount = issued.by_payer.get(who).copied().unwrap_or_default();
    page.must_say(&format!("Pourquoi {amount} ?"))?;
    ensure!(address != hers.bill, "{} a reçu la facture de l'autre parent", father.name());
    for path in [hers.bill.clone(), format!("{}/facture.pdf", hers.bill)] {
        let answer = father.browser.ask(&path)?;
        ensure!(answer.status == 404, "{path} répond {} à l'autre parent", answer.status);
    }
    Ok(((), format!("{}, {amount} ; la facture de {} n'existe pas pour lui", father.name(), hers.amount)))
}

/// The books, made again from their entries.
pub fn balances(today: &Programs, cast: &Cast, issued: &Issued, paid: &Paid) -> Result<((), String)> {
    let said = output(&mut today.server(&["ledger", "verify", "--organisation", &cast.organisation]))?;
    let billed: Cents = issued.by_payer.values().copied().sum();
    for figure in [format!("{billed} facturés"), format!("{} encaissés", paid.amount), format!("{} à payer", billed - paid.amount)] {
        ensure!(said.contains(&figure), "« {figure} » n'est pas dans : {said}");
    }
    ensure!(said.contains("Les comptes tombent juste."), "{said}");
    Ok(((), said.lines().next().unwrap_or_default().to_owned()))
}
