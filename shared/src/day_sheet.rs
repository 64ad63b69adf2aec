//! The day sheet: what a director signs. The fold of one lieu and one
//! business day, in an order and in bytes that two machines agree on.

use crate::fold::{Attendance, ChildDay, Mark};
use crate::id::{ActivityId, CentreId, ChildId};
use crate::journal::Hash;
use chrono::NaiveDate;
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"preau/sheet/1\0";

/// Children of one lieu on one business day, and what is recorded of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySheet {
    /// The lieu.
    pub centre: CentreId,
    /// The business day.
    pub day: NaiveDate,
    /// The moment that it is cut down to; `None` is the whole day.
    pub activity: Option<ActivityId>,
    /// In order of child id.
    pub rows: Vec<(ChildId, ChildDay)>,
}

impl DaySheet {
    /// Cuts a lieu and day out of a fold. A mark belongs to the lieu that its moment names.
    #[must_use]
    pub fn of(attendance: &Attendance, centre: CentreId, day: NaiveDate, activity: Option<ActivityId>) -> Self {
        let here = |mark: &Mark| mark.centre == Some(centre) && activity.is_none_or(|a| mark.activity == Some(a));
        let mut rows = Vec::new();
        for (&(_, child), child_day) in attendance.days.range((day, ChildId::NIL)..).take_while(|((d, _), _)| *d == day) {
            let mut row = child_day.clone();
            // A presence stands on the sheet of the lieu where it began, and on that of the lieu where it ended.
            row.presences.retain(|p| here(&p.arrived) || p.left.as_ref().is_some_and(|d| here(&d.mark)));
            row.repeats.retain(&here);
            row.lone_departures.retain(|d| here(&d.mark));
            row.roll_calls.retain(|r| here(&r.mark));
            row.absences.retain(|a| a.mark.centre.is_none() || here(&a.mark));
            row.meals.retain(|m| here(&m.mark));
            let told = row.attended() || !row.repeats.is_empty() || !row.absences.is_empty() || !row.meals.is_empty();
            if told {
                rows.push((child, row));
            }
        }
        Self { centre, day, activity, rows }
    }

    /// What `day_signed` carries: SHA-256 of `"preau/sheet/1\0"` ‖ centre ‖ day ‖ activity ‖ each fact that counts, in order.
    /// Frozen since format 1.
    ///
    /// A fact is: child (16), a letter (`a` arrival, `d` departure, `r` repeat, `l` lone departure, `p` roll call, `x` absence,
    /// `m` meal), effective time in ms (8), entry (16), the correction that holds or zeroes (16).
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut hash = Sha256::new().chain_update(DOMAIN).chain_update(self.centre.0.as_bytes());
        hash.update(self.day.format("%Y-%m-%d").to_string());
        hash.update(self.activity.unwrap_or(ActivityId::NIL).0.as_bytes());
        for (child, row) in &self.rows {
            let mut fact = |letter: u8, mark: &Mark| {
                hash.update(child.0.as_bytes());
                hash.update([letter]);
                hash.update(mark.at_ms.to_be_bytes());
                hash.update(mark.entry.0.as_bytes());
                hash.update(mark.corrected_by.map_or(uuid::Uuid::nil(), |e| e.0).as_bytes());
            };
            for presence in &row.presences {
                fact(b'a', &presence.arrived);
                if let Some(left) = &presence.left {
                    fact(b'd', &left.mark);
                }
            }
            row.repeats.iter().for_each(|m| fact(b'r', m));
            row.lone_departures.iter().for_each(|d| fact(b'l', &d.mark));
            row.roll_calls.iter().for_each(|r| fact(b'p', &r.mark));
            row.absences.iter().for_each(|a| fact(b'x', &a.mark));
            row.meals.iter().for_each(|m| fact(b'm', &m.mark));
        }
        hash.finalize().into()
    }
}
