//! A folder that is right: what it becomes, and what a second import changes.

use super::town::{Town, in_october};
use crate::on_both;
use sea_orm::{ColumnTrait, QueryFilter};
use server::app::App;
use server::registry::booking::{Status, fold};
use server::registry::import::Count;
use server::store::Territory;
use server::store::entity::{
    booking, booking_event, centre, child, child_right, household_address, organisation, person, pickup_person, site, tariff,
};
use std::collections::BTreeMap;

fn territory(app: &App) -> Territory<'_> {
    Territory::new(app.territoire(), app.db.read())
}

fn new(count: usize) -> Count {
    Count { new: count, ..Count::default() }
}

fn same(count: usize) -> Count {
    Count { same: count, ..Count::default() }
}

const ROWS: [(&str, usize); 31] = [
    ("organisations.csv", 2),
    ("regies.csv", 2),
    ("communes.csv", 2),
    ("sites.csv", 1),
    ("lieux.csv", 3),
    ("fermetures.csv", 1),
    ("groupes.csv", 2),
    ("ecoles.csv", 1),
    ("classes.csv", 1),
    ("foyers.csv", 2),
    ("adresses.csv", 1),
    ("responsables.csv", 3),
    ("situations.csv", 3),
    ("enfants.csv", 2),
    ("affectations.csv", 1),
    ("scolarites.csv", 1),
    ("rattachements.csv", 2),
    ("gardes.csv", 1),
    ("liens.csv", 3),
    ("personnes.csv", 3),
    ("personnel.csv", 2),
    ("badges.csv", 3),
    ("activites.csv", 4),
    ("inscriptions.csv", 2),
    ("contrats.csv", 1),
    ("contrats_plages.csv", 3),
    ("conges.csv", 1),
    ("reservations.csv", 3),
    ("absences.csv", 1),
    ("pointages.csv", 4),
    ("tarifs", 1),
];

on_both! {
    async fn a_folder_is_taken_whole_and_again_changes_nothing(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        assert_eq!(town.import(&app).await.counts, ROWS.map(|(file, rows)| (file, new(rows))));
        for _ in 0..2 {
            assert_eq!(town.import(&app).await.counts, ROWS.map(|(file, rows)| (file, same(rows))));
        }
    }
}

on_both! {
    async fn two_imports_at_once_are_one_after_the_other(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        let (first, second) = tokio::join!(town.import(&app), town.import(&app));
        let (news, sames) = (ROWS.map(|(file, rows)| (file, new(rows))), ROWS.map(|(file, rows)| (file, same(rows))));
        let either = (first.counts == news && second.counts == sames) || (first.counts == sames && second.counts == news);
        assert!(either, "{first:?} {second:?}");
    }
}

on_both! {
    async fn a_corrected_folder_changes_only_what_changed(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.import(&app).await;
        let before = territory(&app).find::<child::Entity>().all(&territory(&app).on()).await.unwrap();
        town.replace("enfants.csv", "Ismaël", "Ismaïl").replace("situations.csv", ";640;", ";655;").add("foyers.csv", "F3;Roy;;;27397;;;");
        let summary = town.import(&app).await;
        let moved: Vec<_> = summary.counts.iter().filter(|(_, c)| c.new + c.changed > 0).copied().collect();
        let expected = [
            ("foyers.csv", Count { new: 1, same: 2, ..Count::default() }),
            ("situations.csv", Count { changed: 1, same: 2, ..Count::default() }),
            ("enfants.csv", Count { changed: 1, same: 1, ..Count::default() }),
        ];
        assert_eq!(moved, expected);
        let after = territory(&app).find::<child::Entity>().all(&territory(&app).on()).await.unwrap();
        let ids = |rows: &[child::Model]| rows.iter().map(|c| (c.code.clone(), c.id)).collect::<BTreeMap<_, _>>();
        assert_eq!(ids(&before), ids(&after), "a child keeps its id for life");
        assert!(after.iter().any(|c| c.search_name == "ismail diallo"));
    }
}

on_both! {
    async fn rows_that_leave_the_folder_stay_and_are_counted(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.import(&app).await;
        town.write("pointages.csv", "enfant;activite;date\nE2;MIDI;2026-10-06\n").write("gardes.csv", "enfant;date;foyer\n").remove("absences.csv");
        let summary = town.import(&app).await;
        assert_eq!(summary.of("pointages.csv"), Count { same: 1, no_longer_there: 3, ..Count::default() });
        assert_eq!(summary.of("gardes.csv"), Count { no_longer_there: 1, ..Count::default() });
        assert_eq!(summary.of("absences.csv"), Count::default());
    }
}

on_both! {
    async fn a_village_needs_six_files_and_gets_the_rest_by_default(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::empty();
        town.write("lieux.csv", "code;nom;type;commune_insee;zone_scolaire\nCANT;Cantine;cantine;27397;B\n")
            .write("activites.csv", "code;lieu;nom;tarif;debut;fin\nMIDI;CANT;Cantine;repas;11:45;13:30\n")
            .write("foyers.csv", "code;nom;commune_insee\nF01;Martin;27397\n")
            .write("responsables.csv", "code;foyer;nom;prenom\nR2;F01;Martin;Paul\nR1;F01;Martin;Claire\n")
            .write("enfants.csv", "code;foyer;nom;prenom;naissance\nE01;F01;Martin;Léa;12/04/2018\n")
            .write("tarifs/repas.toml", std::fs::read(Town::whole().path().join("tarifs/repas.toml")).unwrap());
        town.import(&app).await;
        let territory = territory(&app);
        let only = territory.organisation(None).await.unwrap();
        assert_eq!(only.code, "O1");
        let tenant = territory.tenant(shared::id::OrganisationId(only.id));
        let centres = tenant.centres().await.unwrap();
        let sites = territory.find::<site::Entity>().all(&territory.on()).await.unwrap();
        assert_eq!((sites.len(), sites[0].code.as_str(), sites[0].id), (1, "CANT", centres[0].site_id), "a lieu is its own site");
        let activities = tenant.find::<server::store::entity::activity::Entity>().all(&tenant.on()).await.unwrap();
        assert_eq!(activities[0].recording, "appel");
        assert!(activities[0].regie_id.is_some(), "of the only régie");
        let payers = territory.find::<person::Entity>().filter(person::Column::IsPayer.eq(true)).all(&territory.on()).await.unwrap();
        assert_eq!(payers.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(), ["R1"], "the first adult by code");
        let rights = territory.find::<child_right::Entity>().all(&territory.on()).await.unwrap();
        assert_eq!(rights.iter().filter(|r| r.by_default && r.may_take && r.parental_authority == "oui").count(), 2);
        // From the day someone writes rights down, those alone hold.
        town.write("liens.csv", "enfant;responsable;autorite_parentale\nE01;R1;oui\n");
        town.import(&app).await;
        let rights = territory.find::<child_right::Entity>().all(&territory.on()).await.unwrap();
        assert_eq!(rights.len(), 1);
        assert!(!rights[0].by_default);
    }
}

on_both! {
    async fn a_booking_is_never_rewritten_its_events_are_added(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.import(&app).await;
        town.replace("reservations.csv", "16:30;17:30;reservee", "16:30;18:00;absence_justifiee");
        assert_eq!(town.import(&app).await.of("reservations.csv"), Count { changed: 1, same: 2, ..Count::default() });
        assert_eq!(town.import(&app).await.of("reservations.csv"), same(3));
        let territory = territory(&app);
        let mut states = Vec::new();
        for organisation in territory.organisations().await.unwrap() {
            let tenant = territory.tenant(shared::id::OrganisationId(organisation.id));
            let events = tenant.find::<booking_event::Entity>().all(&tenant.on()).await.unwrap();
            for row in tenant.find::<booking::Entity>().all(&tenant.on()).await.unwrap() {
                let of_row: Vec<_> = events.iter().filter(|e| e.booking_id == row.id).collect();
                let state = fold(of_row.iter().copied()).unwrap();
                states.push((row.day.to_string(), of_row.len(), state.status, state.ends_minute));
            }
        }
        states.sort();
        let expected = [
            ("2026-10-05", 3, Status::Cancelled, None),
            ("2026-10-05", 4, Status::AbsenceExcused, Some(18 * 60)),
            ("2026-10-06", 2, Status::Accepted, None),
        ];
        assert_eq!(states, expected.map(|(day, count, status, ends)| (day.to_owned(), count, status, ends)));
    }
}

on_both! {
    async fn a_corrected_tariff_is_a_new_version_and_the_old_one_stays(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.import(&app).await;
        town.replace("tarifs/repas.toml", "3.50", "4.00").replace("tarifs/repas.toml", "59.50", "68.00");
        assert_eq!(town.import(&app).await.of("tarifs"), Count { changed: 1, ..Count::default() });
        assert_eq!(town.import(&app).await.of("tarifs"), same(1));
        let territory = territory(&app);
        for organisation in territory.organisations().await.unwrap() {
            let tenant = territory.tenant(shared::id::OrganisationId(organisation.id));
            let mut versions = tenant.find::<tariff::Entity>().all(&tenant.on()).await.unwrap();
            versions.sort_by_key(|t| t.version);
            assert_eq!(versions.iter().map(|t| (t.version, t.replaced_at_ms.is_some())).collect::<Vec<_>>(), [(1, true), (2, false)]);
            assert!(versions[0].source_text.contains("3.50"), "what was voted is kept word for word");
        }
    }
}

on_both! {
    async fn a_person_who_changes_days_does_not_keep_the_old_ones(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.import(&app).await;
        town.replace("personnes.csv", ";me;12:00", ";ve;12:00").replace("contrats_plages.csv", "08:30;12:00", "09:00;12:00");
        let summary = town.import(&app).await;
        assert_eq!(summary.of("personnes.csv"), Count { changed: 1, same: 2, ..Count::default() });
        assert_eq!(summary.of("contrats_plages.csv"), Count { changed: 1, same: 2, ..Count::default() });
        let territory = territory(&app);
        let rows = territory.find::<pickup_person::Entity>().filter(pickup_person::Column::LastName.eq("Morin")).all(&territory.on()).await.unwrap();
        let mut days: Vec<_> = rows.iter().map(|r| r.weekdays.unwrap()).collect();
        days.sort_unstable();
        assert_eq!(days, [0b1, 0b1_0000], "Monday and Friday, no Wednesday left");
    }
}

on_both! {
    async fn residence_is_dated(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        Town::whole().import(&app).await;
        let territory = territory(&app);
        let mut homes = territory.find::<household_address::Entity>().all(&territory.on()).await.unwrap();
        homes.sort_by_key(|a| (a.valid_from, a.commune_insee.clone()));
        let read: Vec<_> = homes.iter().map(|a| (a.valid_from.map(|d| d.to_string()), a.commune_insee.as_str())).collect();
        assert_eq!(read, [(None, "27397"), (None, "27681"), (Some("2026-10-01".into()), "27681")]);
    }
}

#[tokio::test]
async fn what_was_detected_is_said() {
    let fresh = crate::place::on_sqlite().await;
    let app = in_october(&fresh.app);
    let town = Town::whole();
    town.write("communes.csv", b"code_insee,nom,maire\n27397,M\xe9nilles,X\n").write("notes.csv", "a;b\n");
    let summary = town.import(&app).await;
    let said = [
        "communes.csv : lu en Windows-1252",
        "communes.csv : colonne « maire » inconnue, laissée de côté",
        "notes.csv : fichier inconnu, laissé de côté",
    ];
    assert_eq!(summary.notices, said);
    let territory = territory(&app);
    let rows = territory.find::<server::store::entity::commune::Entity>().all(&territory.on()).await.unwrap();
    assert_eq!(rows[0].name, "Ménilles");
}

#[tokio::test]
async fn a_folder_without_any_known_file_is_bad_input() {
    let fresh = crate::place::on_sqlite().await;
    let town = Town::empty();
    assert!(town.mistakes(&fresh.app).await.contains("ne contient aucun fichier connu"));
    let missing = server::registry::import::import(&fresh.app, std::path::Path::new("/nowhere/at/all"), &Default::default()).await;
    assert_eq!(missing.unwrap_err().kind(), server::error::Kind::BadInput);
}

#[tokio::test]
async fn what_one_organisation_imported_belongs_to_it() {
    let fresh = crate::place::on_sqlite().await;
    let app = in_october(&fresh.app);
    Town::whole().import(&app).await;
    let territory = territory(&app);
    let mut lieux = Vec::new();
    for organisation in territory.find::<organisation::Entity>().all(&territory.on()).await.unwrap() {
        let tenant = territory.tenant(shared::id::OrganisationId(organisation.id));
        for row in tenant.find::<centre::Entity>().all(&tenant.on()).await.unwrap() {
            lieux.push((organisation.code.clone(), row.code));
        }
    }
    lieux.sort();
    assert_eq!(lieux, [("AGG", "CRE"), ("MEN", "CANT"), ("MEN", "GAR")].map(|(o, l)| (o.to_owned(), l.to_owned())));
}
