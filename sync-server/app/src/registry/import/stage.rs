//! The rows of one table, old and new, side by side: what a file says is put over what the database holds, and only
//! the difference is written.

use super::fields::Fields;
use crate::Result;
use crate::store;
use sea_orm::{EntityTrait, IntoActiveModel, ModelTrait};
use shared::calendar::Instant;
use std::collections::HashMap;
use std::hash::Hash;
use uuid::Uuid;

/// A table that files fill.
pub trait Imported: ModelTrait + Clone + PartialEq + Send + IntoActiveModel<<Self::Entity as EntityTrait>::ActiveModel>
where
    <Self::Entity as EntityTrait>::ActiveModel: Send,
{
    /// What makes two rows of a file the same thing.
    type Key: Eq + Hash + Clone + Send;
    /// The key of a row.
    fn key(&self) -> Self::Key;
    /// Its id.
    fn id(&mut self) -> &mut Uuid;
    /// Takes over what files don't speak of from the row that was there.
    fn keep(&mut self, _before: &Self) {}
}

/// What becomes of a row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It was there, word for word.
    Same,
    /// It was there, otherwise.
    Changed,
    /// It wasn't.
    New,
}

struct Slot<M> {
    /// As it will be.
    model: M,
    /// As the database holds it.
    before: Option<M>,
    /// The line that says so.
    line: Option<u64>,
}

impl<M: PartialEq> Slot<M> {
    /// `None` for a row that the file doesn't speak of and that nothing else changed.
    fn fate(&self) -> Option<Fate> {
        match &self.before {
            None => Some(Fate::New),
            Some(before) if *before != self.model => Some(Fate::Changed),
            Some(_) => self.line.map(|_| Fate::Same),
        }
    }
}

/// The rows of one table during an import.
pub struct Stage<M: Imported>
where
    <M::Entity as EntityTrait>::ActiveModel: Send,
{
    slots: HashMap<M::Key, Slot<M>>,
    now: Instant,
}

impl<M: Imported> Stage<M>
where
    <M::Entity as EntityTrait>::ActiveModel: Send,
{
    /// Starts from what the database holds.
    pub fn new(existing: Vec<M>, now: Instant) -> Self {
        let slot = |model: M| (model.key(), Slot { before: Some(model.clone()), model, line: None });
        Self { slots: existing.into_iter().map(slot).collect(), now }
    }

    /// Puts a row of a file over what was there; tells a second row of the same key, in `column`. Gives the id, also of
    /// a row that is wrong elsewhere, so that what refers to it isn't told as wrong.
    ///
    /// # Errors
    /// No randomness for a new id.
    pub fn put(&mut self, f: &mut Fields<'_>, column: &str, mut model: M) -> Result<Uuid> {
        let key = model.key();
        let Some(slot) = self.slots.get_mut(&key) else {
            let id = store::new_id(self.now)?;
            *model.id() = id;
            self.slots.insert(key, Slot { model, before: None, line: Some(f.line()) });
            return Ok(id);
        };
        let id = *slot.model.id();
        if let Some(line) = slot.line {
            if f.good() {
                f.wrong(column, format!("ligne en double : la ligne {line} dit déjà la même chose"));
            }
            return Ok(id);
        }
        *model.id() = id;
        model.keep(&slot.model);
        slot.line = Some(f.line());
        slot.model = model;
        Ok(id)
    }

    /// Rows as they will be, with the line of those that the file gave.
    pub fn rows(&self) -> impl Iterator<Item = (&M, Option<u64>)> {
        self.slots.values().map(|slot| (&slot.model, slot.line))
    }

    /// Changes rows after all were put: what depends on the other rows of the table.
    pub fn settle(&mut self, mut change: impl FnMut(&mut M)) {
        for slot in self.slots.values_mut() {
            change(&mut slot.model);
        }
    }

    /// What is to be written and told.
    #[must_use]
    pub fn into_difference(self) -> Difference<M> {
        let mut difference = Difference { new: Vec::new(), changed: Vec::new(), fates: Vec::new(), no_longer_there: 0 };
        let mut slots: Vec<Slot<M>> = self.slots.into_values().collect();
        slots.sort_by_key(|slot| slot.line);
        for slot in slots {
            if slot.line.is_none() {
                difference.no_longer_there += 1;
            }
            let Some(fate) = slot.fate() else { continue };
            // A row that changed because of others has no line of its own, and isn't told among lines.
            difference.fates.extend(slot.line.map(|line| (line, fate)));
            match fate {
                Fate::New => difference.new.push(slot.model),
                Fate::Changed => difference.changed.push(slot.model),
                Fate::Same => {}
            }
        }
        difference
    }
}

/// What an import changes in one table.
pub struct Difference<M> {
    /// Rows to insert, in the file's order.
    pub new: Vec<M>,
    /// Rows to rewrite.
    pub changed: Vec<M>,
    /// What became of each line.
    pub fates: Vec<(u64, Fate)>,
    /// Rows of the database that the file no longer has: they stay.
    pub no_longer_there: usize,
}

/// `imported! { household: String = |m| m.code.clone() }`: a table, its key, and how a row gives it.
macro_rules! imported {
    ($table:ident: $key:ty = |$model:ident| $make:expr $(, keep |$new:ident, $before:ident| $keep:expr)?) => {
        impl $crate::registry::import::stage::Imported for $crate::store::entity::$table::Model {
            type Key = $key;
            fn key(&self) -> Self::Key {
                let $model = self;
                $make
            }
            fn id(&mut self) -> &mut uuid::Uuid {
                &mut self.id
            }
            $(fn keep(&mut self, $before: &Self) {
                let $new = self;
                $keep
            })?
        }
    };
}
pub(super) use imported;
