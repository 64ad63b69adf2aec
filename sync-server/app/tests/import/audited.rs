//! That an installation was made, and a folder imported, stands in the audit.

use super::town::{Town, in_october};
use crate::on_both;
use server::store::Territory;
use server::store::entity::{audit, import_run};
use shared::id::OrganisationId;

on_both! {
    async fn an_installation_and_each_import_leave_a_line_and_a_refused_one_none(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.import(&app).await;
        town.add("foyers.csv", "F3;;;;27397;;;");
        town.mistakes(&app).await;
        let territory = Territory::new(app.territoire(), app.db.read());
        let book = territory.tenant(OrganisationId(app.territoire().0));
        let mut lines = book.find::<audit::Entity>().all(&book.on()).await.unwrap();
        lines.sort_by_key(|l| (l.day, l.number));
        let told: Vec<_> = lines.iter().map(|l| (l.route.as_str(), l.subject_kind.as_deref())).collect();
        assert_eq!(told, [("init", Some("territoire")), ("import", Some("import_run"))]);
        let run = territory.find::<import_run::Entity>().one(&territory.on()).await.unwrap().unwrap();
        assert_eq!(lines[1].subject_id, Some(run.id));
        assert!(lines.iter().all(|l| l.actor == "console"), "no name of a family");
    }
}
