//! `preau-terminal verify`: the whole journal of the tablet, page by page and
//! signature by signature. Reads only; a repair is done by the next start.

use super::CommandError;
use crate::store::{Peek, Whole, ask_repair};
use shared::french as words;
use std::path::Path;

/// Verifies everything that a data folder holds.
///
/// # Errors
/// A folder without a journal (2), or one that can't be read at all (1, 3). What doesn't hold is in the answer.
pub fn verify(dir: &Path) -> Result<Whole, CommandError> {
    Ok(Peek::open(dir)?.verify(dir)?)
}

/// Verifies, and has the next start repair what doesn't hold.
///
/// # Errors
/// As [`verify`]; a folder that can't be written.
pub fn verify_and_repair(dir: &Path) -> Result<Whole, CommandError> {
    let whole = verify(dir)?;
    if let Some(found) = &whole.first_break {
        ask_repair(dir, found)?;
    }
    Ok(whole)
}

impl Whole {
    /// The same for a person; what doesn't hold is said apart.
    #[must_use]
    pub fn in_words(&self) -> String {
        let count = |number: usize, one, many| words::count(u32::try_from(number).unwrap_or(u32::MAX), one, many);
        let mut said = format!(
            "{}, {} d'autres tablettes, {} ; {} dans la seconde copie.",
            count(self.own, "pointage de cette tablette", "pointages de cette tablette"),
            self.others,
            count(self.erased, "effacé", "effacés"),
            self.copied,
        );
        if self.whole {
            said.push_str(" Tout tient : pages, signatures, contenus, chaîne.");
        }
        if let Some(why) = &self.salvaged {
            said.push_str(&format!(" Le journal a été réparé ({why})."));
        }
        said
    }
}
