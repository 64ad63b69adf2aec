//! Identifiers: one newtype for each thing that has one, so that a child is
//! never handed where a household is expected.
//!
//! All are UUIDs, version 7 where we make them, from an instant and random
//! bytes that the caller holds.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A version 7 UUID from an instant (milliseconds since 1970, UTC) and ten
/// random bytes. The same inputs give the same id.
///
/// An instant before 1970 (a tablet whose battery is dead) counts as 1970: an
/// id has to be unique, it doesn't have to tell the time.
#[must_use]
pub fn uuid_v7(at_ms: i64, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(at_ms).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The id that stands for "none" in a fixed layout.
            pub const NIL: Self = Self(Uuid::nil());

            /// A new id from an instant (ms since 1970, UTC) and random bytes.
            #[must_use]
            pub fn new(at_ms: i64, random: [u8; 10]) -> Self {
                Self(uuid_v7(at_ms, random))
            }

            /// Whether this is [`Self::NIL`].
            #[must_use]
            pub fn is_nil(&self) -> bool {
                self.0.is_nil()
            }

            /// `None` for [`Self::NIL`], the id itself otherwise.
            #[must_use]
            pub fn non_nil(self) -> Option<Self> {
                (!self.is_nil()).then_some(self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// An installation, one guichet: owns persons, households and accounts.
    TerritoireId;
    /// A tenant: agglomération, commune, syndicat, CCAS, association.
    OrganisationId;
    /// A building that tablets serve.
    SiteId;
    /// A lieu d'accueil: crèche, ALSH, périscolaire or canteen of one site.
    CentreId;
    /// A group, section or room of a centre.
    GroupId;
    /// A school's class of one school year.
    ClassId;
    /// What is booked and billed: "Mercredi journée", "Accueil du soir".
    ActivityId;
    /// A child.
    ChildId;
    /// A foyer: an address, a situation, a payer.
    HouseholdId;
    /// An adult of a household, or someone authorised or barred for a child.
    PersonId;
    /// A member of a centre's staff.
    StaffId;
    /// Someone with a log-in to the office.
    AgentId;
    /// A log-in, of a family or of an agent.
    AccountId;
    /// An opaque card number that the territory gave to someone.
    BadgeId;
    /// A right to attend an activity.
    EnrolmentId;
    /// A contract with reserved hours.
    ContractId;
    /// A planned presence on a date.
    BookingId;
    /// A régie de recettes: who collects.
    RegieId;
    /// A dated set of rules that turns a day sheet into lines.
    TariffId;
    /// What signs entries: a tablet, or the server for one of its sites.
    DeviceId;
    /// The name of a sealed fact.
    EntryId;
    /// A start of a machine, as the kernel names it.
    BootId;
}
