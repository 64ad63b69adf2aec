//! Who must never take a child: named as one of its guardians, or not.

use super::town::{Town, in_october, mistakes_of};
use crate::on_both;

/// The mother of E2, R3, barred by name: a second name in another order and without accents is hers all the same.
fn a_town_that_bars(row: &str) -> Town {
    let town = Town::whole();
    town.add("personnes.csv", row);
    town
}

const BY_NAME: &str = ";E2;AWA;Diallo;mère;;;interdite;decision_justice;;;;;;;";

on_both! {
    async fn a_barred_person_named_as_a_guardian_is_asked_to_be_told_from_it(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = a_town_that_bars(BY_NAME);
        let told = mistakes_of(&town.mistakes(&app).await);
        let expected = "personnes.csv, ligne 5, colonne responsable : Diallo AWA est interdite, et un responsable du même enfant a ce nom : R3 \
                        (responsables.csv, ligne 4). Si c'est lui, attendu R3 ici ; si c'est quelqu'un d'autre, attendu la naissance de l'un et de l'autre";
        assert_eq!(told, [expected]);
        town.replace("personnes.csv", "interdite;decision_justice;;;;;;;", "interdite;decision_justice;R3;;;;;;");
        town.import(&app).await;
    }
}

on_both! {
    async fn two_births_that_differ_are_two_persons_and_one_alone_proves_nothing(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = a_town_that_bars(";E2;Diallo;Awa;tante;;1960-05-05;interdite;decision_justice;;;;;;;");
        assert!(town.mistakes(&app).await.contains("un responsable du même enfant a ce nom : R3"));
        town.replace("responsables.csv", "Diallo;Awa;;", "Diallo;Awa;1990-01-31;");
        town.import(&app).await;
        town.replace("responsables.csv", "1990-01-31", "1960-05-05");
        assert!(town.mistakes(&app).await.contains("un responsable du même enfant a ce nom : R3"), "born the same day");
    }
}

on_both! {
    async fn a_guardian_who_comes_after_the_barring_is_told_too(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        // Omar Diallo is barred for E2, and none of its guardians.
        Town::whole().import(&app).await;
        let later = Town::empty();
        later
            .write("responsables.csv", "code;foyer;nom;prenom\nR4;F2;Diallo;Omar\n")
            .write("liens.csv", "enfant;responsable;autorite_parentale\nE2;R4;oui\n");
        let told = mistakes_of(&later.mistakes(&app).await).concat();
        assert!(told.starts_with("personnes.csv, colonne responsable : Omar Diallo (ligne d'un import précédent) est interdite"), "{told}");
        assert!(told.contains("R4 (responsables.csv, ligne 2)"), "{told}");
    }
}
