//! What the screens of an outing show.

use super::on_site::Shown;
use super::outing::{Choosing, Counting, party};
use super::{Door, words};
use crate::view::{OutingBar, OutingChoice, OutingDialog, PeopleTab, PersonRow, PersonState};
use shared::fold::OutingCount;
use shared::id::CentreId;
use shared::journal::Someone;
use shared::name::folded;
use std::collections::BTreeMap;

/// Places that are one touch away. In French whatever the tablet speaks: the label is sealed, and families read it.
const PLACES: [&str; 5] = ["Piscine", "Bibliothèque", "Gymnase", "Parc", "Promenade"];

impl Door {
    pub(super) fn outing_choice(&self, choosing: &Choosing) -> OutingChoice {
        let all = self.may_go("");
        let mut rows: Vec<(String, PersonRow)> = all.iter().map(|(who, at)| self.outing_row(*who, at.slot.centre, choosing)).collect();
        rows.sort_by_cached_key(|(_, row)| (folded(&row.group), folded(&row.name), row.who));
        let groups = tabs(&rows, &choosing.group);
        let going: Vec<Someone> = all.into_keys().filter(|who| choosing.chosen.contains(who)).collect();
        let people = rows.into_iter().filter(|(key, _)| choosing.group.is_empty() || *key == choosing.group).map(|(_, row)| row).collect();
        OutingChoice {
            places: PLACES.iter().map(|place| (*place).to_owned()).collect(),
            groups,
            people,
            going: if going.is_empty() { String::new() } else { party(going.into_iter()) },
        }
    }

    fn outing_row(&self, who: Someone, centre: Option<CentreId>, choosing: &Choosing) -> (String, PersonRow) {
        let Shown { short, initials, hue, photo, group, .. } = self.shown(who, centre);
        let (state, text) =
            if choosing.chosen.contains(&who) { (PersonState::Seen, tr!("part")) } else { (PersonState::Plain, tr!("reste")) };
        (group.0, PersonRow { who, name: short, initials, hue, photo, group: group.1, state, text })
    }

    pub(super) fn outing_dialog(&self, counting: &Counting) -> Option<OutingDialog> {
        let (outing, away) = self.outings_away().find(|(outing, _)| outing.id == counting.outing)?;
        let row = |who: &Someone| {
            let Shown { short, initials, hue, photo, group, .. } = self.shown(*who, None);
            let ticked = counting.ticked.contains(who);
            let (state, text) = if ticked { (PersonState::Seen, tr!("là")) } else { (PersonState::Plain, tr!("à compter")) };
            PersonRow { who: *who, name: short, initials, hue, photo, group: group.1, state, text }
        };
        let mut people: Vec<PersonRow> = away.iter().map(row).collect();
        people.sort_by_cached_key(|row| (folded(&row.name), row.who));
        let missing: Vec<String> = people.iter().filter(|row| row.state == PersonState::Plain).map(|row| row.name.clone()).collect();
        let figure = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (here, total) = (figure(people.len() - missing.len()), figure(people.len()));
        let ticked = away.iter().copied().filter(|who| counting.ticked.contains(who));
        Some(OutingDialog {
            title: tr!("{} · {} depuis {}", outing.label, party(away.iter().copied()), words::time_ms(outing.left_ms())),
            last_count: outing.counts.last().map(|count| self.count_in_words(count)).unwrap_or_default(),
            counted: here,
            total,
            missing: if missing.is_empty() || here == 0 { String::new() } else { super::evacuation_list::missing_names(&missing) },
            people,
            back: if here == 0 { tr!("Tous de retour") } else { tr!("De retour : {}", ticked.count()) },
        })
    }

    fn count_in_words(&self, count: &OutingCount) -> String {
        let missing: Vec<String> = count.here.iter().filter(|(_, here)| !**here).map(|(who, _)| self.shown(*who, None).short).collect();
        let here = count.here.len() - missing.len();
        let all = count.here.len();
        let at = self.by_whom(&count.mark, &super::evacuation_report::by());
        match missing.is_empty() {
            true => tr!("Dernier comptage à {at} : {here} sur {all}, personne ne manque.", at, here, all),
            false => {
                let missing = super::evacuation_list::missing_names(&missing);
                tr!("Dernier comptage à {at} : {here} sur {all}. {missing}", at, here, all, missing)
            }
        }
    }

    /// What the board says of outings that are away.
    pub(super) fn outing_bars(&self) -> Vec<OutingBar> {
        let bar = |(outing, away): (&shared::fold::Outing, Vec<Someone>)| OutingBar {
            outing: outing.id,
            text: tr!("En sortie · {} : {}", outing.label, party(away.into_iter())),
        };
        self.outings_away().map(bar).collect()
    }
}

/// Filters by group, with how many are chosen of how many.
fn tabs(rows: &[(String, PersonRow)], chosen: &str) -> Vec<PeopleTab> {
    let mut by_group: BTreeMap<(&str, &str), Vec<&PersonRow>> = BTreeMap::new();
    for (key, row) in rows.iter().filter(|(key, _)| !key.is_empty()) {
        by_group.entry((&row.group, key)).or_default().push(row);
    }
    let figure = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let going = |rows: &[&PersonRow]| figure(rows.iter().filter(|row| row.state == PersonState::Seen).count());
    let tab = |key: &str, name: &str, rows: &[&PersonRow]| PeopleTab {
        key: key.into(),
        name: name.into(),
        seen: going(rows),
        total: figure(rows.len()),
        chosen: key == chosen,
    };
    let all: Vec<&PersonRow> = rows.iter().map(|(_, row)| row).collect();
    std::iter::once(tab("", &tr!("Tous"), &all)).chain(by_group.iter().map(|((name, key), rows)| tab(key, name, rows))).collect()
}
