//! One import under way: its transaction, what is known so far, what is wrong so far, what changes.

use super::codes::Codes;
use super::folder::Folder;
use super::report::{Problem, Report};
use super::spec::FILES;
use super::stage::{Difference, Fate, Imported, Stage};
use crate::Result;
use crate::store::entity::organisation;
use crate::store::{self, OfOrganisation, OfTerritoire, Tenant, Territory};
use chrono::NaiveDate;
use indicatif::ProgressBar;
use sea_orm::EntityTrait;
use serde::Serialize;
use shared::calendar::Instant;
use shared::id::OrganisationId;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// Something of one organisation, by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned {
    /// Whose.
    pub organisation: Uuid,
    /// Which.
    pub id: Uuid,
}

/// What rows of later files need to know of a lieu.
#[derive(Debug, Clone)]
pub struct KnownCentre {
    /// Whose, and which.
    pub own: Owned,
    /// `eaje`, `alsh`, `periscolaire`, `cantine`.
    pub kind: String,
}

/// What rows of later files need to know of an activity.
#[derive(Debug, Clone)]
pub struct KnownActivity {
    /// Whose, and which.
    pub own: Owned,
    /// Its lieu.
    pub centre: Uuid,
    /// `heures`, `arrivee`, `depart`, `appel`.
    pub recording: String,
}

/// What rows of later files need to know of a contract.
#[derive(Debug, Clone)]
pub struct KnownContract {
    /// Whose, and which.
    pub own: Owned,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// What codes stand for, so far.
#[derive(Debug)]
pub struct Known {
    /// `organisations.csv`.
    pub organisations: Codes<Uuid>,
    /// `regies.csv`.
    pub regies: Codes<Owned>,
    /// `sites.csv`.
    pub sites: Codes<Uuid>,
    /// `lieux.csv`.
    pub centres: Codes<KnownCentre>,
    /// `groupes.csv`.
    pub groups: Codes<Owned>,
    /// `ecoles.csv`.
    pub schools: Codes<Uuid>,
    /// `classes.csv`.
    pub classes: Codes<Uuid>,
    /// `foyers.csv`.
    pub households: Codes<Uuid>,
    /// `responsables.csv`.
    pub persons: Codes<Uuid>,
    /// `enfants.csv`.
    pub children: Codes<Uuid>,
    /// `personnel.csv`.
    pub staff: Codes<Owned>,
    /// `tarifs/`: a code is all there is to know.
    pub tariffs: Codes<()>,
    /// `activites.csv`.
    pub activities: Codes<KnownActivity>,
    /// `contrats.csv`.
    pub contracts: Codes<KnownContract>,
}

impl Known {
    fn new() -> Self {
        Self {
            organisations: Codes::new("une collectivité", "organisations.csv"),
            regies: Codes::new("une régie", "regies.csv"),
            sites: Codes::new("un site", "sites.csv"),
            centres: Codes::new("un lieu", "lieux.csv"),
            groups: Codes::new("un groupe", "groupes.csv"),
            schools: Codes::new("une école", "ecoles.csv"),
            classes: Codes::new("une classe", "classes.csv"),
            households: Codes::new("un foyer", "foyers.csv"),
            persons: Codes::new("un responsable", "responsables.csv"),
            children: Codes::new("un enfant", "enfants.csv"),
            staff: Codes::new("un membre du personnel", "personnel.csv"),
            tariffs: Codes::new("une grille", "tarifs/"),
            activities: Codes::new("une activité", "activites.csv"),
            contracts: Codes::new("un contrat", "contrats.csv"),
        }
    }
}

/// What became of the rows of one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Rows that weren't there.
    #[serde(rename = "nouveaux")]
    pub new: usize,
    /// Rows that were there otherwise.
    #[serde(rename = "changes")]
    pub changed: usize,
    /// Rows that were there word for word.
    #[serde(rename = "inchanges")]
    pub same: usize,
    /// Rows of the database that the folder no longer has; they stay.
    #[serde(rename = "plus_dans_le_dossier")]
    pub no_longer_there: usize,
}

/// One import under way.
pub struct Import<'a> {
    /// The territoire, within the import's transaction.
    pub territory: Territory<'a>,
    /// When it began.
    pub now: Instant,
    /// Its day.
    pub today: NaiveDate,
    /// What is to be read.
    pub folder: Folder,
    /// `--organisation`: whose rows are those that name nobody.
    pub chosen: Option<String>,
    /// Organisations whose rows may be touched, by code.
    pub organisations: Vec<organisation::Model>,
    /// Régies by organisation: an activity that names none is of the only one.
    pub regies: HashMap<Uuid, Vec<Uuid>>,
    /// What codes stand for.
    pub known: Known,
    /// Organisations that the folder is for.
    pub ours: Vec<organisation::Model>,
    /// Those that it is not for.
    pub others: Vec<organisation::Model>,
    /// Children that a row of the folder names as a child, a home or a right of.
    pub named_children: HashSet<Uuid>,
    /// What is wrong.
    pub report: Report,
    fates: BTreeMap<usize, (HashMap<u64, Fate>, usize)>,
    progress: ProgressBar,
}

impl<'a> Import<'a> {
    /// Starts one.
    pub fn new(
        territory: Territory<'a>,
        folder: Folder,
        now: Instant,
        chosen: Option<String>,
        report: Report,
        progress: ProgressBar,
    ) -> Self {
        Self {
            territory,
            now,
            today: shared::calendar::business_day(now),
            folder,
            chosen,
            organisations: Vec::new(),
            regies: HashMap::new(),
            known: Known::new(),
            ours: Vec::new(),
            others: Vec::new(),
            named_children: HashSet::new(),
            report,
            fates: BTreeMap::new(),
            progress,
        }
    }

    /// Shows which file is being read.
    pub fn show(&self, file: &'static str) {
        self.progress.set_message(file);
        self.progress.inc(1);
    }

    /// The organisation of rows that name none: the chosen one, or the only one.
    #[must_use]
    pub fn default_organisation(&self) -> Option<Uuid> {
        match (&self.chosen, self.organisations.as_slice()) {
            (Some(code), all) => all.iter().find(|o| o.code == *code).map(|o| o.id),
            (None, [only]) => Some(only.id),
            (None, _) => None,
        }
    }

    /// Handles of the organisations whose rows may be touched.
    #[must_use]
    pub fn tenants(&self) -> Vec<Tenant<'a>> {
        self.organisations.iter().map(|o| self.territory.tenant(OrganisationId(o.id))).collect()
    }

    /// A table of the territoire, as it stands.
    ///
    /// # Errors
    /// The database's.
    pub async fn stage<M>(&self) -> Result<Stage<M>>
    where
        M: Imported,
        M::Entity: OfTerritoire + EntityTrait<Model = M>,
        <M::Entity as EntityTrait>::ActiveModel: Send,
    {
        Ok(Stage::new(self.territory.find::<M::Entity>().all(&self.territory.on()).await?, self.now))
    }

    /// A table of the organisations whose rows may be touched, as it stands.
    ///
    /// # Errors
    /// The database's.
    pub async fn stage_of_organisations<M>(&self) -> Result<Stage<M>>
    where
        M: Imported,
        M::Entity: OfOrganisation + EntityTrait<Model = M>,
        <M::Entity as EntityTrait>::ActiveModel: Send,
    {
        let mut rows = Vec::new();
        for tenant in self.tenants() {
            rows.extend(tenant.find::<M::Entity>().all(&tenant.on()).await?);
        }
        Ok(Stage::new(rows, self.now))
    }

    /// Writes what a stage changes, unless something is wrong already, and counts it under its file.
    ///
    /// # Errors
    /// The database's.
    pub async fn finish<M>(&mut self, file: &'static str, stage: Stage<M>) -> Result<()>
    where
        M: Imported,
        <M::Entity as EntityTrait>::ActiveModel: Send,
    {
        let no_longer_there = self.finish_beside(file, stage).await?;
        self.count(file).1 = no_longer_there;
        Ok(())
    }

    /// As [`Self::finish`], for a second table that the same rows fill: a row changed if any of its parts did.
    ///
    /// # Errors
    /// The database's.
    pub async fn finish_beside<M>(&mut self, file: &'static str, stage: Stage<M>) -> Result<usize>
    where
        M: Imported,
        <M::Entity as EntityTrait>::ActiveModel: Send,
    {
        let Difference { new, changed, fates, no_longer_there } = stage.into_difference();
        for (line, fate) in fates {
            self.tell(file, line, fate);
        }
        if self.report.is_empty() {
            store::insert_all(&self.territory.on(), new).await?;
            store::update_all(&self.territory.on(), changed).await?;
        }
        Ok(no_longer_there)
    }

    /// Notes what became of a line; the greater of two fates stays.
    pub fn tell(&mut self, file: &'static str, line: u64, fate: Fate) {
        let known = self.count(file).0.entry(line).or_insert(fate);
        *known = fate.max(*known);
    }

    /// Notes how many rows of the database a file no longer has.
    pub fn tell_no_longer_there(&mut self, file: &'static str, count: usize) {
        self.count(file).1 = count;
    }

    fn count(&mut self, file: &'static str) -> &mut (HashMap<u64, Fate>, usize) {
        let position = FILES.iter().position(|f| f.name == file).unwrap_or(FILES.len());
        self.fates.entry(position).or_default()
    }

    /// What became of each file's rows, in the order of files.
    #[must_use]
    pub fn counts(&self) -> Vec<(&'static str, Count)> {
        let count = |(position, (fates, no_longer_there)): (&usize, &(HashMap<u64, Fate>, usize))| {
            let of = |fate| fates.values().filter(|f| **f == fate).count();
            let count = Count { new: of(Fate::New), changed: of(Fate::Changed), same: of(Fate::Same), no_longer_there: *no_longer_there };
            (FILES.get(*position).map_or("", |f| f.name), count)
        };
        self.fates.iter().map(count).collect()
    }

    /// Whether anything that tablets know may have changed.
    #[must_use]
    pub fn changed_anything(&self) -> bool {
        self.fates.values().any(|(fates, _)| fates.values().any(|f| *f != Fate::Same))
    }

    /// Tells something about a file's line that no cell alone is to blame for.
    pub fn wrong(&mut self, file: &'static str, line: Option<u64>, column: &str, expected: impl Into<String>) {
        let column = (!column.is_empty()).then(|| column.to_owned());
        self.report.add(Problem { file: file.into(), line, column, value: None, expected: expected.into() });
    }
}

/// A period of something, for [`overlaps`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period<K> {
    /// Of what.
    pub of: K,
    /// First day.
    pub from: NaiveDate,
    /// Last day; open where absent.
    pub to: Option<NaiveDate>,
    /// The line that says so, if the folder does.
    pub line: Option<u64>,
}

/// Lines whose period meets an earlier one of the same thing, with that one. `open_ends_at_next`: an empty end runs to
/// the day before the next start (situations), so only written ends can meet.
pub fn overlaps<K: Ord + Clone>(mut periods: Vec<Period<K>>, open_ends_at_next: bool) -> Vec<(u64, Period<K>)> {
    periods.sort_by(|a, b| (&a.of, a.from, a.line).cmp(&(&b.of, b.from, b.line)));
    let mut found = Vec::new();
    let mut latest: Option<Period<K>> = None;
    for period in periods {
        if let Some(before) = latest.as_ref().filter(|before| before.of == period.of) {
            let meets = before.to.map_or(!open_ends_at_next, |to| to >= period.from);
            // Two rows of the database are not this folder's fault.
            if let Some(line) = period.line.or(before.line).filter(|_| meets) {
                found.push((line, before.clone()));
            }
            // The one that ends last is what the next must not meet.
            let ends_later = match (before.to, period.to) {
                (None, _) if !open_ends_at_next => false,
                (Some(a), Some(b)) => b >= a,
                _ => true,
            };
            if !ends_later {
                continue;
            }
        }
        latest = Some(period);
    }
    found.sort_by_key(|(line, _)| *line);
    found
}

impl<K> std::fmt::Display for Period<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "du {}", self.from)?;
        if let Some(to) = self.to {
            write!(f, " au {to}")?;
        }
        match self.line {
            Some(line) => write!(f, " (ligne {line})"),
            None => f.write_str(" (déjà enregistrée)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str, line: u64) -> Period<u8> {
        Period { of: 1, from: from.parse().unwrap(), to: to.parse().ok(), line: (line > 0).then_some(line) }
    }

    fn lines(periods: Vec<Period<u8>>, open_ends_at_next: bool) -> Vec<u64> {
        overlaps(periods, open_ends_at_next).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn periods_that_share_a_day_meet_and_those_that_follow_do_not() {
        assert_eq!(lines(vec![period("2026-01-01", "2026-06-30", 2), period("2026-07-01", "", 3)], false), Vec::<u64>::new());
        assert_eq!(lines(vec![period("2026-01-01", "2026-07-01", 2), period("2026-07-01", "", 3)], false), [3]);
        assert_eq!(lines(vec![period("2026-01-01", "", 2), period("2026-07-01", "", 3)], false), [3]);
        assert_eq!(lines(vec![period("2026-01-01", "", 2), period("2026-07-01", "", 3)], true), Vec::<u64>::new());
    }

    #[test]
    fn a_long_period_meets_all_that_it_covers() {
        assert_eq!(
            lines(
                vec![period("2026-01-01", "2026-12-31", 2), period("2026-02-01", "2026-02-10", 3), period("2026-05-01", "2026-05-02", 4)],
                false
            ),
            [3, 4]
        );
    }

    #[test]
    fn two_rows_of_the_database_are_not_the_folders_fault() {
        assert_eq!(lines(vec![period("2026-01-01", "2026-12-31", 0), period("2026-02-01", "", 0)], false), Vec::<u64>::new());
        assert_eq!(lines(vec![period("2026-01-01", "2026-12-31", 7), period("2026-02-01", "", 0)], false), [7]);
    }
}
