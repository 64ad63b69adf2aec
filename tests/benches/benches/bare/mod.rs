//! The rows of a push, inserted by the engine alone.

use anyhow::{Context, Result};
use rusqlite::params;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres, query, query_scalar};
use server::app::App;
use server::sync::judge::Read;
use shared::calendar::{business_day, instant_from_ms};
use shared::journal::Payload;
use std::path::Path;
use uuid::Uuid;

const ENTRY: &str = "INSERT INTO journal_entry (organisation_id, entry_id, territoire_id, site_id, device_id, device_epoch, seq, kind, \
     kind_version, envelope, signature, hash, payload_hash, received_at_ms, gap_before, fork) VALUES";
const PAYLOAD: &str = "INSERT INTO journal_payload (organisation_id, entry_id, territoire_id, site_id, salt, payload, child_id, centre_id, \
     day, last_day, happened_at_ms, effective_at_ms, boot_id, target_id) VALUES";
const CHANGE: &str = "INSERT INTO site_change (territoire_id, site_id, number, kind, organisation_id, subject_id, content, at_ms) VALUES";
const PLACES: &str = "UPDATE device_epoch SET contiguous_seq =";
const COUNTER: &str = "UPDATE site_counter SET last_number = last_number +";

/// What stands in the three tables of one entry.
pub struct Row {
    territoire: Uuid,
    organisation: Uuid,
    site: Uuid,
    device: Uuid,
    seq: i64,
    entry: Uuid,
    kind: String,
    envelope: Vec<u8>,
    signature: Vec<u8>,
    hash: Vec<u8>,
    payload_hash: Vec<u8>,
    salt: Vec<u8>,
    payload: Vec<u8>,
    child: Option<Uuid>,
    centre: Option<Uuid>,
    day: String,
    at_ms: i64,
    boot: Uuid,
}

impl Row {
    pub fn of(app: &App, read: &Read) -> Result<Self> {
        let (envelope, private) = (&read.envelope, read.sealed.private.as_ref().context("a content")?);
        let payload = Payload::decode(&envelope.kind, envelope.kind_version, &private.payload)?;
        Ok(Self {
            territoire: app.territoire().0,
            organisation: envelope.organisation.0,
            site: envelope.site.0,
            device: envelope.place.device.0,
            seq: i64::try_from(envelope.place.seq)?,
            entry: envelope.entry_id.0,
            kind: envelope.kind.as_str().to_owned(),
            envelope: read.sealed.envelope.clone(),
            signature: read.sealed.signature.to_vec(),
            hash: read.hash.to_vec(),
            payload_hash: envelope.payload_hash.to_vec(),
            salt: private.salt.to_vec(),
            payload: private.payload.clone(),
            child: payload.about_child.map(|c| c.0),
            centre: payload.centre.map(|c| c.0),
            day: business_day(instant_from_ms(payload.happened_at_ms)).to_string(),
            at_ms: payload.happened_at_ms,
            boot: payload.boot.0,
        })
    }
}

/// A connection of the engine's own.
pub enum Bare {
    Sqlite(rusqlite::Connection),
    Postgres(PgConnection),
}

impl Bare {
    /// With the settings of `store::db`.
    pub fn sqlite(file: &Path) -> Result<Self> {
        let connection = rusqlite::Connection::open(file)?;
        for (name, value) in [
            ("journal_mode", "WAL"),
            ("synchronous", "FULL"),
            ("foreign_keys", "ON"),
            ("secure_delete", "ON"),
            ("cache_size", "-65536"),
            ("wal_autocheckpoint", "8000"),
        ] {
            connection.pragma_update(None, name, value)?;
        }
        Ok(Self::Sqlite(connection))
    }

    /// With the statistics that a server in use has: without them, a plan made for the empty tables would read them whole.
    pub async fn postgres(url: &str) -> Result<Self> {
        let mut connection = PgConnection::connect(url).await?;
        query("ANALYZE").execute(&mut connection).await?;
        Ok(Self::Postgres(connection))
    }

    /// One batch, durable.
    pub async fn insert(&mut self, rows: &[Row]) -> Result<()> {
        match self {
            Self::Sqlite(connection) => into_sqlite(connection, rows),
            Self::Postgres(connection) => into_postgres(connection, rows).await,
        }
    }
}

fn into_sqlite(connection: &mut rusqlite::Connection, rows: &[Row]) -> Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    {
        let (first, count) = (&rows[0], i64::try_from(rows.len())?);
        let mut counter =
            transaction.prepare_cached(&format!("{COUNTER} ? WHERE territoire_id = ? AND site_id = ? RETURNING last_number"))?;
        let last: i64 = counter.query_row(params![count, id(&first.territoire), id(&first.site)], |row| row.get(0))?;
        let mut entry = transaction.prepare_cached(&format!("{ENTRY} {}", places(16, 1, false)))?;
        let mut payload = transaction.prepare_cached(&format!("{PAYLOAD} {}", places(14, 1, false)))?;
        let mut change = transaction.prepare_cached(&format!("{CHANGE} {}", places(8, 1, false)))?;
        for (number, r) in (last - count + 1..).zip(rows) {
            entry.execute(params![
                id(&r.organisation),
                id(&r.entry),
                id(&r.territoire),
                id(&r.site),
                id(&r.device),
                1,
                r.seq,
                r.kind,
                1,
                r.envelope,
                r.signature,
                r.hash,
                r.payload_hash,
                r.at_ms,
                false,
                false
            ])?;
            payload.execute(params![
                id(&r.organisation),
                id(&r.entry),
                id(&r.territoire),
                id(&r.site),
                r.salt,
                r.payload,
                r.child.as_ref().map(id),
                r.centre.as_ref().map(id),
                r.day,
                r.day,
                r.at_ms,
                r.at_ms,
                id(&r.boot),
                None::<&[u8]>
            ])?;
            change.execute(params![
                id(&r.territoire),
                id(&r.site),
                number,
                "entry",
                id(&r.organisation),
                id(&r.entry),
                None::<Vec<u8>>,
                r.at_ms
            ])?;
        }
        let mut reached = transaction.prepare_cached(&format!("{PLACES} ? WHERE territoire_id = ? AND device_id = ? AND epoch = 1"))?;
        reached.execute(params![rows[rows.len() - 1].seq, id(&first.territoire), id(&first.device)])?;
    }
    Ok(transaction.commit()?)
}

fn id(id: &Uuid) -> &[u8] {
    id.as_bytes()
}

/// A statement for all the rows of a batch: its text is the same each time, and prepared once.
async fn into_postgres(connection: &mut PgConnection, rows: &[Row]) -> Result<()> {
    let mut transaction = connection.begin().await?;
    let (first, count) = (&rows[0], i64::try_from(rows.len())?);
    let counter = format!("{COUNTER} $1 WHERE territoire_id = $2 AND site_id = $3 RETURNING last_number");
    let last: i64 = query_scalar(AssertSqlSafe(counter.as_str()))
        .bind(count)
        .bind(first.territoire)
        .bind(first.site)
        .fetch_one(&mut *transaction)
        .await?;
    let text = format!("{ENTRY} {}", places(16, rows.len(), true));
    rows.iter().fold(query(AssertSqlSafe(text.as_str())), entry_values).execute(&mut *transaction).await?;
    let text = format!("{PAYLOAD} {}", places(14, rows.len(), true));
    let bound: Result<_> = rows.iter().try_fold(query(AssertSqlSafe(text.as_str())), payload_values);
    bound?.execute(&mut *transaction).await?;
    let text = format!("{CHANGE} {}", places(8, rows.len(), true));
    let numbered = (last - count + 1..).zip(rows);
    let bound = numbered.fold(query(AssertSqlSafe(text.as_str())), |q, (number, r)| {
        let q = q.bind(r.territoire).bind(r.site).bind(number).bind("entry").bind(r.organisation).bind(r.entry);
        q.bind(None::<Vec<u8>>).bind(r.at_ms)
    });
    bound.execute(&mut *transaction).await?;
    let reached = format!("{PLACES} $1 WHERE territoire_id = $2 AND device_id = $3 AND epoch = 1");
    query(AssertSqlSafe(reached.as_str()))
        .bind(rows[rows.len() - 1].seq)
        .bind(first.territoire)
        .bind(first.device)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

fn entry_values<'q>(q: Query<'q, Postgres, PgArguments>, r: &'q Row) -> Query<'q, Postgres, PgArguments> {
    let q = q.bind(r.organisation).bind(r.entry).bind(r.territoire).bind(r.site).bind(r.device).bind(1_i32).bind(r.seq).bind(&r.kind);
    let q = q.bind(1_i32).bind(&r.envelope).bind(&r.signature).bind(&r.hash).bind(&r.payload_hash);
    q.bind(r.at_ms).bind(false).bind(false)
}

fn payload_values<'q>(q: Query<'q, Postgres, PgArguments>, r: &'q Row) -> Result<Query<'q, Postgres, PgArguments>> {
    let day: chrono::NaiveDate = r.day.parse()?;
    let q = q.bind(r.organisation).bind(r.entry).bind(r.territoire).bind(r.site).bind(&r.salt).bind(&r.payload);
    Ok(q.bind(r.child).bind(r.centre).bind(day).bind(day).bind(r.at_ms).bind(r.at_ms).bind(r.boot).bind(None::<Uuid>))
}

/// `(?, ?), (?, ?)`, or numbered as PostgreSQL wants them.
fn places(columns: usize, rows: usize, numbered: bool) -> String {
    let place = |row: usize, column: usize| if numbered { format!("${}", row * columns + column + 1) } else { "?".to_owned() };
    let row = |row: usize| format!("({})", (0..columns).map(|column| place(row, column)).collect::<Vec<_>>().join(", "));
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}
