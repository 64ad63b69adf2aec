//! Reads a TOML table key by key and remembers everything that is wrong with
//! it, each with its place: a secretary corrects a file once, not ten times.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::cell::RefCell;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One mistake in a tariff file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ligne {line}, colonne {column} : {}{expected}", subject(key, value))]
pub struct TariffError {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The key concerned, as `tranches.prix`; empty where the file isn't TOML.
    pub key: String,
    /// What stands there, as written; empty where something is missing.
    pub value: String,
    /// What was expected, in French.
    pub expected: String,
}

fn subject(key: &str, value: &str) -> String {
    match (key.is_empty(), value.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("« {value} » : "),
        (false, true) => format!("{key} : "),
        (false, false) => format!("{key} = {value} : "),
    }
}

/// The text of a file, and what was found wrong in it so far.
pub(super) struct Source<'t> {
    text: &'t str,
    errors: RefCell<Vec<TariffError>>,
}

/// A value longer than this is cut in a message.
const VALUE_CHARS_MAX: usize = 60;

impl<'t> Source<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, errors: RefCell::new(Vec::new()) }
    }

    /// Notes a mistake at a place; the text of that place is the value shown.
    pub fn wrong(&self, span: Range<usize>, key: &str, expected: impl Into<String>) {
        let (line, column) = self.place(span.start);
        let written = self.text.get(span).unwrap_or_default().trim();
        let mut value: String = written.lines().next().unwrap_or_default().chars().take(VALUE_CHARS_MAX).collect();
        if value.len() < written.len() {
            value.push('…');
        }
        self.note(TariffError { line, column, key: key.to_owned(), value, expected: expected.into() });
    }

    /// Notes that something isn't there.
    pub fn missing(&self, at: usize, key: &str, expected: impl Into<String>) {
        let (line, column) = self.place(at);
        self.note(TariffError { line, column, key: key.to_owned(), value: String::new(), expected: expected.into() });
    }

    fn note(&self, error: TariffError) {
        self.errors.borrow_mut().push(error);
    }

    /// Line and column, from 1, of a byte of the text.
    pub fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    pub fn has_errors(&self) -> bool {
        !self.errors.borrow().is_empty()
    }

    /// All mistakes, in the order of the file.
    pub fn into_errors(self) -> Vec<TariffError> {
        let mut errors = self.errors.into_inner();
        errors.sort_by(|a, b| (a.line, a.column, &a.key).cmp(&(b.line, b.column, &b.key)));
        errors.dedup();
        errors
    }
}

/// One table of the file, with the keys that were asked for so far.
pub(super) struct Section<'a, 'i> {
    source: &'a Source<'i>,
    table: &'a DeTable<'i>,
    /// Where the table starts, to say where something is missing.
    pub start: usize,
    /// `tranches.` in front of each key of a row.
    prefix: &'static str,
    asked: RefCell<Vec<&'static str>>,
}

/// A value that was understood, and where it stands.
pub(super) type Found<T> = Option<(T, Range<usize>)>;

impl<'a, 'i> Section<'a, 'i> {
    pub fn new(source: &'a Source<'i>, table: &'a DeTable<'i>, start: usize, prefix: &'static str) -> Self {
        Self { source, table, start, prefix, asked: RefCell::default() }
    }

    pub fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    pub fn wrong(&self, span: Range<usize>, key: &str, expected: impl Into<String>) {
        self.source.wrong(span, &self.key(key), expected);
    }

    fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Whether a key stands in the table, whatever its value.
    pub fn place_of(&self, key: &'static str) -> Option<Range<usize>> {
        self.get(key).map(Spanned::span)
    }

    fn read<T>(&self, key: &'static str, expected: &str, understand: impl Fn(&DeValue<'i>) -> Option<T>) -> Found<T> {
        let value = self.get(key)?;
        let understood = understand(value.get_ref());
        if understood.is_none() {
            self.wrong(value.span(), key, expected);
        }
        Some((understood?, value.span()))
    }

    /// A key that has to be there: notes its absence, hands on what was found.
    pub fn required<T>(&self, key: &'static str, found: Found<T>, expected: &str) -> Option<T> {
        if found.is_none() && !self.table.contains_key(key) {
            self.source.missing(self.start, &self.key(key), format!("clé obligatoire absente, attendu {expected}"));
        }
        found.map(|(value, _)| value)
    }

    pub fn text(&self, key: &'static str, expected: &str) -> Found<String> {
        self.read(key, &format!("attendu {expected}"), |value| {
            value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        })
    }

    pub fn date(&self, key: &'static str) -> Found<NaiveDate> {
        self.read(key, "attendu une date sans guillemets : 2026-09-01", |value| {
            let written = value.as_datetime()?;
            let date = written.date.filter(|_| written.time.is_none())?;
            NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
        })
    }

    pub fn boolean(&self, key: &'static str) -> Found<bool> {
        self.read(key, "attendu true ou false, sans guillemets", DeValue::as_bool)
    }

    pub fn integer(&self, key: &'static str, lowest: u32, highest: u32) -> Found<u32> {
        let expected = match highest {
            u32::MAX => format!("attendu un nombre entier sans guillemets, {lowest} au moins"),
            _ => format!("attendu un nombre entier sans guillemets, de {lowest} à {highest}"),
        };
        self.read(key, &expected, |value| {
            let written = value.as_integer()?;
            u32::from_str_radix(written.as_str(), written.radix()).ok().filter(|number| (lowest..=highest).contains(number))
        })
    }

    /// A decimal between quotes, so that no float ever stands between the file and an amount.
    pub fn decimal(&self, key: &'static str, decimals_max: u32, example: &str) -> Found<Decimal> {
        let expected = format!("attendu un nombre positif entre guillemets, {decimals_max} décimales au plus : \"{example}\"");
        self.read(key, &expected, |value| decimal(value.as_str()?, decimals_max))
    }

    /// A time of day between quotes, in minutes since midnight; 24:00 is one.
    pub fn time(&self, key: &'static str) -> Found<u32> {
        self.read(key, "attendu une heure entre guillemets : \"16:30\"", |value| {
            let (hours, minutes) = value.as_str()?.trim().split_once(':')?;
            let two_digits =
                |part: &str| part.parse::<u32>().ok().filter(|_| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
            let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
            (minutes < 60 && hours * 60 + minutes <= 1440).then_some(hours * 60 + minutes)
        })
    }

    /// The line of a place in the same file.
    pub fn line_of(&self, at: usize) -> usize {
        self.source.place(at).0
    }

    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&'static str, T)]) -> Found<T> {
        let codes: Vec<String> = choices.iter().map(|(code, _)| format!("\"{code}\"")).collect();
        let expected = format!("attendu {}", codes.join(" ou "));
        self.read(key, &expected, |value| {
            let written = value.as_str()?;
            choices.iter().find(|(code, _)| *code == written).map(|&(_, choice)| choice)
        })
    }

    /// The tables of `[[key]]`.
    pub fn tables(&self, key: &'static str, prefix: &'static str) -> Vec<Section<'a, 'i>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let expected = format!("attendu des sections [[{key}]]");
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(value.span(), key, expected);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for element in array.iter() {
            match element.get_ref().as_table() {
                Some(table) => sections.push(Self::new(self.source, table, element.span().start, prefix)),
                None => self.wrong(element.span(), key, expected.clone()),
            }
        }
        sections
    }

    /// Notes the keys that nobody asked for: a misspelt condition would otherwise bill everyone.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.iter().filter(|(key, _)| !asked.contains(&key.get_ref().as_ref())) {
            let nearest = asked.iter().map(|known| (distance(known, key.get_ref()), *known)).min();
            let advice = match nearest {
                Some((far, known)) if far <= 2 || known.starts_with(key.get_ref().as_ref()) => {
                    format!("clé inconnue, attendu peut-être « {known} »")
                }
                _ => "clé inconnue ici".to_owned(),
            };
            self.source.wrong(key.span(), &self.key(key.get_ref()), advice);
        }
    }
}

/// Digits of a decimal before the point: far above any price, far below what arithmetic holds.
const INTEGER_DIGITS_MAX: usize = 9;

/// An exact non-negative decimal, with comma or point.
pub(super) fn decimal(text: &str, decimals_max: u32) -> Option<Decimal> {
    let text = text.trim().replace(',', ".");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = digits(whole) && digits(fraction) && whole.len() <= INTEGER_DIGITS_MAX && fraction.len() <= decimals_max as usize;
    if fits { text.parse::<Decimal>().ok() } else { None }
}

/// Edits between two words (Levenshtein), for "did you mean".
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
