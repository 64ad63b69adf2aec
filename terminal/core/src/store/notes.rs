//! What families tell the team about a day: whose there are, without opening any, and those of one child.

use super::{RosterDb, StoreError};
use chrono::NaiveDate;
use shared::id::ChildId;
use shared::roster::{FamilyNote, Key, note_keys};
use std::collections::BTreeSet;

impl RosterDb {
    /// The children about whom a family wrote for a day.
    ///
    /// # Errors
    /// A failed read.
    pub fn children_with_notes(&self, day: NaiveDate) -> Result<BTreeSet<ChildId>, StoreError> {
        let prefix = format!("note:{day}:");
        let keys = self.keys_from(&prefix)?;
        let child = |key: &Key| key.strip_prefix(&prefix)?.split(':').next()?.parse().ok();
        Ok(keys.iter().filter_map(child).collect())
    }

    /// What was written about a child for a day, by its author's name.
    ///
    /// # Errors
    /// A failed read.
    pub fn notes(&self, child: ChildId, day: NaiveDate) -> Result<Vec<FamilyNote>, StoreError> {
        let mut notes: Vec<FamilyNote> = Vec::new();
        for key in self.keys_from(&note_keys(child, day))? {
            notes.extend(self.sealed_item(&key)?);
        }
        notes.sort_by(|a, b| (&a.author, a.person).cmp(&(&b.author, b.person)));
        Ok(notes)
    }

    /// Keys that begin so; such a beginning ends with a colon, and the next letter is the semicolon.
    fn keys_from(&self, prefix: &str) -> Result<Vec<Key>, StoreError> {
        let behind = format!("{};", prefix.trim_end_matches(':'));
        let mut statement = self.connection.prepare_cached("SELECT key FROM item WHERE key >= ?1 AND key < ?2 ORDER BY key")?;
        let keys = statement.query_map([prefix, &behind], |row| row.get(0))?.collect::<Result<Vec<Key>, _>>()?;
        Ok(keys)
    }
}
