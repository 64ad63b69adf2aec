//! The family's pages, told to an integrator.

use super::{account, child, note, question};
use crate::api::{By, Field, Told};

const CHILD: (&str, Field, &str) = ("id", Field::Id, "L’enfant.");
const BILL: (&str, Field, &str) = ("id", Field::Id, "La facture.");

fn page(name: &'static str, title: &str) -> Told {
    Told::new(By::Guardian, "Famille", name, title)
}

/// Every route of [`super::ROUTES`].
pub(crate) fn told() -> Vec<Told> {
    let mut told = children();
    told.extend(bills());
    told.extend([
        page("GET /famille/compte", "Mon compte")
            .query::<account::Asked>(&[(
                "fait",
                Field::OneOf(&["sessions", "borne", "borne-retire"]),
                "Ce qui vient d’être fait, pour que la page le dise.",
            )])
            .html(200, "Qui est connecté et où, et ce qui est gardé de cette famille."),
        page("POST /famille/compte/sessions", "Fermer mes autres sessions").typed(&[], None).goes("Vers `/famille/compte`."),
        page("POST /famille/compte/borne", "Choisir ou retirer son code à la borne des familles")
            .form::<account::TypedCode>(&[("code", Field::Text(6), "4 à 6 chiffres ; vide : plus de code.")])
            .goes("Vers `/famille/compte`.")
            .html(422, "Ce code n’est pas posé : le compte, et pourquoi."),
        Told::new(By::Anyone, "Public", "GET /accessibilite", "Déclaration d’accessibilité").html(200, "La page."),
        Told::new(By::Anyone, "Public", "GET /vie-privee", "Vie privée : qui garde quoi, et vos droits").html(200, "La page."),
    ]);
    told
}

fn children() -> Vec<Told> {
    vec![
        page("GET /famille", "L’accueil d’une famille").html(200, "Où sont les enfants, ce qui est à payer, ce qui vient."),
        page("GET /famille/enfants/{id}", "Le mois d’un enfant")
            .says("Laisse une ligne dans l’audit.")
            .path(&[CHILD])
            .query::<child::Asked>(&[("mois", Field::Month, "Le mois ; par défaut celui d’aujourd’hui, au plus loin trois ans.")])
            .html(200, "Jours, heures, accueils et absences.")
            .html(403, "Les droits sur cet enfant ne montrent pas ses présences.")
            .html(422, "Ce mois n’en est pas un, ou est trop loin."),
        page("GET /famille/enfants/{id}/absence", "Le formulaire d’une absence")
            .path(&[CHILD])
            .html(200, "Le formulaire.")
            .html(403, "Les droits sur cet enfant ne permettent pas d’annoncer une absence."),
        page("POST /famille/enfants/{id}/absence", "Annoncer une absence")
            .path(&[CHILD])
            .typed(
                &[
                    ("du", Field::Day, "Premier jour."),
                    ("au", Field::Day, "Dernier jour ; vide : le même."),
                    ("motif", Field::OneOf(&["", "conge", "autre"]), "Peut rester vide."),
                ],
                Some("Un champ `pour_` suivi de l’identifiant d’une activité : un de ceux que le formulaire propose."),
            )
            .html(200, "Ce qui est annoncé, et ce qui sera facturé."),
        page("GET /famille/enfants/{id}/mot", "Un mot à l’équipe : le formulaire, et les mots de cette personne")
            .path(&[CHILD])
            .html(200, "Le formulaire.")
            .html(403, "Les droits sur cet enfant ne permettent pas d’écrire à son équipe."),
        page("POST /famille/enfants/{id}/mot", "Écrire un mot à l’équipe, ou le retirer")
            .says("Un par jour et par personne : le nouveau remplace l’ancien. Effacé une semaine après son jour.")
            .path(&[CHILD])
            .form::<note::Typed>(&[
                ("jour", Field::Day, "D’aujourd’hui à trente jours."),
                ("texte", Field::Text(300), "Le mot."),
                ("retirer", Field::OneOf(&["", "oui"]), "`oui` : le mot de ce jour est retiré."),
            ])
            .goes("Vers le formulaire.")
            .html(422, "Ce mot n’est pas pris : le formulaire, et pourquoi."),
    ]
}

fn bills() -> Vec<Told> {
    vec![
        page("GET /famille/factures", "Les factures").html(200, "Régie par régie."),
        page("GET /famille/factures/{id}", "Une facture").path(&[BILL]).html(200, "Ses lignes et leur explication."),
        page("GET /famille/factures/{id}/facture.pdf", "Le document d’une facture")
            .path(&[BILL])
            .file(200, &["application/pdf"], "Le PDF.")
            .html(202, "Le document est en préparation ; `Retry-After` dit quand revenir.")
            .html(403, "Le document contient ce que les droits de cette personne ne montrent pas."),
        page("POST /famille/factures/{id}/lignes/{line}/question", "Poser une question sur une ligne")
            .path(&[BILL, ("line", Field::Number, "Le numéro de la ligne.")])
            .form::<question::Typed>(&[
                ("jour", Field::Day, "Un jour de la ligne ; vide : toute la ligne."),
                ("texte", Field::Text(1000), "La question."),
            ])
            .goes("Vers la facture.")
            .html(409, "Trop de questions attendent une réponse."),
    ]
}
