//! What an entry says happened.

use std::fmt;

/// The `reason` of a decision: the entry stands in the journal from then on.
pub const KEPT: &str = "retenu";
/// The `reason` of a decision: the entry stays apart, as evidence.
pub const DISCARDED: &str = "ecarte";
/// The `reason` of an evacuation's end: it was a drill.
pub const DRILL: &str = "exercice";
/// The `reason` of an evacuation's end: it was none.
pub const ALARM: &str = "alerte";
/// The `reason` of an evacuation's end: somebody opened the roll call by mistake.
pub const MISTAKE: &str = "erreur";
/// Longest name of a kind, in bytes.
pub const KIND_BYTES_MAX: usize = 32;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// The kind of an entry. Frozen since format 1: names are only added.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)+
            /// A kind that a newer version seals: verified and kept, not understood.
            Unknown(String),
        }

        impl Kind {
            /// Every kind that this version understands.
            pub const KNOWN: &'static [Kind] = &[$(Kind::$name),+];

            /// The name in the envelope.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)+
                    Self::Unknown(name) => name,
                }
            }

            /// The kind of a name: one to 32 small letters, digits or underscores.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$name),)+
                    _ if name.is_empty() || name.len() > KIND_BYTES_MAX => None,
                    _ if name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') => Some(Self::Unknown(name.to_owned())),
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// A child came in.
    Arrived = "arrived";
    /// A child went out, with someone or alone.
    Left = "left";
    /// A child was there at a roll call; no time is claimed.
    Present = "present";
    /// A family or an office said beforehand that a child won't come.
    AbsenceAnnounced = "absence_announced";
    /// The staff saw that a child isn't there.
    AbsenceNoted = "absence_noted";
    /// The target never happened.
    Retracted = "retracted";
    /// The target happened otherwise: another time, kind or moment.
    Corrected = "corrected";
    /// A meal was, or was not, served.
    Meal = "meal";
    /// A child spends the day in another group.
    MovedGroup = "moved_group";
    /// Somebody answers for a day sheet as it stands.
    DaySigned = "day_signed";
    /// A signed day is open again, with a reason.
    DayReopened = "day_reopened";
    /// The server saw a device's clock beside its own.
    ClockObserved = "clock_observed";
    /// The first entry of an epoch after the first.
    EpochOpened = "epoch_opened";
    /// A person decided on an entry that the server had set apart: `reason` is [`KEPT`] or [`DISCARDED`].
    Decided = "decided";
    /// Somebody read a child's care card and telephone numbers at the tablet ("Urgence"). It says nothing of a presence.
    CareOpened = "care_opened";
    /// A member of staff came to work. Whose presence it is stands in the detail: `actor` is who says so.
    StaffArrived = "staff_arrived";
    /// A member of staff went.
    StaffLeft = "staff_left";
    /// Somebody who is neither a child nor of the staff came in; a note holds the name, so that an evacuation asks for them too.
    VisitorArrived = "visitor_arrived";
    /// The visitor of the target went.
    VisitorLeft = "visitor_left";
    /// A roll call of everybody on the site began, on whatever tablet.
    EvacuationStarted = "evacuation_started";
    /// Somebody was seen in it; a tick that is taken back is a retraction.
    EvacuationSeen = "evacuation_seen";
    /// It is over: `reason` is [`DRILL`], [`ALARM`] or [`MISTAKE`].
    EvacuationEnded = "evacuation_ended";
    /// Somebody left the site with an outing. A child on it is still in the team's care: it says nothing of a presence.
    OutingLeft = "outing_left";
    /// Somebody was there, or missing, when an outing was counted on the way.
    OutingCounted = "outing_counted";
    /// Somebody came back from an outing.
    OutingBack = "outing_back";
}

impl Kind {
    /// Whether the server's own device alone may seal such an entry: it judges entries of others.
    #[must_use]
    pub fn is_the_servers(&self) -> bool {
        matches!(self, Self::ClockObserved | Self::Decided)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_kind_reads_back_and_a_newer_one_is_kept_by_name() {
        for kind in Kind::KNOWN {
            assert_eq!(Kind::parse(kind.as_str()).as_ref(), Some(kind));
        }
        assert_eq!(Kind::parse("nap_started"), Some(Kind::Unknown("nap_started".into())));
        for wrong in ["", "Arrived", "arrivé", "with space", &"x".repeat(33)] {
            assert_eq!(Kind::parse(wrong), None, "{wrong}");
        }
    }
}
