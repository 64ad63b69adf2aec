//! The tablets' routes, told to an integrator. Statuses and codes are those of [`super::refusal`].

use crate::api::{By, Told};
use shared::wire::{
    EnrolChallenge, EnrolConfirm, EnrolDone, EnrolHello, EpochAsk, EpochGiven, PhotoAsk, Problem, Pull, PullAnswer, Push, PushAnswer,
    Session, SessionChallenge, SessionHello, SessionProof, TimeAsk, TimeTold,
};

fn told_of(by: By, name: &'static str, title: &str) -> Told {
    Told::new(by, "Tablettes", name, title)
        .json::<Problem>(400, "`requete_illisible` : le corps n’est pas ce que la route prend.")
        .json::<Problem>(413, "`requete_trop_grande` : plus de 1 Mio, une fois décompressé.")
        .json::<Problem>(415, "`encodage_inconnu` : le corps peut être compressé en gzip, et d’aucune autre façon.")
        .json::<Problem>(426, "`tls_exige` : la synchronisation passe par https.")
        .json::<Problem>(503, "`indisponible` : la tablette réessaie.")
}

/// Every route of [`super::routes::ROUTES`].
pub(crate) fn told() -> Vec<Told> {
    vec![
        told_of(By::Machine, "POST /sync/v1/time", "L’heure du serveur, signée par l’autorité de synchronisation")
            .says(
                "Pour une tablette dont l’horloge ne peut pas dire si le certificat du serveur est valable. Signe \
                 `\"preau/time/1\\0\"`, le nombre de la tablette (32 octets) et l’heure (8 octets, gros-boutiste) : ECDSA P-256, SHA-256, ASN.1.",
            )
            .takes::<TimeAsk>()
            .json::<TimeTold>(200, "L’heure, et la signature.")
            .json::<Problem>(429, "`trop_d_heures` : 240 par minute depuis une adresse."),
        told_of(By::Machine, "POST /sync/v1/enrol/hello", "Enrôlement, premier pas : le serveur prouve qu’il connaît le code")
            .says("Le code ne voyage pas : les deux côtés en tirent un nom et une clé (Argon2id).")
            .takes::<EnrolHello>()
            .json::<EnrolChallenge>(200, "Le certificat à retenir, et la preuve.")
            .json::<Problem>(404, "`code_inconnu` : n’existe pas, ou n’est plus valable.")
            .json::<Problem>(429, "`trop_d_essais` : dix par minute depuis une adresse.")
            .json::<Problem>(503, "`reprise` : après une restauration, avant la confirmation d’un agent."),
        told_of(By::Machine, "POST /sync/v1/enrol/confirm", "Enrôlement, second pas : la tablette prouve le code et sa clé")
            .takes::<EnrolConfirm>()
            .json::<EnrolDone>(200, "La tablette est l’une de celles du site.")
            .json::<Problem>(403, "`preuve_fausse`.")
            .json::<Problem>(404, "`code_inconnu`.")
            .json::<Problem>(409, "`code_deja_utilise` ou `defi_inconnu` ; `tablette_deja_enrolee` ou `tablette_en_double` : la tablette recommence avec une nouvelle clé.")
            .json::<Problem>(429, "`trop_d_essais`.")
            .json::<Problem>(503, "`reprise`."),
        told_of(By::Machine, "POST /sync/v1/session/hello", "Session, premier pas : un nombre à signer")
            .takes::<SessionHello>()
            .json::<SessionChallenge>(200, "Le nombre, valable deux minutes.")
            .json::<Problem>(401, "`appareil_inconnu` : à enrôler."),
        told_of(By::Machine, "POST /sync/v1/session", "Session, second pas : un jeton d’une heure")
            .takes::<SessionProof>()
            .json::<Session>(200, "Le jeton, et où le serveur en est.")
            .json::<Problem>(401, "`appareil_inconnu`.")
            .json::<Problem>(403, "`preuve_fausse`.")
            .json::<Problem>(
                409,
                "`defi_inconnu` ; `epoque_depassee` : cette tablette existe en double ; `epoque_perdue` : le serveur a été restauré \
                 d’avant cette époque, la tablette répète la demande qui la lui avait donnée.",
            ),
        told_of(By::Machine, "POST /sync/v1/epoch", "Demander l’époque suivante")
            .says(
                "Une époque est donnée une seule fois. La même demande (32 octets tirés au sort, gardés avant l’envoi) reçoit la même \
                 réponse ; les sessions de la tablette sont closes, et une personne est prévenue.",
            )
            .takes::<EpochAsk>()
            .json::<EpochGiven>(200, "L’époque dans laquelle sceller désormais.")
            .json::<Problem>(401, "`appareil_inconnu`.")
            .json::<Problem>(403, "`preuve_fausse`, ou `appareil_revoque`.")
            .json::<Problem>(
                409,
                "`defi_inconnu` ; `epoque_deja_donnee` : une autre l’a reçue, cette tablette existe en double ; `epoque_perdue`.",
            )
            .json::<Problem>(429, "`trop_d_epoques` : plus de dix en vingt-quatre heures.")
            .json::<Problem>(503, "`reprise`."),
        told_of(By::Tablet, "POST /sync/v1/push", "Remettre des pointages scellés")
            .says(
                "Un verdict par pointage, définitif sauf `held`. Une tablette révoquée remet aussi : ses pointages attendent une décision.",
            )
            .takes::<Push>()
            .json::<PushAnswer>(200, "Les verdicts, dans l’ordre de l’envoi.")
            .json::<Problem>(401, "`session_expiree`.")
            .json::<Problem>(413, "`trop_d_entrees` : plus de 200."),
        told_of(By::Tablet, "POST /sync/v1/pull", "Lire ce qui a changé sur le site")
            .says(
                "Avec `snapshot`, l’effectif entier dans l’ordre où une porte en a besoin : les adultes interdits ou restreints d’abord, puis \
                 les enfants et qui peut les reprendre, puis le reste, puis les pointages, enfin ce qui a changé depuis le début de la \
                 lecture. La tablette renvoie tel quel le `snapshot` de la dernière réponse ; une lecture coupée reprend là où elle était.",
            )
            .takes::<Pull>()
            .json::<PullAnswer>(200, "Les changements après le curseur, dans l’ordre de leurs numéros.")
            .json::<Problem>(401, "`session_expiree`.")
            .json::<Problem>(403, "`appareil_revoque`.")
            .json::<Problem>(410, "`refresh_required` : le serveur a été restauré, la tablette relit tout."),
        told_of(By::Tablet, "POST /sync/v1/photo", "Lire une photo du site")
            .says(
                "Une photo qu’une fiche du site montre, par l’empreinte que dit la fiche. Une par demande, en JPEG et non en base 64 : une \
                 coupure n’en coûte qu’une, et les pointages passent entre deux.",
            )
            .takes::<PhotoAsk>()
            .file(200, &["image/jpeg"], "La photo : 512 pixels au plus.")
            .json::<Problem>(401, "`session_expiree`.")
            .json::<Problem>(403, "`appareil_revoque`.")
            .json::<Problem>(404, "`photo_inconnue` : d’un autre site, retirée, ou jamais vue : la même réponse."),
    ]
}
