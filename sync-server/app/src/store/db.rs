//! Connections: one that writes and a few that read on SQLite; one pool on PostgreSQL.

use crate::store::migrator::Migrator;
use crate::{Error, Result};
use log::LevelFilter;
use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::path::Path;
use std::time::Duration;

/// How many connections read at once on SQLite, and do everything on PostgreSQL.
pub const POOL_SIZE_MAX: u32 = 8;
/// What the writing connection keeps of a SQLite file in memory, in KiB: the tables and indexes that a push writes to are read once.
/// With SQLite's own 2 MiB, inserting takes three times as long.
const WRITE_CACHE_KIB: u32 = 64 * 1024;
/// Pages in the write-ahead log (of 4 KiB) before they are brought into the file: what many pushes touch is brought there once.
const CHECKPOINT_PAGES: u32 = 8_000;
/// How long a writer waits for another one: an import of a whole agglomération, not more.
pub const WRITE_WAIT_MAX: Duration = Duration::from_secs(60);
/// How long a question waits for a connection to PostgreSQL, which may be down: who asks hears of it before giving up (a tablet waits
/// for 30 s).
pub const CONNECTION_WAIT_MAX: Duration = Duration::from_secs(10);

/// Which engine a database is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file beside the data.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// A database: its connections.
#[derive(Debug, Clone)]
pub struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
    engine: Engine,
}

impl Db {
    /// Opens `sqlite:PATH` (made if missing) or `postgres://…`.
    ///
    /// # Errors
    /// An unknown kind of URL; a database that doesn't answer.
    pub async fn open(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Self::open_sqlite(Path::new(path.trim_start_matches("//"))).await;
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url).await;
        }
        Err(Error::input(format!("« {} » n'est pas une base connue : attendu sqlite:CHEMIN ou postgres://…", without_password(url))))
    }

    /// FULL: what was said to be recorded is on the disk. WAL: readers never wait for the writer.
    async fn open_sqlite(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        }
        let file = path.to_owned();
        let options = move |_: SqliteConnectOptions| {
            SqliteConnectOptions::new()
                .filename(&file)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(WRITE_WAIT_MAX)
                // What was erased leaves no bytes behind, in free pages either.
                .pragma("secure_delete", "ON")
                // Told where somebody asks for it (`PREAU_LOG=sqlx=trace`), without a single value.
                .log_statements(LevelFilter::Trace)
                .log_slow_statements(LevelFilter::Off, Duration::MAX)
        };
        let mut writing = quiet("sqlite::memory:", 1, WRITE_WAIT_MAX);
        let writer = options.clone();
        writing.map_sqlx_sqlite_opts(move |o| {
            let cached = writer(o).pragma("cache_size", format!("-{WRITE_CACHE_KIB}"));
            cached.pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
        });
        let write = connect(writing, path.display()).await?;
        let mut reading = quiet("sqlite::memory:", POOL_SIZE_MAX, WRITE_WAIT_MAX);
        reading.map_sqlx_sqlite_opts(move |o| options(o).pragma("query_only", "ON"));
        let read = connect(reading, path.display()).await?;
        Ok(Self { write, read, engine: Engine::Sqlite })
    }

    async fn open_postgres(url: &str) -> Result<Self> {
        let pool = connect(quiet(url, POOL_SIZE_MAX, CONNECTION_WAIT_MAX), without_password(url)).await?;
        Ok(Self { write: pool.clone(), read: pool, engine: Engine::Postgres })
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The reading connections. A single query; for several that must agree, [`Self::snapshot`].
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// A transaction that writes. On SQLite it holds the only writing place from its first moment (BEGIN IMMEDIATE):
    /// what it reads, nobody changes before it commits.
    ///
    /// # Errors
    /// Where the place isn't free within [`WRITE_WAIT_MAX`].
    pub async fn begin(&self) -> Result<DatabaseTransaction> {
        let immediate = (self.engine == Engine::Sqlite).then_some(SqliteTransactionMode::Immediate);
        Ok(self
            .write
            .begin_with_options(TransactionOptions { sqlite_transaction_mode: immediate, ..TransactionOptions::default() })
            .await?)
    }

    /// A transaction that only reads, and sees one moment of the database however many queries it makes.
    ///
    /// # Errors
    /// The database's.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction> {
        Ok(match self.engine {
            Engine::Sqlite => self.read.begin().await?,
            Engine::Postgres => self.read.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await?,
        })
    }

    /// Whether `init` was ever run here: opening a wrong path must not make an installation of it.
    ///
    /// # Errors
    /// The database's.
    pub async fn has_tables(&self) -> Result<bool> {
        let sql = match self.engine {
            Engine::Sqlite => "SELECT 1 FROM sqlite_master WHERE name = 'installation'",
            Engine::Postgres => "SELECT 1 WHERE to_regclass('installation') IS NOT NULL",
        };
        Ok(self.read.query_one_raw(Statement::from_string(self.backend(), sql)).await?.is_some())
    }

    /// Copies one moment of the database into a new file, whoever writes meanwhile. On SQLite only.
    ///
    /// # Errors
    /// A file that exists or can't be written; a disk that is full.
    pub async fn copy_sqlite(&self, to: &Path) -> Result<()> {
        let path = to.display().to_string().replace('\'', "''");
        // On the writing connection: a reading one refuses to write, to another file too. Writers wait for the length of a copy.
        self.write.execute_unprepared(&format!("VACUUM INTO '{path}'")).await?;
        Ok(())
    }

    /// Brings the tables up to date.
    ///
    /// # Errors
    /// The database's.
    pub async fn migrate(&self) -> Result<()> {
        Ok(Migrator::up(&self.write, None).await?)
    }

    fn backend(&self) -> DbBackend {
        match self.engine {
            Engine::Sqlite => DbBackend::Sqlite,
            Engine::Postgres => DbBackend::Postgres,
        }
    }
}

fn quiet(url: &str, connections_max: u32, wait_max: Duration) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    // What is bound to a statement, names and figures of families, is never logged; SQLite tells the bare statements, below.
    options.sqlx_logging(false).max_connections(connections_max).acquire_timeout(wait_max);
    options
}

async fn connect(options: ConnectOptions, place: impl std::fmt::Display) -> Result<DatabaseConnection> {
    Database::connect(options).await.map_err(|error| Error::Unavailable(format!("La base {place} ne s'ouvre pas : {error}")))
}

/// A database's URL, fit for a message.
#[must_use]
pub fn without_password(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| rest.rsplit_once('@').map(|(_, place)| format!("{scheme}://{place}"))) {
        Some(bare) => bare,
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_never_holds_the_password() {
        assert_eq!(without_password("postgres://preau:s3cr@t@localhost/preau"), "postgres://localhost/preau");
        assert_eq!(without_password("sqlite:/var/lib/preau/preau.db"), "sqlite:/var/lib/preau/preau.db");
    }
}
