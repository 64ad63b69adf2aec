//! The server: its own routes, called in memory as its listener would call them; and its database, read by eyes that share no
//! code with it.

use crate::oracle::Held;
use anyhow::{Context, Result, anyhow};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request as HttpRequest;
use disk::Disk;
use rusqlite::{Connection, OpenFlags};
use server::app::{App, Place};
use server::attendance::desk::{self, Args as Desk};
use server::attendance::{correct, forget};
use server::billing::{books, draft::draft, issue};
use server::clock::Clock;
use server::identity::audit::Act;
use server::keeping::{backup, reprise, restore};
use server::registry::{import, init};
use server::router::router;
use server::serve::{Server, Transport, tend};
use server::store::Territory;
use server::sync::fleet;
use shared::calendar::Month;
use shared::fold::Fact;
use shared::id::{DeviceId, EntryId, OrganisationId, SiteId};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use terminal_core::sync::transport::{Answer, Request};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use uuid::Uuid;

/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A server.
pub struct House {
    runtime: Runtime,
    app: App,
    router: Router,
    place: Place,
    /// The database, for reading, without a line of the server's code.
    eyes: Connection,
    dir: PathBuf,
    clock: Arc<AtomicI64>,
    backups: Vec<PathBuf>,
    lives: u32,
    /// Watches the database.
    disk: Disk,
    /// Operations of its disk within requests until its power is cut, and what the disk then makes of the last ones.
    dies: Option<(u64, u64)>,
}

impl House {
    /// Makes one from a town hall's files.
    ///
    /// # Errors
    /// Files that the import refuses.
    pub fn found(dir: &Path, files: &Path, at_ms: i64) -> Result<Self> {
        let place = Place { data: Some(dir.join("0")), database: None };
        let runtime = runtime()?;
        runtime.block_on(async {
            let (app, _) = init::initialise(&place, &init::Args { nom: "Simulation".into(), demo: false }).await?;
            let app = App { clock: Clock::Manual(Arc::new(AtomicI64::new(at_ms))), ..app };
            Box::pin(import::import(&app, files, &import::Options::default())).await?;
            anyhow::Ok(())
        })?;
        drop(runtime);
        Self::open(dir, at_ms)
    }

    /// Starts the server of a folder made by [`Self::found`].
    ///
    /// # Errors
    /// A folder that is none.
    pub fn open(dir: &Path, at_ms: i64) -> Result<Self> {
        let place = Place { data: Some(dir.join("0")), database: None };
        let (runtime, clock) = (runtime()?, Arc::new(AtomicI64::new(at_ms)));
        let disk = Disk::of(&place.data_dir()?);
        let (app, router) = started(&runtime, &place, &clock)?;
        let eyes = eyes(&place)?;
        let (dir, backups) = (dir.to_owned(), Vec::new());
        Ok(Self { runtime, app, router, place, eyes, dir, clock, backups, lives: 0, disk, dies: None })
    }

    /// Its clock.
    pub fn set_clock(&self, at_ms: i64) {
        self.clock.store(at_ms, Ordering::SeqCst);
    }

    /// Its power is cut within a later request, after so many operations of its disk.
    pub fn will_die(&mut self, operations: u8, dice: u16) {
        self.dies = Some((u64::from(operations), u64::from(dice)));
    }

    /// Answers a tablet's request; `None` where its power goes meanwhile. It is up again then.
    ///
    /// # Panics
    /// Where it doesn't start from what a power cut left: no promise allows that.
    pub fn answer(&mut self, request: &Request) -> Option<Answer> {
        let Some((left, dice)) = self.dies else { return Some(self.ask(request)) };
        let before = self.disk.operations();
        self.disk.cut_after(left);
        let answer = self.ask(request);
        self.come_to_rest();
        if self.disk.is_cut() {
            self.dies = None;
            self.rise(dice).expect("a server starts from what a power cut leaves");
            return None;
        }
        self.disk.cut_after(u64::from(u32::MAX));
        self.dies = Some((left.saturating_sub(self.disk.operations() - before), dice));
        Some(answer)
    }

    /// Waits until the writing connection has nothing left to do: a transaction that was given up is rolled back behind its answer.
    fn come_to_rest(&self) {
        self.runtime.block_on(async {
            if let Ok(transaction) = self.app.db.begin().await {
                // Nothing to write: a disk that is dead by now changes nothing.
                let _ = transaction.commit().await;
            }
        });
    }

    /// Starts from what the power cut left.
    fn rise(&mut self, dice: u64) -> Result<()> {
        self.lives += 1;
        let dir = self.dir.join(self.lives.to_string());
        self.disk.image(dice, &dir)?;
        let disk = Disk::of(&dir);
        self.start_in(Place { data: Some(dir), database: None }, disk)
    }

    fn start_in(&mut self, place: Place, disk: Disk) -> Result<()> {
        self.disk = disk;
        self.eyes = eyes(&place)?;
        self.place = place;
        self.restart()
    }

    fn ask(&self, request: &Request) -> Answer {
        self.runtime.block_on(async {
            let mut http = HttpRequest::post(request.path).header("content-type", "application/json");
            if let Some(token) = &request.bearer {
                http = http.header("authorization", format!("Bearer {token}"));
            }
            let mut http = http.body(Body::from(request.body.clone())).expect("a path and a token make a request");
            http.extensions_mut().insert(Transport::Tls);
            http.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
            let response = self.router.clone().oneshot(http).await.expect("routes answer");
            let status = response.status().as_u16();
            let body = axum::body::to_bytes(response.into_body(), ANSWER_BYTES_MAX).await.expect("an answer in memory");
            Answer { status, body: body.to_vec() }
        })
    }

    /// What its upkeep does, which no request asks for.
    pub fn tend(&self) {
        self.runtime.block_on(Box::pin(tend(&self.app)));
    }

    /// The process dies and starts again.
    ///
    /// # Errors
    /// It doesn't start: a promise of its own is broken.
    pub fn restart(&mut self) -> Result<()> {
        (self.app, self.router) = started(&self.runtime, &self.place, &self.clock)?;
        Ok(())
    }

    /// Makes a backup while it serves.
    ///
    /// # Errors
    /// The backup's.
    pub fn back_up(&mut self) -> Result<()> {
        let folder = self.dir.join(format!("backup-{}", self.backups.len()));
        self.runtime.block_on(Box::pin(backup::make(&self.app, &self.place.database_url()?, &folder)))?;
        self.backups.push(folder);
        Ok(())
    }

    /// Loses everything, restores the last backup, revokes again whoever was revoked since, and confirms. `false`: no backup.
    ///
    /// # Errors
    /// The restore's.
    pub fn restore(&mut self, revoked: &[DeviceId]) -> Result<bool> {
        let Some(folder) = self.backups.last() else { return Ok(false) };
        let numbers = self.last_numbers()?;
        self.lives += 1;
        let dir = self.dir.join(self.lives.to_string());
        // Watched from its first byte: what the restore's own connections write as they close belongs to it.
        std::fs::create_dir_all(&dir)?;
        let disk = Disk::of(&dir);
        let place = Place { data: Some(dir), database: None };
        self.runtime.block_on(Box::pin(restore::restore(&place, folder)))?;
        self.start_in(place, disk)?;
        for device in revoked {
            self.revoke(*device)?;
        }
        self.runtime.block_on(Box::pin(reprise::confirm(&self.app, &numbers, "simulation")))?;
        self.restart()?;
        Ok(true)
    }

    /// Revokes a tablet.
    ///
    /// # Errors
    /// The database's.
    pub fn revoke(&self, device: DeviceId) -> Result<()> {
        self.runtime.block_on(async {
            let transaction = self.app.db.begin().await?;
            let territory = Territory::new(self.app.territoire(), &transaction);
            fleet::revoke(&territory, device.0, self.app.clock.now(), Act::command("admin revoke")).await?;
            transaction.commit().await?;
            anyhow::Ok(())
        })
    }

    /// A code to enrol a tablet with.
    ///
    /// # Errors
    /// The database's.
    pub fn enrolment_code(&self, site: SiteId) -> Result<String> {
        Ok(self.runtime.block_on(fleet::give_code(&self.app, site, "simulation", Act::command("admin enrolment-code")))?)
    }

    /// Puts a recorded time of today right, from the office; whether there was one.
    ///
    /// # Errors
    /// None that a promise allows: what the office refuses is no error here.
    pub fn correct(&self, centre: &str, entry: EntryId, time: chrono::NaiveTime) -> bool {
        let now = self.app.clock.now();
        let args = Desk { centre: centre.into(), date: shared::calendar::business_day(now), by: "N2".into(), organisation: None };
        let done = self.runtime.block_on(Box::pin(desk::act_on(&self.app, &args, "attendance correct", async |_, sheet, now| {
            correct::correction(sheet, entry.0, time, "La simulation le dit", now).map(Some)
        })));
        done.is_ok()
    }

    /// Erases a child's data, in each organisation.
    ///
    /// # Errors
    /// The database's.
    pub fn forget(&self, child: Uuid) -> Result<()> {
        for organisation in self.organisations()? {
            self.runtime.block_on(Box::pin(async {
                let transaction = self.app.db.begin().await?;
                let territory = Territory::new(self.app.territoire(), &transaction);
                forget::forget_child(&territory, organisation, child, self.app.clock.now()).await?;
                transaction.commit().await?;
                anyhow::Ok(())
            }))?;
        }
        Ok(())
    }

    /// Decides whatever blocks a month, then issues it, for each organisation; gives how many bills and credit notes.
    ///
    /// # Errors
    /// What no decision lets through.
    pub fn issue(&self, month: Month) -> Result<usize> {
        let mut count = 0;
        for organisation in self.organisations()? {
            count += self.runtime.block_on(Box::pin(async {
                let now = self.app.clock.now();
                let transaction = self.app.db.begin().await?;
                let tenant = Territory::new(self.app.territoire(), &transaction).tenant(organisation);
                for problem in draft(&tenant, month, None, false).await?.problems.into_iter().filter(|p| p.blocking) {
                    let possible = rules::problem::Decision::possible(problem.kind);
                    // Not to ask the lieu, which decides nothing yet.
                    let decides = possible.iter().copied().find(|d| *d != rules::problem::Decision::DemanderAuLieu);
                    let decision = decides.ok_or_else(|| anyhow!("{} has no decision", problem.kind.code()))?;
                    server::billing::decide::decide(&tenant, month, &[problem], decision, Some("simulation"), "simulation", now).await?;
                }
                transaction.commit().await?;
                let order = issue::Order { month, regie: None, exercise: None, by: "simulation" };
                let issued = issue::issue(&self.app, organisation, &order, Act::command("billing issue").by("simulation")).await?;
                anyhow::Ok(issued.invoices + issued.credit_notes)
            }))?;
        }
        Ok(count)
    }

    /// What is broken in the books.
    ///
    /// # Errors
    /// The database's.
    pub fn broken_books(&self) -> Result<Vec<String>> {
        let mut findings = Vec::new();
        for organisation in self.organisations()? {
            let books = self.runtime.block_on(Box::pin(async {
                let tenant = Territory::new(self.app.territoire(), self.app.db.read()).tenant(organisation);
                books::read(&tenant).await
            }))?;
            findings.extend(books.findings());
        }
        Ok(findings)
    }

    fn organisations(&self) -> Result<Vec<OrganisationId>> {
        let rows = self.runtime.block_on(async { Territory::new(self.app.territoire(), self.app.db.read()).organisations().await })?;
        Ok(rows.into_iter().map(|o| OrganisationId(o.id)).collect())
    }

    fn last_numbers(&self) -> Result<Vec<String>> {
        let sql = "SELECT o.code || ':' || r.code || ':' || s.exercise || ':' || s.kind || '=' || s.last_number
                   FROM number_sequence s JOIN regie r ON r.id = s.regie_id JOIN organisation o ON o.id = s.organisation_id";
        let mut statement = self.eyes.prepare_cached(sql)?;
        let numbers = statement.query_map([], |row| row.get(0))?;
        Ok(numbers.collect::<rusqlite::Result<_>>()?)
    }

    /// Sites by code.
    ///
    /// # Errors
    /// The database's.
    pub fn sites(&self) -> Result<BTreeMap<String, SiteId>> {
        let mut statement = self.eyes.prepare_cached("SELECT code, id FROM site")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, SiteId(Uuid::from_bytes(row.get(1)?)))))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A child by code.
    ///
    /// # Errors
    /// No such child.
    pub fn child(&self, code: &str) -> Result<Uuid> {
        let found = self.eyes.query_row("SELECT id FROM child WHERE code = ?1", [code], |row| row.get(0).map(Uuid::from_bytes));
        found.with_context(|| format!("child {code}"))
    }

    /// Every entry that it holds, wherever.
    ///
    /// # Errors
    /// The database's.
    pub fn held(&self) -> Result<Held> {
        let mut held = Held::default();
        let mut journal = self.eyes.prepare_cached("SELECT entry_id, envelope, device_id FROM journal_entry")?;
        let mut rows = journal.query([])?;
        while let Some(row) = rows.next()? {
            let (entry, envelope) = (EntryId(Uuid::from_bytes(row.get(0)?)), row.get::<_, Vec<u8>>(1)?);
            held.of_device.entry(DeviceId(Uuid::from_bytes(row.get(2)?))).or_default().insert(entry);
            held.journal.entry(entry).or_default().push(envelope);
        }
        let ids = |sql: &str| -> Result<Vec<Uuid>> {
            let mut statement = self.eyes.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| row.get(0).map(Uuid::from_bytes))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        };
        held.quarantine = ids("SELECT entry_id FROM quarantine WHERE entry_id IS NOT NULL")?.into_iter().map(EntryId).collect();
        held.aside = ids("SELECT entry_id FROM held_entry")?.into_iter().map(EntryId).collect();
        held.called = ids("SELECT entry_id FROM alert WHERE entry_id IS NOT NULL")?.into_iter().map(EntryId).collect();
        held.told_twice = ids("SELECT subject_id FROM site_change WHERE kind = 'entry' GROUP BY site_id, subject_id HAVING count(*) > 1")?;
        held.devices = ids("SELECT id FROM device")?.into_iter().map(DeviceId).collect();
        Ok(held)
    }

    /// What it would fold: every entry of its journal, with the site of each, in the order in which they came.
    ///
    /// # Errors
    /// The database's; an entry that doesn't read.
    pub fn facts(&self) -> Result<Vec<Fact>> {
        let sql = "SELECT e.envelope, p.payload FROM journal_entry e LEFT JOIN journal_payload p USING (organisation_id, entry_id) ORDER BY e.rowid";
        let mut statement = self.eyes.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut facts = Vec::new();
        while let Some(row) = rows.next()? {
            let (envelope, payload) = (row.get::<_, Vec<u8>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?);
            facts.push(Fact::from_parts(&envelope, payload.as_deref()).map_err(|e| anyhow!("{e}"))?);
        }
        Ok(facts)
    }

    /// The effective times that it has stored, by entry.
    ///
    /// # Errors
    /// The database's.
    pub fn stored_times(&self) -> Result<HashMap<EntryId, i64>> {
        let mut statement =
            self.eyes.prepare_cached("SELECT entry_id, effective_at_ms FROM journal_payload WHERE effective_at_ms IS NOT NULL")?;
        let rows = statement.query_map([], |row| Ok((EntryId(Uuid::from_bytes(row.get(0)?)), row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Every issued bill with its lines, as text, by id.
    ///
    /// # Errors
    /// The database's.
    pub fn issued(&self) -> Result<BTreeMap<String, String>> {
        let sql = "SELECT hex(i.id), i.printed_number || ' ' || i.month || ' ' || i.total_cents || ' ' || i.addressee || ' ' || hex(i.payer_id),
                          (SELECT group_concat(l.number || ' ' || l.label || ' ' || l.quantity || ' ' || l.amount_cents || ' ' || l.explanation, char(10))
                           FROM (SELECT * FROM invoice_line l WHERE l.invoice_id = i.id ORDER BY number) l)
                   FROM invoice i";
        let mut statement = self.eyes.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, format!("{}\n{}", row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?.unwrap_or_default())))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn eyes(place: &Place) -> Result<Connection> {
    Ok(Connection::open_with_flags(place.data_dir()?.join("preau.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

fn started(runtime: &Runtime, place: &Place, clock: &Arc<AtomicI64>) -> Result<(App, Router)> {
    let app = runtime.block_on(App::open(place))?;
    let app = App { clock: Clock::Manual(Arc::clone(clock)), ..app };
    Ok((app.clone(), router(Server::open(app)?)))
}
