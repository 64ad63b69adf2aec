//! The switches: one vocabulary of `key=value` for the command line, the admin route and its page.
//!
//! Those of an operation are fixed when it is created; a fault is met by the next call, or by all.

use crate::reading::Call;

/// How a notification is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// POST, in a form.
    PostForm,
    /// POST, in the query.
    PostQuery,
    /// GET.
    Get,
}

/// What an operation does that is out of the ordinary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    pub way: Way,
    /// `idop` or `idOp`, in the notification and in the browser's return.
    pub parameter: &'static str,
    pub delay_ms: u64,
    /// None: the notification is lost.
    pub copies: u32,
    /// Whether the browser leaves first.
    pub after_redirect: bool,
    pub exer_two_digits: bool,
    pub optional_absent: bool,
    /// The page opens once, even before a result.
    pub page_once: bool,
    /// Whether an `A` may become something else while the operation is young.
    pub abandon_reusable: bool,
    /// What the record says instead of what is true.
    pub letter: Option<String>,
    pub montant: Option<String>,
    pub numcli: Option<String>,
    pub refdet: Option<String>,
    pub saisie: Option<String>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            way: Way::PostForm,
            parameter: "idop",
            delay_ms: 0,
            copies: 1,
            after_redirect: false,
            exer_two_digits: false,
            optional_absent: false,
            page_once: false,
            abandon_reusable: false,
            letter: None,
            montant: None,
            numcli: None,
            refdet: None,
            saisie: None,
        }
    }
}

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The declared fault of this element, instead of doing anything.
    Declared(&'static str, String),
    /// A proxy's page, instead of doing anything.
    Html502,
    /// The call is carried out, and no answer comes.
    Silence,
    /// Carried out; nothing in the answer.
    Empty,
    /// Carried out; half of the answer.
    Truncated,
    /// Carried out; a document type with entities that grow ("billion laughs").
    Laughs,
    /// Carried out; an entity that names a file.
    ExternalEntity,
    /// Carried out; an answer of many megabytes.
    Enormous,
}

/// A fault, and the calls that meet it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fault {
    pub kind: Option<FaultKind>,
    /// Every call, where there is none.
    pub on: Option<Call>,
}

/// A value that a switch doesn't have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// No such switch.
    #[error("réglage inconnu « {_0} » ; les réglages sont : {keys}", keys = KEYS.map(|key| key.name).join(", "))]
    Key(String),
    /// No such value.
    #[error("« {value} » ne convient pas à {key} : attendu {expected}")]
    Value {
        /// The switch.
        key: &'static str,
        /// What was given.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// Not `key=value`.
    #[error("« {0} » : attendu réglage=valeur, par exemple copies=3")]
    Form(String),
}

/// One switch: its name, its values (none: a free text, `value` says which), and what it does.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub choices: &'static [&'static str],
    pub value: &'static str,
    pub meaning: &'static str,
}

const fn choice(name: &'static str, choices: &'static [&'static str], meaning: &'static str) -> Key {
    Key { name, choices, value: "", meaning }
}

const fn free(name: &'static str, value: &'static str, meaning: &'static str) -> Key {
    Key { name, choices: &[], value, meaning }
}

/// Every switch. The first value of each is the ordinary one.
pub const KEYS: [Key; 16] = [
    choice("notification", &["post", "post-requete", "get"], "Comment la notification est envoyée"),
    choice("parametre", &["idop", "idOp"], "Orthographe du paramètre, dans la notification et au retour"),
    free("retard", "millisecondes, 60000 au plus", "Attente avant la notification"),
    free("copies", "0 à 10", "Nombre de notifications ; 0 : elle se perd"),
    choice("moment", &["avant", "apres"], "Notification avant ou après le retour du navigateur"),
    choice("page", &["rouvrable", "unique"], "La page de paiement se rouvre tant qu'il n'y a pas de résultat, ou non (P3)"),
    choice("abandon", &["final", "reprise"], "Un abandon est définitif, ou peut être repris pendant 15 minutes"),
    choice("exer", &["complet", "deux-chiffres"], "L'exercice rendu sur 4 ou 2 chiffres"),
    choice("facultatifs", &["presents", "absents"], "Les éléments facultatifs du résultat"),
    free("resultat", "texte", "Lettre rendue à la place du vrai résultat"),
    free("montant", "texte", "Montant (en centimes) rendu à la place du vrai"),
    free("numcli", "texte", "Numéro client rendu à la place du vrai"),
    free("refdet", "texte", "Référence rendue à la place de la vraie"),
    free("saisie", "texte", "Mode rendu à la place du vrai"),
    choice(
        "panne",
        &[
            "aucune",
            "fonctionnelle",
            "dysfonctionnement",
            "indisponibilite",
            "protocolaire",
            "html-502",
            "silence",
            "vide",
            "tronquee",
            "dtd",
            "entite-externe",
            "enorme",
        ],
        "Panne du service web ; « fonctionnelle:CODE » choisit le code",
    ),
    choice("panne-sur", &["toutes", "creer", "detail", "client"], "Les appels touchés par la panne"),
];

/// Longest delay of a notification.
pub const DELAY_MS_MAX: u64 = 60_000;
/// Most copies of a notification.
pub const COPIES_MAX: u32 = 10;
const TEXT_CHARS_MAX: usize = 100;

/// What is in force, and what waits for the next operation or call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    all: Switches,
    next: Option<Switches>,
    fault_all: Fault,
    fault_next: Option<Fault>,
}

/// Whom a change of switches concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All operations created, and all calls made, from now on.
    All,
    /// The next operation created; the next call that the fault is for.
    Next,
}

impl Settings {
    /// Sets switches, all or none.
    ///
    /// # Errors
    /// Names the first that is wrong.
    pub fn set<'a>(&mut self, scope: Scope, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(), SwitchError> {
        let mut changed = self.clone();
        for (key, value) in pairs {
            changed.set_one(scope, key, value)?;
        }
        *self = changed;
        Ok(())
    }

    fn set_one(&mut self, scope: Scope, name: &str, value: &str) -> Result<(), SwitchError> {
        let key = KEYS.iter().find(|key| key.name == name).ok_or_else(|| SwitchError::Key(name.into()))?;
        let fits = if key.name.starts_with("panne") {
            let fault = match scope {
                Scope::All => &mut self.fault_all,
                Scope::Next => self.fault_next.get_or_insert_default(),
            };
            set_fault(fault, key.name, value)
        } else {
            let switches = match scope {
                Scope::All => &mut self.all,
                Scope::Next => self.next.get_or_insert_with(|| self.all.clone()),
            };
            set_switch(switches, key.name, value)
        };
        fits.ok_or_else(|| {
            let expected = if key.choices.is_empty() { key.value.into() } else { key.choices.join(", ") };
            SwitchError::Value { key: key.name, value: value.chars().take(TEXT_CHARS_MAX).collect(), expected }
        })
    }

    /// The switches of an operation that is being created.
    pub fn for_operation(&mut self) -> Switches {
        self.next.take().unwrap_or_else(|| self.all.clone())
    }

    /// The fault that a call meets.
    pub fn for_call(&mut self, call: Call) -> Option<FaultKind> {
        let meets = |fault: &Fault| fault.on.is_none_or(|on| on == call);
        if let Some(fault) = self.fault_next.take_if(|fault| meets(fault)) {
            return fault.kind;
        }
        self.fault_all.kind.clone().filter(|_| meets(&self.fault_all))
    }

    /// What a switch stands at, for all.
    #[must_use]
    pub fn shown(&self, key: &Key) -> String {
        if key.name.starts_with("panne") { shown_fault(&self.fault_all, key.name) } else { shown_switch(&self.all, key.name) }
    }

    /// What waits for the next operation or call, as `key=value`.
    #[must_use]
    pub fn waiting(&self) -> Vec<String> {
        let pair = |key: &Key| {
            let value = if key.name.starts_with("panne") {
                shown_fault(self.fault_next.as_ref()?, key.name)
            } else {
                shown_switch(self.next.as_ref()?, key.name)
            };
            (value != self.shown(key)).then(|| format!("{}={value}", key.name))
        };
        KEYS.iter().filter_map(pair).collect()
    }
}

/// Splits `key=value`.
///
/// # Errors
/// Where there is no `=`.
pub fn pair(text: &str) -> Result<(String, String), SwitchError> {
    let (key, value) = text.split_once('=').ok_or_else(|| SwitchError::Form(text.into()))?;
    Ok((key.trim().into(), value.trim().into()))
}

fn set_switch(switches: &mut Switches, key: &str, value: &str) -> Option<()> {
    let either = |ordinary: &str, other: &str| match value {
        v if v == ordinary => Some(false),
        v if v == other => Some(true),
        _ => None,
    };
    // An empty text puts the truth back.
    let text = || (value.chars().count() <= TEXT_CHARS_MAX).then(|| Some(value.to_owned()).filter(|text| !text.is_empty()));
    match key {
        "notification" => {
            switches.way = match value {
                "post" => Way::PostForm,
                "post-requete" => Way::PostQuery,
                "get" => Way::Get,
                _ => return None,
            }
        }
        "parametre" => switches.parameter = if either("idop", "idOp")? { "idOp" } else { "idop" },
        "retard" => switches.delay_ms = value.parse().ok().filter(|ms| *ms <= DELAY_MS_MAX)?,
        "copies" => switches.copies = value.parse().ok().filter(|copies| *copies <= COPIES_MAX)?,
        "moment" => switches.after_redirect = either("avant", "apres")?,
        "page" => switches.page_once = either("rouvrable", "unique")?,
        "abandon" => switches.abandon_reusable = either("final", "reprise")?,
        "exer" => switches.exer_two_digits = either("complet", "deux-chiffres")?,
        "facultatifs" => switches.optional_absent = either("presents", "absents")?,
        "resultat" => switches.letter = text()?,
        "montant" => switches.montant = text()?,
        "numcli" => switches.numcli = text()?,
        "refdet" => switches.refdet = text()?,
        "saisie" => switches.saisie = text()?,
        _ => return None,
    }
    Some(())
}

fn shown_switch(switches: &Switches, key: &str) -> String {
    let either = |other: bool, names: [&str; 2]| names[usize::from(other)].to_owned();
    match key {
        "notification" => match switches.way {
            Way::PostForm => "post".into(),
            Way::PostQuery => "post-requete".into(),
            Way::Get => "get".into(),
        },
        "parametre" => switches.parameter.into(),
        "retard" => switches.delay_ms.to_string(),
        "copies" => switches.copies.to_string(),
        "moment" => either(switches.after_redirect, ["avant", "apres"]),
        "page" => either(switches.page_once, ["rouvrable", "unique"]),
        "abandon" => either(switches.abandon_reusable, ["final", "reprise"]),
        "exer" => either(switches.exer_two_digits, ["complet", "deux-chiffres"]),
        "facultatifs" => either(switches.optional_absent, ["presents", "absents"]),
        "resultat" => switches.letter.clone().unwrap_or_default(),
        "montant" => switches.montant.clone().unwrap_or_default(),
        "numcli" => switches.numcli.clone().unwrap_or_default(),
        "refdet" => switches.refdet.clone().unwrap_or_default(),
        _ => switches.saisie.clone().unwrap_or_default(),
    }
}

/// The declared faults by their switch's value.
const DECLARED: [(&str, &str, &str); 4] = [
    ("fonctionnelle", "FonctionnelleErreur", "T9"),
    ("dysfonctionnement", "TechDysfonctionnementErreur", "999"),
    ("indisponibilite", "TechIndisponibiliteErreur", "999"),
    ("protocolaire", "TechProtocolaireErreur", "999"),
];
const SPOILED: [(&str, FaultKind); 7] = [
    ("html-502", FaultKind::Html502),
    ("silence", FaultKind::Silence),
    ("vide", FaultKind::Empty),
    ("tronquee", FaultKind::Truncated),
    ("dtd", FaultKind::Laughs),
    ("entite-externe", FaultKind::ExternalEntity),
    ("enorme", FaultKind::Enormous),
];
const CALLS: [(&str, Option<Call>); 4] =
    [("toutes", None), ("creer", Some(Call::Create)), ("detail", Some(Call::Detail)), ("client", Some(Call::Client))];

fn set_fault(fault: &mut Fault, key: &str, value: &str) -> Option<()> {
    if key == "panne-sur" {
        fault.on = CALLS.iter().find(|(name, _)| *name == value)?.1;
        return Some(());
    }
    let (name, code) = value.split_once(':').map_or((value, None), |(name, code)| (name, Some(code)));
    fault.kind = if let Some((_, element, usual)) = DECLARED.iter().find(|(declared, ..)| *declared == name) {
        Some(FaultKind::Declared(element, code.unwrap_or(usual).chars().take(TEXT_CHARS_MAX).collect()))
    } else if value == "aucune" {
        None
    } else {
        Some(SPOILED.iter().find(|(spoiled, _)| *spoiled == value)?.1.clone())
    };
    Some(())
}

fn shown_fault(fault: &Fault, key: &str) -> String {
    if key == "panne-sur" {
        return CALLS.iter().find(|(_, call)| *call == fault.on).map_or_else(String::new, |(name, _)| (*name).into());
    }
    match &fault.kind {
        None => "aucune".into(),
        Some(FaultKind::Declared(element, code)) => {
            let declared = DECLARED.iter().find(|(_, declared, _)| declared == element);
            declared.map_or_else(String::new, |(name, _, usual)| if code == usual { (*name).into() } else { format!("{name}:{code}") })
        }
        Some(kind) => SPOILED.iter().find(|(_, spoiled)| spoiled == kind).map_or_else(String::new, |(name, _)| (*name).into()),
    }
}
