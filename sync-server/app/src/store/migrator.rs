//! The history of the tables. A migration that was released is never edited: a change is a new file and a new line in
//! [`Migrator::migrations`].
//!
//! They are written as SQL, for people: one text for both engines, whose types are put in each engine's words here.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Runs what is missing, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(Sql { name: "m0001_model", text: include_str!("migrations/m0001_model.sql") }),
            Box::new(InsertOnly { name: "m0002_audit_is_insert_only", tables: &["audit"] }),
            Box::new(Sql { name: "m0003_sync", text: include_str!("migrations/m0003_sync.sql") }),
            Box::new(Sql { name: "m0004_billing", text: include_str!("migrations/m0004_billing.sql") }),
            Box::new(InsertOnly { name: "m0005_what_was_issued_is_insert_only", tables: ISSUED }),
            Box::new(Sql { name: "m0006_forgotten", text: include_str!("migrations/m0006_forgotten.sql") }),
            Box::new(Sql { name: "m0010_identity", text: include_str!("migrations/m0010_identity.sql") }),
            Box::new(Sql { name: "m0011_found_by_index", text: include_str!("migrations/m0011_found_by_index.sql") }),
            Box::new(Sql { name: "m0012_next_epoch", text: include_str!("migrations/m0012_next_epoch.sql") }),
            Box::new(Sql { name: "m0013_forked_lives", text: include_str!("migrations/m0013_forked_lives.sql") }),
            Box::new(Sql { name: "m0014_lives", text: include_str!("migrations/m0014_lives.sql") }),
            Box::new(Sql { name: "m0015_clocks_by_device", text: include_str!("migrations/m0015_clocks_by_device.sql") }),
            Box::new(Sql { name: "m0016_decisions", text: include_str!("migrations/m0016_decisions.sql") }),
            Box::new(Sql { name: "m0018_found_by_a_push", text: include_str!("migrations/m0018_found_by_a_push.sql") }),
            Box::new(Sql { name: "m0019_day_list", text: include_str!("migrations/m0019_day_list.sql") }),
            Box::new(Sql { name: "m0020_journey", text: include_str!("migrations/m0020_journey.sql") }),
            Box::new(Sql { name: "m0021_door_code", text: include_str!("migrations/m0021_door_code.sql") }),
            Box::new(Sql { name: "m0022_family_note", text: include_str!("migrations/m0022_family_note.sql") }),
            Box::new(Sql { name: "m0023_contract_lines", text: include_str!("migrations/m0023_contract_lines.sql") }),
            Box::new(Sql { name: "m0024_desk_money", text: include_str!("migrations/m0024_desk_money.sql") }),
            Box::new(InsertOnly { name: "m0025_desk_money_is_insert_only", tables: &["receipt", "receipt_void", "forgiveness"] }),
        ]
    }
}

/// A migration written as portable SQL.
struct Sql {
    name: &'static str,
    text: &'static str,
}

impl MigrationName for Sql {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sql {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for statement in in_words_of(manager.get_database_backend(), self.text) {
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    /// Half a migration is worse than none.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// An issued bill, its ledger and what they rest on: corrected by further rows, never rewritten.
const ISSUED: &[&str] = &["billing_run", "invoice", "invoice_line", "billed_sheet", "ledger_entry", "ledger_posting", "allocation"];

/// What no program of ours may do to a table, the database refuses.
struct InsertOnly {
    name: &'static str,
    tables: &'static [&'static str],
}

impl MigrationName for InsertOnly {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for InsertOnly {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in self.tables {
            let refused = format!("{table} is insert-only");
            let statements = match manager.get_database_backend() {
                DbBackend::Sqlite => vec![
                    format!("CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{refused}'); END"),
                    format!("CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{refused}'); END"),
                ],
                _ => vec![
                    format!(
                        "CREATE FUNCTION {table}_is_insert_only() RETURNS trigger LANGUAGE plpgsql AS \
                         $$ BEGIN RAISE EXCEPTION '{refused}'; END $$"
                    ),
                    format!(
                        "CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} \
                         FOR EACH ROW EXECUTE FUNCTION {table}_is_insert_only()"
                    ),
                ],
            };
            for statement in statements {
                manager.get_connection().execute_unprepared(&statement).await?;
            }
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The statements of a portable text: comments dropped, types in the engine's words, SQLite tables STRICT.
fn in_words_of(backend: DbBackend, text: &str) -> Vec<String> {
    let code: String =
        text.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code).trim_end()).collect::<Vec<_>>().join("\n");
    code.split(';')
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .map(|statement| {
            let words = translate_types(backend, statement);
            let strict = backend == DbBackend::Sqlite && words.starts_with("CREATE TABLE");
            if strict { format!("{words} STRICT") } else { words }
        })
        .collect()
}

fn translate_types(backend: DbBackend, statement: &str) -> String {
    let mut out = String::with_capacity(statement.len());
    let mut rest = statement;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_') {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(match (backend, word) {
            (DbBackend::Sqlite, "UUID" | "BYTES") => "BLOB",
            (DbBackend::Sqlite, "BOOL" | "BIGINT" | "INT") => "INTEGER",
            (DbBackend::Sqlite, "DATE") => "TEXT",
            (_, "BYTES") => "BYTEA",
            (_, "BOOL") => "BOOLEAN",
            (_, "INT") => "INTEGER",
            (_, word) => word,
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_is_put_in_the_words_of_each_engine() {
        let text = "CREATE TABLE t (id UUID, -- why\n b BOOL, day DATE);\nCREATE INDEX i ON t (id);";
        assert_eq!(
            in_words_of(DbBackend::Sqlite, text),
            ["CREATE TABLE t (id BLOB,\n b INTEGER, day TEXT) STRICT", "CREATE INDEX i ON t (id)"]
        );
        assert_eq!(in_words_of(DbBackend::Postgres, text), ["CREATE TABLE t (id UUID,\n b BOOLEAN, day DATE)", "CREATE INDEX i ON t (id)"]);
    }
}
