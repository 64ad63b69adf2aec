//! A new tablet of a large site on a slow line: the real client and the real server over TLS, in real time, from the code that is typed
//! to the last photo; and the same on a line that is cut again and again.
//!
//! The site is the seed's whose roster is nearest to 300 children; each of them has a photo. Takes six minutes.

mod slow;

use anyhow::{Context, Result, ensure};
use axum_server::Handle;
use benches::{filled, site_of};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::app::App;
use server::clock::Clock;
use server::serve::{Server, listen};
use server::store::entity::{child, photo, pickup_person};
use server::store::{Change, Territory, insert_all, random, record_changes};
use server::sync::enrol::new_code;
use server::sync::{publish, roster};
use sha2::{Digest, Sha256};
use shared::calendar::business_day;
use shared::id::{ChildId, SiteId};
use shared::roster::{AdultStatus, Item};
use slow::{Kind, Line};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use terminal_core::clock::{Clock as _, Now, SystemClock};
use terminal_core::commands::enrol::{ByHttps, enrol};
use terminal_core::store::{NoFaults, Store};
use terminal_core::sync::believed_time::BelievedTime;
use terminal_core::sync::http::Http;
use terminal_core::sync::shell::Shell;
use terminal_core::sync::transport::{Answer, LineFailure, Request, Transport};

const HOUSEHOLDS: usize = 1_000;
const CHILDREN: usize = 300;
/// Half past seven of a Wednesday in Paris.
const MORNING: &str = "2026-11-25T06:30:00Z";
const RUNS: usize = 3;
/// As an import leaves a portrait (512 pixels, quality 82): a head and shoulders of 384 × 512 comes to 43 kB, a picture as wide as
/// high to 60 kB.
const PHOTO_BYTES_MIN: usize = 35_000;
const PHOTO_BYTES_MAX: usize = 55_000;
const LINE: Kind = Kind { down_bits_s: 1_000_000, up_bits_s: 256_000, delay: Duration::from_millis(25), cut: None };
const CUT: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(3));
/// A run that isn't through by then never will be.
const RUN_MAX: Duration = Duration::from_secs(900);

/// What somebody at the door waits for.
const WAITED_FOR: [&str; 3] = ["les adultes interdits sont connus", "le tableau est entier", "la dernière photo est là"];

/// When something had come, and what had passed each way by then.
#[derive(Debug, Clone, Copy)]
struct Reached {
    after: Duration,
    sent: u64,
    received: u64,
}

/// A first sync.
struct Run {
    reached: [Reached; 3],
    connections: u64,
    requests: BTreeMap<String, usize>,
}

struct House {
    runtime: tokio::runtime::Runtime,
    app: App,
    server: SocketAddr,
    site: SiteId,
    children: usize,
    barred: usize,
}

/// The tablet's own transport, which looks at what the tablet holds before each request: all that was answered before is kept by then.
struct Watched {
    http: Http,
    store: Store,
    line: Line,
    begun: Instant,
    barred: usize,
    reached: [Option<Reached>; 3],
    requests: BTreeMap<String, usize>,
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let house = House::open(folder.path())?;
    let (up, down) = (LINE.up_bits_s / 1_000, LINE.down_bits_s / 1_000);
    println!(
        "{} enfants avec photo, {} adultes interdits ; {down} kbit/s reçus, {up} émis, 50 ms aller et retour",
        house.children, house.barred
    );
    for (name, line) in [
        ("d'une traite".into(), LINE),
        (format!("coupée {} s toutes les {} s", CUT.1.as_secs(), CUT.0.as_secs()), Kind { cut: Some(CUT), ..LINE }),
    ] {
        // Another minute: tries of codes are counted by it.
        house.app.clock.advance(Duration::from_secs(60));
        tell(&name, &house.first_syncs(folder.path(), line)?);
    }
    Ok(())
}

fn median<T: Ord + Copy>(runs: &[Run], of: impl Fn(&Run) -> T) -> Option<T> {
    let mut all: Vec<T> = runs.iter().map(of).collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}

fn tell(name: &str, runs: &[Run]) {
    println!("\n{name:<36} {:>9} {:>12} {:>12}", "secondes", "émis, octets", "reçus");
    for (at, what) in WAITED_FOR.iter().enumerate() {
        let after = median(runs, |run| run.reached[at].after).unwrap_or_default();
        let (sent, received) = (median(runs, |run| run.reached[at].sent), median(runs, |run| run.reached[at].received));
        println!("{what:<36} {:>9.1} {:>12} {:>12}", after.as_secs_f32(), sent.unwrap_or(0), received.unwrap_or(0));
    }
    for run in runs {
        let all: Vec<String> = run.requests.iter().map(|(path, count)| format!("{path} {count}")).collect();
        println!("  {:.1} s, {} connexions : {}", run.reached[2].after.as_secs_f32(), run.connections, all.join(", "));
    }
}

impl House {
    fn open(folder: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let app = runtime.block_on(Box::pin(filled(folder, HOUSEHOLDS)))?;
        let app = App { clock: Clock::manual(MORNING.parse()?), ..app };
        let (site, children) = runtime.block_on(site_of(&app, CHILDREN))?;
        let barred = runtime.block_on(pictured(&app, site, &children))?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let server = listener.local_addr()?;
        runtime.spawn(listen(listener, Server::open(app.clone())?, Handle::<SocketAddr>::new()));
        Ok(Self { runtime, app, server, site, children: children.len(), barred })
    }

    fn code(&self) -> Result<String> {
        self.runtime.block_on(async {
            let transaction = self.app.db.begin().await?;
            let code = new_code(&Territory::new(self.app.territoire(), &transaction), self.site, "banc", self.app.clock.now()).await?;
            transaction.commit().await?;
            Ok(code)
        })
    }

    /// As many tablets as there are runs, each on a line of its own: together they take some hundredths of the server.
    fn first_syncs(&self, folder: &Path, kind: Kind) -> Result<Vec<Run>> {
        let tablets = (0..RUNS).map(|_| tempfile::tempdir_in(folder)).collect::<std::io::Result<Vec<_>>>()?;
        std::thread::scope(|scope| {
            let under_way: Vec<_> = tablets.iter().map(|tablet| scope.spawn(move || self.first_sync(tablet.path(), kind))).collect();
            under_way.into_iter().map(|run| run.join().map_err(|_| anyhow::anyhow!("a run panicked"))?).collect()
        })
    }

    /// From the code that is typed to the last photo.
    fn first_sync(&self, folder: &Path, kind: Kind) -> Result<Run> {
        let (code, clock) = (self.code()?, SystemClock::new()?);
        let line = Line::to(self.server, kind)?;
        let begun = Instant::now();
        enrol(folder, &format!("https://{}", line.at()), &code, &ByHttps)?;
        let store = Store::open(folder, Arc::new(NoFaults))?;
        let me = store.journal.identity()?.context("enrolled")?;
        let morning_ms = self.app.clock.now_ms();
        let morning_s = morning_ms.unsigned_abs() / 1_000;
        let http = Http::pinned(&me.server_url, &me.authority, BelievedTime::by(Some(morning_s), move || morning_s))?;
        let (barred, reached, requests) = (self.barred, [None; 3], BTreeMap::new());
        let watched = Watched { http, store: store.second()?, line, begun, barred, reached, requests };
        let mut shell = Shell::new(store.second()?, watched, 1)?;
        let now = || Now { wall_ms: morning_ms + i64::try_from(begun.elapsed().as_millis()).unwrap_or(0), ..clock.now() };
        shell.round(&now, true);
        // As the tablet's own thread does (`terminal_core::sync::line`).
        while !shell.transport().look()? {
            ensure!(begun.elapsed() < RUN_MAX, "not through after {RUN_MAX:?}");
            std::thread::sleep(Duration::from_millis(shell.next_at_ms().saturating_sub(now().boottime_ms)));
            shell.round(&now, false);
        }
        let items = store.roster.items(now().day())?;
        let children = items.iter().filter(|item| matches!(item, Item::Child(_))).count();
        ensure!(children == self.children && store.roster.photos()?.len() == self.children, "{children} children");
        let watched = shell.transport();
        let reached = watched.reached.iter().copied().collect::<Option<Vec<_>>>().context("all of it")?;
        let reached = reached.try_into().map_err(|_| anyhow::anyhow!("three things are waited for"))?;
        Ok(Run { reached, connections: watched.line.connections(), requests: std::mem::take(&mut watched.requests) })
    }
}

impl Watched {
    /// Marks what has come; says whether all has.
    fn look(&mut self) -> Result<bool> {
        for at in 0..self.reached.len() {
            if self.reached[at].is_none() && self.has(at)? {
                let (sent, received) = self.line.bytes();
                self.reached[at] = Some(Reached { after: self.begun.elapsed(), sent, received });
            }
        }
        Ok(self.reached.iter().all(Option::is_some))
    }

    fn has(&self, what: usize) -> Result<bool> {
        // The cursor moves with the last page of a whole roster.
        let is_whole = self.store.roster.cursor()? > 0;
        Ok(match what {
            0 => is_whole || barred(self.store.roster.items(business_day(MORNING.parse()?))?.iter()) == self.barred,
            1 => is_whole,
            _ => is_whole && self.store.lacking_photos()?.is_empty(),
        })
    }
}

impl Transport for Watched {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        self.look().map_err(|_| LineFailure::NoNetwork)?;
        *self.requests.entry(request.path.to_owned()).or_default() += 1;
        self.http.send(request)
    }
}

fn barred<'a>(items: impl Iterator<Item = &'a Item>) -> usize {
    items.filter(|item| matches!(item, Item::Adult(adult) if adult.status == AdultStatus::Barred)).count()
}

/// Gives each child a photo of its own, agreed to, as an import would, and bars an adult; how many adults of the site are barred.
async fn pictured(app: &App, site: SiteId, children: &[ChildId]) -> Result<usize> {
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let today = business_day(app.clock.now());
    for (number, of) in children.iter().enumerate() {
        let bytes = PHOTO_BYTES_MIN + (PHOTO_BYTES_MAX - PHOTO_BYTES_MIN) * number / children.len().max(1);
        let jpeg = a_photo(bytes)?;
        let hash = Sha256::digest(&jpeg).to_vec();
        insert_all(&territory.on(), vec![photo::Model { territoire_id: territory.id().0, hash: hash.clone(), jpeg }]).await?;
        let shows = territory.update::<child::Entity>().col_expr(child::Column::PhotoHash, Expr::value(hash));
        let agreed = shows.col_expr(child::Column::PhotoConsentOn, Expr::value(today));
        agreed.filter(child::Column::Id.eq(of.0)).exec(&territory.on()).await?;
    }
    // Somebody must not take one of them any more: what a door has to know first.
    let of_site = pickup_person::Column::ChildId.is_in(children.iter().map(|of| of.0));
    let adults = territory.find::<pickup_person::Entity>().filter(of_site).filter(pickup_person::Column::ValidTo.is_null());
    let adult = adults.one(&territory.on()).await?.context("an adult of the site")?;
    let barring = territory.update::<pickup_person::Entity>().col_expr(pickup_person::Column::Status, Expr::value("interdite"));
    barring.filter(pickup_person::Column::Id.eq(adult.id)).exec(&territory.on()).await?;
    let moved = Change { kind: publish::MOVED, organisation: None, subject: None };
    record_changes(&territory, site, vec![moved], app.clock.now()).await?;
    let items = roster::items(&territory, site, today).await?;
    transaction.commit().await?;
    publish::due_site(app, site).await?;
    let barred = barred(items.values());
    ensure!(barred > 0, "a site where nobody is barred");
    Ok(barred)
}

/// Bytes that nobody can make smaller, like a JPEG's.
fn a_photo(bytes: usize) -> Result<Vec<u8>> {
    let mut jpeg = vec![0xff, 0xd8, 0xff];
    while jpeg.len() < bytes {
        jpeg.extend(random::<32>()?);
    }
    jpeg.truncate(bytes);
    Ok(jpeg)
}
