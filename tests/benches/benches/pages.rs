//! Pages under load: how long each takes from the moment at which it was due, at 50 and at 200 requests a second.
//!
//! Requests leave on time whether or not earlier ones were answered, so that a slow answer is not hidden by a slower question. The
//! server and whoever asks share this machine's cores. Beside the pages, `/sante`, which does nothing: what a request costs at least.

use anyhow::{Context, Result, ensure};
use benches::{filled, percentile};
use rules::problem::Decision;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use server::app::App;
use server::billing::issue::{Order, issue};
use server::billing::{decide, draft};
use server::identity::Role;
use server::identity::account::{self, LOCAL, New};
use server::identity::audit::Act;
use server::identity::session::{self, Use};
use server::serve::{Server, listen};
use server::store::Territory;
use server::store::entity::{child_right, invoice};
use shared::id::{AccountId, OrganisationId};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const HOUSEHOLDS: usize = 620;
const ORGANISATION: &str = "MEN";
const MONTH: &str = "2026-10";
const RATES: [u32; 2] = [50, 200];
const LASTS: Duration = Duration::from_secs(10);
/// Requests that leave one after the other, before the load.
const ALONE: usize = 21;

/// A page and whose cookie opens it.
struct Page {
    what: &'static str,
    path: String,
    cookie: String,
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // The server's threads are its own: what is asked, and timed, runs beside them.
    let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let app = serving.block_on(Box::pin(filled(folder.path(), HOUSEHOLDS)))?;
    let pages = serving.block_on(Box::pin(furnish(&app)))?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let base = format!("http://{}", listener.local_addr()?);
    serving.spawn(listen(listener, Server::open(app)?, axum_server::Handle::<SocketAddr>::new()));
    let asking = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    asking.block_on(measure(&base, &pages))
}

async fn measure(base: &str, pages: &[Page]) -> Result<()> {
    println!("{:<28} {:>6} {:>9} {:>9} {:>9} {:>9}", "page", "par s", "p50 ms", "p99 ms", "max ms", "rendues/s");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
    for page in pages {
        let mut alone = Vec::new();
        for _ in 0..ALONE {
            let asked = Instant::now();
            ask(&client, base, page).await?;
            alone.push(asked.elapsed());
        }
        alone.sort_unstable();
        println!("{:<28} {:>6} {:>9}", page.what, "seule", ms(percentile(&alone, 50)));
        for rate in RATES {
            let (mut took, lasted) = load(&client, base, page, rate).await?;
            took.sort_unstable();
            let [p50, p99, max] = [50, 99, 100].map(|hundredths| ms(percentile(&took, hundredths)));
            let done = took.len() as u128 * 1_000 / lasted.as_millis().max(1);
            println!("{:<28} {rate:>6} {p50:>9} {p99:>9} {max:>9} {done:>9}", page.what);
        }
    }
    Ok(())
}

fn ms(took: Duration) -> String {
    format!("{}.{}", took.as_millis(), took.as_micros() / 100 % 10)
}

/// Asks for a page so often a second; gives how long each answer took from when it was due, and how long all took.
async fn load(client: &reqwest::Client, base: &str, page: &Page, rate: u32) -> Result<(Vec<Duration>, Duration)> {
    let (every, start, mut asked) = (Duration::from_secs(1) / rate, Instant::now(), JoinSet::new());
    let (client, base) = (client.clone(), Arc::<str>::from(base));
    let count = rate * u32::try_from(LASTS.as_secs())?;
    for n in 0..count {
        let due = start + every * n;
        tokio::time::sleep_until(due.into()).await;
        let (client, base, page) =
            (client.clone(), Arc::clone(&base), Page { path: page.path.clone(), cookie: page.cookie.clone(), ..*page });
        asked.spawn(async move { ask(&client, &base, &page).await.map(|()| due.elapsed()) });
    }
    let mut took = Vec::new();
    while let Some(answer) = asked.join_next().await {
        took.push(answer??);
    }
    Ok((took, start.elapsed()))
}

async fn ask(client: &reqwest::Client, base: &str, page: &Page) -> Result<()> {
    let answer = client.get(format!("{base}{}", page.path)).header("cookie", &page.cookie).send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    ensure!(status == 200, "{} : {status} {}", page.path, String::from_utf8_lossy(&body));
    Ok(())
}

/// Issues a month; gives the pages of a family and of an agent.
async fn furnish(app: &App) -> Result<Vec<Page>> {
    let reading = Territory::new(app.territoire(), app.db.read());
    let organisation = OrganisationId(reading.organisation(Some(ORGANISATION)).await?.id);
    issued(app, organisation).await?;
    let tenant = reading.tenant(organisation);
    let largest = tenant.find::<invoice::Entity>().order_by_desc(invoice::Column::TotalCents).one(&tenant.on()).await?;
    let bill = largest.context("a bill")?;
    let child = reading.find::<child_right::Entity>().filter(child_right::Column::PersonId.eq(bill.payer_id)).one(&reading.on()).await?;
    let child = child.context("a child of the payer")?.child_id;
    let family = logged_in(app, "famille@exemple.fr", Some(bill.payer_id), None).await?;
    let agent = logged_in(app, "finances@exemple.fr", None, Some(organisation)).await?;
    let page = |what, path: String, cookie: &str| Page { what, path, cookie: cookie.to_owned() };
    Ok(vec![
        page("rien (/sante)", "/sante".into(), ""),
        page("connexion", "/connexion".into(), ""),
        page("famille : accueil", "/famille".into(), &family),
        page("famille : mois d’un enfant", format!("/famille/enfants/{child}?mois={MONTH}"), &family),
        page("famille : factures", "/famille/factures".into(), &family),
        page("famille : une facture", format!("/famille/factures/{}", bill.id), &family),
        page("bureau : aujourd’hui", format!("/bureau/{ORGANISATION}"), &agent),
        page("bureau : journée d’un lieu", format!("/bureau/{ORGANISATION}/journee/MEN-CANT?date=2026-10-06"), &agent),
        page("bureau : une facture", format!("/bureau/{ORGANISATION}/factures/{}", bill.id), &agent),
    ])
}

/// Whatever stands in the way is billed.
async fn issued(app: &App, organisation: OrganisationId) -> Result<()> {
    let (month, transaction) = (MONTH.parse().map_err(anyhow::Error::msg)?, app.db.begin().await?);
    let tenant = Territory::new(app.territoire(), &transaction).tenant(organisation);
    for problem in draft::draft(&tenant, month, None, false).await?.problems.iter().filter(|problem| problem.blocking) {
        let bills = |decision: &&Decision| matches!(decision, Decision::Facturer | Decision::EmettreQuandMeme);
        let decision = Decision::possible(problem.kind).iter().find(bills).context("a problem that can be billed")?;
        decide::decide(&tenant, month, std::slice::from_ref(problem), *decision, None, "banc", app.clock.now()).await?;
    }
    transaction.commit().await?;
    let order = Order { month, regie: None, exercise: None, by: "banc" };
    let issued = issue(app, organisation, &order, Act::command("billing issue")).await?;
    ensure!(issued.invoices > 50, "{issued:?}");
    Ok(())
}

/// A session of somebody new; gives its cookie.
async fn logged_in(app: &App, login: &str, person: Option<sea_orm::prelude::Uuid>, desk: Option<OrganisationId>) -> Result<String> {
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let new = New { login: login.into(), name: "Banc".into(), password_hash: None, person, identity: (LOCAL, login) };
    let row = account::add(&territory, new, now).await?;
    if let Some(organisation) = desk {
        for role in [Role::Direction, Role::Finances] {
            account::give_role(&territory, AccountId(row.id), organisation, (role, None), app.clock.today()).await?;
        }
    }
    let at = if desk.is_some() { Use::Desk } else { Use::Home };
    let token = session::open(&territory, &row, at, desk.is_some(), now).await?;
    transaction.commit().await?;
    Ok(format!("preau={token}"))
}
