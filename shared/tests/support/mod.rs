//! What the tests share: a door with a clock that can be wrong, and the golden journal.

pub mod door;
pub mod golden_journal;

use shared::id::{ActivityId, CentreId, ChildId, GroupId, OrganisationId, SiteId};
use shared::journal::{Actor, ActorKind, Detail, Moment, Payload};
use uuid::Uuid;

pub const ORGANISATION: OrganisationId = OrganisationId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001));
pub const VAUBAN: SiteId = SiteId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0011));
pub const FERRY: SiteId = SiteId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0012));
pub const CARE: CentreId = CentreId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0021));
pub const CANTEEN: CentreId = CentreId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0022));
pub const MORNING: ActivityId = ActivityId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0031));
pub const LUNCH: ActivityId = ActivityId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0032));
pub const EVENING: ActivityId = ActivityId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0033));
pub const CE1: GroupId = GroupId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0041));
pub const LEA: ChildId = ChildId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0051));
pub const NOE: ChildId = ChildId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0052));
pub const MAELYS: ChildId = ChildId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0053));
pub const NADIA: Actor = Actor { kind: ActorKind::Staff, id: Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0061) };
pub const AGENT: Actor = Actor { kind: ActorKind::Agent, id: Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0062) };

/// A touch in the list at the door, at 1970-01-01T00:00Z.
pub fn touch(child: ChildId, detail: Detail) -> Payload {
    Payload {
        about_child: Some(child),
        centre: Some(CARE),
        boot: Uuid::from_u128(1).into(),
        moment: Moment { activity: Some(MORNING), label: "Accueil du matin".into() },
        roster_version: 7,
        detail,
        ..Payload::at(0)
    }
}
