//! A whole roster, in the order in which a door needs it.
//!
//! Changes in order of their numbers tell an adult who was barred yesterday after a year of bookings, and each entry of that year in
//! between. A tablet that holds nothing, or has to hold all of it anew, asks for a snapshot instead: the items as they are, barred and
//! restricted adults first; then the entries, by cursor; then what has changed since the snapshot was begun, as ever. The head is fixed
//! when it begins, so that whatever moves while it is read comes afterwards under a number above the head: nothing is locked, and a
//! snapshot that was cut goes on a week later.

use serde::{Deserialize, Serialize};

/// A place in a snapshot. A tablet sends back what the last answer said, with its cursor.
///
/// | `head` | `after` | what comes next |
/// |---|---|---|
/// | absent | absent | it begins |
/// | a number | a place | the items behind that place |
/// | a number | absent | the items are all there: entries behind the cursor, and every change above the head |
///
/// A server that knows no snapshots ignores it, answers by the cursor (0 until the items are all there) and says none in its answer:
/// the tablet goes on by the cursor alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Snapshot {
    /// Number of the site's last change when it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<u64>,
    /// Where to go on among the items: the server's own words, which a tablet doesn't read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
