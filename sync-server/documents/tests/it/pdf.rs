//! Poppler's tools on bytes.

use std::io::Write;
use std::process::Command;

/// Runs a tool on a PDF; `{}` stands for its path.
fn run(tool: &str, arguments: &[&str], pdf: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::with_suffix(".pdf").unwrap();
    file.write_all(pdf).unwrap();
    let path = file.path().to_str().unwrap();
    let arguments = arguments.iter().map(|argument| if *argument == "{}" { path } else { argument });
    let output = Command::new(tool).args(arguments).output().expect("poppler-utils is installed (packaging/prerequisites check)");
    assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    // Poppler 22 complains about attributes that the norm allows; its words are not looked at. Empty titles of tags come as raw bytes.
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The text as it lies on the sheets.
pub fn text(pdf: &[u8]) -> String {
    run("pdftotext", &["-layout", "{}", "-"], pdf)
}

/// The text, page by page.
pub fn pages(pdf: &[u8]) -> Vec<String> {
    let text = text(pdf);
    text.strip_suffix('\u{c}').unwrap_or(&text).split('\u{c}').map(str::to_owned).collect()
}

/// The text in reading order, every run of spaces as one, so that a line break doesn't matter.
pub fn words(pdf: &[u8]) -> String {
    run("pdftotext", &["-raw", "{}", "-"], pdf).split([' ', '\n', '\u{c}']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

pub fn info(pdf: &[u8]) -> String {
    run("pdfinfo", &["{}"], pdf)
}

pub fn metadata(pdf: &[u8]) -> String {
    run("pdfinfo", &["-meta", "{}"], pdf)
}

/// The tags with what they hold: what a screen reader goes through. Attributes and object numbers are left out.
pub fn structure(pdf: &[u8]) -> String {
    let tags = run("pdfinfo", &["-struct-text", "{}"], pdf);
    let kept = tags.lines().filter(|line| !line.trim_start().starts_with('/') && !line.trim_start().starts_with("Object "));
    kept.map(|line| line.replace(" \"\u{fffd}\u{fffd}\"", "")).collect::<Vec<_>>().join("\n")
}

/// Name, embedded or not, of each font.
pub fn fonts(pdf: &[u8]) -> Vec<(String, bool)> {
    let table = run("pdffonts", &["{}"], pdf);
    let row = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        // name, type…, encoding, emb, sub, uni, object, id
        (columns[0].to_owned(), columns[columns.len() - 5] == "yes")
    };
    table.lines().skip(2).map(row).collect()
}

/// Where a word stands on the first page, in millimetres from the top left: x from, y from, x to, y to.
pub fn place_of(word: &str, pdf: &[u8]) -> [f64; 4] {
    let boxes = run("pdftotext", &["-bbox", "-l", "1", "{}", "-"], pdf);
    let line = boxes.lines().find(|line| line.contains(&format!(">{word}<"))).expect("the word is on the first page");
    let value = |name: &str| {
        let from = line.find(name).unwrap() + name.len() + 2;
        line[from..].split('"').next().unwrap().parse::<f64>().unwrap()
    };
    ["xMin", "yMin", "xMax", "yMax"].map(|name| to_millimetres(value(name)))
}

#[expect(clippy::float_arithmetic, reason = "a place on a sheet, not money")]
fn to_millimetres(points: f64) -> f64 {
    points / 72.0 * 25.4
}
