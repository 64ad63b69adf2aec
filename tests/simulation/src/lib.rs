//! Weeks at the door, drawn from a seed: the shipped tablet and the shipped server, real SQLite files, and everything that goes
//! wrong between them. The promises of the sync are checked after every step, against an oracle that saw every touch.
//!
//! | module | owns |
//! |---|---|
//! | [`event`] | what can happen, and how a seed draws it |
//! | [`house`] | the server: its routes called in memory, its database read with other eyes |
//! | [`line`] | what carries a tablet's requests, and what it loses, doubles, delays or makes up |
//! | [`peers`] | two tablets of one site without the server |
//! | [`power`] | what is on a tablet's disk at the instant at which it dies |
//! | [`tablet`] | a tablet: its folder, its door, its clock, who stands before it |
//! | [`world`] | all of it, and time; one event at a time |
//! | [`oracle`] | every entry that ever was durable, and the promises I1 to I9 |
//! | [`run`] | a seed from its first event to its last, and the shortest way to break what it breaks |
//!
//! One event ends before the next is drawn, and no clock but the simulated ones is asked. Beside it runs what a tablet runs too: the
//! thread of its second copy, which no step waits for, and which each start brings up to the journal, so that its pace is seen
//! nowhere. A seed gives the same trace each time; what is random by nature (ids, keys) is named in it by the order in which it
//! appeared.

pub mod event;
pub mod house;
pub mod line;
pub mod oracle;
pub mod peers;
pub mod power;
pub mod run;
pub mod tablet;
pub mod template;
pub mod world;
