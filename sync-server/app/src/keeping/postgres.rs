//! PostgreSQL's own programs for a backup and a restore.

use crate::{Error, Result};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use url::Url;

/// A database as PostgreSQL's programs are given it. The password goes by the environment: arguments are anybody's to read.
struct Connection {
    bare: String,
    password: Option<String>,
}

impl Connection {
    fn of(database_url: &str) -> Result<Self> {
        let wrong = || Error::input("L’adresse de la base (--database) ne se lit pas : postgres://compte@machine/base.");
        let mut url = Url::parse(database_url).map_err(|_| wrong())?;
        let password = url.password().map(|typed| percent_encoding::percent_decode_str(typed).decode_utf8_lossy().into_owned());
        url.set_password(None).map_err(|()| wrong())?;
        Ok(Self { bare: url.into(), password })
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.stdin(Stdio::null());
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password);
        }
        command
    }
}

/// Writes a database into an archive, as of one moment.
///
/// # Errors
/// Where `pg_dump` isn't installed, or fails.
pub(super) async fn dump(database_url: &str, archive: PathBuf) -> Result<()> {
    let connection = Connection::of(database_url)?;
    let mut dump = connection.program("pg_dump");
    dump.args(["--format=custom", "--no-owner", "--file"]).arg(archive).arg(&connection.bare);
    ended("pg_dump", dump).await
}

/// Fills an empty database from an archive, all or nothing.
///
/// # Errors
/// Where `pg_restore` isn't installed, or fails.
pub(super) async fn restore(database_url: &str, archive: PathBuf) -> Result<()> {
    let connection = Connection::of(database_url)?;
    let mut restore = connection.program("pg_restore");
    restore.args(["--no-owner", "--exit-on-error", "--single-transaction", "--dbname"]).arg(&connection.bare).arg(archive);
    ended("pg_restore", restore).await
}

async fn ended(name: &'static str, mut command: Command) -> Result<()> {
    let ended = tokio::task::spawn_blocking(move || command.output()).await.map_err(|error| Error::Unavailable(error.to_string()))?;
    let output = ended.map_err(|error| Error::Unavailable(format!("{name} ne démarre pas (paquet postgresql-client) : {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Unavailable(format!("{name} a échoué : {}", String::from_utf8_lossy(&output.stderr).trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_argument() {
        let connection = Connection::of("postgres://preau:s3cr%40t@%2Frun%2Fpostgresql/preau?sslmode=require").unwrap();
        assert_eq!(connection.bare, "postgres://preau@%2Frun%2Fpostgresql/preau?sslmode=require");
        let program = connection.program("pg_dump");
        let password: Vec<_> = program.get_envs().collect();
        assert_eq!(password, [("PGPASSWORD".as_ref(), Some("s3cr@t".as_ref()))]);
        assert_eq!(Connection::of("postgres://preau@localhost/preau").unwrap().program("pg_dump").get_envs().count(), 0);
    }
}
