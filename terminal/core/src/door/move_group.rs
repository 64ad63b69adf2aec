//! A child spends the day in another group: a lack of staff, an outing of the others. It is of this day alone; the office moves a child
//! for good.

use super::Door;
use super::drafts::Said;
use crate::clock::Now;
use crate::view::GroupChoice;
use shared::id::{CentreId, ChildId, GroupId};
use shared::journal::{Detail, Kind};
use shared::roster::Child;

impl Door {
    /// Groups of a child in a lieu, today: where somebody moved it, else where it is assigned.
    pub(super) fn groups_today(&self, child: &Child, centre: CentreId) -> Vec<GroupId> {
        let assigned = self.roster.groups_of(child, centre, self.day);
        let moved = self.attendance.days.get(&(self.day, child.id)).and_then(|day| day.group);
        match moved.filter(|group| self.roster.groups.get(group).is_some_and(|g| g.centre == centre)) {
            // A class stays one, whichever room the child is in.
            Some(group) => std::iter::once(group).chain(assigned.into_iter().filter(|g| !self.roster.groups.contains_key(g))).collect(),
            None => assigned,
        }
    }

    /// Groups of the lieu to choose from, by name; empty where there is only one.
    pub(super) fn group_choices(&self, child: ChildId) -> Vec<GroupChoice> {
        let (Some(activity), Some(child)) = (self.activity(), self.roster.children.get(&child)) else { return Vec::new() };
        let today = self.groups_today(child, activity.centre);
        let of_lieu = self.roster.groups.values().filter(|g| g.centre == activity.centre);
        let mut choices: Vec<GroupChoice> =
            of_lieu.map(|g| GroupChoice { group: g.id, name: g.name.clone(), chosen: today.contains(&g.id) }).collect();
        choices.sort_by(|a, b| (&a.name, a.group).cmp(&(&b.name, b.group)));
        if choices.len() > 1 { choices } else { Vec::new() }
    }

    pub(super) fn move_group(&mut self, now: Now, child: ChildId, group: GroupId) {
        let choices = self.group_choices(child);
        let Some(choice) = choices.into_iter().find(|choice| choice.group == group && !choice.chosen) else { return };
        let said = Said { reason: "groupe_du_jour", ..Said::touch(Kind::MovedGroup, child, Detail::MovedGroup { group }) };
        if self.record(now, vec![said]) {
            self.dialog = None;
            self.notice = None;
            self.offer_undo(now, tr!("{} : {} aujourd'hui", self.roster.first_name(child), choice.name));
        }
    }
}
