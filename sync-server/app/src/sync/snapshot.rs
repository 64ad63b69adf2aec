//! A site's items as they are, in the order in which a door needs them; see [`shared::wire::Snapshot`].
//!
//! A page reads what its items are now, not what they were when the snapshot began: whatever moved since then has a number above the
//! snapshot's head, and is told again behind it. So an item that changes its part meanwhile (somebody becomes barred whose part has
//! gone by) is not lost, and nobody waits for a reader.

use crate::Result;
use crate::store::Territory;
use crate::store::entity::roster_item;
use crate::sync::pull::ANSWER_BYTES_MAX;
use crate::sync::refusal::Refusal;
use crate::sync::session::Caller;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use shared::roster::{Adult, AdultStatus, Item};
use shared::wire::limits::PULL_CHANGES_MAX;
use shared::wire::{Change, ChangeBody, PullAnswer, Snapshot};

/// Items of one kind, told one after the other in the order of their keys.
struct Part {
    /// Its name in a tablet's place. A place of another version's names is a place that isn't known: the tablet begins anew.
    name: &'static str,
    /// What their keys begin with.
    prefix: &'static str,
    /// Which of them.
    holds: fn(&Item) -> bool,
}

const fn all_of(name: &'static str, prefix: &'static str) -> Part {
    Part { name, prefix, holds: |_| true }
}

fn may_take_freely(item: &Item) -> bool {
    matches!(item, Item::Adult(Adult { status: AdultStatus::Authorised, .. }))
}

/// Who must not take a child, or only under conditions; what to do for a child in danger, and whom to call; by whose keys entries are
/// believed; the places, without which a child has no tile; the children, with the sign of their care; who may take them; then what a
/// door can do without for a minute.
const PARTS: [Part; 13] = [
    Part { name: "watched", prefix: "adult:", holds: |item| !may_take_freely(item) },
    all_of("care", "care:"),
    all_of("device", "device:"),
    all_of("site", "site:"),
    all_of("centre", "centre:"),
    all_of("group", "group:"),
    all_of("class", "class:"),
    all_of("activity", "activity:"),
    all_of("child", "child:"),
    Part { name: "adult", prefix: "adult:", holds: may_take_freely },
    all_of("staff", "staff:"),
    all_of("badge", "badge:"),
    all_of("booking", "booking:"),
];

/// The part and the key behind which a tablet goes on; `None` for a place that this version doesn't know.
fn place(after: Option<&str>) -> Option<(usize, String)> {
    let Some(after) = after else { return Some((0, String::new())) };
    // No key holds a NUL, which PostgreSQL doesn't even take as a question.
    let (name, key) = after.split_once(' ').filter(|(_, key)| !key.contains('\0'))?;
    Some((PARTS.iter().position(|part| part.name == name)?, key.to_owned()))
}

/// The items behind a place. Pass a handle over one snapshot of the database, as for [`super::pull::pull`].
///
/// # Errors
/// The database's; inside, a refusal for the tablet.
pub(super) async fn page(
    territory: &Territory<'_>,
    caller: &Caller,
    server_epoch: &str,
    head: i64,
    after: Option<&str>,
) -> Result<Result<PullAnswer, Refusal>> {
    let Some((mut part, mut key)) = place(after) else { return Ok(Err(Refusal::refresh_required())) };
    let (mut changes, mut bytes) = (Vec::new(), 0);
    let mut goes_on = None;
    'parts: while let Some(of) = PARTS.get(part) {
        let rows = territory
            .find::<roster_item::Entity>()
            .filter(roster_item::Column::SiteId.eq(caller.site.0))
            .filter(roster_item::Column::ItemKey.starts_with(of.prefix))
            .filter(roster_item::Column::ItemKey.gt(key.as_str()))
            .order_by_asc(roster_item::Column::ItemKey)
            .limit(u64::try_from(PULL_CHANGES_MAX).unwrap_or(u64::MAX))
            .all(&territory.on())
            .await?;
        let is_last = rows.len() < PULL_CHANGES_MAX;
        for row in rows {
            if let Some(item) = serde_json::from_slice(&row.content).ok().filter(of.holds) {
                let size = row.content.len();
                if changes.len() >= PULL_CHANGES_MAX || (bytes + size > ANSWER_BYTES_MAX && !changes.is_empty()) {
                    goes_on = Some(format!("{} {key}", of.name));
                    break 'parts;
                }
                bytes += size;
                changes.push(Change { number: u64::try_from(row.number).unwrap_or(0), body: ChangeBody::Put(item) });
            }
            key = row.item_key;
        }
        if is_last {
            (part, key) = (part + 1, String::new());
        }
    }
    let snapshot = Some(Snapshot { head: u64::try_from(head).ok(), after: goes_on });
    // The cursor is that of the entries, which have not begun.
    Ok(Ok(PullAnswer { server_epoch: server_epoch.to_owned(), cursor: 0, more: true, changes, snapshot }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_given_and_no_other_is() {
        assert_eq!(place(None), Some((0, String::new())));
        assert_eq!(place(Some("booking booking:1")), Some((12, "booking:1".into())));
        assert_eq!(place(Some("site ")), Some((3, String::new())));
        for wrong in ["", "booking", "weather child:1", "Booking x", "site \0"] {
            assert_eq!(place(Some(wrong)), None, "{wrong}");
        }
    }
}
