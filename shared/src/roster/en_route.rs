//! What a tablet knows beyond its own site: the lieux to which a bus may take a child, and the children whom one brings.

use crate::id::{CentreId, ChildId, OrganisationId};
use serde::{Deserialize, Serialize};

/// A lieu of another site, to which a child may be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OtherCentre {
    /// Its id.
    pub id: CentreId,
    /// The tenant: a child goes from a lieu of its own to another.
    pub organisation: OrganisationId,
    /// "Les Coccinelles".
    pub name: String,
}

/// A child who left another site for a lieu of this one, and of whom nothing was recorded since. The child's own items come with it,
/// also where nobody had planned that it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnRoute {
    /// Who.
    pub child: ChildId,
    /// To which lieu of this site.
    pub centre: CentreId,
    /// From which site: "École Vauban".
    pub from: String,
    /// When it left, ms since 1970 UTC.
    pub left_at_ms: i64,
}
