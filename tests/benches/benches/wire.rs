//! What a tablet's day costs on the line: the real client and the real server over TLS, a day's clocks moved by hand, and every byte
//! counted between them.
//!
//! The site is the seed's whose roster is nearest to 60 children. Counted: what TLS sends and receives, handshakes and headers included;
//! not what TCP and IP add to each packet.

mod counting;

use anyhow::{Context, Result, ensure};
use axum_server::Handle;
use benches::{filled, site_of};
use counting::{Counted, Counts, proxied};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::app::App;
use server::clock::Clock;
use server::serve::{Server, listen};
use server::store::entity::child;
use server::store::{Change, Territory, record_changes};
use server::sync::enrol::new_code;
use server::sync::publish;
use shared::id::{BootId, ChildId, SiteId, uuid_v7};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use terminal_core::clock::Now;
use terminal_core::commands::enrol::{ByHttps, enrol};
use terminal_core::door::Door;
use terminal_core::store::{NoFaults, Store};
use terminal_core::sync::believed_time::BelievedTime;
use terminal_core::sync::http::Http;
use terminal_core::sync::shell::Shell;
use terminal_core::view::{Act, Dialog, FamilyWord};

const HOUSEHOLDS: usize = 620;
const CHILDREN: usize = 60;
/// Midnight of a Wednesday in Paris.
const MIDNIGHT: &str = "2026-11-24T23:00:00Z";
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// Something that happens at a minute of the day.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// At this tablet, or at the site's other one.
    Arrives {
        child: usize,
        here: bool,
    },
    Leaves {
        child: usize,
        here: bool,
    },
    /// The office changes a child's file.
    Edited(usize),
}

/// A tablet that runs.
struct Tablet {
    door: Door,
    shell: Shell<Counted>,
    boot: BootId,
    counts: Arc<Counts>,
}

struct House {
    runtime: tokio::runtime::Runtime,
    app: App,
    midnight_ms: i64,
    at_ms: u64,
    site: SiteId,
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let app = runtime.block_on(Box::pin(filled(folder.path(), HOUSEHOLDS)))?;
    let app = App { clock: Clock::manual(MIDNIGHT.parse()?), ..app };
    let (site, children) = runtime.block_on(site_of(&app, CHILDREN))?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    runtime.spawn(listen(listener, Server::open(app.clone())?, Handle::<SocketAddr>::new()));
    let midnight_ms = app.clock.now_ms();
    let mut house = House { runtime, app, midnight_ms, at_ms: 0, site };
    let (mut here, mut there) = (house.tablet(&folder.path().join("ici"), address)?, house.tablet(&folder.path().join("la"), address)?);
    println!("{:<34} {:>9} {:>12} {:>12} {:>12}", "une tablette, par jour", "requêtes", "émis, octets", "reçus", "ensemble");
    house.tell("le premier jour : tout le site", &here.counts, 0);
    println!("  ({} enfants sur le site)", children.len());
    let take = CHILDREN.min(children.len());
    for (name, day) in [("au repos", Vec::new()), ("un jour calme", quiet()), ("un jour chargé", busy(take))] {
        let entries = day.iter().filter(|(_, event)| !matches!(event, Event::Edited(_))).count();
        here.counts.take();
        house.day(&mut here, &mut there, &children, &day)?;
        house.tell(name, &here.counts, entries);
    }
    Ok(())
}

/// A third of the children come and go, at this door; the office edits two files.
fn quiet() -> Vec<(u64, Event)> {
    let stay = |n: u64| {
        let child = usize::try_from(n).unwrap_or(0);
        [(7 * 60 + 30 + n, Event::Arrives { child, here: true }), (17 * 60 + n, Event::Leaves { child, here: true })]
    };
    let mut day: Vec<_> = (0..20).flat_map(stay).collect();
    day.extend([(10 * 60, Event::Edited(0)), (14 * 60, Event::Edited(1))]);
    day.sort_by_key(|(minute, _)| *minute);
    day
}

/// Every child comes and goes in the morning and in the evening, at either of two doors; the office edits twenty files.
fn busy(children: usize) -> Vec<(u64, Event)> {
    let stays = |child: usize| {
        let (n, here) = (child as u64, child.is_multiple_of(2));
        let stay = |arrives: u64, leaves: u64| {
            [(arrives + n / 2, Event::Arrives { child, here }), (leaves + n / 2, Event::Leaves { child, here })]
        };
        [stay(7 * 60 + 30, 8 * 60 + 20), stay(16 * 60 + 30, 17 * 60 + 45)].concat()
    };
    let mut day: Vec<_> = (0..children).flat_map(stays).collect();
    day.extend((0..20).map(|n| (9 * 60 + 5 * n as u64, Event::Edited(n))));
    day.sort_by_key(|(minute, _)| *minute);
    day
}

impl House {
    fn now(&self, boot: BootId) -> Now {
        // The tablet was started an hour before midnight.
        Now { wall_ms: self.midnight_ms + self.at_ms.cast_signed(), boottime_ms: 60 * MINUTE_MS + self.at_ms, boot }
    }

    fn tell(&self, name: &str, counts: &Counts, entries: usize) {
        let (requests, sent, received) = counts.take();
        let name = if entries > 0 { format!("{name} ({entries} gestes)") } else { name.to_owned() };
        println!("{name:<34} {requests:>9} {sent:>12} {received:>12} {:>12}", sent + received);
    }

    fn tablet(&self, folder: &Path, server: SocketAddr) -> Result<Tablet> {
        let code = self.runtime.block_on(async {
            let transaction = self.app.db.begin().await?;
            let code = new_code(&Territory::new(self.app.territoire(), &transaction), self.site, "banc", self.app.clock.now()).await?;
            transaction.commit().await?;
            anyhow::Ok(code)
        })?;
        let counts = Arc::new(Counts::default());
        let proxy = proxied(server, Arc::clone(&counts))?;
        enrol(folder, &format!("https://{proxy}"), &code, &ByHttps)?;
        let store = Store::open(folder, Arc::new(NoFaults))?;
        let me = store.journal.identity()?.context("enrolled")?;
        let midnight_s = self.midnight_ms.unsigned_abs() / 1_000;
        let http = Http::pinned(&me.server_url, &me.authority, BelievedTime::by(Some(midnight_s), move || midnight_s))?;
        let mut shell = Shell::new(store.second()?, Counted { http, counts: Arc::clone(&counts) }, 1)?;
        let boot = BootId(uuid_v7(self.midnight_ms, [7; 10]));
        counts.take();
        let now = self.now(boot);
        let line = shell.round(&|| now, true).line;
        ensure!(line == Some(terminal_core::store::LineState::Online), "{line:?}");
        Ok(Tablet { door: Door::open(store, now)?, shell, boot, counts })
    }

    /// A day of both tablets, minute by minute and round by round.
    fn day(&mut self, here: &mut Tablet, there: &mut Tablet, children: &[ChildId], events: &[(u64, Event)]) -> Result<()> {
        let begins_ms = self.at_ms;
        let mut events = events.iter().peekable();
        while self.at_ms < begins_ms + DAY_MS {
            let next_event = events.peek().map_or(u64::MAX, |(minute, _)| begins_ms + minute * MINUTE_MS);
            let boottime = |tablet: &Tablet| tablet.shell.next_at_ms().saturating_sub(60 * MINUTE_MS);
            let next = next_event.min(boottime(here)).min(boottime(there)).max(self.at_ms + 1);
            self.app.clock.advance(Duration::from_millis(next - self.at_ms));
            self.at_ms = next;
            if next >= next_event
                && let Some((_, event)) = events.next()
            {
                match *event {
                    Event::Arrives { child, here: true } => self.gesture(here, Act::Arrive(children[child])),
                    Event::Arrives { child, .. } => self.gesture(there, Act::Arrive(children[child])),
                    Event::Leaves { child, here: true } => self.gesture(here, Act::Touch(children[child])),
                    Event::Leaves { child, .. } => self.gesture(there, Act::Touch(children[child])),
                    Event::Edited(child) => self.runtime.block_on(self.edited(children[child]))?,
                }
            }
            for tablet in [&mut *here, &mut *there] {
                let now = self.now(tablet.boot);
                if now.boottime_ms >= tablet.shell.next_at_ms() {
                    tablet.shell.round(&|| now, false);
                }
            }
        }
        for tablet in [here, there] {
            let unsent = tablet.door.tick_clock(self.now(tablet.boot)).sync.unsent;
            ensure!(unsent == 0, "{unsent} entries wait at the end of a day");
        }
        Ok(())
    }

    /// A touch as a person does it, to its end; then the round that it asks for.
    fn gesture(&self, tablet: &mut Tablet, act: Act) {
        let now = self.now(tablet.boot);
        let mut screen = tablet.door.act(now, act);
        for _ in 0..5 {
            let Some(Dialog::Departure(dialog)) = &screen.dialog else { break };
            let late = dialog.late.as_ref();
            let hour = late.filter(|l| l.hours.chosen.is_none()).and_then(|l| l.hours.choices.first()).map(|h| h.at);
            let next = match (hour, dialog.may_confirm, dialog.witnesses.first(), dialog.adults.first()) {
                (Some(hour), ..) => Act::Hour(hour),
                (None, true, Some(witness), _) => Act::Staff(witness.staff),
                (None, true, ..) => Act::Confirm,
                (None, false, ..) if dialog.identity_seen == Some(false) => Act::IdentitySeen,
                (None, false, _, Some(adult)) => Act::Adult(adult.person),
                (None, false, _, None) => Act::OtherAdult("Ibrahim Diallo".into(), FamilyWord::Called),
            };
            screen = tablet.door.act(now, next);
        }
        tablet.door.act(now, Act::Close);
        tablet.shell.round(&|| now, false);
    }

    /// The office changes one file; the site is published at the next pull.
    async fn edited(&self, id: ChildId) -> Result<()> {
        let transaction = self.app.db.begin().await?;
        let territory = Territory::new(self.app.territoire(), &transaction);
        let name = format!("Prénom-{}", self.at_ms);
        let change = territory.update::<child::Entity>().col_expr(child::Column::FirstName, Expr::value(name));
        change.filter(child::Column::Id.eq(id.0)).exec(&territory.on()).await?;
        let moved = Change { kind: publish::MOVED, organisation: None, subject: None };
        record_changes(&territory, self.site, vec![moved], self.app.clock.now()).await?;
        Ok(transaction.commit().await?)
    }
}
