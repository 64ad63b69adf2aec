//! What is on a tablet's disk at the instant at which its process dies: the bytes of its files, as another program would read them.
//!
//! Killing the simulation's own process would end the simulation. Instead the folder is copied at that very instant; the rest of
//! the step is played by a process that nobody sees any more, and the tablet starts again from the copy.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use terminal_core::store::{FaultPoints, SealPoint};

/// A tablet's power supply.
#[derive(Debug)]
pub struct Power {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    dir: PathBuf,
    armed: Option<SealPoint>,
    died: Option<PathBuf>,
}

impl Power {
    /// Of a tablet that lives in a folder.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        Self { state: Mutex::new(State { dir: dir.to_owned(), armed: None, died: None }) }
    }

    /// Cuts the power at the next such point.
    pub fn cut_at(&self, point: SealPoint) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).armed = Some(point);
    }

    /// Cuts the power now.
    pub fn cut(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.died.is_none() {
            let image = image_of(&state.dir);
            state.died = Some(image);
        }
    }

    /// Whether the process is dead, and nothing that it does is seen.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).died.is_some()
    }

    /// The folder as it was when the power was cut.
    #[must_use]
    pub fn remains(&self) -> Option<PathBuf> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).died.clone()
    }
}

impl FaultPoints for Power {
    fn pass(&self, point: SealPoint) {
        let armed = self.state.lock().unwrap_or_else(PoisonError::into_inner).armed;
        if armed == Some(point) {
            self.cut();
        }
    }
}

/// Copies a tablet's folder beside it, as its disk would be found after a death: no lock, no shared memory.
///
/// # Panics
/// Where the simulation's own disk fails.
#[must_use]
pub fn image_of(dir: &Path) -> PathBuf {
    let parent = dir.parent().expect("a tablet's folder stands in another");
    let image = (0..).map(|n| parent.join(format!("{n}"))).find(|p| !p.exists()).expect("numbers don't end");
    copy(dir, &image);
    image
}

/// Copies a folder; files that only a running process needs are left behind.
///
/// Whatever the second copy holds at that instant, the next start brings it up to the journal: what a step shows doesn't depend on it.
///
/// # Panics
/// Where the simulation's own disk fails.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the simulation's disk");
    for entry in std::fs::read_dir(from).expect("the simulation's disk") {
        let entry = entry.expect("the simulation's disk");
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            copy(&path, &to.join(&name));
        } else if name == "reserve" {
            // Never written twice, only given up: one file of zeroes for all.
            std::fs::hard_link(&path, to.join(&name)).expect("the simulation's disk");
        } else if name != "lock" && !name.to_string_lossy().ends_with("-shm") {
            match std::fs::copy(&path, to.join(&name)) {
                // The thread of the second copy runs on while the power goes, and puts new files in the place of old ones.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                copied => drop(copied.expect("the simulation's disk")),
            }
        }
    }
}
