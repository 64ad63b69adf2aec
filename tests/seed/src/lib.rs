//! An agglomération, from a seed: 61 communes, two organisations, twelve places
//! on nine sites, some 600 families with what real ones bring, and two months of
//! bookings and attendance, as a folder in the import format.
//!
//! The same seed, day and size give the same bytes. Nothing is written that the
//! calendar forbids: no attendance on a Sunday, a public holiday or a closure.
//! On one day ([`last_school_day_of_previous_month`]) one school has none at all:
//! that day belongs to the tablet of the demonstration.
#![warn(missing_docs)]

pub mod activities;
mod attendance;
pub mod clock;
mod creche;
pub mod days;
pub mod demo;
mod enrolment;
pub mod families;
pub mod folder;
mod random;
mod staff;
mod tariffs;
pub mod territory;

pub use days::last_school_day_of_previous_month;

use anyhow::{Context, bail};
use chrono::{Datelike, NaiveDate};
use days::Calendar;
use demo::Demo;
use families::{cases, ordinary};
use folder::{CAST_FILE, Folder};

/// The families of a demonstration, unless told otherwise.
pub const HOUSEHOLDS: usize = 600;
/// The fewest that leave room for the hand-written ones.
pub const HOUSEHOLDS_MIN: usize = 60;
/// The most whose attendance fits in one file of the import (500,000 rows).
pub const HOUSEHOLDS_MAX: usize = 15_000;
/// The seed, unless told otherwise.
pub const SEED: u64 = 61;

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The day on which it is now: attendance stops before it.
    pub today: NaiveDate,
    /// Where all chance comes from.
    pub seed: u64,
    /// About how many households.
    pub households: usize,
}

/// A finished folder and its cast.
#[derive(Debug, Clone)]
pub struct Agglomeration {
    /// The tables and tariffs.
    pub folder: Folder,
    /// Who a script may use.
    pub demo: Demo,
}

/// Makes the folder.
///
/// # Errors
/// A number of households or a day out of bounds, said in French.
pub fn generate(options: &Options) -> anyhow::Result<Agglomeration> {
    if !(HOUSEHOLDS_MIN..=HOUSEHOLDS_MAX).contains(&options.households) {
        bail!("nombre de foyers : attendu de {HOUSEHOLDS_MIN} à {HOUSEHOLDS_MAX}, reçu {}", options.households);
    }
    if !(2024..=2099).contains(&options.today.year()) {
        bail!("jour {} : attendu de 2024 à 2099", options.today);
    }
    let calendar = Calendar::new(options.today, &territory::CENTRES);
    let scale_per_mille = u32::try_from(options.households * 1000 / HOUSEHOLDS).unwrap_or(u32::MAX);
    let mut registry = ordinary::Registry::default();
    let mut cases = cases::write(&mut registry, options.seed, options.today);
    let mut households = cases.households.clone();
    while households.len() < options.households {
        households.extend(ordinary::draw(&mut registry, options.seed, options.today));
    }
    let cast = std::mem::take(&mut cases.cast);

    let mut folder = Folder::default();
    territory::write(&mut folder, &calendar, scale_per_mille);
    families::write(&mut folder, &households, &cases, options.seed, &calendar);
    staff::write(&mut folder, options.seed);
    enrolment::write(&mut folder, &households, &calendar);
    creche::write(&mut folder, &households, options.seed, &calendar, scale_per_mille);
    attendance::write(&mut folder, &households, options.seed, &calendar);
    tariffs::write(&mut folder);
    let demo = demo::describe(&folder, &households, &cast, &calendar);
    let json = serde_json::to_string_pretty(&demo).context("demo.json")?;
    folder.add_text(CAST_FILE, json + "\n");
    Ok(Agglomeration { folder, demo })
}
