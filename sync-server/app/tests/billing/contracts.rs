//! A crèche's contracts from files to bills: parts, complements and deductions are lines of their own, billed once.

use crate::on_both;
use sea_orm::QueryOrder;
use server::app::App;
use server::billing::draft::{draft, priced};
use server::billing::issue::{Issued, Order, issue};
use server::billing::issued::with_lines;
use server::clock::Clock;
use server::identity::audit::Act;
use server::registry::import::{Options, import};
use server::store::entity::{billing_decision, invoice};
use server::store::{Territory, insert_all, new_id};
use shared::calendar::{Month, instant};
use shared::id::OrganisationId;
use std::path::Path;
use std::time::Duration;

const BY: &str = "Mme Roche";

/// One child under contract (10 h on Mondays and Tuesdays from 8:00), one who comes now and then, at 3.47 € an hour.
fn write(folder: &Path, absences: &str) {
    let file = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    std::fs::create_dir_all(folder.join("tarifs")).unwrap();
    file(
        "tarifs/creche.toml",
        "code = \"creche\"\nlibelle = \"Multi-accueil\"\nvalable_du = 2026-01-01\nmethode = \"psu\"\naccueil = \"collectif\"\n",
    );
    file("organisations.csv", "code;nom;type\nO1;Agglo;epci\n");
    file("regies.csv", "code;organisation;nom;mode\nRC;O1;Régie crèches;regie\n");
    file("communes.csv", "code_insee;nom\n27999;Villeneuve\n");
    file("lieux.csv", "code;nom;type;commune_insee;organisation\nCOCC;Les Coccinelles;eaje;27999;O1\n");
    file("fermetures.csv", "lieu;du;au;motif\nCOCC;2026-10-19;2026-10-19;greve\n");
    file("foyers.csv", "code;nom;commune_insee;regime\nF1;Martin;27999;caf\nF2;Diallo;27999;caf\n");
    file("responsables.csv", "code;foyer;nom;prenom;payeur\nR1;F1;Martin;Claire;oui\nR2;F2;Diallo;Awa;oui\n");
    file(
        "situations.csv",
        "foyer;du;ressources_mensuelles;enfants_a_charge;source\nF1;2026-01-01;5606,00;1;cdap\nF2;2026-01-01;5606,00;1;cdap\n",
    );
    file("enfants.csv", "code;foyer;nom;prenom;naissance\nE1;F1;Martin;Léa;2024-05-01\nE2;F2;Diallo;Inès;2024-06-01\n");
    file(
        "activites.csv",
        "code;lieu;nom;tarif;jours;periode;regie;nature\nCRE;COCC;Multi-accueil;creche;lu ma me je ve;toujours;RC;garde\n",
    );
    file(
        "contrats.csv",
        "code;enfant;activite;du;au;heures_semaine;semaines;mensualites;heures_absence_prevues;accueil\n\
         C1;E1;CRE;2026-09-20;2027-08-31;20;45;11;14,5;regulier\nC2;E2;CRE;2026-09-01;2027-08-31;5;40;12;;occasionnel\n",
    );
    file("contrats_plages.csv", "contrat;semaine;jour;debut;fin\nC1;toutes;lu;08:00;18:00\nC1;toutes;ma;08:00;18:00\n");
    file("absences.csv", &format!("enfant;du;au;motif;annoncee_le;certificat_le\n{absences}"));
    file(
        "pointages.csv",
        "enfant;activite;date;arrivee;depart\nE1;CRE;2026-10-05;07:40;18:00\nE1;CRE;2026-10-07;09:00;10:00\nE2;CRE;2026-10-06;09:00;11:10\n",
    );
}

fn in_november(app: &App) -> App {
    App { clock: Clock::manual(instant("2026-11-03".parse().unwrap(), "10:00:00".parse().unwrap())), ..app.clone() }
}

async fn load(app: &App, absences: &str) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), absences);
    import(app, folder.path(), &Options::default()).await.unwrap();
    app.clock.advance(Duration::from_secs(60));
}

async fn organisation(app: &App) -> OrganisationId {
    let territory = Territory::new(app.territoire(), app.db.read());
    OrganisationId(territory.organisation(None).await.unwrap().id)
}

fn october() -> Month {
    "2026-10".parse().unwrap()
}

async fn issued(app: &App) -> Issued {
    let order = Order { month: october(), regie: None, exercise: None, by: BY };
    let issued = issue(app, organisation(app).await, &order, Act::command("billing issue").by(BY)).await.unwrap();
    app.clock.advance(Duration::from_secs(60));
    issued
}

/// Every bill as it is read aloud: its number, and `part quantity = amount`.
async fn bills(app: &App) -> Vec<(String, Vec<String>)> {
    let tenant = Territory::new(app.territoire(), app.db.read()).tenant(organisation(app).await);
    let rows = tenant.find::<invoice::Entity>().order_by_desc(invoice::Column::Kind).order_by_asc(invoice::Column::Number);
    let bills = with_lines(&tenant, rows.all(&tenant.on()).await.unwrap()).await.unwrap();
    let line = |row: &server::store::entity::invoice_line::Model| format!("{} {} = {}", row.part, row.quantity, row.amount_cents);
    bills.into_iter().map(|b| (b.bill.printed_number, b.lines.iter().map(|l| line(&l.row)).collect())).collect()
}

async fn nobody_waits_for_a_signature(app: &App) {
    let row = billing_decision::Model {
        organisation_id: organisation(app).await.0,
        id: new_id(app.clock.now()).unwrap(),
        month: "2026-10".into(),
        problem: "journee_non_signee|COCC|||".into(),
        decision: "emettre_quand_meme".into(),
        reason: None,
        decided_by: BY.into(),
        decided_at_ms: 0,
    };
    let transaction = app.db.begin().await.unwrap();
    insert_all(&transaction, vec![row]).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn a_contract_is_billed_by_its_parts_once_and_a_certificate_that_comes_later_is_an_adjustment(fresh: &Fresh) {
        let app = &in_november(&fresh.app);
        load(app, "E1;2026-10-26;2026-10-30;maladie;2026-10-26;\n").await;
        let reading = app.db.snapshot().await.unwrap();
        let tenant = Territory::new(app.territoire(), &reading).tenant(organisation(app).await);
        let drafted = draft(&tenant, october(), None, false).await.unwrap();
        let problems: Vec<&str> = drafted.problems.iter().map(|p| p.kind.code()).collect();
        assert_eq!(problems, ["journee_non_signee", "certificat_absent"]);
        let request = rules::input::Request { month: october(), regie: None, with_entry_ids: false };
        let [creche] = priced(&tenant, request).await.unwrap().indicators.try_into().unwrap();
        // Done: 10.5 + 1 + 2.5. Billed: 80.5 + 1.5 + 2.5 − 10.
        assert_eq!((creche.hours_done.to_string(), creche.hours_billed.to_string()), ("14".into(), "74.5".into()));
        drop(reading);

        nobody_waits_for_a_signature(app).await;
        assert_eq!(issued(app).await.invoices, 2);
        let first = bills(app).await;
        // 20 h × 45 − 14.5 h = 885.5 h in 11 parts; 20 minutes early and an unreserved hour; the strike of Monday 19.
        let part = "mensualite:C1 80.5 = 27934".to_owned();
        let of_lea = vec![part, "complement:C1 1.5 = 521".to_owned(), "deduction:C1 -10 = -3470".to_owned()];
        assert_eq!(first, [("F-2026-000001".into(), of_lea), ("F-2026-000002".into(), vec![" 2.5 = 868".to_owned()])]);
        assert_eq!(issued(app).await.run, None, "nothing is billed twice");

        // A certificate comes, of eight days: the fourth is Monday 26, and she was awaited that day and the next.
        load(app, "E1;2026-10-23;2026-10-30;maladie;2026-10-23;2026-11-02\n").await;
        let again = issued(app).await;
        assert_eq!((again.invoices, again.credit_notes, again.total.0), (0, 1, -6940));
        assert_eq!(bills(app).await[2], ("A-2026-000001".into(), vec!["deduction:C1 -20 = -6940".to_owned()]));
        assert_eq!(bills(app).await[..2], first[..], "what was issued stays");
        assert_eq!(issued(app).await.run, None);
    }
}
