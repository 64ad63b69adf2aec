//! Attendance: the journal as the server holds it, and readings of it.
//!
//! Owns the stored journal ([`journal`]), the server's own pen ([`server_device`]: one device a site), the day sheet
//! and what agents do with it. Promises that an entry is appended in one transaction with its index, its number at
//! the site and the effective times it moves; and that the bytes of an envelope are stored as they were sealed.

pub mod agent;
pub mod commands;
pub mod correct;
pub mod day_list;
pub mod deed;
pub mod desk;
pub mod effective;
pub mod en_route;
pub mod export;
pub mod forget;
pub mod journal;
pub mod live;
pub mod server_device;
pub mod sheet;
pub mod show;
pub mod sign;
pub mod signed;
pub mod verify;
