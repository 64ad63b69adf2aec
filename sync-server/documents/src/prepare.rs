//! From data to the JSON that templates read.

use crate::data::{ChildLines, InvoiceDocument};
use crate::day_list::DayList;
use crate::limits::{TEXT_CHARS_MAX, WORD_CHARS_MAX};
use serde_json::{Value, json};
use shared::money::Cents;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// Stands for a character that no font draws. A document without a glyph is neither archivable nor accessible, and a bill must go out.
const REPLACEMENT: char = '?';
const ZERO_WIDTH_SPACE: char = '\u{200B}';

/// `data.json`, and what a person should know about it.
pub(crate) fn prepare(documents: &[InvoiceDocument], logo: Option<&str>, is_drawn: impl Fn(char) -> bool) -> (Value, Vec<String>) {
    let mut texts = Texts { is_drawn, replaced: BTreeSet::new(), cut: false };
    let mut warnings = Vec::new();
    let documents: Vec<Value> = documents
        .iter()
        .map(|document| {
            if document.organisation.siret.is_none() {
                warnings.push(format!("{} : le SIRET de la collectivité n'est pas connu.", document.number));
            }
            let mut value = json!(document);
            texts.clean(&mut value);
            derive(&mut value, document);
            value
        })
        .collect();
    warnings.extend(texts.told());
    (json!({ "documents": documents, "logo": logo }), warnings)
}

/// The same of a day's list.
pub(crate) fn prepare_list(list: &DayList, is_drawn: impl Fn(char) -> bool) -> (Value, Vec<String>) {
    let mut texts = Texts { is_drawn, replaced: BTreeSet::new(), cut: false };
    let mut value = json!(list);
    texts.clean(&mut value);
    (json!({ "list": value }), texts.told())
}

/// Sums are made here, on integers, so that a template only prints.
fn derive(value: &mut Value, document: &InvoiceDocument) {
    value["due_cents"] = json!(document.due_cents());
    let sum = |child: &ChildLines| child.lines.iter().map(|line| line.amount_cents).sum::<Cents>();
    for (index, child) in document.children.iter().enumerate() {
        value["children"][index]["total_cents"] = json!(sum(child));
    }
    let lines_cents: Cents = document.children.iter().map(sum).sum();
    value["lines_cents"] = json!(lines_cents);
}

struct Texts<F> {
    is_drawn: F,
    replaced: BTreeSet<char>,
    cut: bool,
}

impl<F: Fn(char) -> bool> Texts<F> {
    /// What was changed, for a person.
    fn told(self) -> Vec<String> {
        let replaced = |character: char| {
            let code = u32::from(character);
            format!("Le caractère « {character} » (U+{code:04X}) n'existe pas dans la police : remplacé par « {REPLACEMENT} ».")
        };
        let mut told: Vec<String> = self.replaced.into_iter().map(replaced).collect();
        if self.cut {
            told.push(format!("Un texte dépassait {TEXT_CHARS_MAX} caractères : il a été coupé."));
        }
        told
    }

    fn clean(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.clean(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Composed, without what is invisible (a mark that turns the reading order could turn an amount), every character drawn.
    fn text(&mut self, text: &str) -> String {
        let mut cleaned = String::with_capacity(text.len());
        let mut since_break = 0;
        for (index, character) in text.nfc().filter(|character| !is_invisible(*character)).enumerate() {
            if index == TEXT_CHARS_MAX {
                self.cut = true;
                cleaned.push('…');
                break;
            }
            let character = if character.is_control() { ' ' } else { character };
            since_break = if character.is_whitespace() || character == '-' { 0 } else { since_break + 1 };
            if since_break > WORD_CHARS_MAX {
                cleaned.push(ZERO_WIDTH_SPACE);
                since_break = 1;
            }
            if character == ' ' || (self.is_drawn)(character) {
                cleaned.push(character);
            } else {
                self.replaced.insert(character);
                cleaned.push(REPLACEMENT);
            }
        }
        cleaned
    }
}

/// Joiners, marks of direction, soft hyphens, the byte order mark.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{061C}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> (String, BTreeSet<char>) {
        let mut texts = Texts { is_drawn: |character| character < '\u{0400}', replaced: BTreeSet::new(), cut: false };
        (texts.text(text), texts.replaced)
    }

    #[test]
    fn a_decomposed_name_is_composed() {
        assert_eq!(cleaned("Le\u{0301}a").0, "Léa");
    }

    #[test]
    fn a_mark_that_turns_the_reading_order_is_left_out() {
        assert_eq!(cleaned("10\u{202E},00 €").0, "10,00 ?");
        assert_eq!(cleaned("a\u{2066}b\u{200B}c").0, "abc");
    }

    #[test]
    fn a_character_without_a_drawing_is_replaced_and_named() {
        let (text, replaced) = cleaned("名 Léa");
        assert_eq!((text.as_str(), replaced), ("? Léa", BTreeSet::from(['名'])));
    }

    #[test]
    fn a_word_without_end_may_break_on_the_sheet() {
        let at_the_limit = "a".repeat(WORD_CHARS_MAX);
        assert_eq!(cleaned(&at_the_limit).0, at_the_limit);
        let beyond = "a".repeat(WORD_CHARS_MAX + 1);
        assert_eq!(cleaned(&beyond).0, format!("{at_the_limit}\u{200B}a"));
    }

    #[test]
    fn a_text_beyond_the_limit_is_cut_and_says_so() {
        let mut texts = Texts { is_drawn: |_| true, replaced: BTreeSet::new(), cut: false };
        assert!(texts.text(&"a ".repeat(TEXT_CHARS_MAX / 2)).ends_with("a "));
        assert!(!texts.cut);
        assert!(texts.text(&"a ".repeat(TEXT_CHARS_MAX / 2 + 1)).ends_with('…'));
        assert!(texts.cut);
    }
}
