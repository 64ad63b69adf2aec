//! The folder as found on the disk, read before any transaction begins.

use super::report::{Problem, Report};
use super::source::{FILE_BYTES_MAX, Table};
use super::spec::FILES;
use crate::{Error, Result};
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest tariff file: a thousand rows take a tenth of it.
pub const TARIFF_BYTES_MAX: usize = 1024 * 1024;
/// Most tariff files.
pub const TARIFFS_MAX: usize = 500;

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Folder {
    tables: HashMap<&'static str, Table>,
    /// Tariff files: name and text, by name.
    pub tariffs: Vec<(String, String)>,
    /// Photos of children: code and file, by code.
    pub child_photos: Vec<(String, PathBuf)>,
    /// Photos of authorised persons: code and file, by code.
    pub person_photos: Vec<(String, PathBuf)>,
    /// What was detected or set aside.
    pub notices: Vec<String>,
}

impl Folder {
    /// Reads everything but photos, whose names only are noted.
    ///
    /// # Errors
    /// A folder or a file that can't be read; no known file at all.
    pub fn read(dir: &Path, report: &mut Report) -> Result<Self> {
        let mut folder = Self::default();
        let mut names: Vec<String> = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(Error::io(dir))? {
            names.push(entry.map_err(Error::io(dir))?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        for spec in &FILES {
            if names.iter().any(|n| n == spec.name) && spec.name.ends_with(".csv") {
                let Some(bytes) = bytes_of(&dir.join(spec.name), spec.name, FILE_BYTES_MAX, report)? else { continue };
                if let Some(mut table) = Table::read(spec, &bytes, report) {
                    folder.notices.extend(table.notices.drain(..).map(|notice| format!("{} : {notice}", spec.name)));
                    folder.tables.insert(spec.name, table);
                }
            }
        }
        for name in names.iter().filter(|n| n.ends_with(".csv") && !FILES.iter().any(|f| f.name == *n)) {
            folder.notices.push(format!("{name} : fichier inconnu, laissé de côté"));
        }
        folder.read_tariffs(&dir.join("tarifs"), report)?;
        folder.child_photos = photos(&dir.join("photos").join("enfants"))?;
        folder.person_photos = photos(&dir.join("photos").join("personnes"))?;
        let empty =
            folder.tables.is_empty() && folder.tariffs.is_empty() && folder.child_photos.is_empty() && folder.person_photos.is_empty();
        if empty && report.is_empty() {
            let known: Vec<&str> = FILES.iter().map(|f| f.name).collect();
            return Err(Error::input(format!("{} ne contient aucun fichier connu : {}.", dir.display(), known.join(", "))));
        }
        Ok(folder)
    }

    /// A file's rows, where the folder has it; each is asked for once.
    pub fn take(&mut self, file: &str) -> Option<Table> {
        self.tables.remove(file)
    }

    /// A file's rows, left where they are.
    #[must_use]
    pub fn peek(&self, file: &str) -> Option<&Table> {
        self.tables.get(file)
    }

    /// Files that nobody asked for.
    pub fn left_over(&self) -> impl Iterator<Item = &'static str> {
        self.tables.keys().copied()
    }

    fn read_tariffs(&mut self, dir: &Path, report: &mut Report) -> Result<()> {
        let mut paths = files_in(dir)?;
        paths.retain(|p| p.extension().is_some_and(|e| e == "toml"));
        for path in paths {
            let name = format!("tarifs/{}", file_name(&path));
            if self.tariffs.len() == TARIFFS_MAX {
                report.add(whole_file(&name, format!("trop de grilles : {TARIFFS_MAX} au plus")));
                break;
            }
            let Some(bytes) = bytes_of(&path, &name, TARIFF_BYTES_MAX, report)? else { continue };
            match String::from_utf8(bytes) {
                Ok(text) => self.tariffs.push((name, text)),
                Err(_) => report.add(whole_file(&name, "une grille est un fichier de texte en UTF-8".into())),
            }
        }
        Ok(())
    }
}

fn whole_file(file: &str, expected: String) -> Problem {
    Problem { file: file.to_owned(), line: None, column: None, value: None, expected }
}

/// A file's bytes, up to a limit that is looked at before any of them is read: a disk image by mistake, or a device, fills no
/// memory. `None` where it is told as wrong.
fn bytes_of(path: &Path, name: &str, limit: usize, report: &mut Report) -> Result<Option<Vec<u8>>> {
    // Before it is opened: a pipe that nobody writes to would be waited for.
    let about = std::fs::metadata(path).map_err(Error::io(path))?;
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    let too_big = || whole_file(name, format!("fichier trop gros : {} Mio au plus", limit / 1024 / 1024));
    if !about.is_file() {
        report.add(whole_file(name, "ce n'est pas un fichier ordinaire".into()));
        return Ok(None);
    }
    if about.len() > most {
        report.add(too_big());
        return Ok(None);
    }
    let (file, mut bytes) = (std::fs::File::open(path).map_err(Error::io(path))?, Vec::new());
    // It may grow while it is read.
    file.take(most + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if bytes.len() > limit {
        report.add(too_big());
        return Ok(None);
    }
    Ok(Some(bytes))
}

/// Files of a folder, by name; none where there is no folder.
fn files_in(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(dir)(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io(dir))?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

fn photos(dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut paths = files_in(dir)?;
    paths.retain(|p| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("jpg") || e.eq_ignore_ascii_case("jpeg")));
    Ok(paths.into_iter().map(|p| (p.file_stem().unwrap_or_default().to_string_lossy().into_owned(), p)).collect())
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
