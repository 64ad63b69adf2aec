//! The board: who is here, in a fixed order, with figures of the whole moment.

use super::standing::{Reading, Standing};
use super::{Door, words};
use crate::clock::Now;
use crate::view::{Counters, Dialog, GroupTab, Notice, Screen, Tile, TileState, Tone};
use shared::id::{ChildId, GroupId};
use shared::name::{initials, matches};
use shared::roster::{Child, Recording};
use std::collections::BTreeMap;

/// Most names of one sentence.
pub(super) const NAMES_SHOWN_MAX: usize = 4;

impl Door {
    pub(super) fn paint(&self, now: Now) -> Screen {
        if let Some(locked) = self.locked_screen(now) {
            return locked;
        }
        let standings = self.standings();
        let pinned = || self.pinned.clone().or_else(|| self.not_enrolled());
        // Who is asked about one child isn't asked about all of them at once.
        let calling = self.evacuating.front;
        let forgotten = || self.forgotten_departures(&standings).filter(|_| self.dialog.is_none());
        let not_here = self.not_here(&standings).filter(|_| self.says_not_here());
        let behind = || pinned().or_else(forgotten).or_else(|| not_here.clone()).or_else(|| self.lock_to_come(now));
        // Over a roll call nothing stands that isn't worth covering a name for.
        let said = self.notice.clone().filter(|notice| !calling || notice.tone != Tone::Calm);
        let notice = said.or_else(|| if calling { None } else { behind() });
        let dialog = self.paint_dialog().or_else(|| self.evacuation_dialog().map(Dialog::Evacuation));
        Screen {
            place: self.place(),
            moment: self.moment_title(),
            moments: self.moment_choices(),
            clock: words::time(now.corrected(self.observed).time()),
            sync: self.sync_bar(),
            groups: self.group_tabs(&standings),
            search: self.search.clone(),
            tiles: self.tiles(&standings),
            counters: counters(standings.iter().map(|(_, s)| s.state)),
            undo: self.undo.as_ref().and_then(|u| u.bar(now.boottime_ms)),
            notice_stays: self.notice.is_none()
                && notice.is_some()
                && not_here.is_none()
                && (self.pinned.is_none() || self.roster.has_staff_badge()),
            notice,
            dialog,
            by_roll_call: self.recording() == Some(Recording::Appel),
            families: None,
            several: self.several(),
            has_meals: self.has_meals(),
            team: self.team_bar(),
            may_sign: self.to_sign().is_some(),
            outings: self.outing_bars(),
            evacuation: self.evacuation_behind().filter(|_| !calling),
            // How it looks, whether it rests and whether it ends are not the door's (upkeep).
            ..Screen::default()
        }
    }

    /// What a moment is read from; `None` before enrolment.
    pub(super) fn reading(&self) -> Option<Reading<'_>> {
        let site = self.identity.as_ref()?.site;
        let (roster, attendance) = (&self.roster, &self.attendance);
        Some(Reading { roster, attendance, site, day: self.day, time: self.time, activity: self.activity() })
    }

    /// Where a child stands in the moment; `None` for a child that the roster doesn't know.
    pub(super) fn standing(&self, child: ChildId) -> Option<Standing> {
        Some(self.reading()?.standing(self.roster.children.get(&child)?))
    }

    pub(super) fn standings(&self) -> Vec<(&Child, Standing)> {
        let Some(reading) = self.reading() else { return Vec::new() };
        let children = self.roster.order.iter().filter_map(|id| self.roster.children.get(id));
        children.map(|child| (child, reading.standing(child))).collect()
    }

    fn not_enrolled(&self) -> Option<Notice> {
        let text = crate::store::StoreError::NotEnrolled.in_words();
        self.identity.is_none().then_some(Notice { text, tone: Tone::Amber })
    }

    /// After the moment's end: who has no departure yet. The tablet never makes a time up; the sentence stays until somebody says it.
    fn forgotten_departures(&self, standings: &[(&Child, Standing)]) -> Option<Notice> {
        if !self.is_over() {
            return None;
        }
        let here = |standing: &Standing| standing.state == TileState::Present;
        let names: Vec<String> = standings.iter().filter(|(_, s)| here(s)).map(|(child, _)| child.first_name.clone()).collect();
        if names.is_empty() {
            return None;
        }
        let shown = if names.len() > NAMES_SHOWN_MAX { tr!("{n} enfant" | "{n} enfants" % names.len()) } else { words::list(&names) };
        let text = tr!("Sans départ enregistré : {shown}. Touchez chaque enfant pour dire avec qui, et à quelle heure.", shown);
        Some(Notice { text, tone: Tone::Amber })
    }

    /// Name of the lieu; of the site where the tablet serves several.
    pub(super) fn place(&self) -> String {
        match (self.roster.centres.len(), &self.roster.site) {
            (1, _) => self.roster.centres.values().next().map(|c| c.name.clone()).unwrap_or_default(),
            (_, Some(site)) => site.name.clone(),
            _ => self.identity.as_ref().map_or_else(|| "Préau".to_owned(), |i| i.site_name.clone()),
        }
    }

    fn moment_title(&self) -> String {
        let day = words::day(self.day);
        self.activity().map_or_else(|| day.clone(), |a| format!("{} · {day}", a.name))
    }

    pub(super) fn is_in(&self, child: &Child, group: GroupId) -> bool {
        self.activity().is_some_and(|a| self.groups_today(child, a.centre).contains(&group))
    }

    fn group_tabs(&self, standings: &[(&Child, Standing)]) -> Vec<GroupTab> {
        let Some(centre) = self.activity().map(|a| a.centre) else { return Vec::new() };
        let mut by_group: BTreeMap<GroupId, (u32, u32)> = BTreeMap::new();
        let (mut present, mut expected) = (0, 0);
        for (child, standing) in standings.iter().filter(|(_, s)| s.state != TileState::Unexpected) {
            let (is_here, is_due) = (u32::from(standing.state == TileState::Present), u32::from(standing.state != TileState::Absent));
            (present, expected) = (present + is_here, expected + is_due);
            for group in self.groups_today(child, centre) {
                let figures = by_group.entry(group).or_default();
                *figures = (figures.0 + is_here, figures.1 + is_due);
            }
        }
        // Where a lieu has groups, classes only repeat them: a school's children are told apart by class in its canteen alone.
        let has_groups = by_group.keys().any(|g| self.roster.groups.contains_key(g));
        let tab = |group: GroupId, (present, expected): (u32, u32)| {
            let name = self.roster.group_name(group)?.to_owned();
            Some(GroupTab { group: Some(group), name, present, expected, chosen: self.group == Some(group) })
        };
        let listed = by_group.into_iter().filter(|(g, _)| !has_groups || self.roster.groups.contains_key(g));
        let mut tabs: Vec<GroupTab> = listed.filter_map(|(g, figures)| tab(g, figures)).collect();
        tabs.sort_by(|a, b| (&a.name, a.group).cmp(&(&b.name, b.group)));
        tabs.insert(0, GroupTab { group: None, name: tr!("Tous"), present, expected, chosen: self.group.is_none() });
        tabs
    }

    fn tiles(&self, standings: &[(&Child, Standing)]) -> Vec<Tile> {
        let searching = !self.search.trim().is_empty();
        let shown = |child: &Child, state: TileState| match searching {
            // A search looks at every child of the site, whatever group is chosen.
            true => matches(&self.search, &format!("{} {}", child.first_name, child.last_name)),
            false if state == TileState::Unexpected => self.ticks.get(&child.id) == Some(&true) || self.is_chosen(child.id),
            false => self.group.is_none_or(|group| self.is_in(child, group)),
        };
        standings.iter().filter(|(child, s)| shown(child, s.state)).map(|(child, s)| self.tile(child, s)).collect()
    }

    fn tile(&self, child: &Child, standing: &Standing) -> Tile {
        let by_roll_call = self.recording() == Some(Recording::Appel);
        let away = (standing.state == TileState::Present).then(|| self.outing_of(child.id)).flatten();
        Tile {
            child: child.id,
            first_name: child.first_name.clone(),
            last_initial: self.roster.last_names.get(&child.id).cloned().unwrap_or_default(),
            initials: initials(&child.first_name, &child.last_name),
            hue: hue(child.id.0),
            photo: self.photo_of(child.id),
            state: standing.state,
            // With an outing, a child is still in the team's care.
            state_text: away.map_or_else(|| standing.text.clone(), |label| tr!("en sortie · {label}", label)),
            care: child.care,
            // At a gate of families stand other families.
            note: self.noted.contains(&child.id) && !self.serves_families(),
            ticked: if by_roll_call { self.is_ticked(child.id, standing.state) } else { self.is_chosen(child.id) },
        }
    }
}

/// A colour that stays with a person: a number from 0 to 7.
pub(super) fn hue(id: uuid::Uuid) -> u8 {
    id.as_bytes().iter().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte)) % 8
}

fn counters(states: impl Iterator<Item = TileState>) -> Counters {
    let mut counters = Counters::default();
    for state in states {
        match state {
            TileState::Expected => counters.to_come += 1,
            TileState::Late => {
                counters.to_come += 1;
                counters.late += 1;
            }
            TileState::Present => counters.present += 1,
            TileState::Gone => counters.gone += 1,
            TileState::Absent => counters.absent += 1,
            TileState::Unexpected => {}
        }
    }
    counters.expected = counters.present + counters.to_come + counters.gone;
    counters
}
