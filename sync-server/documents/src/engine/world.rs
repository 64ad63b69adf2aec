//! What Typst may see: the templates, the data, the fonts. No disk, no network, no date.

use super::fonts;
use crate::templates::{DATA, Templates};
use std::path::PathBuf;
use std::sync::LazyLock;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, Source, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));
/// Where the documents meet: metadata, pages, recto. Never replaced, so that a PDF stays archivable and accessible.
/// Typst calls it `main.typ`.
static FRAME: LazyLock<Source> = LazyLock::new(|| Source::detached(include_str!("../../templates/cadre.typ")));

/// The list of a day on paper. Never replaced either: who may take a child must stand where everybody looks for it.
static LIST: LazyLock<Source> = LazyLock::new(|| Source::detached(include_str!("../../templates/liste.typ")));

/// The files of one rendering.
pub(super) struct Sheets {
    main: &'static Source,
    templates: Templates,
    data: Bytes,
}

impl Sheets {
    pub fn new(templates: Templates, data: Vec<u8>) -> Self {
        Self { main: &FRAME, templates, data: Bytes::new(data) }
    }

    /// Of a day's list.
    pub fn of_list(data: Vec<u8>) -> Self {
        Self { main: &LIST, templates: Templates::builtin(), data: Bytes::new(data) }
    }

    /// Whether a file comes from the organisation.
    pub fn is_own(&self, id: FileId) -> bool {
        self.templates.own.iter().any(|own| own == name(id))
    }
}

/// As in the folder.
pub(super) fn name(id: FileId) -> &'static str {
    if id == FRAME.id() {
        return "cadre.typ";
    }
    id.get().vpath().get_without_slash()
}

fn not_found(id: FileId) -> FileError {
    FileError::NotFound(PathBuf::from(name(id)))
}

impl World for Sheets {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        fonts::book()
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        match id.get().root() {
            VirtualRoot::Project if id == self.main.id() => Ok(self.main.clone()),
            VirtualRoot::Project => self.templates.sources.get(name(id)).cloned().ok_or_else(|| not_found(id)),
            VirtualRoot::Package(_) => Err(FileError::AccessDenied),
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        match id.get().root() {
            VirtualRoot::Project if name(id) == DATA => Ok(self.data.clone()),
            VirtualRoot::Project => self.templates.files.get(name(id)).cloned().ok_or_else(|| not_found(id)),
            VirtualRoot::Package(_) => Err(FileError::AccessDenied),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        fonts::font(index)
    }

    /// None: the date of a document is one of its data.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
