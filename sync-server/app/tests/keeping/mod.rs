//! Backups that restore, and the reprise: nothing that counts happens before somebody has looked.

use crate::billing::draft::{an_evening, priced};
use crate::on_both;
use crate::place::Fresh;
use sea_orm::{ConnectionTrait, Database};
use server::app::{App, Place};
use server::billing::draft::draft;
use server::billing::issue::{Order, issue};
use server::identity::audit::Act;
use server::keeping::{backup, reprise, restore};
use server::store::Territory;
use std::path::Path;

/// Where to restore to: an empty folder, and an empty database on the same engine.
async fn elsewhere(fresh: &Fresh, folder: &Path) -> Place {
    let database = match &fresh.place.database {
        None => None,
        Some(url) => {
            let name = format!("preau_test_{}", data_encoding::HEXLOWER.encode(&server::store::random::<8>().unwrap()));
            let here = Database::connect(url).await.unwrap();
            here.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
            Some(format!("{}/{name}", url.rsplit_once('/').unwrap().0))
        }
    };
    Place { data: Some(folder.to_owned()), database }
}

async fn total(app: &App) -> i64 {
    let snapshot = app.db.snapshot().await.unwrap();
    let territory = Territory::new(app.territoire(), &snapshot);
    let organisation = territory.organisation(Some("A")).await.unwrap();
    let tenant = territory.tenant(shared::id::OrganisationId(organisation.id));
    draft(&tenant, "2026-10".parse().unwrap(), None, true).await.unwrap().total_cents.0
}

on_both! {
    async fn a_backup_made_while_serving_restores_into_reprise(fresh: &Fresh) {
        let app = &fresh.app;
        let here = priced(app, "A").await;
        an_evening(app, &here, "2026-10-05", "17:45:00").await;
        std::fs::write(fresh.folder.path().join("preau.toml"), "adresse = \"https://enfance.exemple.fr\"\n").unwrap();
        let shelf = tempfile::tempdir().unwrap();
        let kept = shelf.path().join("lundi");
        let url = fresh.place.database_url().unwrap();
        backup::make(app, &url, &kept).await.unwrap();
        // What comes after isn't in it.
        an_evening(app, &here, "2026-10-06", "17:45:00").await;
        assert_eq!(total(app).await, 360);

        let data = shelf.path().join("autre-machine");
        let place = elsewhere(fresh, &data).await;
        restore::restore(&place, &kept).await.unwrap();
        // A restore that was cut short leaves its mark, and nothing opens what it left: it isn't in reprise yet.
        let mark = data.join("restauration-inachevee");
        assert!(!mark.exists());
        std::fs::write(&mark, "").unwrap();
        assert!(App::open(&place).await.err().unwrap().to_string().contains("s’est arrêtée en chemin"));
        std::fs::remove_file(&mark).unwrap();
        let restored = App::open(&place).await.unwrap();
        assert_eq!(total(&restored).await, 180);
        assert_eq!(restored.settings.adresse, "https://enfance.exemple.fr");
        assert_eq!(std::fs::read(data.join("serveur.cle")).unwrap(), std::fs::read(fresh.folder.path().join("serveur.cle")).unwrap());
        assert!(restored.installation.reprise);
        assert_ne!(restored.installation.server_epoch, app.installation.server_epoch, "tablets see that the server forgot something");

        let order = Order { month: "2026-10".parse().unwrap(), regie: None, exercise: None, by: "Mme Roche" };
        let organisation = here.organisation;
        let said = issue(&restored, organisation, &order, Act::command("billing issue")).await.unwrap_err().to_string();
        assert!(said.contains("reprise"), "{said}");
        let args = |confirmer, dernier_numero: &[&str]| reprise::Args {
            confirmer,
            dernier_numero: dernier_numero.iter().map(|n| (*n).to_owned()).collect(),
            by: "Mme Roche".into(),
        };
        reprise::run(&restored, &args(false, &[])).await.unwrap();
        assert!(App::open(&place).await.unwrap().installation.reprise, "looking confirms nothing");
        assert!(reprise::run(&restored, &args(true, &["A:R-A:2026:F"])).await.is_err());
        assert!(reprise::run(&restored, &args(true, &["A:R-A:2026:F=41", "A:R-A:2026:F=40"])).await.is_err(), "a sequence never goes down");
        assert!(App::open(&place).await.unwrap().installation.reprise, "and nothing of it was done");
        reprise::run(&restored, &args(true, &["A:R-A:2026:F=41"])).await.unwrap();
        let again = App::open(&place).await.unwrap();
        assert!(!again.installation.reprise);
        let lower = Territory::new(again.territoire(), again.db.read()).tenant(organisation);
        let sequences = lower.find::<server::store::entity::number_sequence::Entity>().all(&lower.on()).await.unwrap();
        assert_eq!(sequences.iter().map(|s| (s.kind.as_str(), s.last_number)).collect::<Vec<_>>(), [("F", 41)]);
    }
}

on_both! {
    async fn a_backup_replaces_none_and_a_restore_writes_over_nothing(fresh: &Fresh) {
        let app = &fresh.app;
        let shelf = tempfile::tempdir().unwrap();
        let kept = shelf.path().join("lundi");
        let url = fresh.place.database_url().unwrap();
        backup::make(app, &url, &kept).await.unwrap();
        assert!(backup::make(app, &url, &kept).await.unwrap_err().to_string().contains("existe déjà"));
        let said = restore::restore(&fresh.place, &kept).await.unwrap_err().to_string();
        assert!(said.contains("contient déjà une installation"), "{said}");
        assert!(restore::restore(&fresh.place, shelf.path()).await.unwrap_err().to_string().contains("n’est pas une sauvegarde"));
    }
}

#[tokio::test]
async fn a_backup_that_was_changed_or_leads_elsewhere_is_refused_before_anything_is_written() {
    let fresh = crate::place::on_sqlite().await;
    let shelf = tempfile::tempdir().unwrap();
    let kept = shelf.path().join("lundi");
    backup::make(&fresh.app, &fresh.place.database_url().unwrap(), &kept).await.unwrap();
    let target = shelf.path().join("cible");
    let place = Place { data: Some(target.clone()), database: None };
    let list = std::fs::read_to_string(kept.join("sauvegarde.json")).unwrap();
    for (from, to) in [("serveur.cle", "../serveur.cle"), ("serveur.cle", "/etc/passwd")] {
        std::fs::write(kept.join("sauvegarde.json"), list.replace(from, to)).unwrap();
        assert!(restore::restore(&place, &kept).await.is_err(), "{to}");
        assert!(!target.exists());
    }
    std::fs::write(kept.join("sauvegarde.json"), &list).unwrap();
    std::fs::write(kept.join("serveur.cle"), [0; 32]).unwrap();
    let said = restore::restore(&place, &kept).await.unwrap_err().to_string();
    assert!(said.contains("n’est pas celui qui a été sauvegardé") && !target.exists(), "{said}");
}
