//! Whom a roll call of a whole site, or an outing, counts: children, the team, and visitors alike.

use super::bytes::{Malformed, Reader, Writer};
use crate::id::{ChildId, EntryId, StaffId};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

const CHILD: (u8, &str) = (1, "child");
const STAFF: (u8, &str) = (2, "staff");
const VISITOR: (u8, &str) = (3, "visitor");

/// Somebody who is counted. In a detail: 1 `what` (1 child, 2 staff, 3 visitor), 16 `id`. Frozen since format 1: codes are only added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Someone {
    /// A child: the entry is about it, and goes with it when it is forgotten.
    Child(ChildId),
    /// A member of the team.
    Staff(StaffId),
    /// A visitor, by the entry that told of the visit: the name stands in that one's note, and nowhere else.
    Visitor(EntryId),
}

impl Someone {
    /// The child, where it is one.
    #[must_use]
    pub fn child(self) -> Option<ChildId> {
        match self {
            Self::Child(child) => Some(child),
            Self::Staff(_) | Self::Visitor(_) => None,
        }
    }

    fn parts(self) -> ((u8, &'static str), Uuid) {
        match self {
            Self::Child(id) => (CHILD, id.0),
            Self::Staff(id) => (STAFF, id.0),
            Self::Visitor(id) => (VISITOR, id.0),
        }
    }

    pub(super) fn write(self, out: &mut Writer) {
        let ((code, _), id) = self.parts();
        out.u8(code).id(id);
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (code, id) = (from.u8()?, from.id::<Uuid>()?);
        if id.is_nil() {
            return Err(Malformed::NotAllowed("someone of zeroes"));
        }
        match code {
            code if code == CHILD.0 => Ok(Self::Child(ChildId(id))),
            code if code == STAFF.0 => Ok(Self::Staff(StaffId(id))),
            code if code == VISITOR.0 => Ok(Self::Visitor(EntryId(id))),
            code => Err(Malformed::UnknownCode { field: "someone", value: u64::from(code) }),
        }
    }
}

/// "child:0199…": how a screen names a row to whoever answers it.
impl fmt::Display for Someone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((_, word), id) = self.parts();
        write!(f, "{word}:{id}")
    }
}

/// Not the name of anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("« child: », « staff: » ou « visitor: » et un identifiant sont attendus")]
pub struct NotSomeone;

impl FromStr for Someone {
    type Err = NotSomeone;

    fn from_str(text: &str) -> Result<Self, NotSomeone> {
        let (word, id) = text.split_once(':').ok_or(NotSomeone)?;
        let id: Uuid = id.parse().map_err(|_| NotSomeone)?;
        match word {
            word if word == CHILD.1 => Ok(Self::Child(ChildId(id))),
            word if word == STAFF.1 => Ok(Self::Staff(StaffId(id))),
            word if word == VISITOR.1 => Ok(Self::Visitor(EntryId(id))),
            _ => Err(NotSomeone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_back_to_who_it_names_and_no_other_text_does() {
        let id = Uuid::from_u128(7);
        for who in [Someone::Child(ChildId(id)), Someone::Staff(StaffId(id)), Someone::Visitor(EntryId(id))] {
            assert_eq!(who.to_string().parse(), Ok(who));
        }
        for wrong in ["", "child", "child:", "dog:00000000-0000-0000-0000-000000000007", "staff:7"] {
            assert_eq!(wrong.parse::<Someone>(), Err(NotSomeone), "{wrong}");
        }
    }
}
