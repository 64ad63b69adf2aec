//! The family's portal, through the real router, with bills that were really issued.

mod acts;
mod bills;
pub mod family;
mod matrix;
