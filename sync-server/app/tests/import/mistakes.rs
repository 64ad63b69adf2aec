//! Kinds of mistakes in files, each with its clear answer. Whatever is wrong, not a byte of the database changes.

use super::town::{Town, in_october};
use crate::place::on_sqlite;
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};

/// The database's bytes, once what was committed is all in its file.
async fn bytes(fresh: &crate::place::Fresh) -> Vec<u8> {
    let transaction = fresh.app.db.begin().await.unwrap();
    transaction.commit().await.unwrap();
    let url = format!("sqlite:{}", fresh.folder.path().join("preau.db").display());
    let own = sea_orm::Database::connect(url).await.unwrap();
    own.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    Sha256::digest(std::fs::read(fresh.folder.path().join("preau.db")).unwrap()).to_vec()
}

/// Imports a town, spoils its folder, imports again: the answer, and nothing changed.
async fn told(spoil: impl FnOnce(&Town)) -> String {
    let fresh = on_sqlite().await;
    let app = in_october(&fresh.app);
    let town = Town::whole();
    town.import(&app).await;
    let before = bytes(&fresh).await;
    spoil(&town);
    let told = town.mistakes(&app).await;
    assert_eq!(bytes(&fresh).await, before, "all or nothing");
    told.lines().skip(1).map(|line| format!("{}\n", line.trim_start())).collect::<String>().trim_end().to_owned()
}

/// `mistake! { claim: |town| spoil => "answer" }`
macro_rules! mistake {
    ($($name:ident: |$town:ident| $spoil:expr => $answer:expr;)+) => {$(
        #[tokio::test]
        async fn $name() {
            let told = told(|$town| { $spoil; }).await;
            assert_eq!(told, $answer);
        }
    )+};
}

mistake! {
    a_required_cell_is_empty: |town| town.add("foyers.csv", "F3;;;;27397;;;")
        => "foyers.csv, ligne 4, colonne nom : case obligatoire, vide";
    a_code_is_given_twice: |town| town.add("foyers.csv", "F1;Autre;;;27397;;;")
        => "foyers.csv, ligne 4, colonne code : « F1 » : ligne en double : la ligne 2 dit déjà la même chose";
    a_code_has_a_slash: |town| town.replace("enfants.csv", "E1;F1", "../E1;F1").remove("pointages.csv")
        => "enfants.csv, ligne 2, colonne code : « ../E1 » : attendu un code de 64 caractères au plus, sans barre oblique";
    a_word_is_not_of_the_list: |town| town.replace("lieux.csv", "eaje;", "creche;")
        => "lieux.csv, ligne 2, colonne type : « creche » : attendu eaje, alsh, periscolaire, cantine";
    a_reference_leads_nowhere: |town| town.replace("enfants.csv", "E2;F2", "E2;F9")
        => "enfants.csv, ligne 3, colonne foyer : « F9 » : attendu le code d'un foyer de foyers.csv ou déjà enregistré";
    a_date_does_not_exist: |town| town.replace("fermetures.csv", "2026-12-24", "2026-02-30")
        => "fermetures.csv, ligne 2, colonne du : « 2026-02-30 » : attendu une date qui existe, AAAA-MM-JJ ou JJ/MM/AAAA";
    a_year_has_two_digits: |town| town.replace("enfants.csv", "12/04/2018", "12/04/18")
        => "enfants.csv, ligne 3, colonne naissance : « 12/04/18 » : attendu une date qui existe, AAAA-MM-JJ ou JJ/MM/AAAA";
    an_end_is_before_its_start: |town| town.replace("inscriptions.csv", "2027-07-03", "2026-07-03")
        => "inscriptions.csv, ligne 3, colonne au : « 2026-07-03 » : attendu une date qui ne soit pas avant le début (2026-09-01)";
    a_time_is_not_on_the_clock: |town| town.replace("lieux.csv", "20;07:30", "20;7h30")
        => "lieux.csv, ligne 2, colonne ouverture : « 7h30 » : attendu une heure HH:MM, de 00:00 à 24:00";
    an_activity_ends_before_it_starts: |town| town.replace("activites.csv", "16:30;18:30", "16:30;16:30")
        => "activites.csv, ligne 4, colonne fin : « 16:30 » : attendu une heure après 16:30";
    a_quotient_is_not_whole: |town| town.replace("situations.csv", ";640;", ";640,50;")
        => "situations.csv, ligne 3, colonne quotient_familial : « 640,50 » : attendu un nombre entier de 0 à 100000";
    an_amount_is_negative: |town| town.replace("situations.csv", "3410,25", "-3410,25")
        => "situations.csv, ligne 2, colonne ressources_mensuelles : « -3410,25 » : attendu un nombre de 0 à 10000000, à 2 décimales au plus, avec virgule ou point";
    situations_overlap: |town| town.replace("situations.csv", "2026-08-31", "2026-09-01")
        => "situations.csv, ligne 3, colonne du : cette situation recouvre celle du 2026-01-01 au 2026-09-01 (ligne 2) du même foyer";
    shares_do_not_make_a_whole: |town| town.replace("responsables.csv", ";oui;40", ";oui;30,5")
        => "responsables.csv, ligne 3, colonne part_pourcent : les parts de ce foyer font 90.5 % : attendu 100 %";
    a_payer_has_no_share: |town| town.replace("responsables.csv", ";oui;40", ";oui;")
        => "responsables.csv, ligne 3, colonne part_pourcent : un payeur de ce foyer n'a pas de part : attendu une part pour chacun, ou pour aucun";
    nobody_pays: |town| town.replace("responsables.csv", "sms;fr;;", "sms;fr;non;")
        => "responsables.csv, ligne 4, colonne payeur : aucun payeur dans ce foyer : attendu oui pour l'un au moins de ses adultes";
    an_address_is_no_address: |town| town.replace("responsables.csv", "claire.martin@exemple.fr", "claire.martin")
        => "responsables.csv, ligne 2, colonne courriel : « claire.martin » : attendu une adresse comme prenom.nom@exemple.fr";
    a_number_is_no_telephone: |town| town.replace("responsables.csv", "06 12 34 56 78", "demander")
        => "responsables.csv, ligne 2, colonne telephone : « demander » : attendu un numéro, par exemple 06 12 34 56 78";
    a_child_is_forty: |town| town.replace("enfants.csv", "12/04/2018", "12/04/1986")
        => "enfants.csv, ligne 3, colonne naissance : « 12/04/1986 » : attendu la naissance d'un enfant, entre le 2005-10-16 et le 2027-08-12";
    an_adult_is_five: |town| town.replace("responsables.csv", "1988-04-02", "2021-04-02")
        => "responsables.csv, ligne 2, colonne naissance : « 2021-04-02 » : attendu la naissance d'un adulte, il y a 10 à 120 ans";
    a_parent_is_barred_without_a_judge: |town| town.add("personnes.csv", ";E1;Martin;Claire;mère;;;interdite;demande_parent;R1;;;;;;")
        => "personnes.csv, ligne 5, colonne nature : « demande_parent » : ce responsable a l'autorité parentale : seule une decision_justice peut l'écarter";
    someone_is_barred_on_mondays_only: |town| town.replace("personnes.csv", "decision_justice;;;;", "decision_justice;;lu;;")
        => "personnes.csv, ligne 4, colonne statut : « interdite » : une personne interdite l'est tous les jours et à toute heure : attendu restreinte, ou ni jours ni heure_min";
    a_custody_calendar_is_unknown: |town| town.replace("rattachements.csv", "semaines_impaires", "une semaine sur deux")
        => "rattachements.csv, ligne 3, colonne calendrier : « une semaine sur deux » : attendu semaines_paires, semaines_impaires, jours:lu,ma, dates ou part:50";
    a_card_is_not_hexadecimal: |town| town.replace("badges.csv", "0411223344", "4,11223E+9")
        => "badges.csv, ligne 4, colonne uid : « 4,11223E+9 » : attendu le numéro de la carte en hexadécimal, de 8 à 20 chiffres (04A1B2C3D4E5F6)";
    an_activity_has_an_unknown_tariff: |town| town.replace("activites.csv", "Cantine;repas", "Cantine;repsa")
        => "activites.csv, ligne 5, colonne tarif : « repsa » : attendu le code d'une grille de tarifs/ ou déjà enregistré";
    a_regie_is_of_another_organisation: |town| town.replace("activites.csv", "48h;MEN", "48h;PE")
        => "activites.csv, ligne 4, colonne regie : « PE » : cette régie est celle d'une autre collectivité que celle du lieu";
    enrolments_overlap: |town| town.add("inscriptions.csv", "E1;JOUR;2026-10-01;;")
        => "inscriptions.csv, ligne 4, colonne du : cette inscription recouvre celle du 2026-09-01 (ligne 2) du même enfant à la même activité";
    contracts_overlap: |town| town.add("contrats.csv", "C2;E1;JOUR;2027-07-31;2028-07-31;40;45;12;;;;F1")
        => "contrats.csv, ligne 3, colonne du : ce contrat recouvre celui du 2026-09-01 au 2027-07-31 (ligne 2) du même enfant à la même activité";
    a_contract_has_no_hours: |town| town.replace("contrats.csv", "42,5", "0")
        => "contrats.csv, ligne 2, colonne heures_semaine : « 0 » : attendu plus de zéro";
    slots_overlap: |town| town.replace("contrats_plages.csv", "08:30;12:00", "08:30;14:00")
        => "contrats_plages.csv, ligne 4, colonne debut : cette plage en recouvre une autre du même contrat et du même jour";
    leave_is_outside_its_contract: |town| town.add("conges.csv", "C1;2028-01-01;2028-01-05;2027-12-01")
        => "conges.csv, ligne 3, colonne du : « 2028-01-01 » : attendu des jours du contrat, du 2026-09-01 au 2027-07-31";
    a_booking_is_cancelled_before_it_is_made: |town| town.replace("reservations.csv", "2026-09-01;2026-10-01", "2026-09-01;2026-08-01")
        => "reservations.csv, ligne 3, colonne annulee_le : « 2026-08-01 » : attendu une date qui ne soit pas avant la demande (2026-09-01)";
    a_booking_is_cancelled_and_held: |town| town.replace("reservations.csv", "annulee;2026-09-01", "reservee;2026-09-01")
        => "reservations.csv, ligne 3, colonne annulee_le : « 2026-10-01 » : une date d'annulation, mais l'état ne dit pas « annulee »";
    a_departure_is_before_its_arrival: |town| town.replace("pointages.csv", "13:40;17:10", "17:10;13:40")
        => "pointages.csv, ligne 3, colonne depart : « 13:40 » : départ avant l'arrivée (17:10)";
    an_attendance_is_of_tomorrow: |town| town.replace("pointages.csv", "E2;MIDI;2026-10-06", "E2;MIDI;2026-10-17")
        => "pointages.csv, ligne 5, colonne date : « 2026-10-17 » : attendu un jour passé : nous sommes le 2026-10-16";
    an_attendance_is_there_twice: |town| town.add("pointages.csv", "E1;JOUR;05/10/2026;8:20;12:00;papier")
        => "pointages.csv, ligne 6, colonne arrivee : « 8:20 » : ligne en double (ligne 2)";
    an_attendance_by_hours_has_none: |town| town.replace("pointages.csv", "13:40;17:10", ";")
        => "pointages.csv, ligne 3, colonne arrivee : cette activité se pointe par « heures » : attendu une heure au moins";
    a_regie_code_does_not_fit_payfip: |town| town.replace("regies.csv", "PE;AGG", "P-E;AGG")
        => "regies.csv, ligne 2, colonne code : « P-E » : attendu 19 lettres sans accent et chiffres au plus : ce code entre dans la référence PayFiP";
    a_school_year_is_none: |town| town.replace("classes.csv", "2026-2027", "2026-2028")
        => "classes.csv, ligne 2, colonne annee : « 2026-2028 » : attendu deux années qui se suivent, par exemple 2026-2027";
    a_line_is_ragged: |town| town.add("groupes.csv", "G3;CRE")
        => "groupes.csv, ligne 4 : 2 cases sur cette ligne, 3 dans l'en-tête (un « ; » ou un guillemet de trop ?)";
    a_column_is_missing: |town| town.write("groupes.csv", "code;nom\nG1;Petits\n")
        => "groupes.csv, ligne 1 : colonne obligatoire absente : lieu (colonnes connues : code lieu nom)";
    a_file_is_not_text: |town| town.write("groupes.csv", b"code;lieu;nom\nG1;CRE;Pet\0its\n")
        => "groupes.csv, ligne 2 : octet nul : ce n'est pas un fichier de texte, enregistrez-le en « CSV UTF-8 »";
    a_tariff_has_a_wrong_example: |town| town.replace("tarifs/repas.toml", "59.50", "60.00")
        => "tarifs/repas.toml, ligne 8, colonne exemples : attendu 60,00 €, obtenu 59,50 € (17 × 3,50 €)";
    two_tariffs_hold_at_once: |town| town.write("tarifs/repas-bis.toml", std::fs::read(town.path().join("tarifs/repas.toml")).unwrap())
        => "tarifs/repas.toml, colonne valable_du : cette grille recouvre « tarifs/repas-bis.toml », de même code, valable dès le 2025-09-01";
}

#[tokio::test]
async fn a_tariff_with_a_gap_is_told_with_its_line() {
    let gap = "code = \"soir\"\nlibelle = \"Soir\"\nvalable_du = 2025-09-01\nmethode = \"tranches_qf\"\nunite = \"acte\"\n\n\
               [[tranches]]\nqf_min = 0\nqf_max = 500\nprix = \"0.40\"\n[[tranches]]\nqf_min = 502\nprix = \"0.60\"\n\n\
               [[exemples]]\nquotient_familial = 100\nmontant = \"0.40\"\n";
    let told = told(|town| {
        town.write("tarifs/soir.toml", gap);
    })
    .await;
    assert!(told.starts_with("tarifs/soir.toml, ligne ") && told.contains("501"), "{told}");
}

#[tokio::test]
async fn every_mistake_is_told_at_once_up_to_a_hundred() {
    let told = told(|town| {
        town.replace("enfants.csv", "E2;F2", "E2;F9").replace("lieux.csv", "eaje;", "creche;");
        for n in 0..120 {
            town.add("groupes.csv", &format!("X{n};NULLEPART;x"));
        }
    })
    .await;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 101);
    assert!(lines[0].starts_with("lieux.csv"));
    assert_eq!(lines[100], "… et 22 de plus : corrigez celles-ci, puis relancez.");
}

#[tokio::test]
async fn what_refers_to_a_wrong_row_is_not_told_as_wrong_too() {
    let told = told(|town| {
        town.replace("foyers.csv", "F2;Diallo", "F2;");
    })
    .await;
    assert_eq!(told, "foyers.csv, ligne 3, colonne nom : case obligatoire, vide");
}

#[tokio::test]
async fn a_file_that_no_memory_holds_is_told_before_it_is_read() {
    let told = told(|town| {
        for name in ["foyers.csv", "tarifs/repas.toml"] {
            // A hole on the disk, as large as a disk.
            std::fs::File::create(town.path().join(name)).unwrap().set_len(1 << 42).unwrap();
        }
        std::fs::remove_file(town.path().join("gardes.csv")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", town.path().join("gardes.csv")).unwrap();
    })
    .await;
    for line in [
        "foyers.csv : fichier trop gros : 64 Mio au plus",
        "tarifs/repas.toml : fichier trop gros : 1 Mio au plus",
        "gardes.csv : ce n'est pas un fichier ordinaire",
    ] {
        assert!(told.contains(line), "{told}");
    }
}
