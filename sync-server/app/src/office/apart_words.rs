//! Why an entry was set apart, in a person's words: what happened, and what to think of.

/// A code, as a page says it.
pub(super) struct Why {
    /// In three words.
    pub title: &'static str,
    /// What happened.
    pub happened: &'static str,
    /// What to think of before deciding.
    pub think: &'static str,
    /// Whether such an entry can be kept at all: others can only be discarded, and what is true of them is typed on the day's sheet.
    pub keepable: bool,
}

const NOT_KEEPABLE: &str =
    "Il ne peut pas être retenu. Si l’enfant était là, ajoutez sa présence sur la feuille du jour, puis écartez ceci.";

/// The words of a code of [`crate::sync::judge`]; one that this version doesn't know is said as such.
pub(super) fn why(code: &str) -> Why {
    let no = |title, happened| Why { title, happened, think: NOT_KEEPABLE, keepable: false };
    match code {
        "appareil_revoque" => Why {
            title: "Tablette révoquée",
            happened: "La tablette était révoquée quand ces pointages sont arrivés. Ils portent sa signature, mais rien ne dit qui l’avait en main.",
            think: "Retenez ce que l’équipe reconnaît, par exemple les passages d’avant la perte. Écartez ce qui vient d’après, ou que personne ne reconnaît.",
            keepable: true,
        },
        "epoque_inconnue" => Why {
            title: "Suite que le serveur n’a pas donnée",
            happened: "La tablette scelle dans une époque que ce serveur ne lui a pas donnée : il a sans doute été restauré d’une sauvegarde plus ancienne.",
            think: "Si la tablette reprend contact, ces pointages entrent d’eux-mêmes. Ne les retenez ici que si elle ne reviendra pas.",
            keepable: true,
        },
        "auteur_inconnu" => no(
            "Appareil inconnu",
            "Aucun appareil de ce site ne répond de ces pointages : leur signature ne peut pas être vérifiée, et n’importe qui a pu les fabriquer.",
        ),
        "autre_site" => no("Scellé pour un autre site", "Ces pointages disent un autre bâtiment que celui où ils ont été remis."),
        "collectivite_etrangere" => {
            no("Autre collectivité", "Ces pointages sont au nom d’une collectivité qui n’a pas de lieu dans ce bâtiment.")
        }
        "contenu_altere" => no("Contenu changé", "Le contenu n’est pas celui qui a été scellé : quelque chose l’a changé en chemin."),
        "epoque_mal_ouverte" => no(
            "Suite mal commencée",
            "La tablette a commencé une nouvelle suite sans l’annoncer comme il faut. Prévenez qui tient le logiciel.",
        ),
        "identifiant_repris" => {
            no("Identifiant déjà pris", "Un autre pointage porte le même identifiant. Le premier venu compte ; celui-ci dit autre chose.")
        }
        "reserve_au_serveur" => no("Réservé au serveur", "Une tablette a scellé ce que seul le serveur a le droit de sceller."),
        "contenu_efface" => no("Contenu effacé", "Le contenu a été effacé à la demande de la famille."),
        _ => no("Motif inconnu", "Une version plus récente a mis ces pointages de côté. Prévenez qui tient le logiciel."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::decisions::KEEPABLE;

    #[test]
    fn what_can_be_kept_is_offered_and_nothing_else() {
        let codes = [
            "appareil_revoque",
            "epoque_inconnue",
            "auteur_inconnu",
            "autre_site",
            "collectivite_etrangere",
            "contenu_altere",
            "epoque_mal_ouverte",
            "identifiant_repris",
            "reserve_au_serveur",
            "contenu_efface",
            "d_une_version_plus_recente",
        ];
        for code in codes {
            assert_eq!(why(code).keepable, KEEPABLE.contains(&code), "{code}");
            assert!(code == "d_une_version_plus_recente" || why(code).title != why("?").title, "{code} has no words");
        }
    }
}
