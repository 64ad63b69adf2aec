//! What the schemas of the wire say to an integrator, in French. Their own comments are English, for whoever reads the code: they
//! are taken out, and these put in. A test finds a schema or a field of the exchange that has no word.

use serde_json::{Map, Value};

/// `Type` or `Type.field`, and what it is.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("Problem", "Pourquoi une demande n’a pas été faite."),
    ("Problem.code", "Un nom stable, tel que `code_deja_utilise`."),
    ("Problem.message", "Ce qui s’est passé et quoi faire, pour une personne."),
    ("Bytes", "Des octets en base 64."),
    ("WireEntry", "Un pointage scellé, tel qu’il a été signé."),
    ("WireEntry.envelope", "L’enveloppe : place dans la chaîne, genre, empreinte de la charge. Aucun nom."),
    ("WireEntry.signature", "Ed25519, 64 octets."),
    ("WireEntry.private", "Ce qui peut être effacé ; absent une fois effacé."),
    ("WirePrivate", "La part d’un pointage qui peut être effacée."),
    ("WirePrivate.salt", "32 octets."),
    ("WirePrivate.payload", "La charge : qui, quand, ce qui a été vu."),
    ("WirePrivate.notes", "Les remarques, avec leur sel."),
    ("WireNote", "Une remarque."),
    ("WireNote.salt", "32 octets."),
    ("WireNote.text", "Ce que quelqu’un a écrit."),
    ("EnrolHello", "Une tablette montre sa clé et nomme un code."),
    ("EnrolHello.code_name", "Le nom du code : 16 octets."),
    ("EnrolHello.public_key", "La clé Ed25519 de la tablette : 32 octets."),
    ("EnrolHello.nonce", "32 octets au hasard."),
    ("EnrolChallenge", "Le serveur prouve qu’il connaît le code."),
    ("EnrolChallenge.nonce", "32 octets au hasard, valables deux minutes."),
    ("EnrolChallenge.authority", "Le certificat (DER) de l’autorité de synchronisation, à retenir."),
    ("EnrolChallenge.proof", "HMAC-SHA-256 sous la clé du code."),
    ("EnrolChallenge.site", "Le site du code : une tablette qui ne peut pas quitter le sien le dit avant d’être enrôlée ailleurs."),
    ("EnrolConfirm", "La tablette prouve qu’elle connaît le code et tient sa clé."),
    ("EnrolConfirm.code_name", "Le nom du code : 16 octets."),
    ("EnrolConfirm.public_key", "La clé de la tablette, de nouveau."),
    ("EnrolConfirm.device_nonce", "Le nombre de la tablette, de nouveau."),
    ("EnrolConfirm.server_nonce", "Le nombre du serveur."),
    ("EnrolConfirm.proof", "HMAC-SHA-256 sous la clé du code."),
    ("EnrolConfirm.signature", "Ed25519 sur les mêmes octets."),
    ("EnrolConfirm.device_name", "Comment la machine se nomme : « Tablette de l’entrée »."),
    ("EnrolConfirm.epoch", "L’époque dans laquelle cette clé scelle, si elle était déjà enrôlée."),
    ("EnrolConfirm.succeeds", "La tablette dont cette nouvelle clé prend la suite : le même dossier, avec ce qu’il n’a pas envoyé."),
    ("Succession", "La preuve qu’une nouvelle clé vient du dossier d’une tablette plus ancienne."),
    ("Succession.device", "La plus ancienne."),
    ("Succession.signature", "Ed25519 par sa clé, sur les octets de la confirmation."),
    ("EnrolDone", "La tablette est l’une de celles du site."),
    ("EnrolDone.device", "Son identifiant."),
    ("EnrolDone.site", "Où elle se trouve."),
    ("EnrolDone.site_name", "« École Vauban »."),
    ("EnrolDone.organisations", "Les collectivités des lieux de ce site."),
    ("EnrolDone.epoch", "L’époque dans laquelle elle scelle."),
    ("EnrolDone.certificate", "Ce qui prouve aux autres tablettes du site qu’elle est l’une d’elles."),
    (
        "PeerCertificate",
        "Un certificat pour les autres tablettes du site, signé par l’autorité de synchronisation sur la clé de la tablette : 30 jours.",
    ),
    ("PeerCertificate.certificate", "X.509, DER ; il nomme la tablette, le site et ses collectivités par leurs identifiants."),
    ("PeerCertificate.until_ms", "Sa fin : millisecondes depuis 1970, UTC."),
    ("SessionHello", "Une tablette demande un nombre à signer."),
    ("SessionHello.device", "Qui."),
    ("SessionChallenge", "Le nombre à signer."),
    ("SessionChallenge.nonce", "32 octets au hasard, valables deux minutes."),
    ("SessionProof", "La tablette prouve qui elle est, et montre ses horloges : observées, jamais crues."),
    ("SessionProof.device", "Qui."),
    ("SessionProof.nonce", "Le nombre."),
    ("SessionProof.signature", "Ed25519 : nombre, tablette, démarrage et les deux horloges."),
    ("SessionProof.epoch", "L’époque dans laquelle elle scelle."),
    ("SessionProof.boot", "Quel démarrage."),
    ("SessionProof.boottime_ms", "Millisecondes depuis ce démarrage."),
    ("SessionProof.wall_ms", "L’heure que la tablette croit : millisecondes depuis 1970, UTC."),
    ("SessionProof.capabilities", "Ce qu’elle sait faire, par nom."),
    ("SessionProof.version", "La version du programme."),
    (
        "SessionProof.certificate_until_ms",
        "La fin du certificat qu’elle tient pour les autres tablettes du site ; absente si elle n’en tient aucun.",
    ),
    ("EpochAsk", "Une tablette demande l’époque qui suit celle qu’elle quitte."),
    ("EpochAsk.device", "Qui."),
    ("EpochAsk.nonce", "Le nombre reçu de `session/hello`."),
    ("EpochAsk.signature", "Ed25519 : nombre, tablette, demande, époques, dernier numéro, dernière empreinte, raison."),
    ("EpochAsk.request", "32 octets au hasard qui nomment la demande, gardés sur la tablette avant l’envoi."),
    ("EpochAsk.epoch", "L’époque qu’elle quitte."),
    ("EpochAsk.last_epoch", "L’époque de la dernière entrée à elle qu’elle tient ; 0 sans aucune."),
    ("EpochAsk.last_seq", "Le numéro de cette entrée ; 0 sans aucune."),
    ("EpochAsk.last_hash", "L’empreinte de cette entrée : 32 octets, des zéros sans aucune."),
    ("EpochAsk.reason", "Pourquoi."),
    (
        "EpochReason",
        "`fourche` : une autre entrée tient une de ses places ; `sauvetage` : son journal était abîmé ; `restauration` : le serveur tient plus qu’elle n’a scellé.",
    ),
    ("EpochGiven", "L’époque dans laquelle sceller désormais."),
    ("EpochGiven.epoch", "Une de plus que celle qui est quittée."),
    ("TimeAsk", "Une tablette dont l’horloge est perdue demande l’heure."),
    ("TimeAsk.nonce", "32 octets au hasard, pour qu’aucune réponse d’avant ne convienne."),
    ("TimeTold", "L’heure du serveur, sur la parole de l’autorité que la tablette a retenue."),
    ("TimeTold.server_ms", "L’heure du serveur : millisecondes depuis 1970, UTC."),
    ("TimeTold.signature", "ECDSA P-256 avec SHA-256, en ASN.1 : `\"preau/time/1\\0\"`, le nombre, l’heure en 8 octets gros-boutistes."),
    ("Session", "Une session d’une heure."),
    ("Session.token", "Le jeton, pour l’en-tête `Authorization: Bearer`."),
    ("Session.life_s", "Combien de secondes il vit."),
    ("Session.server_epoch", "Change quand le serveur a été restauré d’une sauvegarde."),
    ("Session.server_ms", "L’heure du serveur : millisecondes depuis 1970, UTC."),
    ("Session.contiguous_seq", "Le numéro jusqu’auquel le serveur tient chaque place de cette époque."),
    ("Session.capabilities", "Ce que le serveur sait faire, par nom."),
    (
        "Session.certificate",
        "Un nouveau certificat pour les autres tablettes du site, à qui sait s’en servir (`peers`) et n’en a plus pour longtemps ; jamais à une tablette révoquée.",
    ),
    (
        "Session.lock_after_days",
        "Après combien de jours sans échange la tablette efface sa liste des enfants, jusqu’à ce que le serveur lui réponde.",
    ),
    ("Session.export_recipient", "Pour qui la tablette scelle un export : un destinataire age (`age1…`)."),
    ("Push", "Des pointages scellés : 200 au plus."),
    ("Push.entries", "Dans l’ordre de leurs numéros."),
    ("PushAnswer", "Un verdict par pointage, dans l’ordre de l’envoi."),
    ("PushAnswer.server_epoch", "Comme dans la session."),
    ("PushAnswer.contiguous_seq", "Comme dans la session."),
    ("PushAnswer.verdicts", "Autant que de pointages."),
    ("Verdict", "Ce qu’un pointage est devenu."),
    ("Verdict.entry", "Son identifiant ; nul là où les octets n’en sont pas un."),
    ("Verdict.verdict", "Définitif, sauf `held`."),
    ("Verdict.code", "Pourquoi, s’il est mis de côté ou refusé."),
    (
        "VerdictKind",
        "`accepted` : vérifié et gardé ; `duplicate` : déjà gardé ; `held` : gardé, attend ceux d’avant ; `quarantined` : gardé à part, \
         une personne décide ; `refused` : pas un pointage, ou signature fausse.",
    ),
    ("Pull", "Les changements après un curseur."),
    ("Pull.cursor", "Le numéro du dernier changement que la tablette tient ; 0 : tout."),
    ("Pull.server_epoch", "L’époque du serveur à laquelle le curseur appartient ; vide la première fois."),
    ("Pull.report", "Comment va la tablette ; absent d’une tablette qui ne le dit pas."),
    ("TabletReport", "Ce qu’une tablette dit d’elle-même : montré, jamais cru pour ouvrir ou fermer quoi que ce soit."),
    ("TabletReport.version", "La version du programme."),
    ("TabletReport.waiting", "Combien de pointages le serveur n’a pas confirmés."),
    ("TabletReport.oldest_waiting_s", "Depuis combien de secondes le plus ancien d’entre eux est scellé."),
    ("TabletReport.refused", "Combien de pointages le serveur a refusés."),
    ("TabletReport.reader", "Le lecteur de badges : `branche`, `absent` ; absent si la machine ne peut pas le dire."),
    ("TabletReport.battery_percent", "La batterie, en pour cent ; absent sans batterie."),
    ("TabletReport.plugged_in", "Si elle est branchée au secteur ; absent si la machine ne peut pas le dire."),
    ("TabletReport.key_storage", "Comment sa clé est gardée : `fichier`, `tpm`."),
    ("TabletReport.set_aside", "Combien de fichiers abîmés sont mis de côté sur elle."),
    ("PullAnswer", "Des changements, dans l’ordre."),
    ("Pull.snapshot", "L’effectif entier est demandé, et jusqu’où il est venu ; absent : les changements après le curseur."),
    ("PullAnswer.snapshot", "Où reprend l’effectif entier qui a été demandé, à renvoyer tel quel."),
    ("Snapshot", "Une place dans la lecture de l’effectif entier. Vide : elle commence."),
    ("Snapshot.head", "Numéro du dernier changement du site quand la lecture a commencé."),
    ("Snapshot.after", "Où reprendre parmi les fiches ; absent : elles sont toutes là, les pointages suivent par le curseur."),
    ("PhotoAsk", "La photo qu’une fiche du site montre."),
    ("PhotoAsk.item", "La clé de la fiche qui la montre, par exemple `child:…`."),
    ("PhotoAsk.hash", "SHA-256 du JPEG (32 octets), comme la fiche le dit."),
    ("PullAnswer.server_epoch", "Comme dans la session."),
    ("PullAnswer.cursor", "Le curseur après ces changements."),
    ("PullAnswer.more", "S’il y en a d’autres."),
    ("PullAnswer.changes", "500 au plus. Un lecteur passe celui qu’il ne connaît pas."),
    ("Change", "Un changement de ce qu’une tablette sait."),
    (
        "ChangeBody",
        "Une fiche à mettre (`put`) ou à retirer (`remove`), un pointage d’ailleurs (`entry`), un pointage à oublier (`forget`).",
    ),
    ("Item", "Une fiche de ce qu’une tablette sait de son site."),
    ("Site", "Le bâtiment."),
    ("Centre", "Un lieu d’accueil du site."),
    ("Group", "Un groupe d’un lieu."),
    ("Class", "Une classe d’une école du site."),
    ("Activity", "Un moment que le tableau peut montrer."),
    ("Child", "Un enfant qui peut venir sur le site."),
    ("Adult", "Un adulte et un enfant : peut le prendre, ne doit jamais le prendre, ou sous conditions."),
    ("Care", "La fiche d’urgence d’un enfant : ce qu’il faut savoir, et qui appeler. Une tablette la scelle."),
    ("Care.child", "De qui."),
    ("Care.allergies", "Telles que la famille les a écrites ; vide si elle n’en a dit aucune."),
    ("Care.plan", "La consigne du projet d’accueil individualisé ; vide s’il n’y en a pas."),
    ("Care.contacts", "Qui appeler, dans l’ordre ; jamais une personne interdite."),
    ("Contact", "Une personne à appeler pour un enfant."),
    ("Contact.name", "Son prénom et son nom."),
    ("Contact.link", "Son lien avec l’enfant."),
    ("Contact.telephone", "Tel qu’il a été donné ; vide s’il est confidentiel ou inconnu."),
    ("OtherCentre", "Un lieu d’un autre site, où un car peut conduire un enfant."),
    ("OtherCentre.id", "Son identifiant."),
    ("OtherCentre.organisation", "La collectivité : un enfant va d’un lieu de la sienne à un autre."),
    ("OtherCentre.name", "« Les Coccinelles »."),
    ("EnRoute", "Un enfant parti d’un autre site pour un lieu de celui-ci, et dont rien n’est noté depuis."),
    ("EnRoute.child", "Qui."),
    ("EnRoute.centre", "Vers quel lieu de ce site."),
    ("EnRoute.from", "De quel site : « École Vauban »."),
    ("EnRoute.left_at_ms", "Quand, en millisecondes depuis 1970 UTC."),
    ("FamilyNote", "Ce qu’une famille dit à l’équipe d’un jour, qu’une tablette scelle."),
    ("FamilyNote.child", "De quel enfant."),
    ("FamilyNote.day", "De quel jour."),
    ("FamilyNote.person", "Qui l’a écrit."),
    ("FamilyNote.author", "« Claire Martin »."),
    ("FamilyNote.text", "Comme il a été écrit : 300 lettres au plus."),
    ("DoorCode", "Le code d’un adulte à une borne des familles : son empreinte, qu’une tablette scelle."),
    ("DoorCode.person", "De qui."),
    ("DoorCode.telephone_end", "Les quatre derniers chiffres de son téléphone, tapés avant le code."),
    ("DoorCode.hash", "Argon2id, écrit à la façon PHC. Le code lui-même ne circule jamais."),
    ("StaffPin", "Le code personnel d’un membre du personnel : son empreinte, qu’une tablette scelle."),
    ("StaffPin.staff", "De qui."),
    ("StaffPin.hash", "Argon2id, écrit à la façon PHC. Le code lui-même ne circule jamais."),
    ("StaffingRule", "Combien d’adultes il faut dans un lieu : `encadrement` de lieux.csv."),
    ("AdultStatus", "Autorisé, sous conditions, ou interdit."),
    ("Badge", "Une carte."),
    ("BadgeHolder", "À qui est la carte : un foyer, une personne, un membre du personnel."),
    ("Booking", "Une présence prévue."),
    ("BookingRule", "S’il faut réserver."),
    ("Recording", "Comment une activité se pointe."),
    ("Period", "Les jours de l’année où une activité a lieu."),
    ("Staff", "Un membre du personnel."),
    (
        "Device",
        "Un appareil du site et sa clé : ce qu’une autre tablette apporte de lui est cru par elle. Ce qu’un appareil révoqué a transmis ne compte pas.",
    ),
    ("SchoolHoliday", "Des vacances scolaires."),
    ("Zone", "Une zone de vacances scolaires."),
    ("Weekdays", "Les jours de la semaine : un bit chacun, lundi le plus bas."),
    ("Dated_GroupId", "Un groupe, d’un jour à un jour."),
    ("Dated_ClassId", "Une classe, d’un jour à un jour."),
    ("Dated_ActivityId", "Une activité, d’un jour à un jour."),
    ("ActivityId", "L’identifiant d’une activité."),
    ("BadgeId", "L’identifiant d’une carte."),
    ("BookingId", "L’identifiant d’une réservation."),
    ("BootId", "L’identifiant d’un démarrage de machine."),
    ("CentreId", "L’identifiant d’un lieu."),
    ("ChildId", "L’identifiant d’un enfant."),
    ("ClassId", "L’identifiant d’une classe."),
    ("DeviceId", "L’identifiant d’une tablette."),
    ("EntryId", "L’identifiant d’un pointage."),
    ("GroupId", "L’identifiant d’un groupe."),
    ("HouseholdId", "L’identifiant d’un foyer."),
    ("OrganisationId", "L’identifiant d’une collectivité."),
    ("PersonId", "L’identifiant d’une personne."),
    ("SiteId", "L’identifiant d’un site."),
    ("StaffId", "L’identifiant d’un membre du personnel."),
];

fn word(name: &str) -> Option<Value> {
    WORDS.iter().find(|(known, _)| *known == name).map(|(_, words)| Value::from(*words))
}

/// Takes the code's comments out of the schemas, and puts the words in.
pub(super) fn put(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    for (name, schema) in schemas {
        without_comments(schema);
        let Some(schema) = schema.as_object_mut() else { continue };
        say(schema, name);
        if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            for (field, schema) in fields.iter_mut().filter_map(|(field, schema)| Some((field, schema.as_object_mut()?))) {
                say(schema, &format!("{name}.{field}"));
            }
        }
    }
}

/// Schemas without a word, fields without one where their schema tells of any, and words of nothing.
pub(super) fn missing(document: &Value) -> Vec<String> {
    let nothing = Map::new();
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&nothing);
    let fields = |name: &str, schema: &Value| -> Vec<String> {
        let fields = schema.get("properties").and_then(Value::as_object);
        fields.into_iter().flatten().map(|(field, _)| format!("{name}.{field}")).collect()
    };
    let mut missing = Vec::new();
    let mut there = Vec::new();
    for (name, schema) in schemas {
        let fields = fields(name, schema);
        let is_told = WORDS.iter().any(|(known, _)| known.starts_with(&format!("{name}.")));
        missing.extend(std::iter::once(name).chain(fields.iter().filter(|_| is_told)).filter(|name| word(name).is_none()).cloned());
        there.extend(fields.into_iter().chain([name.clone()]));
    }
    let unread = WORDS.iter().filter(|(known, _)| !there.iter().any(|name| name == known));
    missing.into_iter().chain(unread.map(|(known, _)| format!("{known} n’existe pas"))).collect()
}

fn say(schema: &mut Map<String, Value>, name: &str) {
    word(name).map(|words| schema.insert("description".into(), words));
}

/// A schema's own description is a text; a field that is named so would be an object.
fn without_comments(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("description").is_some_and(Value::is_string) {
                fields.remove("description");
            }
            fields.values_mut().for_each(without_comments);
        }
        Value::Array(all) => all.iter_mut().for_each(without_comments),
        _ => {}
    }
}
