//! What the reader's program says, a line of JSON each: `{"said":"card","uid":"04A1B2C3D4E5F6"}`.
//!
//! The program stands apart because the library that it calls can end its own process, or hang (`docs/lecteur.md`). Its lines are
//! believed no more than any other input: what isn't one of these is passed over.

use serde::{Deserialize, Serialize};

/// Longest line that is read: a card's number with what stands around it is a tenth of this.
pub const LINE_BYTES_MAX: u64 = 1_024;
/// How often the program says that it lives, in seconds.
pub const BEAT_S: u64 = 1;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Said {
    /// The reader is open, and will be heard.
    Ready {
        /// What it calls itself, for the page of diagnosis.
        reader: String,
    },
    /// The program lives: each second, from the loop that asks the reader, so that a loop that hangs is silent.
    Beat,
    /// A card came; once, however long it stays.
    Card {
        /// Its number in hexadecimal.
        uid: String,
    },
    /// A card came and went before it could be read.
    Unread,
    /// Several cards came at once: none of them counts.
    Several,
    /// No card is there any more.
    Gone,
    /// The reader can't be heard; it is tried again until it can.
    Fault {
        /// Why.
        fault: Fault,
        /// What the library said, for the log. Never a card's number.
        detail: String,
    },
}

/// Why a reader can't be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing is plugged in where it should be.
    Unplugged,
    /// It is plugged in and doesn't answer.
    Mute,
    /// What it answers is damaged on the way: a cable, a supply.
    Garbled,
    /// Another program holds it.
    Taken,
    /// What the machine needs to talk to it isn't installed or doesn't run.
    Missing,
    /// The program itself ended, or hung.
    Stopped,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_what_the_page_says_that_it_is() {
        let lines = [
            (Said::Ready { reader: "pn532_uart:/dev/ttyUSB0".into() }, r#"{"said":"ready","reader":"pn532_uart:/dev/ttyUSB0"}"#),
            (Said::Beat, r#"{"said":"beat"}"#),
            (Said::Card { uid: "04A1B2C3".into() }, r#"{"said":"card","uid":"04A1B2C3"}"#),
            (Said::Fault { fault: Fault::Unplugged, detail: String::new() }, r#"{"said":"fault","fault":"unplugged","detail":""}"#),
        ];
        for (said, line) in lines {
            assert_eq!(serde_json::to_string(&said).unwrap(), line);
            assert_eq!(serde_json::from_str::<Said>(line).unwrap(), said);
        }
    }

    proptest! {
        #[test]
        fn any_line_gets_an_answer(line in "\\PC{0,80}") {
            let _ = serde_json::from_str::<Said>(&line);
        }
    }
}
