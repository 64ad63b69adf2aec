//! The engine alone: every value of the rows that a draft reads, and the rows of an issue once more, into tables like theirs.

use anyhow::Result;
use rusqlite::types::Value;
use sea_orm::sqlx::{AssertSqlSafe, Connection as _, PgConnection, query, query_scalar};
use std::path::Path;
use std::time::{Duration, Instant};

/// The tables that a draft reads, and what of them: whole, or the month's rows.
const TABLES: [(&str, &str); 17] = [
    ("centre", ""),
    ("closure", ""),
    ("activity", ""),
    ("tariff", ""),
    ("child", ""),
    ("custody", ""),
    ("child_absence", ""),
    ("enrolment", ""),
    ("contract", ""),
    ("contract_slot", ""),
    ("contract_leave", ""),
    ("household", ""),
    ("household_address", ""),
    ("situation", ""),
    ("person", ""),
    ("booking", "WHERE day BETWEEN '2026-10-01' AND '2026-10-31'"),
    ("journal_payload", "WHERE day BETWEEN '2026-10-01' AND '2026-10-31'"),
];
/// Rows that hang on those of the month.
const DEPENDENT: [&str; 2] = [
    "SELECT e.* FROM journal_entry e JOIN journal_payload p USING (organisation_id, entry_id) WHERE p.day BETWEEN '2026-10-01' AND '2026-10-31'",
    "SELECT e.* FROM booking_event e JOIN booking b ON b.organisation_id = e.organisation_id AND b.id = e.booking_id WHERE b.day BETWEEN '2026-10-01' AND '2026-10-31'",
];
/// What an issue writes.
const ISSUED: [&str; 7] = ["billing_run", "invoice", "invoice_line", "billed_sheet", "ledger_entry", "ledger_posting", "job"];

/// A connection of the engine's own.
pub enum Engine {
    Sqlite(rusqlite::Connection),
    Postgres(Box<PgConnection>),
}

/// A database of its own on a server, by its URL.
pub async fn database(url: &str) -> Result<String> {
    let name = format!("preau_bench_{}", std::process::id());
    let mut connection = PgConnection::connect(url).await?;
    query(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).execute(&mut connection).await?;
    query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
    let (before, options) = url.split_once('?').map_or((url, String::new()), |(before, options)| (before, format!("?{options}")));
    let before = before.rsplit_once('/').map_or(before, |(before, _)| before);
    Ok(format!("{before}/{name}{options}"))
}

impl Engine {
    pub async fn open(data: &Path, database: Option<&str>) -> Result<Self> {
        Ok(match database {
            Some(url) => {
                let mut connection = PgConnection::connect(url).await?;
                // As the autovacuum of a server in service would have.
                query("ANALYZE").execute(&mut connection).await?;
                Self::Postgres(Box::new(connection))
            }
            None => Self::Sqlite(rusqlite::Connection::open(data.join("preau.db"))?),
        })
    }

    /// One figure.
    pub async fn count(&mut self, sql: &'static str) -> Result<i64> {
        Ok(match self {
            Self::Sqlite(connection) => connection.query_row(sql, [], |row| row.get(0))?,
            Self::Postgres(connection) => query_scalar(sql).fetch_one(&mut **connection).await?,
        })
    }

    /// Every value of every row of a month, and nothing done with it.
    pub async fn read(&mut self) -> Result<Duration> {
        let whole = TABLES.iter().map(|(table, filter)| format!("SELECT * FROM {table} {filter}"));
        let all = whole.chain(DEPENDENT.iter().map(|sql| (*sql).to_owned()));
        let start = Instant::now();
        for sql in all {
            match self {
                Self::Sqlite(connection) => {
                    let mut statement = connection.prepare(&sql)?;
                    let columns = statement.column_count();
                    let mut found = statement.query([])?;
                    while let Some(row) = found.next()? {
                        for column in 0..columns {
                            std::hint::black_box(row.get_ref(column)?);
                        }
                    }
                }
                Self::Postgres(connection) => {
                    std::hint::black_box(query(AssertSqlSafe(sql)).fetch_all(&mut **connection).await?);
                }
            }
        }
        Ok(start.elapsed())
    }

    /// The rows of the issue once more, in one transaction, durable: on SQLite by prepared statements from memory into tables with the
    /// same columns and indexes; on PostgreSQL by the server from table to table, which is less than any client can do.
    pub async fn insert(&mut self) -> Result<Duration> {
        match self {
            Self::Sqlite(connection) => insert_sqlite(connection),
            Self::Postgres(connection) => {
                for table in ISSUED {
                    query(AssertSqlSafe(format!("CREATE TABLE twin_{table} (LIKE {table} INCLUDING ALL)")))
                        .execute(&mut **connection)
                        .await?;
                }
                let start = Instant::now();
                let mut transaction = connection.begin().await?;
                for table in ISSUED {
                    query(AssertSqlSafe(format!("INSERT INTO twin_{table} SELECT * FROM {table}"))).execute(&mut *transaction).await?;
                }
                transaction.commit().await?;
                Ok(start.elapsed())
            }
        }
    }
}

fn insert_sqlite(connection: &mut rusqlite::Connection) -> Result<Duration> {
    let mut all: Vec<(String, Vec<Vec<Value>>)> = Vec::new();
    for table in ISSUED {
        let made: Vec<String> = {
            let mut statement = connection
                .prepare("SELECT sql FROM sqlite_master WHERE tbl_name = ?1 AND type IN ('table', 'index') AND sql IS NOT NULL")?;
            statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        for sql in made {
            // The name of the table, and of its index, with a prefix; what it refers to stays.
            let twin = sql.replacen(table, &format!("twin_{table}"), if sql.starts_with("CREATE TABLE") { 1 } else { 2 });
            connection.execute_batch(&twin)?;
        }
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect::<Result<Vec<Value>, _>>())?;
        all.push((format!("INSERT INTO twin_{table} VALUES ({})", vec!["?"; columns].join(", ")), rows.collect::<Result<_, _>>()?));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    let start = Instant::now();
    let transaction = connection.transaction()?;
    for (sql, rows) in all {
        let mut statement = transaction.prepare(&sql)?;
        for row in rows {
            statement.execute(rusqlite::params_from_iter(row))?;
        }
    }
    transaction.commit()?;
    Ok(start.elapsed())
}
