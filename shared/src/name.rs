//! Names as people search for them.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A name without accents, case, hyphens and apostrophes, to compare and to
/// search: "Maëlys", "maelys" and "MAELYS" are one; "N'Guessan" is "n guessan".
#[must_use]
pub fn folded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'œ' | 'Œ' => out.push_str("oe"),
            'æ' | 'Æ' => out.push_str("ae"),
            'ß' => out.push_str("ss"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Whether every word that someone typed begins a word of a name, in any order.
///
/// An empty search matches everyone.
#[must_use]
pub fn matches(search: &str, name: &str) -> bool {
    let (search, name) = (folded(search), folded(name));
    search.split(' ').all(|typed| typed.is_empty() || name.split(' ').any(|word| word.starts_with(typed)))
}

/// What somebody typed, on one line, without what no eye sees, and no longer than `chars_max` characters.
#[must_use]
pub fn one_line(typed: &str, chars_max: usize) -> String {
    let visible: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line: String = visible.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(chars_max).collect();
    line.trim_end().to_owned()
}

/// First letters of first and last name, for a tile without a photo: "LM".
#[must_use]
pub fn initials(first_name: &str, last_name: &str) -> String {
    let first = |text: &str| text.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    first(first_name) + &first(last_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_needs_no_accent_no_case_and_no_order() {
        assert!(matches("mael", "Maëlys Ribeiro"));
        assert!(matches("rib mae", "Maëlys Ribeiro"));
        assert!(matches("RIBEIRO", "Maëlys Ribeiro"));
        assert!(matches("", "Maëlys Ribeiro"));
        assert!(matches("coeur", "Jeanne Cœur-Vaillant"));
        assert!(matches("vaillant", "Jeanne Cœur-Vaillant"));
        assert!(!matches("elys", "Maëlys Ribeiro"));
    }

    #[test]
    fn what_is_typed_becomes_one_line_that_is_not_too_long() {
        assert_eq!(one_line("  Nadia\t Roche\n", 120), "Nadia Roche");
        assert_eq!(one_line("Na\u{0}dia\u{1b}[31m", 120), "Na dia [31m");
        assert_eq!(one_line("Nadia Roche", 6), "Nadia");
        assert_eq!(one_line(" \u{7f} ", 120), "");
    }

    #[test]
    fn initials_skip_what_is_no_letter() {
        assert_eq!(initials("Élodie", "d'Arc"), "ÉD");
        assert_eq!(initials("'Amina", ""), "A");
    }
}
