//! Who plays which part in the day: read from what the seed wrote beside its tables.

use anyhow::{Context, Result, ensure};
use chrono::NaiveDate;
use serde_json::Value;

/// Twelve children arrive: this many of them by list.
const BY_LIST: usize = 6;
/// How many come in the morning.
const ARRIVALS: usize = 12;

/// The parts.
pub struct Cast {
    pub day: NaiveDate,
    pub month: String,
    pub organisation: String,
    pub site: String,
    pub care_centre: String,
    pub canteen_centre: String,
    pub morning: String,
    pub canteen: String,
    pub evening: String,
    /// The class that is called, and how many of it are booked.
    pub class: String,
    pub class_booked: usize,
    pub absent_at_lunch: Vec<String>,
    /// Household cards; the first one brings two children.
    pub by_badge: Vec<String>,
    pub by_list: Vec<String>,
    /// Goes from morning care to canteen to evening care.
    pub all_day: String,
    /// Its household.
    pub household: String,
    /// Four children who leave in the evening, in order; the last one alone.
    pub leaving: Vec<String>,
    pub alone: String,
    /// Who signs.
    pub director: String,
    /// A child of separated parents: each is billed their own weeks.
    pub alternating: String,
}

/// A booked child of the school.
struct Pupil {
    code: String,
    household: String,
    badge: String,
}

impl Cast {
    pub fn read(demo: &Value) -> Result<Self> {
        let school = &demo["school"];
        let pupils = pupils(school)?;
        let barred = text(&school["barred"]["child"], "child")?;
        let alone = text(&school["leaves_alone"]["child"], "child")?;
        let class_booked: Vec<String> =
            school["class"]["booked"].as_array().into_iter().flatten().filter_map(|c| c.as_str()).map(str::to_owned).collect();
        let all_day = pupils
            .iter()
            .find(|p| class_booked.contains(&p.code) && p.code != barred)
            .context("personne ne passe du matin à la cantine")?;

        // By card: the family of the child who stays all day (two children), then families with one child each.
        let family: Vec<&Pupil> = pupils.iter().filter(|p| p.household == all_day.household).collect();
        let alone_in_family =
            |p: &&Pupil| p.household != all_day.household && pupils.iter().filter(|o| o.household == p.household).count() == 1;
        let mut single = pupils.iter().filter(alone_in_family);
        let mut by_badge = vec![all_day.badge.clone()];
        let cards: Vec<&Pupil> = single.by_ref().take(ARRIVALS - BY_LIST - family.len()).collect();
        by_badge.extend(cards.iter().map(|p| p.badge.clone()));
        let by_list: Vec<String> = single.map(|p| p.code.clone()).take(BY_LIST).collect();
        ensure!(by_list.len() == BY_LIST, "le jeu n'a pas assez d'enfants le matin");

        let mut leaving: Vec<String> = vec![all_day.code.clone()];
        leaving.extend(by_list.iter().filter(|c| **c != barred && **c != alone).take(2).cloned());
        leaving.push(alone.clone());
        let absent_at_lunch = class_booked.iter().filter(|c| **c != all_day.code).take(2).cloned().collect();
        let director = school["staff"].as_array().into_iter().flatten().find(|s| s["role"] == "direction").context("personne ne dirige")?;
        Ok(Self {
            day: text(demo, "day")?.parse().context("jour de la tablette")?,
            month: text(demo, "month")?,
            organisation: text(&demo["organisations"], "commune")?,
            site: text(school, "site")?,
            care_centre: text(&school["centres"], "care")?,
            canteen_centre: text(&school["centres"], "canteen")?,
            morning: text(&school["activities"], "morning")?,
            canteen: text(&school["activities"], "canteen")?,
            evening: text(&school["activities"], "evening")?,
            class: text(&school["class"], "name")?,
            class_booked: class_booked.len(),
            absent_at_lunch,
            by_badge,
            by_list,
            all_day: all_day.code.clone(),
            household: all_day.household.clone(),
            leaving,
            alone,
            director: text(director, "code")?,
            alternating: text(&demo["cases"], "alternating")?,
        })
    }
}

/// Children booked morning and evening, in the order of the seed.
fn pupils(school: &Value) -> Result<Vec<Pupil>> {
    let booked = school["booked"].as_array().into_iter().flatten();
    let whole_day = booked.filter(|b| b["morning"] == true && b["evening"] == true);
    whole_day.map(|b| Ok(Pupil { code: text(b, "child")?, household: text(b, "household")?, badge: text(b, "badge")? })).collect()
}

fn text(of: &Value, key: &str) -> Result<String> {
    of[key].as_str().map(str::to_owned).with_context(|| format!("demo.json ne dit pas « {key} »"))
}
