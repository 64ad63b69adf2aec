//! Which files a template is made of: the built-in ones, and those that an organisation puts in their place.

use crate::error::FolderError;
use crate::limits::{TEMPLATE_FOLDER_BYTES_MAX, TEMPLATE_FOLDER_FILES_MAX};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use typst::foundations::Bytes;
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};

/// Where the documents meet (engine/world.rs): not one of the files that a template sees.
const FRAME: [&str; 2] = ["cadre.typ", "main.typ"];
/// What the data are called.
pub(crate) const DATA: &str = "data.json";

const BUILTIN: [(&str, &str); 4] = [
    ("commun.typ", include_str!("../templates/commun.typ")),
    ("detail.typ", include_str!("../templates/detail.typ")),
    ("facture.typ", include_str!("../templates/facture.typ")),
    ("avoir.typ", include_str!("../templates/avoir.typ")),
];
const LOGOS: [&str; 3] = ["logo.svg", "logo.png", "logo.jpg"];
const EXTENSIONS: [&str; 4] = ["typ", "svg", "png", "jpg"];

/// A set of template files, read and parsed once.
#[derive(Clone)]
pub struct Templates {
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) files: BTreeMap<String, Bytes>,
    /// Names that come from the organisation.
    pub(crate) own: Vec<String>,
}

impl Templates {
    /// Those of Préau.
    #[must_use]
    pub fn builtin() -> Self {
        let mut templates = Self { sources: BTreeMap::new(), files: BTreeMap::new(), own: Vec::new() };
        for (name, text) in BUILTIN {
            templates.put(name, text.as_bytes().to_vec(), Some(text.to_owned()));
        }
        templates
    }

    /// Those of Préau, each replaced by the folder's file of the same name, and whatever else the folder's templates import.
    ///
    /// # Errors
    /// [`FolderError`], and never a look outside of the folder: a link is refused.
    pub fn with_folder(folder: &Path) -> Result<Self, FolderError> {
        Self::with_files(read_folder(folder)?)
    }

    /// The same from files that are already in memory.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn with_files(own: BTreeMap<String, Vec<u8>>) -> Result<Self, FolderError> {
        if own.len() > TEMPLATE_FOLDER_FILES_MAX {
            return Err(FolderError::TooManyFiles(TEMPLATE_FOLDER_FILES_MAX));
        }
        if own.values().map(|bytes| bytes.len() as u64).sum::<u64>() > TEMPLATE_FOLDER_BYTES_MAX {
            return Err(FolderError::TooLarge(TEMPLATE_FOLDER_BYTES_MAX));
        }
        let logos: Vec<&str> = LOGOS.into_iter().filter(|logo| own.contains_key(*logo)).collect();
        if logos.len() > 1 {
            return Err(FolderError::SeveralLogos(logos.join(", ")));
        }
        let mut templates = Self::builtin();
        for (name, bytes) in own {
            verify_name(&name)?;
            let text = if name.ends_with(".typ") {
                Some(String::from_utf8(bytes.clone()).map_err(|_| FolderError::NotUtf8 { file: name.clone() })?)
            } else {
                None
            };
            templates.put(&name, bytes, text);
            templates.own.push(name);
        }
        Ok(templates)
    }

    /// Which files an organisation may replace, and what stands in them.
    pub fn replaceable() -> impl Iterator<Item = (&'static str, &'static str)> {
        BUILTIN.into_iter()
    }

    /// The organisation's logo, as a template names it.
    pub(crate) fn logo(&self) -> Option<&'static str> {
        LOGOS.into_iter().find(|logo| self.files.contains_key(*logo))
    }

    fn put(&mut self, name: &str, bytes: Vec<u8>, text: Option<String>) {
        if let (Some(text), Some(id)) = (text, file_id(name)) {
            self.sources.insert(name.to_owned(), Source::new(id, text));
        }
        self.files.insert(name.to_owned(), Bytes::new(bytes));
    }
}

/// Typst's name of one of our files; none for what is no name.
fn file_id(name: &str) -> Option<FileId> {
    VirtualPath::new(name).ok().map(|path| RootedPath::new(VirtualRoot::Project, path).intern())
}

/// Reads at most what the limits allow, whatever the folder holds.
fn read_folder(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, FolderError> {
    let unreadable = |file: &Path, error: &std::io::Error| FolderError::Unreadable {
        file: file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned(),
        reason: error.to_string(),
    };
    let mut files = BTreeMap::new();
    let mut left = TEMPLATE_FOLDER_BYTES_MAX;
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        // Editors leave hidden files and copies beside.
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        if !entry.file_type().map_err(|error| unreadable(&path, &error))?.is_file() {
            return Err(FolderError::Name { file: name });
        }
        verify_name(&name)?;
        if files.len() == TEMPLATE_FOLDER_FILES_MAX {
            return Err(FolderError::TooManyFiles(TEMPLATE_FOLDER_FILES_MAX));
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(&path).map_err(|error| unreadable(&path, &error))?;
        file.take(left + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&path, &error))?;
        left = left.checked_sub(bytes.len() as u64).ok_or(FolderError::TooLarge(TEMPLATE_FOLDER_BYTES_MAX))?;
        files.insert(name, bytes);
    }
    Ok(files)
}

fn verify_name(name: &str) -> Result<(), FolderError> {
    if FRAME.contains(&name) || name == DATA {
        return Err(FolderError::Reserved { file: name.to_owned() });
    }
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte));
    match name.rsplit_once('.') {
        Some((stem, extension)) if plain && !stem.is_empty() && EXTENSIONS.contains(&extension) => Ok(()),
        _ => Err(FolderError::Name { file: name.to_owned() }),
    }
}
