//! How the tablet is, in a file to send: words first, the same for a program after them. No name, no number of a card or a child.

use super::Upkeep;
use super::diagnosis::Diagnosis;
use super::pages::Page;
use crate::clock::Now;
use crate::door::Door;
use crate::store::{StoreError, replace};
use crate::view::Tone;
use crate::words;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where Linux tells what is mounted.
pub const MOUNTS: &str = "/proc/self/mounts";
/// Where sticks are mounted by what mounts them.
const STICKS: [&str; 2] = ["/media/", "/run/media/"];

impl Upkeep {
    /// Writes it on a stick where one is there, else into the data folder, and says where.
    pub(super) fn export(&mut self, now: Now, door: Option<&Door>) {
        // Whoever reads it elsewhere, and their programs, know its French.
        let text = words::in_french(|| self.diagnose(now, door).in_a_file());
        let stamp = now.corrected(door.and_then(|door| door.store().roster.observed().ok().flatten()));
        let name = format!("preau-diagnostic-{}T{}.txt", stamp.day(), stamp.time().format("%H%M%S"));
        let sticks = sticks(&std::fs::read_to_string(&self.mounts).unwrap_or_default());
        let folders = sticks.into_iter().chain([self.dir.clone()]);
        let written = write_first(folders, &name, &text);
        let exported = match written {
            Ok(path) => (Tone::Calm, tr!("Écrit : {}. Ce fichier ne contient aucun nom d'enfant.", path.display())),
            Err(StoreError::Full) => (Tone::Red, tr!("Rien n'a été écrit : le disque est plein.")),
            Err(error) => (Tone::Red, tr!("Rien n'a été écrit. {}", error.in_words())),
        };
        if let Some(Page::Diagnosis(looked)) = &mut self.page {
            looked.exported = Some(exported);
        }
    }
}

/// Into the first folder that takes it; the last one's failure where none does.
fn write_first(folders: impl Iterator<Item = PathBuf>, name: &str, text: &str) -> Result<PathBuf, StoreError> {
    let mut failure = StoreError::Io { path: name.to_owned(), why: tr!("aucun dossier") };
    for folder in folders {
        let path = folder.join(name);
        match replace(&path, text.as_bytes()) {
            Ok(()) => return Ok(path),
            Err(error) => failure = StoreError::io(&path, &error),
        }
    }
    Err(failure)
}

/// Mount points of sticks, in the order in which they were plugged in. `\040` is a space there.
fn sticks(mounts: &str) -> Vec<PathBuf> {
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(1)).map(|point| point.replace("\\040", " "));
    points.filter(|point| STICKS.iter().any(|folder| point.starts_with(folder))).map(|point| Path::new(&point).to_owned()).collect()
}

impl Diagnosis {
    /// The text of the file.
    fn in_a_file(&self) -> String {
        let mut text = format!("Préau, diagnostic de la tablette, {}\n\n", self.at_in_words);
        for finding in self.findings() {
            // A String takes whatever is written to it.
            let _ = writeln!(text, "{} : {}", finding.subject, finding.words.replace('\n', "\n    "));
            if !finding.advice.is_empty() {
                let _ = writeln!(text, "    -> {}", finding.advice);
            }
        }
        let json = serde_json::to_string(self).unwrap_or_default();
        let _ = writeln!(text, "\nPour un programme :\n{json}");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stick_is_what_is_mounted_where_sticks_are() {
        let mounts = "/dev/sda2 / ext4 rw 0 0\n/dev/sdb1 /media/preau/CLE\\040BLEUE vfat rw 0 0\nproc /proc proc rw 0 0\n\n/dev/sdc1 /run/media/a/b vfat rw 0 0\n";
        assert_eq!(sticks(mounts), [Path::new("/media/preau/CLE BLEUE"), Path::new("/run/media/a/b")]);
    }

    #[test]
    fn what_no_stick_takes_goes_to_the_data_folder_and_what_none_takes_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("retirée");
        let written = write_first([gone.clone(), dir.path().to_owned()].into_iter(), "a.txt", "b").unwrap();
        assert_eq!((written.as_path(), std::fs::read_to_string(&written).unwrap().as_str()), (dir.path().join("a.txt").as_path(), "b"));
        assert!(write_first([gone].into_iter(), "a.txt", "b").is_err());
    }
}
