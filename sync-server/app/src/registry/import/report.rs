//! Everything that is wrong with a folder of files, said at once, each with its place.

use std::fmt;

/// How many mistakes are told. Past that, the first ones explain the others.
pub const PROBLEMS_MAX: usize = 100;
/// How much of a wrong value is repeated.
const VALUE_SHOWN_CHARS_MAX: usize = 60;

/// One mistake: where, what stands there, what was expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file's name within the folder.
    pub file: String,
    /// Its line, the header being line 1; none for the whole file.
    pub line: Option<u64>,
    /// The column's name.
    pub column: Option<String>,
    /// What stands there.
    pub value: Option<String>,
    /// What was expected, as a sentence without its full stop.
    pub expected: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", ligne {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", colonne {column}")?;
        }
        if let Some(value) = &self.value {
            write!(f, " : « {} »", shown(value))?;
        }
        write!(f, " : {}", self.expected)
    }
}

/// A value fit for a message: one line, not too long.
fn shown(value: &str) -> String {
    let mut out: String = value.chars().map(|c| if c.is_control() { '�' } else { c }).take(VALUE_SHOWN_CHARS_MAX).collect();
    if value.chars().count() > VALUE_SHOWN_CHARS_MAX {
        out.push('…');
    }
    out
}

/// All the mistakes of a folder, in the order of files and lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    problems: Vec<Problem>,
    untold: usize,
}

impl Report {
    /// Adds a mistake; past [`PROBLEMS_MAX`] it is only counted.
    pub fn add(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.untold += 1;
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The mistakes that are told.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len() + self.untold;
        let plural = if count > 1 { "s" } else { "" };
        writeln!(f, "Rien n'a été importé : {count} erreur{plural} à corriger.")?;
        for problem in &self.problems {
            writeln!(f, "  {problem}")?;
        }
        if self.untold > 0 {
            writeln!(f, "  … et {} de plus : corrigez celles-ci, puis relancez.", self.untold)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_a_hundred_mistakes_are_counted_and_no_longer_told() {
        let mut report = Report::default();
        for line in 0..PROBLEMS_MAX + 3 {
            report.add(Problem {
                file: "foyers.csv".into(),
                line: Some(line as u64),
                column: None,
                value: None,
                expected: "un code".into(),
            });
        }
        assert_eq!(report.problems().len(), PROBLEMS_MAX);
        let text = report.to_string();
        assert!(text.starts_with("Rien n'a été importé : 103 erreurs à corriger."), "{text}");
        assert!(text.contains("… et 3 de plus"), "{text}");
    }

    #[test]
    fn a_wrong_value_is_repeated_on_one_line_and_not_for_ever() {
        let long = format!("a\n{}", "b".repeat(200));
        let problem =
            Problem { file: "f.csv".into(), line: Some(2), column: Some("nom".into()), value: Some(long), expected: "un nom".into() };
        assert_eq!(problem.to_string(), format!("f.csv, ligne 2, colonne nom : « a�{}… » : un nom", "b".repeat(58)));
    }
}
