//! Two organisations with the same codes: each has its own, and sees no other's families.

use super::town::{Town, in_october, mistakes_of};
use crate::on_both;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use server::app::App;
use server::registry::import::{Count, Options, import};
use server::store::entity::{activity, booking, centre, child, child_right, household, imported_attendance, situation};
use server::store::{Tenant, Territory};
use shared::id::OrganisationId;

fn of(code: &str) -> Options {
    Options { organisation: Some(code.into()), reason: None }
}

/// A village that names no organisation: whose it is, the option says. Only its children have codes of their own.
fn village(letter: &str) -> Town {
    let town = Town::empty();
    town.write("lieux.csv", "code;nom;type;commune_insee\nGAR;Garderie;periscolaire;27397\n".replace("GAR;", &format!("GAR-{letter};")))
        .write("groupes.csv", format!("code;lieu;nom\nG1;GAR-{letter};Petits\n"))
        .write("activites.csv", format!("code;lieu;nom;tarif;debut;fin\nSOIR;GAR-{letter};Soir de {letter};repas;16:30;18:30\n"))
        .write("personnel.csv", format!("code;lieu;nom;prenom;role\nN1;GAR-{letter};Roche;Nadia;equipe\n"))
        .write("foyers.csv", format!("code;nom;commune_insee\nF-{letter};Martin;27397\n"))
        .write("situations.csv", format!("foyer;du;quotient_familial\nF-{letter};2026-01-01;500\n"))
        .write("enfants.csv", format!("code;foyer;nom;prenom;naissance;groupe\nE-{letter};F-{letter};Martin;Léa;2018-04-12;G1\n"))
        .write("inscriptions.csv", format!("enfant;activite;du;au;groupe\nE-{letter};SOIR;2026-09-01;;G1\n"))
        .write("reservations.csv", format!("enfant;activite;date\nE-{letter};SOIR;2026-10-05\n"))
        .write("pointages.csv", format!("enfant;activite;date;arrivee;depart\nE-{letter};SOIR;2026-10-05;16:30;17:00\n"))
        .write("tarifs/repas.toml", std::fs::read(Town::whole().path().join("tarifs/repas.toml")).unwrap());
    town
}

async fn two_villages(app: &App) -> (Town, Town) {
    let both = Town::empty();
    both.write("organisations.csv", "code;nom;type\nA;Commune A;commune\nB;Commune B;commune\n");
    both.import(app).await;
    let (a, b) = (village("A"), village("B"));
    a.import_with(app, &of("A")).await;
    b.import_with(app, &of("B")).await;
    (a, b)
}

async fn tenant<'c>(territory: &Territory<'c>, code: &str) -> Tenant<'c> {
    territory.tenant(OrganisationId(territory.organisation(Some(code)).await.unwrap().id))
}

on_both! {
    async fn the_same_codes_stand_side_by_side(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let (a, _) = two_villages(&app).await;
        let territory = Territory::new(app.territoire(), app.db.read());
        for code in ["A", "B"] {
            let tenant = tenant(&territory, code).await;
            let activities = tenant.find::<activity::Entity>().all(&tenant.on()).await.unwrap();
            assert_eq!(activities.iter().map(|a| (a.code.as_str(), a.name.clone())).collect::<Vec<_>>(), [("SOIR", format!("Soir de {code}"))]);
            assert_eq!(tenant.find::<booking::Entity>().count(&tenant.on()).await.unwrap(), 1);
            assert_eq!(tenant.find::<imported_attendance::Entity>().count(&tenant.on()).await.unwrap(), 1);
        }
        // A's folder again, changed: B's activity of the same code stays as it was.
        a.replace("activites.csv", "Soir de A", "Accueil du soir");
        assert_eq!(a.import_with(&app, &of("A")).await.of("activites.csv"), Count { changed: 1, ..Count::default() });
        let b = tenant(&territory, "B").await;
        assert_eq!(b.find::<activity::Entity>().all(&b.on()).await.unwrap()[0].name, "Soir de B");
    }
}

on_both! {
    async fn a_tenant_sees_the_families_that_an_enrolment_links_and_no_other(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        two_villages(&app).await;
        let territory = Territory::new(app.territoire(), app.db.read());
        for code in ["A", "B"] {
            let tenant = tenant(&territory, code).await;
            let children = tenant.children().all(&tenant.on()).await.unwrap();
            assert_eq!(children.iter().map(|c| c.code.clone()).collect::<Vec<_>>(), [format!("E-{code}")]);
            let households = tenant.households().all(&tenant.on()).await.unwrap();
            assert_eq!(households.iter().map(|h| h.code.clone()).collect::<Vec<_>>(), [format!("F-{code}")]);
            let situations = tenant.about_households::<situation::Entity>(situation::Column::HouseholdId).all(&tenant.on()).await.unwrap();
            assert_eq!(situations.iter().map(|s| s.household_id).collect::<Vec<_>>(), [households[0].id]);
        }
    }
}

on_both! {
    async fn a_code_of_two_organisations_is_asked_for(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        two_villages(&app).await;
        let town = Town::empty();
        town.write("reservations.csv", "enfant;activite;date\nE-A;SOIR;2026-10-06\n");
        let told = town.mistakes(&app).await;
        assert!(told.contains("attendu le code d'une activité, mais deux collectivités ont celui-ci : précisez --organisation"), "{told}");
        town.import_with(&app, &of("A")).await;
        let unknown = import(&app, town.path(), &of("C")).await.unwrap_err().to_string();
        assert!(unknown.contains("--organisation C : aucune collectivité de ce code"), "{unknown}");
        let territory = Territory::new(app.territoire(), app.db.read());
        let b = tenant(&territory, "B").await;
        assert_eq!(b.find::<booking::Entity>().count(&b.on()).await.unwrap(), 1, "B got nothing of it");
        assert_eq!(b.find::<centre::Entity>().count(&b.on()).await.unwrap(), 1);
    }
}

/// The rights that a child's guardians have, as many as there are.
async fn rights_of(app: &App, code: &str) -> u64 {
    let territory = Territory::new(app.territoire(), app.db.read());
    let child = territory.find::<child::Entity>().filter(child::Column::Code.eq(code)).one(&territory.on()).await.unwrap().unwrap();
    let of_child = territory.find::<child_right::Entity>().filter(child_right::Column::ChildId.eq(child.id));
    of_child.count(&territory.on()).await.unwrap()
}

fn with_a_mother(letter: &str) -> Town {
    let town = village(letter);
    town.write("responsables.csv", format!("code;foyer;nom;prenom\nR-{letter};F-{letter};Martin;Claire\n"));
    town
}

on_both! {
    async fn one_organisations_links_take_no_right_from_anothers_children(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        two_villages(&app).await;
        let (a, b) = (with_a_mother("A"), with_a_mother("B"));
        a.import_with(&app, &of("A")).await;
        b.import_with(&app, &of("B")).await;
        assert_eq!((rights_of(&app, "E-A").await, rights_of(&app, "E-B").await), (1, 1));
        // B writes its links down, and says nobody: its child has no guardian, A's keeps its own.
        b.write("liens.csv", "enfant;responsable\n");
        b.import_with(&app, &of("B")).await;
        assert_eq!((rights_of(&app, "E-A").await, rights_of(&app, "E-B").await), (1, 0));
        // Nor does A's folder, which has no links, give B's child back the rights that B took.
        a.import_with(&app, &of("A")).await;
        assert_eq!((rights_of(&app, "E-A").await, rights_of(&app, "E-B").await), (1, 0));
    }
}

/// B's folder, which takes A's codes for its own families and places.
fn the_same_codes(name: &str, first_name: &str, birth: &str) -> Town {
    let town = village("B");
    town.write("foyers.csv", format!("code;nom;commune_insee\nF-A;{name};27397\n"))
        .write("situations.csv", "foyer;du;quotient_familial\n")
        .write("enfants.csv", format!("code;foyer;nom;prenom;naissance\nE-A;F-A;{name};{first_name};{birth}\n"))
        .write("inscriptions.csv", "enfant;activite;du;au\nE-A;SOIR;2026-09-01;\n")
        .write("reservations.csv", "enfant;activite;date\n")
        .write("pointages.csv", "enfant;activite;date\n");
    town
}

on_both! {
    async fn a_code_that_only_another_organisation_knows_is_not_made_someone_else(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        two_villages(&app).await;
        let told = import(&app, the_same_codes("Bernard", "Tom", "2019-01-02").path(), &of("B")).await.unwrap_err().to_string();
        let elsewhere = "que seule la collectivité Commune A (A) connaît : donnez un autre code, ou, si c'est le même, faites corriger par elle ce qui diffère";
        let expected = [
            format!("foyers.csv, ligne 2, colonne code : F-A est déjà le code d'un foyer, {elsewhere}"),
            format!("enfants.csv, ligne 2, colonne code : E-A est déjà le code d'un enfant, {elsewhere}"),
        ];
        assert_eq!(mistakes_of(&told), expected);
        let territory = Territory::new(app.territoire(), app.db.read());
        let homes = territory.find::<household::Entity>().all(&territory.on()).await.unwrap();
        assert!(homes.iter().all(|h| h.name == "Martin"), "{homes:?}");

        // The same child, written without its accent: it is enrolled in both, and either may say what it knows.
        the_same_codes("MARTIN", "Lea", "2018-04-12").import_with(&app, &of("B")).await;
        let b = tenant(&territory, "B").await;
        assert!(b.children().all(&b.on()).await.unwrap().iter().any(|c| c.code == "E-A"));
        the_same_codes("Martin", "Léa-Rose", "2018-04-12").import_with(&app, &of("B")).await;
    }
}

on_both! {
    async fn a_building_of_another_organisation_is_not_renamed_nor_moved_into_by_its_code(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        two_villages(&app).await;
        let town = Town::empty();
        town.write("sites.csv", "code;nom;commune_insee\nGAR-A;Ancienne poste;27681\n");
        let told = import(&app, town.path(), &of("B")).await.unwrap_err().to_string();
        assert!(mistakes_of(&told)[0].starts_with("sites.csv, ligne 2, colonne code : GAR-A est déjà le code d'un site, que seule la collectivité Commune A (A)"), "{told}");
        let town = Town::empty();
        town.write("lieux.csv", "code;nom;type;commune_insee\nGAR-A;Salle des fêtes;alsh;27681\n");
        let told = import(&app, town.path(), &of("B")).await.unwrap_err().to_string();
        assert!(mistakes_of(&told)[0].starts_with("lieux.csv, ligne 2, colonne code : GAR-A est déjà le code d'un site"), "{told}");
        // In that very building, said as its own: a village school that two organisations share.
        town.write("sites.csv", "code;nom;commune_insee\nGAR-A;Garderie;27397\n")
            .write("lieux.csv", "code;nom;type;commune_insee;site\nALSH;Accueil de loisirs;alsh;27397;GAR-A\n");
        town.import_with(&app, &of("B")).await;
    }
}

on_both! {
    async fn a_folder_of_several_organisations_corrects_what_is_theirs(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.import(&app).await;
        town.replace("foyers.csv", "F1;Martin", "F1;Martin-Roy").replace("enfants.csv", "Martin;Léa", "Martin-Roy;Lea").replace("sites.csv", "Groupe scolaire", "École Briand");
        let summary = town.import(&app).await;
        assert_eq!(["foyers.csv", "enfants.csv", "sites.csv"].map(|file| summary.of(file).changed), [1, 1, 1]);
    }
}
