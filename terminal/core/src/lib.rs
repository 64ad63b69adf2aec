//! The tablet without its window.
//!
//! | module | owns |
//! |---|---|
//! | [`store`] | what is on disk: the journal, the roster, the device's key |
//! | [`door`] | the controllers, one file a use case: an [`view::Act`] in, a whole [`view::Screen`] out |
//! | [`commands`] | what the program does without a window: enrol, status, simulate |
//! | [`sync`] | the exchange with the server: a client sans I/O, a thin shell, TLS |
//! | [`peers`] | the exchange with the other tablets of the site, where the server is out of reach |
//! | [`settings`] | how this one tablet is set, in a file |
//! | [`sound`] | what is heard of an answer |
//! | [`upkeep`] | what staff does to the tablet itself: its menu, settings, reader, diagnosis, rest |
//! | [`view`] | the border with the window, in plain values |
//! | [`words`] | what is said to a person, in the language of the tablet |
//! | [`clock`], [`entropy`] | the only places that read a clock or the kernel's random bytes |

// First, for its macro.
#[macro_use]
pub mod words;

pub mod clock;
pub mod commands;
pub mod door;
pub mod entropy;
pub mod peers;
pub mod roster;
pub mod settings;
pub mod sound;
pub mod store;
pub mod sync;
pub mod upkeep;
pub mod view;
