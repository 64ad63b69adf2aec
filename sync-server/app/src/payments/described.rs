//! Paying online and coming back from it, told to an integrator.

use crate::api::{By, Field, Told};

const PAYMENT: (&str, Field, &str) = ("id", Field::Id, "Le paiement.");

fn notified(name: &'static str) -> Told {
    Told::new(By::Machine, "PayFiP", name, "PayFiP annonce un résultat")
        .says("Rien n’est cru de ce qui est annoncé : PayFiP est interrogé ensuite.")
        .path(&[PAYMENT])
        .plain(200, "`ok`, quoi qu’il soit venu.")
        .html(400, "L’adresse ne se lit pas.")
        .html(503, "Le serveur ne peut pas répondre maintenant.")
}

/// Every route of this desk.
pub(crate) fn told() -> Vec<Told> {
    vec![
        notified("GET /payfip/notification/{id}"),
        notified("POST /payfip/notification/{id}"),
        Told::new(By::Machine, "PayFiP", "POST /payfip/retour/{id}", "PayFiP renvoie le navigateur, par un formulaire")
            .path(&[PAYMENT])
            .goes("Vers la même adresse, sans le formulaire.")
            .html(400, "L’adresse ne se lit pas.")
            .html(404, "Aucun paiement de ce nom.")
            .html(503, "Le serveur ne peut pas répondre maintenant."),
        Told::new(By::Anyone, "PayFiP", "GET /payfip/retour/{id}", "Comment un paiement s’est terminé")
            .says("S’ouvre aussi dans un navigateur qui a perdu sa session : ni nom, ni montant. Qui peut payer la facture y trouve des liens.")
            .path(&[PAYMENT])
            .html(200, "Le résultat connu.")
            .html(404, "Aucun paiement de ce nom."),
        Told::new(By::Guardian, "PayFiP", "POST /famille/factures/{id}/payer", "Commencer à payer une facture")
            .says("La tentative est enregistrée avant que PayFiP soit appelé.")
            .path(&[("id", Field::Id, "La facture.")])
            .typed(&[], None)
            .goes("Vers la page de paiement de PayFiP.")
            .html(409, "Cette facture ne se paie pas ainsi, ou un paiement est en cours : la page dit pourquoi."),
    ]
}
