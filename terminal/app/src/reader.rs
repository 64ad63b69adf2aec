//! Which badge reader the tablet listens to besides its keys: `--lecteur`, or `PREAU_LECTEUR`.

use crate::door_thread::Asker;
use hardware::program::{Program, ReaderProgram};
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use terminal_core::view::Act;

/// The program that reads NFC and PC/SC readers, beside this one or in the path.
const PROGRAM: &str = "preau-badge-reader";

/// A reader, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reader {
    /// One that types like a keyboard, or none.
    #[default]
    Keyboard,
    /// An NFC chip, by libnfc's name for it; the first that is found where none is said.
    Nfc(Option<String>),
    /// A PC/SC reader, by the beginning of its name; all where none is said.
    Pcsc(Option<String>),
}

impl FromStr for Reader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, name) = text.split_once(':').map_or((text, None), |(kind, name)| (kind, Some(name.to_owned())));
        match (kind, name) {
            ("clavier", None) => Ok(Self::Keyboard),
            (_, Some(name)) if name.is_empty() => Err(format!("« {text} » : il manque le nom du lecteur après « : »")),
            ("nfc", name) => Ok(Self::Nfc(name)),
            ("pcsc", name) => Ok(Self::Pcsc(name)),
            _ => Err(format!("« {text} » : attendu « clavier », « nfc », « nfc:pn532_uart:/dev/ttyUSB0 », « pcsc » ou « pcsc:NOM »")),
        }
    }
}

impl Reader {
    fn program(&self) -> Option<Program> {
        let (kind, name) = match self {
            Self::Keyboard => return None,
            Self::Nfc(name) => ("nfc", name),
            Self::Pcsc(name) => ("pcsc", name),
        };
        let mut args: Vec<OsString> = vec![kind.into()];
        if let Some(name) = name {
            args.extend(["--lecteur".into(), name.into()]);
        }
        Some(Program { path: beside_this_program().unwrap_or_else(|| PROGRAM.into()), args })
    }

    /// Starts listening; what is heard is asked of the door. `None` where there is nothing to start.
    ///
    /// # Errors
    /// No thread to be had.
    pub fn listen(&self, asker: Asker) -> std::io::Result<Option<ReaderProgram>> {
        let Some(program) = self.program() else { return Ok(None) };
        let (program, events) = ReaderProgram::start(program)?;
        std::thread::Builder::new().name("lecteur-porte".into()).spawn(move || {
            events.into_iter().for_each(|event| asker.ask(Act::Reader(event)));
        })?;
        Ok(Some(program))
    }
}

fn beside_this_program() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok()?.with_file_name(PROGRAM);
    beside.is_file().then_some(beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_named_in_a_few_words() {
        assert_eq!("clavier".parse(), Ok(Reader::Keyboard));
        assert_eq!("nfc".parse(), Ok(Reader::Nfc(None)));
        assert_eq!("nfc:pn532_uart:/dev/ttyUSB0".parse(), Ok(Reader::Nfc(Some("pn532_uart:/dev/ttyUSB0".into()))));
        assert_eq!("pcsc:ACS ACR122U".parse(), Ok(Reader::Pcsc(Some("ACS ACR122U".into()))));
        for wrong in ["", "usb", "nfc:", "clavier:x", "NFC"] {
            assert!(wrong.parse::<Reader>().is_err(), "{wrong}");
        }
    }
}
