//! What the exchange notes beside the state of the line, in French as it is kept; the page of diagnosis has each in other languages.

/// The tablet's own disk.
pub const DISK_REFUSED: &str = "le disque a refusé";
/// The server was restored, or another one answers.
pub const EPOCH_UNKNOWN: &str = "le serveur ne connaît plus l'époque de cette tablette";
/// An epoch is one more than the last.
pub const EPOCH_OUT_OF_ORDER: &str = "une époque qui ne suit pas";
/// Not what our server says.
pub const UNREADABLE: &str = "réponse illisible";
/// Restored in the middle of a pull.
pub const ANOTHER_LIFE: &str = "le serveur a changé de vie pendant la lecture";
