//! Where tests run: a fresh installation on each engine.
//!
//! PostgreSQL is tested where `PREAU_TEST_POSTGRES` holds the URL of a server on which databases may be made
//! (`tests/postgres start` gives one). Without it the PostgreSQL half says that it was skipped, and fails under CI.

use sea_orm::{ConnectionTrait, Database};
use server::app::{App, Place};
use server::registry::init;
use tempfile::TempDir;

/// A fresh installation, erased with its folder.
pub struct Fresh {
    pub app: App,
    pub place: Place,
    pub folder: TempDir,
}

/// A fresh demo installation on SQLite.
pub async fn on_sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    fresh(folder, None).await
}

/// A fresh demo installation in a database of its own on PostgreSQL; `None` where no server is given.
pub async fn on_postgres() -> Option<Fresh> {
    let Ok(url) = std::env::var("PREAU_TEST_POSTGRES") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "PREAU_TEST_POSTGRES is required where CI=true: see tests/postgres");
        eprintln!("skipped on PostgreSQL: PREAU_TEST_POSTGRES is not set");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let name = format!("preau_test_{}", data_encoding::HEXLOWER.encode(&server::store::random::<8>().unwrap()));
    let administration = Database::connect(&url).await.unwrap();
    administration.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (server, options) = url.split_once('?').map_or((url.as_str(), String::new()), |(s, o)| (s, format!("?{o}")));
    let server = server.rsplit_once('/').map_or(server, |(s, _)| s);
    Some(fresh(folder, Some(format!("{server}/{name}{options}"))).await)
}

async fn fresh(folder: TempDir, database: Option<String>) -> Fresh {
    let place = Place { data: Some(folder.path().to_owned()), database };
    let (app, created) = init::initialise(&place, &init::Args { nom: "Territoire d'essai".into(), demo: true }).await.unwrap();
    assert!(created);
    Fresh { app, place, folder }
}

/// The same claim on both engines: `on_both! { async fn claim(fresh: &Fresh) { … } }`.
#[macro_export]
macro_rules! on_both {
    ($(#[$doc:meta])* async fn $name:ident($fresh:ident: &Fresh) $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "a short claim may need none of them")]
            use super::*;
            use $crate::place::{Fresh, on_postgres, on_sqlite};

            $(#[$doc])*
            async fn claim($fresh: &Fresh) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite_() {
                claim(&on_sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres_() {
                if let Some(fresh) = on_postgres().await {
                    claim(&fresh).await;
                }
            }
        }
    };
}
