//! What codes stand for: those of the folder, and those that the database already knows.

use super::fields::Fields;
use std::collections::HashMap;

/// The codes of one kind of thing.
#[derive(Debug)]
pub struct Codes<T> {
    /// In an error, "un foyer", and where it was looked for.
    what: &'static str,
    file: &'static str,
    entries: HashMap<String, Entry<T>>,
}

#[derive(Debug)]
enum Entry<T> {
    Stored(T),
    /// Two organisations of the database use the code, and the folder doesn't say which.
    Shared,
    InFile(T, u64),
}

impl<T> Codes<T> {
    /// Codes of a kind, none yet.
    #[must_use]
    pub fn new(what: &'static str, file: &'static str) -> Self {
        Self { what, file, entries: HashMap::new() }
    }

    /// A code that the database knows.
    pub fn stored(&mut self, code: &str, value: T) {
        let entry = if self.entries.contains_key(code) { Entry::Shared } else { Entry::Stored(value) };
        self.entries.insert(code.to_owned(), entry);
    }

    /// A code that a row of the folder gives; told where another row gave it before. A row that is wrong elsewhere gives
    /// its code all the same: what refers to it isn't wrong for that.
    pub fn give(&mut self, f: &mut Fields<'_>, column: &str, value: T) {
        let code = f.raw(column);
        if code.is_empty() {
            return;
        }
        if let Some(Entry::InFile(_, line)) = self.entries.get(code) {
            let line = *line;
            if f.good() {
                f.wrong(column, format!("code déjà donné ligne {line}"));
            }
            return;
        }
        self.entries.insert(code.to_owned(), Entry::InFile(value, f.line()));
    }

    /// What a code stands for, else what to tell.
    ///
    /// # Errors
    /// A sentence for the report.
    pub fn find(&self, code: &str) -> Result<&T, String> {
        match self.entries.get(code) {
            Some(Entry::Stored(value) | Entry::InFile(value, _)) => Ok(value),
            Some(Entry::Shared) => {
                Err(format!("attendu le code d'{}, mais deux collectivités ont celui-ci : précisez --organisation", self.what))
            }
            None => Err(format!("attendu le code d'{} de {} ou déjà enregistré", self.what, self.file)),
        }
    }

    /// What the rows of the folder gave, as far as it was read.
    pub fn in_folder(&self) -> impl Iterator<Item = &T> {
        self.entries.values().filter_map(|entry| if let Entry::InFile(value, _) = entry { Some(value) } else { None })
    }

    /// The line of the folder that gives a code.
    #[must_use]
    pub fn line(&self, code: &str) -> Option<u64> {
        if let Some(Entry::InFile(_, line)) = self.entries.get(code) { Some(*line) } else { None }
    }

    /// Whether a code is known.
    #[must_use]
    pub fn contains(&self, code: &str) -> bool {
        self.entries.contains_key(code)
    }
}
