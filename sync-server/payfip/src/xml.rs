//! A small tree of an answer: names without prefixes, text, and nothing that could grow.
//!
//! No document type, no entity but the five of XML and characters by number, no processing instruction; size, depth, number of elements
//! and length of a text are limited.

use crate::error::Unreadable;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

/// Longest answer. A real one has less than 3 KiB.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Deepest element; a fault's code is at depth 6.
pub const DEPTH_MAX: usize = 12;
/// Most elements; a whole record has 17.
pub const ELEMENTS_MAX: usize = 128;
/// Longest text of one element.
pub const TEXT_BYTES_MAX: usize = 4096;

/// An element, by its local name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The only child of a name: none or two are not an answer to read.
    pub fn only(&self, name: &str) -> Result<&Self, Unreadable> {
        self.at_most_one(name)?.ok_or_else(|| Unreadable::Unexpected(format!("« {name} » absent")))
    }

    /// The child of a name, if it is there; an element given twice has no value that could be believed.
    pub fn at_most_one(&self, name: &str) -> Result<Option<&Self>, Unreadable> {
        let mut named = self.children.iter().filter(|child| child.name == name);
        let first = named.next();
        if named.next().is_some() {
            return Err(Unreadable::Unexpected(format!("« {name} » en double")));
        }
        Ok(first)
    }

    /// The text of a child; absent and empty are the same.
    pub fn value(&self, name: &str) -> Result<Option<&str>, Unreadable> {
        let Some(child) = self.at_most_one(name)? else { return Ok(None) };
        if !child.children.is_empty() {
            return Err(Unreadable::Unexpected(format!("« {name} » n'est pas une valeur")));
        }
        Ok(Some(child.text.as_str()).filter(|text| !text.is_empty()))
    }
}

/// Reads one whole document, or says why not.
pub(crate) fn read(body: &[u8]) -> Result<Element, Unreadable> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Unreadable::TooLong);
    }
    let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    Tree::default().grow(text)
}

#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree {
    fn grow(mut self, text: &str) -> Result<Element, Unreadable> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        loop {
            match reader.read_event().map_err(|_| Unreadable::Malformed)? {
                Event::Start(start) => self.start(start.local_name().into_inner())?,
                Event::End(_) => self.end()?,
                Event::Text(text) => self.text(&text.xml10_content())?,
                Event::CData(text) => self.text(&text.xml10_content())?,
                Event::GeneralRef(reference) => self.text(character(&reference)?.encode_utf8(&mut [0; 4]))?,
                Event::DocType(_) | Event::PI(_) => return Err(Unreadable::Forbidden),
                Event::Comment(_) | Event::Decl(_) | Event::Empty(_) => {}
                Event::Eof => break,
            }
        }
        // Elements that are still open: the answer was cut.
        if self.open.is_empty() { self.root.ok_or(Unreadable::Malformed) } else { Err(Unreadable::Malformed) }
    }

    fn start(&mut self, name: &str) -> Result<(), Unreadable> {
        if self.root.is_some() {
            return Err(Unreadable::Malformed);
        }
        self.elements += 1;
        if self.open.len() >= DEPTH_MAX || self.elements > ELEMENTS_MAX {
            return Err(Unreadable::BeyondLimits);
        }
        self.open.push(Element { name: name.to_owned(), ..Element::default() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        let mut done = self.open.pop().ok_or(Unreadable::Malformed)?;
        done.text = done.text.trim().to_owned();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Unreadable> {
        // No character of XML 1.0 (section 2.2), and no database takes a NUL in a text.
        if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
            return Err(Unreadable::Malformed);
        }
        match self.open.last_mut() {
            Some(element) if element.text.len() + text.len() > TEXT_BYTES_MAX => Err(Unreadable::BeyondLimits),
            Some(element) => {
                element.text.push_str(text);
                Ok(())
            }
            None if text.trim().is_empty() => Ok(()),
            None => Err(Unreadable::Malformed),
        }
    }
}

/// The five entities that XML itself names, and characters by number. Any other would need a document type.
fn character(reference: &BytesRef<'_>) -> Result<char, Unreadable> {
    if reference.is_char_ref() {
        return reference.resolve_char_ref().ok().flatten().ok_or(Unreadable::Malformed);
    }
    match reference.xml10_content().as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(Unreadable::Forbidden),
    }
}
