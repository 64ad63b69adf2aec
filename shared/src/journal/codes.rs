//! The closed lists of a payload, one byte each. Frozen since layout 1: codes
//! are only added, and an older reader keeps an entry with a code that it
//! doesn't know as opaque.

use super::bytes::Malformed;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident, $field:literal { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// The code in the payload. Frozen since layout 1.
            #[must_use]
            pub fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)+ }
            }
            pub(super) fn from_code(code: u8) -> Result<Self, Malformed> {
                match code {
                    $($code => Ok(Self::$variant),)+
                    _ => Err(Malformed::UnknownCode { field: $field, value: u64::from(code) }),
                }
            }
        }
    };
}

codes! {
    /// What kind of actor an id names.
    ActorKind, "actor" {
        /// Nobody was named: the tablet at a watched door.
        Nobody = 0,
        /// A member of the centre's staff.
        Staff = 1,
        /// A guardian, through the portal.
        Guardian = 2,
        /// An agent of the office.
        Agent = 3,
        /// A helper with a mandate.
        Helper = 4,
        /// The product itself (automatic signature, clock observation, import).
        System = 5,
    }
}
impl ActorKind {
    /// Whether an id can stand beside it.
    pub(super) fn has_id(self) -> bool {
        !matches!(self, Self::Nobody | Self::System)
    }
}

codes! {
    /// In what capacity the actor acts.
    Capacity, "capacity" {
        /// For nobody else; at the door, for the centre.
        Own = 0,
        /// As a guardian of the child.
        Guardian = 1,
        /// As an agent, at a family's request or for the organisation.
        Agent = 2,
        /// As a helper with a mandate.
        Helper = 3,
        /// By delegation of another organisation.
        Delegation = 4,
    }
}
codes! {
    /// Through what the fact came in.
    Channel, "channel" {
        /// A tablet.
        Tablet = 1,
        /// The office's pages or commands.
        Office = 2,
        /// The family's portal.
        Portal = 3,
        /// An imported file.
        Import = 4,
        /// The server by itself.
        System = 5,
    }
}
codes! {
    /// What the fact rests on.
    Evidence, "evidence" {
        /// A card was shown: it says that the card was here, not who held it.
        Badge = 1,
        /// A name was touched in the list.
        List = 2,
        /// A PIN named the person first.
        Pin = 3,
        /// A roll call of a class or group.
        RollCall = 4,
        /// A paper sheet.
        Paper = 5,
        /// An imported file.
        Import = 6,
        /// Somebody's word, at the office or in the portal.
        Declared = 7,
        /// A machine measured it.
        Measured = 8,
    }
}
codes! {
    /// With whom, or where, a child left.
    LeftTo, "left.to" {
        /// An adult, whom `person` names where known.
        Person = 1,
        /// Alone, as the parents allowed.
        Alone = 2,
        /// To school.
        School = 3,
        /// To another centre.
        Transfer = 4,
        /// To a club.
        Club = 5,
        /// With the emergency services.
        Emergency = 6,
        /// Otherwise: see the note.
        Other = 7,
    }
}
