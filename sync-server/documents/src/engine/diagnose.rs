//! What Typst says, for the agent who changed a template: where, what, and what to do.

use super::world::{Sheets, name};
use crate::error::Fault;
use crate::limits::TEMPLATE_FAULTS_MAX;
use typst::diag::{Severity, SourceDiagnostic};
use typst::syntax::{DiagSpan, DiagSpanKind};
use typst::{World, WorldExt};

/// What is found in Typst's words, what it means, what to do about it. The first that fits.
const MEANINGS: [(&str, &str, &str); 24] = [
    ("unknown variable", "ce nom n'existe pas.", "Vérifiez l'orthographe, ou ajoutez-le à la ligne #import en tête du fichier."),
    (
        "unresolved import",
        "ce nom n'existe pas dans le fichier importé.",
        "Vérifiez l'orthographe, ou remettez-le dans le fichier importé.",
    ),
    (
        "does not contain key",
        "ce champ n'existe pas dans les données.",
        "La liste des champs est dans docs/documents.md ; un champ absent se lit avec .at(\"champ\", default: none).",
    ),
    (
        "file not found",
        "ce fichier n'existe pas.",
        "Ajoutez-le au dossier, ou corrigez son nom : un modèle ne voit que les fichiers du dossier.",
    ),
    (
        "access denied",
        "un modèle n'a accès ni à internet ni à un paquet @preview.",
        "Copiez dans le dossier la fonction dont vous avez besoin.",
    ),
    ("escape the project root", "un modèle ne voit que les fichiers de son dossier.", "Copiez le fichier dans le dossier."),
    ("image", "cette image ne peut pas se lire.", "Enregistrez-la à nouveau en SVG, PNG ou JPEG."),
    (
        "unable to get the current date",
        "la date du jour n'est pas donnée aux modèles.",
        "Servez-vous de d.issued_on : un document refait plus tard doit être le même.",
    ),
    ("loop seems to be infinite", "cette boucle ne finit pas.", "Vérifiez ce qui doit l'arrêter (au plus 10 000 tours)."),
    ("condition is always true", "cette boucle ne finit pas.", "Mettez dans la condition ce qui doit l'arrêter."),
    ("maximum function call depth", "cette fonction s'appelle elle-même sans fin.", "Vérifiez ce qui doit l'arrêter."),
    ("maximum layout depth", "ces blocs sont imbriqués trop profondément.", "Vérifiez qu'un bloc ne se contient pas lui-même."),
    ("maximum show rule depth", "cette règle show s'applique à son propre résultat.", "Limitez-la à ce qu'elle doit changer."),
    ("maximum grouping depth", "ces éléments sont imbriqués trop profondément.", "Vérifiez qu'un bloc ne se contient pas lui-même."),
    ("unclosed", "une parenthèse, un crochet, une accolade ou un guillemet reste ouvert.", "Fermez-le."),
    ("unexpected", "la phrase Typst ne peut pas se lire ici.", "Comparez avec le modèle d'origine, et regardez le caractère qui précède."),
    ("expected", "il manque quelque chose ici, ou ce n'est pas la sorte de valeur attendue.", "Comparez avec le modèle d'origine."),
    (
        "alt text",
        "une image n'a pas de texte de remplacement.",
        "Ajoutez alt: \"…\" à image(…), ou placez-la dans pdf.artifact[…] si elle n'est qu'un décor.",
    ),
    (
        "unknown font family",
        "cette police n'est pas fournie.",
        "Gardez \"Inter\" : les documents n'emploient que les polices livrées avec Préau.",
    ),
    (
        "could not be displayed",
        "un caractère n'existe pas dans la police.",
        "Remplacez-le par un caractère courant (lettres latines, chiffres, ponctuation).",
    ),
    ("did not converge", "la mise en page ne se stabilise pas.", "Une valeur dépend de la page où elle se trouve : fixez-la."),
    (
        "PDF/",
        "le document ne serait plus archivable ou accessible.",
        "Remettez ce qui a été retiré du modèle d'origine (titres, textes de remplacement, langue).",
    ),
    (
        "type ",
        "cette valeur n'est pas de la sorte attendue ici.",
        "Comparez avec le modèle d'origine ; docs/documents.md dit ce qu'est chaque champ.",
    ),
    ("panicked", "le modèle s'est arrêté de lui-même.", "Lisez le message qu'il donne."),
];

/// All of them; of what stays open, only that: everything after it is read wrongly.
pub(super) fn faults(sheets: &Sheets, diagnostics: &[SourceDiagnostic]) -> Vec<Fault> {
    let is_open = |diagnostic: &&SourceDiagnostic| diagnostic.message.starts_with("unclosed");
    let open: Vec<&SourceDiagnostic> = diagnostics.iter().filter(is_open).collect();
    let told = if open.is_empty() { diagnostics.iter().collect() } else { open };
    told.into_iter().take(TEMPLATE_FAULTS_MAX).map(|diagnostic| fault(sheets, diagnostic)).collect()
}

/// The fault at the place that the organisation can change: of an error inside a built-in file, the call that led to it.
fn fault(sheets: &Sheets, diagnostic: &SourceDiagnostic) -> Fault {
    let mut places = Vec::with_capacity(1 + diagnostic.trace.len());
    places.extend(place(sheets, diagnostic.span));
    places.extend(diagnostic.trace.iter().filter_map(|call| place(sheets, call.span.into())));
    let at = places.iter().find(|place| place.own).or(places.first());
    let said = &diagnostic.message;
    let (meaning, advice) = MEANINGS
        .iter()
        .find(|(words, _, _)| said.contains(words))
        .map_or(("Typst ne peut pas lire le modèle.", "Comparez avec le modèle d'origine."), |(_, meaning, advice)| (*meaning, *advice));
    let nature = match diagnostic.severity {
        Severity::Error => "",
        Severity::Warning => "(avertissement) ",
    };
    let hints: String = diagnostic.hints.iter().map(|hint| format!(" ; {}", hint.v)).collect();
    Fault {
        file: at.map(|place| place.file.clone()),
        line: at.and_then(|place| place.line),
        column: at.and_then(|place| place.column),
        message: format!("{nature}{meaning} [Typst : {said}{hints}]"),
        advice: advice.to_owned(),
    }
}

struct Place {
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    own: bool,
}

fn place(sheets: &Sheets, span: DiagSpan) -> Option<Place> {
    let id = match span.get() {
        DiagSpanKind::Detached => return None,
        DiagSpanKind::Number { id, .. } | DiagSpanKind::Range { id, .. } => id,
    };
    let position = sheets.source(id).ok().and_then(|source| {
        let range = sheets.range(span)?;
        source.lines().byte_to_line_column(range.start)
    });
    Some(Place {
        file: name(id).to_owned(),
        line: position.map(|(line, _)| line + 1),
        column: position.map(|(_, column)| column + 1),
        own: sheets.is_own(id),
    })
}
