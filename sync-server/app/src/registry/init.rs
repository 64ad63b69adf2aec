//! `preau-server init`: one database, one installation. Asked twice, it says so and changes nothing.

use crate::app::{App, Place};
use crate::cli::Outcome;
use crate::clock::Clock;
use crate::identity::audit::{self, Act};
use crate::store::entity::{installation, territoire};
use crate::store::{self, Db, Territory};
use crate::sync::Desk;
use crate::{Error, Result};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use shared::id::{TerritoireId, uuid_v7};

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Nom du territoire, tel que les familles le lisent
    #[arg(long, default_value = "Mon territoire")]
    pub nom: String,
    /// Installation de démonstration : PREAU_TODAY y fixe la date du jour
    #[arg(long)]
    pub demo: bool,
}

/// Runs the command.
///
/// # Errors
/// Where the data folder or the database can't be written.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let (app, created) = initialise(place, args).await?;
    let place = app.data_dir.display();
    if created {
        println!("Installation créée ({place}).");
    } else {
        println!("Installation déjà en place ({place}) : rien n'a changé.");
    }
    Ok(Outcome::Done)
}

/// Creates the installation where there is none; says whether it did.
///
/// # Errors
/// As [`run`].
pub async fn initialise(place: &Place, args: &Args) -> Result<(App, bool)> {
    let data_dir = place.data_dir()?;
    std::fs::create_dir_all(&data_dir).map_err(Error::io(&data_dir))?;
    let db = Db::open(&place.database_url()?).await?;
    db.migrate().await?;
    let created = match store::installation(&db).await? {
        Some(_) => false,
        None => {
            create(&db, args).await?;
            true
        }
    };
    let installation = store::installation(&db).await?.ok_or_else(|| Error::Unavailable("L'installation vient de disparaître.".into()))?;
    let app = App::with(db, &data_dir, installation)?;
    // The keys too: a backup taken before the first start holds them.
    Desk::open(&app)?;
    Ok((app, created))
}

async fn create(db: &Db, args: &Args) -> Result<()> {
    let (now, now_ms) = (Clock::System.now(), Clock::System.now_ms());
    let territoire = territoire::Model { id: uuid_v7(now_ms, store::random()?), name: args.nom.clone(), created_at_ms: now_ms };
    let server_epoch: [u8; 16] = store::random()?;
    let installation = installation::Model {
        id: store::THE_ONE,
        territoire_id: territoire.id,
        demo: args.demo,
        server_epoch: server_epoch.to_vec(),
        reprise: false,
        created_at_ms: now_ms,
    };
    let transaction = db.begin().await?;
    territoire.into_active_model().insert(&transaction).await?;
    let id = TerritoireId(installation.territoire_id);
    installation.into_active_model().insert(&transaction).await?;
    audit::write(&Territory::new(id, &transaction), now, Act::command("init").about("territoire", id.0)).await?;
    transaction.commit().await?;
    Ok(())
}
