//! The machine's security chip (TPM 2.0), through `systemd-creds`.
//!
//! What is sealed opens on this chip alone, under its own name. It is bound to the chip and to no measured start of the machine: the
//! measure of its firmware changes with a routine update, on every tablet at once, and a tablet's key has no second way in. That is
//! the disk's to ask (LUKS has a recovery key; docs/tablette.md).

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc::channel;
use std::time::Duration;
use zeroize::Zeroizing;

/// The name that a credential is bound to.
const NAME: &str = "--name=preau-device-key";
/// PCR 23 is the one that no firmware and no system writes: zeroes, always. (systemd 252 seals with an empty choice of PCRs, and then
/// doesn't open it again.)
const UNMEASURED: &str = "--tpm2-pcrs=23";
/// Where Linux shows the chip; `systemd-creds` looks nowhere else either.
const CHIP: &str = "/dev/tpmrm0";
/// How long the chip may take: a slow one makes its primary key in some seconds. Read once, at the start.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether a chip is used, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tpm {
    chip: Chip,
    program: PathBuf,
    patience: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Chip {
    /// The machine's, where it has one.
    Auto,
    /// None.
    Forbidden,
    /// A device or a TCTI, as `systemd-creds --tpm2-device` takes it.
    Named(String),
}

/// Why a chip did not seal or open. `Display` is French, a part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TpmFailure {
    /// `PREAU_TPM=non`.
    #[error("PREAU_TPM=non interdit de s'en servir")]
    Forbidden,
    /// The machine shows none.
    #[error("aucune puce TPM 2.0 sur cette machine")]
    NoChip,
    /// The system's tool is missing, or can't be started.
    #[error("le programme systemd-creds ne se lance pas ({0})")]
    NoProgram(String),
    /// It did not answer in time.
    #[error("la puce n'a pas répondu en {0} s")]
    Silent(u64),
    /// The tool said no: the last thing that it said.
    #[error("{0}")]
    Said(String),
}

impl FromStr for Tpm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let chip = match text.trim() {
            "" | "auto" => Chip::Auto,
            "non" => Chip::Forbidden,
            named if named.starts_with("/dev/") || named.contains(':') => Chip::Named(named.to_owned()),
            other => {
                return Err(format!("« {other} » : attendu « auto », « non », un périphérique (/dev/tpmrm0) ou un TCTI (swtpm:path=…)"));
            }
        };
        Ok(Self::of(chip))
    }
}

/// As it is written.
impl std::fmt::Display for Tpm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.chip {
            Chip::Auto => "auto",
            Chip::Forbidden => "non",
            Chip::Named(named) => named,
        })
    }
}

impl Tpm {
    fn of(chip: Chip) -> Self {
        Self { chip, program: "systemd-creds".into(), patience: PATIENCE }
    }

    /// No chip: a tablet's key lies in a file.
    #[must_use]
    pub fn none() -> Self {
        Self::of(Chip::Forbidden)
    }

    /// With another patience, for a test that has none.
    #[must_use]
    pub fn patient_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// By another program than the system's.
    #[must_use]
    pub fn by(self, program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), ..self }
    }

    /// Seals a secret.
    ///
    /// # Errors
    /// No chip, or one that doesn't.
    pub(super) fn seal(&self, secret: &[u8; 32]) -> Result<Vec<u8>, TpmFailure> {
        Ok(self.run(&["encrypt", "--with-key=tpm2", UNMEASURED], secret)?.to_vec())
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    /// No chip, another one, or one that was cleared since.
    pub(super) fn open(&self, sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, TpmFailure> {
        let opened = self.run(&["decrypt", "--newline=no"], sealed)?;
        let secret = opened.as_slice().try_into().map_err(|_| TpmFailure::Said("ce qui était scellé n'est pas une clé".into()))?;
        Ok(Zeroizing::new(secret))
    }

    fn device(&self) -> Result<&str, TpmFailure> {
        match &self.chip {
            Chip::Forbidden => Err(TpmFailure::Forbidden),
            Chip::Named(named) => Ok(named),
            Chip::Auto if Path::new(CHIP).exists() => Ok(CHIP),
            Chip::Auto => Err(TpmFailure::NoChip),
        }
    }

    /// Through pipes alone: no argument and no file shows a secret.
    fn run(&self, what: &[&str], input: &[u8]) -> Result<Zeroizing<Vec<u8>>, TpmFailure> {
        let device = format!("--tpm2-device={}", self.device()?);
        let mut command = Command::new(&self.program);
        command.args(what).args([NAME, &device, "-", "-"]).env("LC_ALL", "C");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| TpmFailure::NoProgram(e.to_string()))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let input = Zeroizing::new(input.to_vec());
        let (tell, told) = channel();
        // Its answers are far smaller than a pipe.
        std::thread::spawn(move || {
            // Whoever ends before reading says why on its way out.
            let _ = stdin.map(|mut stdin| stdin.write_all(&input));
            let mut out = Zeroizing::new(Vec::with_capacity(4_096));
            let _ = stdout.map(|mut stdout| stdout.read_to_end(&mut out));
            let mut said = String::new();
            let _ = stderr.map(|mut stderr| stderr.read_to_string(&mut said));
            // Nobody listens any more where it took too long.
            let _ = tell.send((out, said));
        });
        let Ok((out, said)) = told.recv_timeout(self.patience) else {
            give_up(child);
            return Err(TpmFailure::Silent(self.patience.as_secs()));
        };
        match child.wait() {
            Ok(status) if status.success() => Ok(out),
            Ok(_) => Err(TpmFailure::Said(said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("sans explication").to_owned())),
            Err(error) => Err(TpmFailure::NoProgram(error.to_string())),
        }
    }
}

/// Ends it without waiting: one that the kernel holds in a call of the chip ends when the call does.
fn give_up(mut child: Child) {
    if let Err(error) = child.kill() {
        tracing::warn!(%error, "systemd-creds can't be ended");
    }
    std::thread::spawn(move || child.wait());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_auto_non_a_device_or_a_tcti_and_nothing_else() {
        for text in ["auto", "non", "/dev/tpmrm0", "swtpm:path=/run/tpm"] {
            assert_eq!(text.parse::<Tpm>().unwrap().to_string(), text);
        }
        assert_eq!("".parse::<Tpm>().unwrap().to_string(), "auto", "an empty variable is none");
        assert!("oui".parse::<Tpm>().unwrap_err().contains("attendu « auto »"));
    }

    #[test]
    fn a_chip_that_is_forbidden_is_not_asked() {
        assert_eq!(Tpm::none().by("/bin/false").seal(&[7; 32]), Err(TpmFailure::Forbidden));
    }
}
