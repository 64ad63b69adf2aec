//! What the tablet says to a person, in the language that is set on it.
//!
//! A sentence stands in French where it is said, in [`tr!`]; its English in `lang/en`, beside. `tr!` and the `.po` format are those
//! of the window's `@tr`, by the same hands. What is sealed, logged, sent or printed by a command stays French, whatever the tablet
//! speaks: [`in_french`], and errors say so by their `Display`.
//!
//! The language belongs to the thread: doors of a simulation stand side by side in one program.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared::calendar::{instant_from_ms, local};
use shared::french;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{LazyLock, Once};
use tr::Translator;

pub use french::{time, time_ms};

/// A language of the tablet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Language {
    /// The source of every sentence.
    #[default]
    #[serde(rename = "fr")]
    French,
    /// For a team or a family who read it better.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Its folder in `lang/`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

thread_local! {
    static SPOKEN: Cell<Language> = const { Cell::new(Language::French) };
}

/// From now on this thread speaks so.
pub fn speak(language: Language) {
    SPOKEN.set(language);
}

/// What this thread speaks.
#[must_use]
pub fn spoken() -> Language {
    SPOKEN.get()
}

/// Says something in French, whatever the tablet speaks: for a file, a log, a command.
pub fn in_french<T>(say: impl FnOnce() -> T) -> T {
    /// Gives the language back, also where saying it panicked: the door goes on.
    struct Back(Language);
    impl Drop for Back {
        fn drop(&mut self) {
            speak(self.0);
        }
    }
    let _back = Back(SPOKEN.replace(Language::French));
    say()
}

/// A sentence of the tablet, everywhere in this crate, as `tr::tr!` has it: `tr!("{n} enfant" | "{n} enfants" % count)`.
macro_rules! tr {
    ($($said:tt)*) => {{
        $crate::words::ready();
        ::tr::tr!($($said)*)
    }};
}
/// The library keeps one translator a crate behind a lock: it is written once, before the first sentence reads it, so that a sentence
/// within a sentence never waits.
#[doc(hidden)]
pub fn ready() {
    static READY: Once = Once::new();
    READY.call_once(|| tr::set_translator!(Said));
}

/// In the language of the thread that asks.
struct Said;

/// A sentence for one, and for many where it counts; English has no third form.
struct English {
    one: String,
    many: Option<String>,
}

/// By the French of one. Read once, by the first who speaks English. A catalogue that can't be read leaves the tablet French: a claim
/// reads it. (`tr`'s own reader takes a file, and finds nothing in bytes.)
static ENGLISH: LazyLock<HashMap<String, English>> = LazyLock::new(|| {
    let catalogue = rspolib::pofile(include_str!("../lang/en/LC_MESSAGES/terminal-core.po"));
    let entries = catalogue.map_or_else(
        |error| {
            tracing::error!(%error, "the tablet has no English");
            Vec::new()
        },
        |read| read.entries,
    );
    let english = |entry: rspolib::POEntry| {
        let mut forms = entry.msgstr.into_iter().chain(entry.msgstr_plural);
        Some((entry.msgid, English { one: forms.next()?, many: forms.next() }))
    };
    entries.into_iter().filter_map(english).collect()
});

/// What this thread says instead of a French sentence; `None` where it speaks French.
fn english(sentence: &str) -> Option<&'static English> {
    (spoken() == Language::English).then(|| ENGLISH.get(sentence)).flatten()
}

impl Translator for Said {
    fn translate<'a>(&'a self, sentence: &'a str, _: Option<&'a str>) -> Cow<'a, str> {
        Cow::Borrowed(english(sentence).map_or(sentence, |english| &english.one))
    }

    fn ntranslate<'a>(&'a self, number: u64, one: &'a str, many: &'a str, _: Option<&'a str>) -> Cow<'a, str> {
        Cow::Borrowed(match english(one) {
            Some(English { many: Some(many), .. }) if number != 1 => many,
            Some(English { one, .. }) => one,
            // French says "0 enfant", English "0 children".
            None if number > 1 => many,
            None => one,
        })
    }
}

/// "14 octobre", "1er mai"; "14 October".
#[must_use]
pub fn day(day: NaiveDate) -> String {
    match spoken() {
        Language::French => french::day(day),
        // The library's own names are English.
        Language::English => day.format("%-d %B").to_string(),
    }
}

/// "14 octobre 2026"; "14 October 2026".
#[must_use]
pub fn long_day(day: NaiveDate) -> String {
    match spoken() {
        Language::French => french::long_day(day),
        Language::English => day.format("%-d %B %Y").to_string(),
    }
}

/// "8 h 10", "hier 18 h 02", "le 12 octobre"; "8:10", "yesterday 18:02", "12 October": since when something has been so.
#[must_use]
pub fn since(at_ms: i64, now_ms: i64) -> String {
    if spoken() == Language::French {
        return french::since(at_ms, now_ms);
    }
    let (at, now) = (local(instant_from_ms(at_ms)), local(instant_from_ms(now_ms)));
    match (now.date() - at.date()).num_days() {
        0 => time(at.time()),
        1 => format!("yesterday {}", time(at.time())),
        _ => day(at.date()),
    }
}

/// "Léa, Tom et Zoé"; "Léa, Tom and Zoé".
#[must_use]
pub fn list(names: &[String]) -> String {
    match names {
        [most @ .., last] if !most.is_empty() => tr!("{names} et {last}", names = most.join(", "), last),
        one => one.concat(),
    }
}

/// A length, as sentences count it.
#[must_use]
pub(crate) fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// What a failure of the tablet's disk says behind a closed door: parents stand there, and paper comes first.
#[must_use]
pub fn paper_first(why: &crate::store::StoreError) -> String {
    tr!("Notez les arrivées et les départs sur papier : la tablette n'enregistre rien.\n\n{why}", why = why.in_words())
}

/// What a defect behind a touch says.
#[must_use]
pub fn not_done() -> String {
    tr!("Ce geste n'a pas pu être enregistré. Recommencez ; si cela revient, redémarrez la tablette et prévenez la collectivité.")
}
