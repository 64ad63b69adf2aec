//! The staff ratio: how many adults the law wants for the children who are here.
//!
//! Rules and their articles (`encadrement` of lieux.csv):
//!
//! | rule | one adult for | source |
//! |---|---|---|
//! | `eaje_6` | 6 children, whatever their age | CSP R.2324-46-4 |
//! | `eaje_5_8` | 5 who don't walk, 8 who walk | CSP R.2324-46-4 |
//! | both | two adults at least; in a micro-crèche (12 places) from the fourth child | CSP R.2324-43-1 |
//! | `alsh_extra` | 8 under six years, 12 from six | CASF R.227-15 |
//! | `alsh_peri` | 8 and 12 where care lasts more than five hours on end, else 10 and 14 | CASF R.227-16 I |
//! | `alsh_peri_pedt` | 10 and 14 over five hours on end, else 14 and 18 | CASF R.227-16 II |
//! | `aucun` | no rule: a canteen that isn't declared | |
//!
//! Each age has its own adults, which are summed. In an accueil de loisirs the director is one of them up to 50 minors, and on top
//! from 51 (CASF R.227-17). A rule of the law wants what it wants of the children present, not on average.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// The age that the rules of accueils de loisirs turn at, in years.
const SIX: i32 = 6;
/// Up to so many minors, an accueil de loisirs counts its director among the adults.
const DIRECTOR_COUNTS_MAX: u32 = 50;
/// Places of a micro-crèche, at most.
const MICRO_PLACES_MAX: u32 = 12;
/// Children whom one adult may be alone with in a micro-crèche.
const MICRO_ALONE_MAX: u32 = 3;

/// Which rule a lieu is under (`encadrement` in files).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum StaffingRule {
    /// Crèche: one for six.
    #[serde(rename = "eaje_6")]
    Eaje6,
    /// Crèche: one for five who don't walk, one for eight who do.
    #[serde(rename = "eaje_5_8")]
    Eaje5And8,
    /// Accueil de loisirs out of school time.
    #[serde(rename = "alsh_extra")]
    AlshExtra,
    /// Accueil de loisirs around school, without a PEDT.
    #[serde(rename = "alsh_peri")]
    AlshPeri,
    /// The same under a projet éducatif territorial.
    #[serde(rename = "alsh_peri_pedt")]
    AlshPeriPedt,
    /// None.
    #[serde(rename = "aucun")]
    Aucun,
}

impl StaffingRule {
    fn is_creche(self) -> bool {
        matches!(self, Self::Eaje6 | Self::Eaje5And8)
    }

    /// Whether the director of so many children is on top of the adults that the rule wants, and not one of them.
    #[must_use]
    pub fn director_on_top(self, children: u32) -> bool {
        matches!(self, Self::AlshExtra | Self::AlshPeri | Self::AlshPeriPedt) && children > DIRECTOR_COUNTS_MAX
    }
}

/// A child who is here, as a rule sees one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// Born.
    pub birth_date: NaiveDate,
    /// First steps; not known counts as not walking.
    pub walks_since: Option<NaiveDate>,
}

/// What a rule reckons with.
#[derive(Debug, Clone, Copy)]
pub struct Care {
    /// The lieu's.
    pub rule: StaffingRule,
    /// On which day: ages and steps are those of the day.
    pub day: NaiveDate,
    /// Whether the lieu cares for children for more than five hours on end.
    pub over_five_hours: bool,
    /// Places of the lieu, where they are known.
    pub places: Option<u32>,
}

/// Children who are reckoned together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// Whatever their age.
    All,
    /// Who don't walk yet.
    NotWalking,
    /// Who walk.
    Walking,
    /// Under six years.
    UnderSix,
    /// From six years.
    FromSix,
}

/// How many adults a band wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which children.
    pub band: Band,
    /// How many are here; never none.
    pub children: u32,
    /// For how many of them one adult is enough.
    pub per_adult: u32,
    /// How many that makes.
    pub adults: u32,
}

/// What the law wants for the children who are here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Required {
    /// By band, those without children left out.
    pub shares: Vec<Share>,
    /// Two at least, though the shares make fewer.
    pub at_least_two: bool,
    /// All in all.
    pub adults: u32,
}

/// How many adults children want; none where no rule holds, or nobody is here.
#[must_use]
pub fn required(care: &Care, children: &[Present]) -> Required {
    let bands: [(Band, u32); 2] = match (care.rule, care.over_five_hours) {
        (StaffingRule::Aucun, _) => return Required::default(),
        (StaffingRule::Eaje6, _) => [(Band::All, 6), (Band::All, 0)],
        (StaffingRule::Eaje5And8, _) => [(Band::NotWalking, 5), (Band::Walking, 8)],
        (StaffingRule::AlshExtra, _) | (StaffingRule::AlshPeri, true) => [(Band::UnderSix, 8), (Band::FromSix, 12)],
        (StaffingRule::AlshPeri, false) | (StaffingRule::AlshPeriPedt, true) => [(Band::UnderSix, 10), (Band::FromSix, 14)],
        (StaffingRule::AlshPeriPedt, false) => [(Band::UnderSix, 14), (Band::FromSix, 18)],
    };
    let share = |(band, per_adult): (Band, u32)| {
        let of_band = children.iter().filter(|child| band == band_of(care, child)).count();
        let children = u32::try_from(of_band).unwrap_or(u32::MAX);
        (children > 0 && per_adult > 0).then(|| Share { band, children, per_adult, adults: children.div_ceil(per_adult) })
    };
    let shares: Vec<Share> = bands.into_iter().filter_map(share).collect();
    let (by_shares, here) = (shares.iter().map(|s| s.adults).sum(), shares.iter().map(|s| s.children).sum());
    let at_least_two = by_shares < 2 && wants_two(care, here);
    Required { shares, at_least_two, adults: if at_least_two { 2 } else { by_shares } }
}

fn band_of(care: &Care, child: &Present) -> Band {
    match care.rule {
        StaffingRule::Eaje6 | StaffingRule::Aucun => Band::All,
        StaffingRule::Eaje5And8 if child.walks_since.is_some_and(|since| since <= care.day) => Band::Walking,
        StaffingRule::Eaje5And8 => Band::NotWalking,
        _ if years(child.birth_date, care.day) < SIX => Band::UnderSix,
        _ => Band::FromSix,
    }
}

/// CSP R.2324-43-1.
fn wants_two(care: &Care, children: u32) -> bool {
    let alone_max = if care.places.is_some_and(|places| places <= MICRO_PLACES_MAX) { MICRO_ALONE_MAX } else { 0 };
    care.rule.is_creche() && children > alone_max
}

/// Whole years on a day.
fn years(birth: NaiveDate, day: NaiveDate) -> i32 {
    day.year() - birth.year() - i32::from((day.month(), day.day()) < (birth.month(), birth.day()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use StaffingRule::{AlshExtra, AlshPeri, AlshPeriPedt, Aucun, Eaje5And8, Eaje6};

    const DAY: &str = "2026-10-14";

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn care(rule: StaffingRule, over_five_hours: bool) -> Care {
        Care { rule, day: day(DAY), over_five_hours, places: None }
    }

    /// So many of four years, and of eight.
    fn ages(under_six: usize, from_six: usize) -> Vec<Present> {
        let of = |birth: &str, count| vec![Present { birth_date: day(birth), walks_since: None }; count];
        [of("2022-03-01", under_six), of("2018-03-01", from_six)].concat()
    }

    /// So many who crawl, and who walk.
    fn steps(crawling: usize, walking: usize) -> Vec<Present> {
        let of =
            |walks_since: Option<&str>, count| vec![Present { birth_date: day("2025-06-01"), walks_since: walks_since.map(day) }; count];
        [of(None, crawling), of(Some("2026-09-01"), walking)].concat()
    }

    #[test]
    fn an_accueil_de_loisirs_wants_adults_by_age_and_length_of_care() {
        // Rule, over five hours, under six, from six, adults: CASF R.227-15, R.227-16 I and II.
        let table = [
            (AlshExtra, true, 8, 0, 1),
            (AlshExtra, true, 9, 0, 2),
            (AlshExtra, false, 0, 12, 1),
            (AlshExtra, false, 0, 13, 2),
            (AlshExtra, true, 11, 24, 4),
            (AlshPeri, true, 8, 12, 2),
            (AlshPeri, true, 9, 13, 4),
            (AlshPeri, false, 10, 14, 2),
            (AlshPeri, false, 11, 15, 4),
            (AlshPeriPedt, true, 10, 14, 2),
            (AlshPeriPedt, true, 11, 15, 4),
            (AlshPeriPedt, false, 14, 18, 2),
            (AlshPeriPedt, false, 15, 19, 4),
            (AlshPeriPedt, false, 1, 0, 1),
        ];
        for (rule, over, under_six, from_six, adults) in table {
            let required = required(&care(rule, over), &ages(under_six, from_six));
            assert_eq!(required.adults, adults, "{rule:?}, over five hours: {over}, {under_six} and {from_six}");
            assert!(!required.at_least_two, "the rule of two is the crèches'");
        }
    }

    #[test]
    fn a_creche_wants_one_for_six_or_for_five_who_crawl_and_eight_who_walk_and_two_at_least() {
        // Rule, crawling, walking, adults: CSP R.2324-46-4 and R.2324-43-1.
        let table = [
            (Eaje6, 1, 0, 2),
            (Eaje6, 6, 6, 2),
            (Eaje6, 7, 6, 3),
            (Eaje6, 10, 9, 4),
            (Eaje5And8, 0, 3, 2),
            (Eaje5And8, 5, 8, 2),
            (Eaje5And8, 6, 8, 3),
            (Eaje5And8, 5, 9, 3),
            (Eaje5And8, 11, 17, 6),
        ];
        for (rule, crawling, walking, adults) in table {
            assert_eq!(required(&care(rule, true), &steps(crawling, walking)).adults, adults, "{rule:?}, {crawling} and {walking}");
        }
    }

    #[test]
    fn a_micro_creche_wants_two_from_the_fourth_child() {
        for (places, children, adults) in [(12, 3, 1), (12, 4, 2), (12, 12, 2), (13, 1, 2)] {
            let care = Care { places: Some(places), ..care(Eaje6, true) };
            assert_eq!(required(&care, &steps(0, children)).adults, adults, "{places} places, {children} children");
        }
    }

    #[test]
    fn an_age_and_first_steps_are_those_of_the_day() {
        let six_today = [Present { birth_date: day("2020-10-14"), walks_since: Some(day(DAY)) }];
        let band = |rule, on: &str| required(&Care { day: day(on), ..care(rule, true) }, &six_today).shares[0].band;
        assert_eq!((band(AlshExtra, "2026-10-13"), band(AlshExtra, DAY)), (Band::UnderSix, Band::FromSix));
        assert_eq!((band(Eaje5And8, "2026-10-13"), band(Eaje5And8, DAY)), (Band::NotWalking, Band::Walking));
    }

    #[test]
    fn nothing_is_wanted_where_no_rule_holds_or_nobody_is_here() {
        assert_eq!(required(&care(Aucun, true), &ages(40, 40)), Required::default());
        assert_eq!(required(&care(Eaje6, true), &[]), Required::default());
    }

    #[test]
    fn the_director_of_more_than_fifty_is_on_top() {
        // CASF R.227-17.
        for rule in [AlshExtra, AlshPeri, AlshPeriPedt] {
            assert!(!rule.director_on_top(50) && rule.director_on_top(51), "{rule:?}");
        }
        assert!(!Eaje6.director_on_top(80) && !Eaje5And8.director_on_top(80) && !Aucun.director_on_top(80));
    }

    #[test]
    fn what_is_wanted_says_how_it_was_reckoned() {
        let reckoned = required(&care(AlshExtra, true), &ages(11, 13));
        let share = |band, children, per_adult, adults| Share { band, children, per_adult, adults };
        assert_eq!(reckoned.shares, [share(Band::UnderSix, 11, 8, 2), share(Band::FromSix, 13, 12, 2)]);
        assert!(required(&care(Eaje6, true), &steps(3, 0)).at_least_two);
    }

    #[test]
    fn a_rule_is_written_as_in_the_files() {
        for (rule, code) in [(Eaje6, "eaje_6"), (Eaje5And8, "eaje_5_8"), (AlshPeriPedt, "alsh_peri_pedt"), (Aucun, "aucun")] {
            assert_eq!(serde_json::to_value(rule).unwrap(), code);
        }
    }
}
