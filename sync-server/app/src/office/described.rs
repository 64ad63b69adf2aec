//! The desk's pages, told to an integrator: who may is the table's own word, what each reads and answers stands here.

use super::table::{Entry, Needs, table};
use super::{
    account, activation_code, acts, alerts, apart, bill, bill_acts, day, day_acts, day_list, decide, door_code, draft, families, fleet,
    household, issue, paper, payments, questions, run, site_watch, tablet, team,
};
use crate::api::{By, Field, Told};
use crate::identity::Right;

const ORGANISATION: (&str, Field, &str) = ("organisation", Field::Code("VLP"), "Le code de la collectivité.");
const DATE: (&str, Field, &str) = ("date", Field::Day, "Le jour ; par défaut aujourd’hui.");
const DONE: &str = "Ce qui vient d’être fait, pour que la page le dise.";
const SEARCH: (&str, Field, &str) = ("cherche", Field::Text(0), "Une partie d’un nom.");
const PAGE: (&str, Field, &str) = ("page", Field::Number, "La page, à partir de 1.");
const WHY: (&str, Field, &str) = ("motif", Field::Text(0), "Pourquoi.");
const CHILD: (&str, Field, &str) = ("enfant", Field::Code("E0001"), "Le code de l’enfant.");
const TOKEN: (&str, Field, &str) = ("jeton", Field::Id, "Tiré à l’affichage du formulaire : envoyé deux fois, c’est un seul acte.");
const EUROS: (&str, Field, &str) = ("montant", Field::Text(12), "En euros : « 12,50 ».");
const ENTRY: (&str, Field, &str) = ("pointage", Field::Id, "Le pointage.");

/// Every route of [`table`], and the one before it.
pub(crate) fn told() -> Vec<Told> {
    let first = Told::new(By::LoggedIn, "Bureau", "GET /bureau", "Choisir une collectivité")
        .html(200, "Celles où ce compte a un rôle.")
        .goes("La seule, s’il n’y en a qu’une.")
        .html(404, "Aucun rôle nulle part.");
    std::iter::once(first).chain(table().iter().map(of)).collect()
}

fn of(entry: &Entry) -> Told {
    let Some((title, tell)) = words(entry.name) else { return Told::new(By::Agent, "Bureau", entry.name, "") };
    let mut told = Told::new(By::Agent, "Bureau", entry.name, title).says(needs(entry.needs));
    if let Some(said) = entry.told {
        told = told.says(format!("Laisse une ligne dans l’audit : « {said} »."));
    }
    let segments: Vec<_> = entry.path().split('/').filter_map(segment).collect();
    tell(told.path(&segments))
}

fn needs(needs: Needs) -> String {
    match needs {
        Needs::AnyRole => "Tout rôle dans la collectivité.".into(),
        Needs::Whole(right) => format!("Droit dans toute la collectivité : {}.", said(right)),
        Needs::Somewhere(right) => format!("Droit, fût-ce dans un seul lieu : {}.", said(right)),
    }
}

fn said(right: Right) -> &'static str {
    match right {
        Right::SeeDay => "voir la journée",
        Right::SignDay => "signer la journée",
        Right::CorrectDay => "corriger la journée",
        Right::SeeFamilies => "voir les familles",
        Right::EditFamilies => "modifier les familles",
        Right::SeeBilling => "voir la facturation",
        Right::Decide => "décider de ce qu’un projet de facturation demande",
        Right::Issue => "émettre",
        Right::Collect => "encaisser",
        Right::SeeAlerts => "voir les signalements",
        Right::EditTeam => "codes de l’équipe",
        Right::Fleet => "tablettes",
        Right::SeeAudit => "lire l’audit",
        Right::Manage => "comptes et réglages",
    }
}

fn segment(part: &str) -> Option<(&'static str, Field, &'static str)> {
    Some(match part {
        "{organisation}" => ORGANISATION,
        "{centre}" => ("centre", Field::Code("GARD"), "Le code du lieu."),
        // In a month's draft these are codes of files, elsewhere ids: an example of either is a text.
        "{household}" => ("household", Field::Name("F01"), "Le foyer : son identifiant, ou son code dans un projet de facturation."),
        "{person}" => ("person", Field::Id, "La personne."),
        "{month}" => ("month", Field::Month, "Le mois, AAAA-MM."),
        "{regie}" => ("regie", Field::Code("CG"), "Le code de la régie."),
        "{payer}" => ("payer", Field::Code("R01"), "Le code du payeur ; `-` : personne."),
        "{run}" => ("run", Field::Id, "La campagne."),
        "{bill}" => ("bill", Field::Id, "La facture."),
        "{receipt}" => ("receipt", Field::Id, "La quittance."),
        "{payment}" => ("payment", Field::Id, "Le paiement."),
        "{question}" => ("question", Field::Id, "La question."),
        "{staff}" => ("staff", Field::Id, "Le membre de l’équipe."),
        "{device}" => ("device", Field::Id, "La tablette."),
        "{apart}" => ("apart", Field::Id, "Le pointage mis de côté."),
        "{alert}" => ("alert", Field::Id, "Le signalement."),
        _ => return None,
    })
}

/// A route's title, and what else is told of it.
type Tell = (&'static str, fn(Told) -> Told);

fn words(name: &str) -> Option<Tell> {
    of_days(name).or_else(|| of_families(name)).or_else(|| of_billing(name)).or_else(|| of_tablets(name)).or_else(|| of_the_rest(name))
}

fn of_days(name: &str) -> Option<Tell> {
    let tell: Tell = match name {
        "GET /bureau/{organisation}" => ("Aujourd’hui", |t| {
            t.html(200, "Les lieux, avec qui est là.").goes("Sans droit de voir une journée : première page du rôle.")
        }),
        "GET /bureau/{organisation}/journee/{centre}" => ("La journée d’un lieu", |t| {
            t.query::<day::Asked>(&[
                DATE,
                CHILD,
                ("montre", Field::OneOf(&["a-voir"]), "Seulement les lignes à regarder."),
                ("fait", Field::OneOf(&["signee", "deja", "corrigee", "retire", "ajoute"]), DONE),
            ])
            .html(200, "La feuille de présence.")
            .html(422, "Ce jour n’en est pas un.")
        }),
        "GET /bureau/{organisation}/liste-de-secours" => ("Les listes de secours", |t| {
            t.query::<day_list::Asked>(&[("fait", Field::OneOf(&["faite", "pareille", "fermee"]), DONE)])
                .html(200, "Celles d’aujourd’hui et de demain, par lieu.")
        }),
        day_list::MAKE => ("Faire une liste de secours", |t| {
            t.form::<day_list::Typed>(&[DATE]).goes("Vers les listes.").html(422, "Ce jour n’est ni aujourd’hui ni demain.")
        }),
        day_list::PDF => ("Ouvrir une liste de secours", |t| {
            t.query::<day_list::Wanted>(&[DATE])
                .file(200, &["application/pdf"], "La dernière faite pour ce jour.")
                .html(404, "Aucune n’a été faite pour ce jour.")
                .html(422, "Ce jour n’en est pas un.")
        }),
        day_acts::SIGN => ("Signer une journée", day_form),
        day_acts::CORRECT => ("Corriger une heure", day_form),
        day_acts::RETRACT => ("Retirer un pointage", day_form),
        day_acts::ADD => ("Ajouter une présence", day_form),
        _ => return None,
    };
    Some(tell)
}

/// Four acts, one form: each reads some of its fields.
fn day_form(told: Told) -> Told {
    told.says("Les quatre formulaires d’une journée ont les mêmes champs, chacun en lit une partie.")
        .form::<day_acts::Typed>(&[
            DATE,
            CHILD,
            ENTRY,
            ("heure", Field::Time, "L’heure juste."),
            ("activite", Field::Code("SOIR"), "Le code de l’activité ; vide : celle de l’heure."),
            ("arrivee", Field::Time, "L’heure d’arrivée."),
            ("depart", Field::Time, "L’heure de départ."),
            WHY,
        ])
        .goes("Vers la journée.")
}

fn of_families(name: &str) -> Option<Tell> {
    let tell: Tell = match name {
        "GET /bureau/{organisation}/familles" => {
            ("Chercher une famille", |t| t.query::<families::Asked>(&[SEARCH]).html(200, "Les foyers trouvés."))
        }
        household::READ => ("Le dossier d’un foyer", |t| {
            t.query::<household::Asked>(&[("fait", Field::OneOf(&["borne", "borne-retire"]), DONE)]).html(200, "Le dossier.")
        }),
        door_code::ROUTE => ("Poser ou retirer le code d’une personne à la borne des familles", |t| {
            t.says("Avec la fin du téléphone, ce code fait ce que fait une carte. Il n’est jamais montré ensuite.")
                .form::<team::Typed>(&[("code", Field::Text(6), "4 à 6 chiffres ; vide : plus de code.")])
                .goes("Vers le dossier du foyer.")
                .html(422, "Ce code n’est pas posé : le dossier, et pourquoi.")
        }),
        activation_code::ROUTE => ("Donner un code d’activation", |t| t.typed(&[], None).html(200, "Le code, montré une fois.")),
        _ => return None,
    };
    Some(tell)
}

fn of_billing(name: &str) -> Option<Tell> {
    let tell: Tell = match name {
        "GET /bureau/{organisation}/facturation" => ("Le projet de facturation d’un mois", |t| {
            let month = ("mois", Field::Month, "Le mois ; par défaut le dernier.");
            t.query::<draft::Asked>(&[month, PAGE, SEARCH, ("fait", Field::OneOf(&["decide", "rien"]), DONE)])
                .html(200, "Ce qui serait facturé, et ce qui l’empêche.")
                .html(422, "Ce mois n’en est pas un.")
        }),
        draft::READ => ("Une facture du projet", |t| t.html(200, "Ses lignes et leur explication.")),
        decide::ROUTE => ("Décider d’un point du projet", |t| {
            t.form::<decide::Typed>(&[
                ("probleme", Field::Name("journee_non_signee|GARD|||"), "Le point, par son nom."),
                ("genre", Field::Code("journee_non_signee"), "Ou tous ceux d’un genre."),
                ("parmi", Field::OneOf(&["grave", "look", "here"]), "Du genre : ceux qui empêchent, à regarder, ou décidés."),
                ("decision", Field::Code("emettre_quand_meme"), "La décision."),
                ("motif", Field::Text(200), "Pourquoi."),
            ])
            .goes("Vers le projet.")
        }),
        "GET /bureau/{organisation}/emission/{month}" => {
            ("Avant d’émettre un mois", |t| t.html(200, "Ce qui sera émis.").html(422, "Ce mois n’en est pas un."))
        }
        issue::ROUTE => ("Émettre un mois", |t| {
            t.form::<issue::Typed>(&[("exercice", Field::Code("2026"), "L’exercice ; par défaut celui d’aujourd’hui.")])
                .goes("Vers la campagne, ou vers le projet s’il n’y avait rien à facturer.")
        }),
        "GET /bureau/{organisation}/campagnes/{run}" => {
            ("Une campagne", |t| t.query::<run::Asked>(&[PAGE, SEARCH]).html(200, "Ses chiffres et ses factures."))
        }
        paper::ROUTE => ("Imprimer les factures sur papier", |t| {
            t.form::<paper::Typed>(&[("lot", Field::Code("1790000000000"), "Un lot déjà imprimé ; vide : le suivant.")]).file(
                200,
                &["application/pdf"],
                "Un seul PDF.",
            )
        }),
        bill::READ => ("Une facture", |t| {
            t.query::<bill::Asked>(&[("fait", Field::OneOf(&["encaisse", "quittance-annulee", "remise", "annulee"]), DONE)])
                .html(200, "Ses lignes, ses paiements.")
        }),
        bill_acts::RECEIVE => ("Encaisser au guichet", |t| {
            t.says("Une quittance numérotée ; ce qui dépasse la facture paie les plus anciennes de la même régie, puis reste d’avance.")
                .form::<bill_acts::Brought>(&[
                    TOKEN,
                    (
                        "moyen",
                        Field::OneOf(&["especes", "cheque", "carte", "virement", "prelevement", "cesu", "ancv"]),
                        "Le moyen de paiement.",
                    ),
                    EUROS,
                    ("jour", Field::Day, "Le jour du paiement."),
                    ("reference", Field::Text(300), "Numéro du chèque, référence du virement ; peut rester vide."),
                ])
                .goes("Vers la facture.")
                .html(422, "Ce paiement n’est pas pris : la facture, et pourquoi.")
        }),
        bill_acts::VOID => ("Annuler une quittance", |t| {
            t.form::<bill_acts::Reason>(&[WHY]).goes("Vers la facture.").html(422, "Pas de motif, ou déjà annulée.")
        }),
        bill_acts::WRITE_OFF => ("Remettre une dette", |t| {
            t.form::<bill_acts::Forgiven>(&[
                TOKEN,
                ("genre", Field::OneOf(&["remise_gracieuse", "non_valeur", "creance_eteinte"]), "Pourquoi la dette s’en va."),
                EUROS,
                ("motif", Field::Text(300), "La délibération ou le jugement : numéro et date."),
            ])
            .goes("Vers la facture.")
            .html(422, "Plus que ce qui reste dû, ou pas de délibération.")
        }),
        bill_acts::CANCEL => ("Annuler une facture par un avoir", |t| {
            t.form::<bill_acts::Reason>(&[WHY]).goes("Vers la facture.").html(422, "Pas de motif, ou déjà annulée.")
        }),
        account::READ => ("Le compte d’un payeur à une régie", |t| t.html(200, "Ses écritures et son solde.")),
        "GET /bureau/{organisation}/paiements" => ("Les paiements", |t| {
            t.query::<payments::Asked>(&[
                ("fait", Field::OneOf(&["encaisse", "classe", "rejete"]), DONE),
                ("cherche", Field::Text(100), "Une partie d’un numéro de facture, ou de la référence de PayFiP."),
                ("avant", Field::Number, "Seulement ceux commencés avant, en millisecondes depuis 1970 : la page suivante."),
            ])
            .html(200, "Ceux à vérifier, puis les autres.")
        }),
        payments::DECIDE => ("Décider d’un paiement", |t| {
            t.form::<payments::Typed>(&[
                ("decision", Field::OneOf(&["encaisse", "rien", "rejete"]), "Ce que la trésorerie a dit."),
                ("montant", Field::Name("20,00"), "Le montant encaissé, en euros."),
                ("motif", Field::Text(500), "D’où on le sait."),
            ])
            .goes("Vers les paiements.")
        }),
        bill::PDF => ("Le document d’une facture", |t| t.file(200, &["application/pdf"], "Le PDF gardé.").html(409, "En préparation.")),
        _ => return None,
    };
    Some(tell)
}

fn of_tablets(name: &str) -> Option<Tell> {
    let tell: Tell = match name {
        "GET /bureau/{organisation}/a-decider" => ("Les pointages mis de côté", |t| {
            t.query::<apart::Asked>(&[PAGE, ("fait", Field::OneOf(&["retenu", "ecarte", "retenu-reste", "ecarte-reste"]), DONE)])
                .html(200, "Par tablette et par raison, ceux qui attendent d’abord.")
        }),
        "GET /bureau/{organisation}/a-decider/{apart}" => ("Un lot de pointages mis de côté", |t| {
            t.query::<apart::Asked>(&[PAGE, ("fait", Field::OneOf(&["retenu", "ecarte", "retenu-reste", "ecarte-reste"]), DONE)])
                .html(200, "Celui-ci et ceux qui l’ont été de même : pourquoi, et ce qui en dépend.")
        }),
        apart::ONE => {
            ("Décider d’un pointage mis de côté", |t| {
                t.says("Retenir est définitif : le pointage entre au journal, une seule fois. Écarter garde la preuve ; on peut retenir ensuite.")
                .form::<apart::Typed>(&APART)
                .goes("Vers les pointages mis de côté.")
            })
        }
        apart::LOT => ("Décider d’un lot de pointages mis de côté", |t| {
            t.says("1 000 au plus à la fois. Ce qui est arrivé depuis que la page a été lue n’en est pas.")
                .form::<apart::Typed>(&APART)
                .goes("Vers les pointages mis de côté.")
        }),
        "GET /bureau/{organisation}/signalements" => ("Les signalements", |t| {
            t.query::<alerts::Asked>(&[("fait", Field::OneOf(&["vu"]), DONE)]).html(200, "Chacun en mots, avec ce qu’il faut faire.")
        }),
        alerts::SEEN => ("Noter un signalement comme vu", |t| {
            t.form::<alerts::Typed>(&[("jusqua", Field::Number, "Quand le dernier montré a été fait, en millisecondes depuis 1970.")])
                .goes("Vers les signalements.")
        }),
        "GET /bureau/{organisation}/equipe" => ("L’équipe des lieux", |t| {
            t.query::<team::Asked>(&[("fait", Field::OneOf(&["code", "retire"]), DONE)]).html(200, "Qui a un code, et depuis quand.")
        }),
        team::CODE => ("Poser ou retirer un code personnel", |t| {
            t.says("Un code nomme une personne à la tablette. Il n’est jamais montré ensuite.")
                .form::<team::Typed>(&[("code", Field::Text(6), "4 à 6 chiffres ; vide : plus de code.")])
                .goes("Vers l’équipe.")
                .html(422, "Ce code n’est pas posé : l’équipe, et pourquoi.")
        }),
        "GET /bureau/{organisation}/tablettes" => ("Les tablettes", |t| {
            t.query::<fleet::Asked>(&[("fait", Field::OneOf(&["revoquee", "veille"]), DONE)]).html(200, "Le parc et les codes vivants.")
        }),
        fleet::CODE => ("Donner un code d’enrôlement", |t| {
            t.form::<fleet::Typed>(&[("site", Field::Id, "Le site.")]).html(200, "Le code et son dessin, montrés une fois.")
        }),
        site_watch::ROUTE => ("Être prévenu quand un site ne dit rien", |t| {
            t.form::<site_watch::Typed>(&[
                ("site", Field::Id, "Le site."),
                ("heure", Field::Time, "L’heure à laquelle une tablette doit avoir joint le serveur ; vide : plus de veille."),
            ])
            .goes("Vers les tablettes.")
        }),
        "GET /bureau/{organisation}/tablettes/{device}" => ("Une tablette", |t| {
            t.query::<tablet::Asked>(&[("fait", Field::OneOf(&["renommee"]), DONE)])
                .html(200, "Comment elle va.")
                .html(405, "`codes` et `veille` ne sont pas des tablettes : ces chemins reçoivent des formulaires.")
        }),
        tablet::RENAME => ("Renommer une tablette", |t| t.form::<tablet::Typed>(&OF_TABLET).goes("Vers la tablette.")),
        tablet::MOVE => ("Donner un code pour changer de bâtiment", |t| {
            t.says("Refusé tant que des pointages attendent. L’accès d’avant se ferme quand la tablette est entrée là-bas.")
                .form::<tablet::Typed>(&OF_TABLET)
                .html(200, "Le code et son dessin, montrés une fois.")
        }),
        "GET /bureau/{organisation}/tablettes/{device}/revocation" => {
            ("Avant de révoquer une tablette", |t| t.html(200, "Ce que cela veut dire."))
        }
        fleet::REVOKE => ("Révoquer une tablette", |t| t.typed(&[], None).goes("Vers les tablettes.")),
        _ => return None,
    };
    Some(tell)
}

const APART: [(&str, Field, &str); 4] = [
    ("decision", Field::OneOf(&["retenu", "ecarte"]), "La décision."),
    ("motif", Field::Text(200), "Pourquoi."),
    ("jusqua", Field::Number, "D’un lot : quand le dernier montré est arrivé, en millisecondes depuis 1970."),
    PAGE,
];
const OF_TABLET: [(&str, Field, &str); 2] = [("nom", Field::Text(60), "Son nom."), ("site", Field::Id, "Le site où elle va.")];

fn of_the_rest(name: &str) -> Option<Tell> {
    let tell: Tell = match name {
        "GET /bureau/{organisation}/questions" => ("Les questions des familles", |t| {
            t.query::<questions::Asked>(&[("fait", Field::OneOf(&["repondu"]), DONE)]).html(200, "Celles qui attendent, puis les réponses.")
        }),
        questions::ANSWER => ("Répondre à une famille", |t| {
            t.form::<questions::Typed>(&[("reponse", Field::Text(2000), "La réponse.")]).goes("Vers les questions.")
        }),
        "GET /bureau/{organisation}/actes" => ("Le journal des actes d’un jour", |t| {
            let day = ("jour", Field::Day, "Le jour ; par défaut aujourd’hui.");
            t.query::<acts::Asked>(&[day, ("acte", Field::Name("POST /bureau/{organisation}/emission/{month}"), "Seulement ces actes.")])
                .html(200, "Les actes, et si leur chaîne tient.")
                .html(422, "Ce jour n’en est pas un.")
        }),
        _ => return None,
    };
    Some(tell)
}
