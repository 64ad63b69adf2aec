//! The chip: how many adults the children of the lieu want, and how many are here. The rules stand in [`shared::ratio`]; here is who
//! counts.
//!
//! - **Which children**: those of the lieu on the board who are here now, over all of its moments under way. In an evening that is
//!   recorded by departures only, whoever is awaited counts from its start until the departure: the start is the activity's.
//! - **Which adults**: those of the lieu's team who are here and count (`compte_encadrement`); a director as the law says.
//! - A team of whom nobody has said that they are here isn't told that it is short: it is asked to say so.

use super::standing::Reading;
use super::{Door, moment};
use crate::view::{RatioCard, TeamBar, TileState, Tone};
use chrono::TimeDelta;
use shared::ratio::{Band, Care, Present, Required, Share, StaffingRule, required};
use shared::roster::{Activity, Centre, Child, Recording, Staff};

/// Care of more than this on end is under the stricter line of its rule (CASF R.227-16).
const LONG: TimeDelta = TimeDelta::hours(5);

/// What the lieu on the board wants and has.
struct Ratio {
    rule: StaffingRule,
    required: Required,
    adults: u32,
    /// Somebody of the team said that they are here, counted or not.
    told: bool,
    director_on_top: bool,
}

impl Door {
    /// The chip, and the way to the screen of the team where no rule holds.
    pub(super) fn team_bar(&self) -> TeamBar {
        let here = u32::try_from(self.staff_here().len()).unwrap_or(u32::MAX);
        let known = !self.roster.whole_team().is_empty() || here > 0;
        match self.ratio() {
            Some(ratio) => TeamBar { known, text: ratio.words(), short: ratio.short(), tone: ratio.tone(), ruled: true },
            None => TeamBar { known, text: String::new(), short: here.to_string(), tone: Tone::Calm, ruled: false },
        }
    }

    /// The same with the reckoning in words.
    pub(super) fn ratio_card(&self) -> Option<RatioCard> {
        let ratio = self.ratio()?;
        let mut lines: Vec<String> = ratio.required.shares.iter().map(share_in_words).collect();
        if ratio.required.at_least_two {
            lines.push(tr!("Dans une crèche, deux adultes au moins sont présents."));
        }
        if ratio.director_on_top {
            lines.push(tr!("Au-delà de 50 enfants, la direction est en plus : elle ne compte pas."));
        }
        lines.push(source(ratio.rule));
        Some(RatioCard { text: ratio.words(), tone: ratio.tone(), lines })
    }

    fn ratio(&self) -> Option<Ratio> {
        let centre = self.roster.centres.get(&self.activity()?.centre)?;
        let rule = centre.staffing.filter(|rule| *rule != StaffingRule::Aucun)?;
        let team = self.roster.team(Some(centre.id));
        let under_way = self.under_way(centre);
        let children = self.children_to_mind(&under_way);
        let care = Care { rule, day: self.day, over_five_hours: under_way.iter().any(|a| is_long(a)), places: centre.places };
        let required = required(&care, &children);
        if team.is_empty() || required.adults == 0 {
            return None;
        }
        let count = u32::try_from(children.len()).unwrap_or(u32::MAX);
        let has_director = team.iter().any(|staff| staff.director && staff.counted);
        let director_on_top = has_director && rule.director_on_top(count);
        let here: Vec<&Staff> = team.into_iter().filter(|staff| self.is_here(staff.id)).collect();
        let counts = |staff: &&&Staff| staff.counted && !(staff.director && director_on_top);
        let adults = u32::try_from(here.iter().filter(counts).count()).unwrap_or(u32::MAX);
        Some(Ratio { rule, required, adults, told: !here.is_empty(), director_on_top })
    }

    /// The moment on the board, and the lieu's others that go on now.
    fn under_way(&self, centre: &Centre) -> Vec<&Activity> {
        let now = |a: &Activity| a.starts.is_none_or(|from| from <= self.time) && a.ends.is_none_or(|to| self.time <= to);
        let of_lieu = moment::of_day(&self.roster, self.day).into_iter().filter(|a| a.centre == centre.id);
        of_lieu.filter(|a| Some(a.id) == self.moment || now(a)).collect()
    }

    fn children_to_mind(&self, under_way: &[&Activity]) -> Vec<Present> {
        let Some(reading) = self.reading() else { return Vec::new() };
        let is_here = |child: &Child, activity: &Activity| {
            let state = Reading { activity: Some(activity), ..reading }.standing(child).state;
            let begun = activity.starts.is_none_or(|from| from <= self.time);
            let by_departures = activity.recording == Recording::Depart && begun;
            state == TileState::Present || (by_departures && matches!(state, TileState::Expected | TileState::Late))
        };
        let minded = self.roster.children.values().filter(|child| under_way.iter().any(|activity| is_here(child, activity)));
        minded.map(|child| Present { birth_date: child.birth_date, walks_since: child.walks_since }).collect()
    }
}

/// Without a window nothing says that it is short.
fn is_long(activity: &Activity) -> bool {
    activity.starts.zip(activity.ends).is_none_or(|(from, to)| to - from > LONG)
}

impl Ratio {
    /// At the limit it is amber: the next child may want one more.
    fn tone(&self) -> Tone {
        match self.adults.cmp(&self.required.adults) {
            _ if !self.told => Tone::Amber,
            std::cmp::Ordering::Less => Tone::Red,
            std::cmp::Ordering::Equal => Tone::Amber,
            std::cmp::Ordering::Greater => Tone::Calm,
        }
    }

    fn words(&self) -> String {
        let wanted = self.required.adults;
        match self.told {
            true => tr!("Il faut {n} adulte, vous êtes {here}" | "Il faut {n} adultes, vous êtes {here}" % wanted, here = self.adults),
            false => tr!("Il faut {n} adulte · pointez l'équipe" | "Il faut {n} adultes · pointez l'équipe" % wanted),
        }
    }

    fn short(&self) -> String {
        format!("{} / {}", self.adults, self.required.adults)
    }
}

/// "11 enfants de moins de 6 ans : 2 adultes (1 pour 8)".
fn share_in_words(share: &Share) -> String {
    let children = share.children;
    let children = match share.band {
        Band::All => tr!("{n} enfant" | "{n} enfants" % children),
        Band::NotWalking => tr!("{n} enfant qui ne marche pas" | "{n} enfants qui ne marchent pas" % children),
        Band::Walking => tr!("{n} enfant qui marche" | "{n} enfants qui marchent" % children),
        Band::UnderSix => tr!("{n} enfant de moins de 6 ans" | "{n} enfants de moins de 6 ans" % children),
        Band::FromSix => tr!("{n} enfant de 6 ans et plus" | "{n} enfants de 6 ans et plus" % children),
    };
    let each = share.per_adult;
    tr!("{children} : {n} adulte (1 pour {each})" | "{children} : {n} adultes (1 pour {each})" % share.adults, children, each)
}

fn source(rule: StaffingRule) -> String {
    match rule {
        StaffingRule::Eaje6 | StaffingRule::Eaje5And8 => tr!("Code de la santé publique, articles R. 2324-46-4 et R. 2324-43-1."),
        StaffingRule::AlshExtra => tr!("Code de l'action sociale et des familles, article R. 227-15."),
        StaffingRule::AlshPeri => tr!("Code de l'action sociale et des familles, article R. 227-16, sans PEDT."),
        StaffingRule::AlshPeriPedt => tr!("Code de l'action sociale et des familles, article R. 227-16, avec PEDT."),
        StaffingRule::Aucun => String::new(),
    }
}
