//! What is on a tablet's disk at the instant at which its program ends: the bytes of its files, as another program would read them,
//! or, where the power went, as the disk had them.
//!
//! Killing the simulation's own process would end the simulation. Instead the folder is copied at that very instant; the rest of
//! the step is played by a process that nobody sees any more, and the tablet starts again from the copy.

use crate::event::Ending;
use disk::Disk;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use terminal_core::store::{FaultPoints, SealPoint};

/// A tablet's power supply.
#[derive(Debug)]
pub struct Power {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    dir: PathBuf,
    /// Watches the folder's databases.
    disk: Disk,
    armed: Option<SealPoint>,
    /// How it will end, where it does.
    how: Ending,
    died: Option<PathBuf>,
}

impl Power {
    /// Of a tablet that lives in a folder, and hasn't opened it yet.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        let state = State { dir: dir.to_owned(), disk: Disk::of(dir), armed: None, how: Ending::Killed, died: None };
        Self { state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it will end, whenever it does.
    pub fn will_end(&self, how: Ending) {
        self.state().how = how;
    }

    /// Ends the program at the next such point.
    pub fn cut_at(&self, point: SealPoint) {
        self.state().armed = Some(point);
    }

    /// Ends the program now.
    ///
    /// # Panics
    /// Where the simulation's own disk fails.
    pub fn cut(&self) {
        let mut state = self.state();
        if state.died.is_none() {
            let image = match state.how {
                Ending::Killed => image_of(&state.dir),
                Ending::PowerCut { dice } => {
                    let image = beside(&state.dir);
                    state.disk.image(u64::from(dice), &image).expect("the simulation's disk");
                    image
                }
            };
            state.died = Some(image);
        }
    }

    /// Whether the process is dead, and nothing that it does is seen.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.state().died.is_some()
    }

    /// The folder as it was when the power was cut.
    #[must_use]
    pub fn remains(&self) -> Option<PathBuf> {
        self.state().died.clone()
    }
}

impl FaultPoints for Power {
    fn pass(&self, point: SealPoint) {
        let armed = self.state().armed;
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
    let image = beside(dir);
    copy(dir, &image);
    image
}

/// A place for one more folder of a tablet.
fn beside(dir: &Path) -> PathBuf {
    let parent = dir.parent().expect("a tablet's folder stands in another");
    (0..).map(|n| parent.join(format!("{n}"))).find(|p| !p.exists()).expect("numbers don't end")
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
