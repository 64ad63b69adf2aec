//! The tablet's two languages: no sentence without its English, no English without its sentence, and no sentence said past both.

use crate::fixture::*;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tempfile::tempdir;
use terminal_core::upkeep::Upkeep;
use terminal_core::view::{Act, Screen, Setting, TabletAct, TabletPlace};
use terminal_core::words::{self, Language};

/// A sentence as it stands in the source, with its plural where it has one.
type Sentence = (String, Option<String>);

/// What a source says, inside `tr!` and outside of it.
#[derive(Default)]
struct Said {
    through: BTreeSet<Sentence>,
    past: BTreeSet<(PathBuf, String)>,
}

impl Said {
    fn read(&mut self, path: &Path) {
        let source = std::fs::read_to_string(path).unwrap();
        self.walk(path, TokenStream::from_str(&source).unwrap());
    }

    fn walk(&mut self, path: &Path, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at..] {
                [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(_), ..]
                    if hash.as_char() == '#' && bang.as_char() == '!' =>
                {
                    at += 3
                }
                // What stands behind `#[cfg(test)]` is said to nobody; other attributes say nothing either.
                [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] if hash.as_char() == '#' => {
                    at += 2;
                    if attribute.stream().to_string().replace(' ', "") == "cfg(test)" {
                        at += tokens[at..]
                            .iter()
                            .position(|token| matches!(token, TokenTree::Group(body) if body.delimiter() == proc_macro2::Delimiter::Brace))
                            .map_or(0, |body| body + 1);
                    }
                }
                [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(body), ..] if bang.as_char() == '!' => {
                    at += 3;
                    match name.to_string().as_str() {
                        "tr" => self.sentence(path, body.stream()),
                        // For whoever reads the program's log or its panics.
                        "warn" | "error" | "info" | "debug" | "assert" | "unreachable" | "include_bytes" => {}
                        _ => self.walk(path, body.stream()),
                    }
                }
                [TokenTree::Group(group), ..] => {
                    at += 1;
                    self.walk(path, group.stream());
                }
                [TokenTree::Literal(literal), ..] => {
                    at += 1;
                    if let Some(text) = text(literal).filter(|text| is_a_sentence(text)) {
                        self.past.insert((path.file_name().unwrap().into(), text));
                    }
                }
                _ => at += 1,
            }
        }
    }

    /// `"one" | "many" % number, …`; what follows the literals may say something of its own.
    fn sentence(&mut self, path: &Path, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let literal = |at: usize| match tokens.get(at) {
            Some(TokenTree::Literal(literal)) => text(literal),
            _ => None,
        };
        let Some(one) = literal(0) else { return };
        let many = matches!(tokens.get(1), Some(TokenTree::Punct(bar)) if bar.as_char() == '|').then(|| literal(2).unwrap());
        let read = if many.is_some() { 3 } else { 1 };
        self.through.insert((one, many));
        self.walk(path, tokens.into_iter().skip(read).collect());
    }
}

fn text(literal: &proc_macro2::Literal) -> Option<String> {
    syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|literal| literal.value())
}

/// Two words, or one that only French writes so: not a key, a sign or a single name.
fn is_a_sentence(text: &str) -> bool {
    let bare: String = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
    let words = bare.split_whitespace().filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1).count();
    words > 1 || bare.chars().any(|c| "éèêàâçùûîôÉÈÀÇ".contains(c))
}

fn sources(under: &Path, found: &mut Vec<PathBuf>) {
    if under.is_file() {
        return found.push(under.to_owned());
    }
    for entry in std::fs::read_dir(under).unwrap() {
        sources(&entry.unwrap().path(), found);
    }
}

const PLACES: [&str; 7] = ["door", "view", "upkeep", "roster.rs", "settings.rs", "words.rs", "store/error.rs"];

/// Everything that this crate says to a person at the door.
fn said() -> Said {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for place in PLACES {
        sources(&src.join(place), &mut found);
    }
    let mut said = Said::default();
    found.iter().for_each(|path| said.read(path));
    said
}

fn catalogue() -> BTreeMap<String, rspolib::POEntry> {
    let po = Path::new(env!("CARGO_MANIFEST_DIR")).join("lang/en/LC_MESSAGES/terminal-core.po");
    let read = rspolib::pofile(po.to_str().unwrap()).unwrap();
    let count = read.entries.len();
    let by_sentence: BTreeMap<_, _> = read.entries.into_iter().map(|entry| (entry.msgid.clone(), entry)).collect();
    assert_eq!(by_sentence.len(), count, "a sentence stands there twice");
    by_sentence
}

fn places(sentence: &str) -> BTreeSet<&str> {
    sentence.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(place, _)| place)).collect()
}

#[test]
fn each_sentence_has_its_english_and_each_english_its_sentence() {
    let (said, catalogue) = (said().through, catalogue());
    assert!(said.len() > 200, "the source was read: {}", said.len());
    let mut wrong = Vec::new();
    for (one, many) in &said {
        let Some(entry) = catalogue.get(one) else {
            wrong.push(format!("no English: {one}"));
            continue;
        };
        let english: Vec<&str> = match many {
            None => entry.msgstr.iter().map(String::as_str).collect(),
            Some(_) => entry.msgstr_plural.iter().map(String::as_str).collect(),
        };
        if entry.msgid_plural != *many || english.len() != 1 + usize::from(many.is_some()) || english.iter().any(|words| words.is_empty()) {
            wrong.push(format!("not whole: {one}"));
        }
        for (french, english) in [Some(one), many.as_ref()].into_iter().flatten().zip(&english) {
            // "une minute" has no number, "1 minute" has one.
            let (mut asked, mut given) = (places(french), places(english));
            asked.remove("n");
            given.remove("n");
            if asked != given {
                wrong.push(format!("other places: {french} | {english}"));
            }
        }
    }
    let said: BTreeSet<&String> = said.iter().map(|(one, _)| one).collect();
    wrong.extend(catalogue.keys().filter(|sentence| !said.contains(sentence)).map(|sentence| format!("nobody says: {sentence}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sealed, written to a file that a person reads in French, or a name.
const FRENCH_ALONE: [&str; 6] = ["journal.db, roster.db", "settings.rs", "export.rs", "outing_list.rs", "Préau", "Préau {}"];

#[test]
fn nothing_is_said_to_a_person_past_the_catalogue() {
    let past = said().past;
    let french_alone = |(file, text): &&(PathBuf, String)| FRENCH_ALONE.iter().any(|known| file == Path::new(known) || text == known);
    let wrong: Vec<_> = past.iter().filter(|said| !french_alone(said)).collect();
    assert!(wrong.is_empty(), "past tr!: {wrong:#?}");
}

/// A door whose tablet is set so, and its screen after each act.
fn screens(language: Language, acts: Vec<Act>) -> Vec<Screen> {
    let dir = tempdir().unwrap();
    let now = wednesday("08:27");
    let mut door = door_in(dir.path(), now);
    let mut upkeep = Upkeep::of(dir.path());
    let set = [Act::Tablet(TabletAct::Menu), Act::Tablet(TabletAct::Open(TabletPlace::Settings)), Act::Badge(STAFF_CARD.into())];
    let set = set.into_iter().chain([Act::Tablet(TabletAct::Set(Setting::Language(language))), Act::Close, Act::Close]);
    let count = acts.len();
    let mut shown = Vec::new();
    for act in set.chain(acts) {
        let screen = match upkeep.take(now, act, Some(&door)) {
            Some(act) => door.act(now, act),
            None => door.tick_clock(now),
        };
        shown.push(upkeep.beside(now, screen, Some(&door)));
    }
    shown.split_off(shown.len() - count)
}

#[test]
fn one_touch_in_the_settings_and_the_door_speaks_english_with_the_plurals_of_each() {
    let acts = || vec![Act::Badge("04DEADBEEF0001".into()), Act::Arrive(child(LEA)), Act::Arrive(child(TOM))];
    let notices =
        |language| screens(language, acts()).into_iter().map(|screen| screen.notice.map(|notice| notice.text)).collect::<Vec<_>>();
    let english = notices(Language::English);
    assert!(english[0].as_ref().unwrap().starts_with("Unknown card (number ending in"), "{english:?}");
    let french = notices(Language::French);
    assert!(french[0].as_ref().unwrap().starts_with("Carte inconnue (numéro finissant par"), "{french:?}");
    assert!(english.iter().zip(&french).all(|(english, french)| english.is_none() || english != french), "{english:?}");
}

#[test]
fn what_is_for_a_file_or_a_log_stays_french_and_the_language_comes_back() {
    words::speak(Language::English);
    let error = terminal_core::store::StoreError::Full;
    assert!(error.in_words().starts_with("The tablet’s disk is full"), "{}", error.in_words());
    assert!(error.to_string().starts_with("Le disque de la tablette est plein"));
    assert_eq!(words::spoken(), Language::English);
    let _ = std::panic::catch_unwind(|| words::in_french(|| panic!("a sentence that can't be said")));
    assert_eq!(words::spoken(), Language::English, "also where saying it failed");
    words::speak(Language::French);
}
