//! What a call means, in a person's words, and what to do about it.

use crate::sync::alerts::{EXISTS_TWICE, JOURNAL_DAMAGED, SITE_SILENT};
use crate::sync::epoch::NEW_EPOCH;
use crate::sync::set_apart::QUARANTINE_FULL;
use shared::wire::FORK;

/// A kind of call, as a page says it.
pub(super) struct Meaning {
    pub title: &'static str,
    pub what: &'static str,
    pub to_do: &'static str,
    /// `grave` where it can't wait, else `look`.
    pub mark: &'static str,
}

/// The words of a kind; one that this version doesn't know is said as such.
pub(super) fn meaning(kind: &str) -> Meaning {
    let of = |mark, title, what, to_do| Meaning { title, what, to_do, mark };
    match kind {
        FORK => of(
            "grave",
            "Deux suites de pointages",
            "Deux pointages différents tiennent la même place dans la suite d’une tablette : elle a été copiée, ou remise à un état plus ancien. Les deux sont gardés et comptent.",
            "Regardez la feuille des jours concernés et retirez ce qui n’a pas eu lieu. S’il y a deux appareils, réenrôlez celui qui reste et révoquez l’autre.",
        ),
        EXISTS_TWICE => of(
            "grave",
            "Une tablette existe en double",
            "Une copie de cette tablette parle encore, alors que l’autre a déjà continué. La copie enregistre, mais n’envoie plus rien.",
            "Cherchez l’appareil dont l’écran dit « existe en double » et réenrôlez-le avec un nouveau code : ses pointages partiront. S’il n’est à personne, révoquez cette tablette.",
        ),
        NEW_EPOCH => of(
            "look",
            "La tablette a commencé une nouvelle suite",
            "Son journal a été réparé, elle a été remise à un état plus ancien, ou une copie lui a pris une place.",
            "Demandez au lieu si l’écran a dit « Journal réparé » et si des passages manquent ; corrigez la feuille du jour. Si cela recommence, remplacez la tablette.",
        ),
        "chaine_rompue" => of(
            "grave",
            "Une suite ne s’enchaîne pas",
            "Un pointage bien signé ne suit pas celui qui est avant lui. Il est gardé et compte, mais quelque chose a été perdu ou remplacé sur la tablette.",
            "Comparez la feuille du jour avec ce que l’équipe sait, puis prévenez qui tient le logiciel (« journal verify » dit où).",
        ),
        QUARANTINE_FULL => of(
            "grave",
            "Trop de pointages attendent une décision",
            "Cette tablette a remis plus de pointages douteux que le serveur n’en garde. La suite reste sur elle.",
            "Décidez de ceux qui attendent (page « À décider ») : la suite arrivera ensuite. Ne videz pas la tablette avant.",
        ),
        JOURNAL_DAMAGED => of(
            "look",
            "Un journal abîmé a été mis de côté",
            "La tablette a trouvé un de ses fichiers abîmé. Elle a repris ce qui se lit et continue ; le fichier est gardé sur elle.",
            "Regardez avec le lieu qui est présent. Une tablette dont la mémoire recommence est à remplacer. Le fichier contient des noms : voyez la page « La tablette à l’entrée ».",
        ),
        SITE_SILENT => of(
            "look",
            "Un site n’a rien dit aujourd’hui",
            "À l’heure convenue, aucune tablette de ce site n’avait joint le serveur aujourd’hui. Ses pointages sont gardés sur elle.",
            "Appelez le lieu : la tablette est-elle allumée, le réseau va-t-il ? Ce signalement se termine seul au prochain échange.",
        ),
        _ => of(
            "look",
            "Signalement d’une version plus récente",
            "Ce serveur ne connaît pas ce signalement.",
            "Prévenez qui tient le logiciel.",
        ),
    }
}
