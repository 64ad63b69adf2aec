//! From the bytes of a town hall's spreadsheet to rows of text: encoding, separator, header, ragged lines.
//!
//! Nothing is guessed in silence: what was detected is told, what can't be read is a [`Problem`] with its line.

use super::report::{Problem, Report};
use super::spec::FileSpec;
use std::collections::HashMap;

/// Largest file taken: ten times the bookings of a year of an agglomération.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most rows of a file.
pub const ROWS_MAX: usize = 500_000;
/// Most columns of a header.
pub const COLUMNS_MAX: usize = 100;
/// Longest cell, in characters.
pub const CELL_CHARS_MAX: usize = 1000;

/// A file's rows, as text.
#[derive(Debug)]
pub struct Table {
    /// The file's name.
    pub file: &'static str,
    columns: HashMap<&'static str, usize>,
    /// The rows, in their order.
    pub rows: Vec<Row>,
    /// What was detected or set aside, told to who imports.
    pub notices: Vec<String>,
}

/// One row.
#[derive(Debug)]
pub struct Row {
    /// The line it starts on, the header being line 1.
    pub line: u64,
    cells: csv::StringRecord,
}

impl Table {
    /// Reads a file. Mistakes go to the report; `None` where no row can be read at all.
    pub fn read(spec: &FileSpec, bytes: &[u8], report: &mut Report) -> Option<Self> {
        let mut wrong = |line, expected: String| {
            report.add(Problem { file: spec.name.into(), line, column: None, value: None, expected });
        };
        if bytes.len() > FILE_BYTES_MAX {
            wrong(None, format!("fichier trop gros : {} Mio au plus", FILE_BYTES_MAX / 1024 / 1024));
            return None;
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            wrong(None, "fichier en UTF-16 : enregistrez-le en « CSV UTF-8 »".into());
            return None;
        }
        if let Some(at) = bytes.iter().position(|b| *b == 0) {
            wrong(Some(line_at(bytes, at)), "octet nul : ce n'est pas un fichier de texte, enregistrez-le en « CSV UTF-8 »".into());
            return None;
        }
        let (text, encoding) = decode(bytes);
        let mut notices: Vec<String> = encoding.into_iter().map(str::to_owned).collect();
        let header_line = text.lines().find(|l| !l.trim().is_empty())?;
        let separator = if header_line.contains(';') { b';' } else { b',' };
        let mut records = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes())
            .into_records();
        let header = records.next()?.ok()?;
        let columns = read_header(spec, &header, &mut notices, &mut wrong)?;
        let mut rows = Vec::new();
        let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
        for record in records {
            let Ok(cells) = record else { continue };
            let line = lines.of(cells.position().map_or(0, csv::Position::byte));
            if cells.iter().all(str::is_empty) {
                continue;
            }
            if rows.len() == ROWS_MAX {
                wrong(Some(line), format!("trop de lignes : {ROWS_MAX} au plus, partagez le fichier"));
                return None;
            }
            if cells.len() < header.len() || cells.iter().skip(header.len()).any(|c| !c.is_empty()) {
                let expected = format!(
                    "{} cases sur cette ligne, {} dans l'en-tête (un « {} » ou un guillemet de trop ?)",
                    cells.len(),
                    header.len(),
                    separator as char
                );
                wrong(Some(line), expected);
                continue;
            }
            rows.push(Row { line, cells });
        }
        Some(Self { file: spec.name, columns, rows, notices })
    }

    /// A cell, trimmed; empty where the file hasn't the column.
    #[must_use]
    pub fn cell<'r>(&self, row: &'r Row, column: &str) -> &'r str {
        self.columns.get(column).and_then(|at| row.cells.get(*at)).unwrap_or("")
    }
}

/// UTF-8 with or without a mark, else Windows-1252, which takes any byte; the second is said.
fn decode(bytes: &[u8]) -> (String, Option<&'static str>) {
    let bare = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    match std::str::from_utf8(bare) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (encoding_rs::WINDOWS_1252.decode_without_bom_handling(bare).0.into_owned(), Some("lu en Windows-1252")),
    }
}

fn read_header(
    spec: &FileSpec,
    header: &csv::StringRecord,
    notices: &mut Vec<String>,
    wrong: &mut impl FnMut(Option<u64>, String),
) -> Option<HashMap<&'static str, usize>> {
    if header.len() > COLUMNS_MAX {
        wrong(Some(1), format!("trop de colonnes : {COLUMNS_MAX} au plus"));
        return None;
    }
    let mut columns = HashMap::new();
    let mut sound = true;
    for (at, written) in header.iter().enumerate() {
        let name = written.to_lowercase();
        match spec.columns().find(|(known, _)| *known == name) {
            Some((known, _)) => {
                if columns.insert(known, at).is_some() {
                    wrong(Some(1), format!("colonne « {known} » en double"));
                    sound = false;
                }
            }
            None if written.is_empty() => {}
            None => notices.push(format!("colonne « {} » inconnue, laissée de côté", written.chars().take(40).collect::<String>())),
        }
    }
    let missing: Vec<&str> =
        spec.columns().filter(|(name, required)| *required && !columns.contains_key(name)).map(|(name, _)| name).collect();
    if !missing.is_empty() {
        let all: Vec<&str> = spec.columns().map(|(name, _)| name).collect();
        let plural = if missing.len() > 1 { "colonnes obligatoires absentes" } else { "colonne obligatoire absente" };
        wrong(Some(1), format!("{plural} : {} (colonnes connues : {})", missing.join(", "), all.join(" ")));
        sound = false;
    }
    sound.then_some(columns)
}

fn line_at(bytes: &[u8], at: usize) -> u64 {
    bytes[..at].iter().filter(|b| **b == b'\n').count() as u64 + 1
}

/// Lines of growing positions. The reader gives a record the position before the empty lines that it skipped.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, position: u64) -> u64 {
        let mut end = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        while self.text.get(end).is_some_and(|b| matches!(b, b'\n' | b'\r')) {
            end += 1;
        }
        self.line += line_at(&self.text[self.at.min(end)..], end.saturating_sub(self.at)) - 1;
        self.at = end.max(self.at);
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::FILES;
    use super::*;

    fn read(bytes: &[u8]) -> (Option<Table>, Report) {
        let mut report = Report::default();
        let spec = FILES.iter().find(|f| f.name == "groupes.csv").unwrap();
        (Table::read(spec, bytes, &mut report), report)
    }

    fn cells(table: &Table) -> Vec<(u64, String)> {
        table.rows.iter().map(|r| (r.line, table.cell(r, "nom").to_owned())).collect()
    }

    #[test]
    fn a_spreadsheet_is_read_whatever_its_encoding_and_separator() {
        let utf8 = read("code;lieu;nom\nG1;L1;Bébés\n".as_bytes()).0.unwrap();
        assert_eq!(cells(&utf8), [(2, "Bébés".into())]);
        assert!(utf8.notices.is_empty());
        let marked = read("\u{feff}code,lieu,nom\r\nG1,L1,\"Petits, moyens\"\r\n".as_bytes()).0.unwrap();
        assert_eq!(cells(&marked), [(2, "Petits, moyens".into())]);
        let windows = read(b"code;lieu;nom\nG1;L1;B\xe9b\xe9s \x9cufs\n").0.unwrap();
        assert_eq!(cells(&windows), [(2, "Bébés œufs".into())]);
        assert_eq!(windows.notices, ["lu en Windows-1252"]);
    }

    #[test]
    fn a_row_has_the_line_that_a_spreadsheet_shows() {
        let table = read("code;lieu;nom\n\n;;\nG1;L1;\"deux\nlignes\"\nG2;L1;x\n\n\nG3;L1;y".as_bytes()).0.unwrap();
        assert_eq!(cells(&table), [(4, "deux\nlignes".into()), (6, "x".into()), (9, "y".into())]);
    }

    #[test]
    fn what_is_no_table_is_told_with_its_line() {
        let told = |bytes: &[u8]| read(bytes).1.problems().first().unwrap().to_string();
        assert_eq!(told(b"\xff\xfec\0o\0"), "groupes.csv : fichier en UTF-16 : enregistrez-le en « CSV UTF-8 »");
        assert!(told(b"code;lieu;nom\nG1;L\0;x").starts_with("groupes.csv, ligne 2 : octet nul"));
        assert!(
            told(b"code;nom\nG1;x")
                .starts_with("groupes.csv, ligne 1 : colonne obligatoire absente : lieu (colonnes connues : code lieu nom)")
        );
        assert!(told(b"code;lieu;nom;nom\n").starts_with("groupes.csv, ligne 1 : colonne « nom » en double"));
        assert!(told(b"code;lieu;nom\nG1;L1\n").starts_with("groupes.csv, ligne 2 : 2 cases sur cette ligne, 3 dans l'en-tête"));
        assert!(told(&vec![b'a'; FILE_BYTES_MAX + 1]).contains("64 Mio au plus"));
    }

    #[test]
    fn the_row_after_the_last_one_allowed_is_refused() {
        let mut text = String::from("code;lieu;nom\n");
        for _ in 0..ROWS_MAX {
            text.push_str("a;b;c\n");
        }
        assert_eq!(read(text.as_bytes()).0.unwrap().rows.len(), ROWS_MAX);
        text.push_str("a;b;c\n");
        let (table, report) = read(text.as_bytes());
        assert!(table.is_none());
        assert_eq!(report.problems()[0].line, Some(ROWS_MAX as u64 + 2));
    }

    #[test]
    fn an_unknown_column_is_told_and_an_empty_trailing_one_is_not() {
        let table = read("code;lieu;nom;couleur;\nG1;L1;x;rouge;\n".as_bytes()).0.unwrap();
        assert_eq!(table.notices, ["colonne « couleur » inconnue, laissée de côté"]);
    }
}
