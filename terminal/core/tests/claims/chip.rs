//! A machine's security chip: a TPM 2.0 in software (swtpm), a process of the test's own, reached as a real one is.
#![allow(dead_code, clippy::unwrap_used, reason = "shared with the tests of the whole system, which need less of it")]

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// One chip. Another one opens nothing of what it sealed.
pub struct Chip {
    dir: TempDir,
    process: Child,
}

impl Chip {
    /// A chip of a new machine.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = |name: &str| format!("type=unixio,path={}", dir.path().join(name).display());
        let mut command = Command::new("swtpm");
        command.args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear", "--tpmstate"]);
        command.arg(format!("dir={}", dir.path().display())).args(["--server", &socket("tpm"), "--ctrl", &socket("tpm.ctrl")]);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process =
            process.unwrap_or_else(|e| panic!("swtpm ({e}): packaging/prerequisites check --install installs it, as ./check does"));
        let chip = Self { dir, process };
        // It makes its sockets as it starts; the last of them says that it is there.
        let begun = std::time::Instant::now();
        let script = format!(
            "#!/bin/sh\n/usr/bin/systemd-creds \"$@\"\noutcome=$?\ntpm2_flushcontext -T {} -l >/dev/null 2>&1\nexit $outcome\n",
            chip.setting()
        );
        std::fs::create_dir(chip.tools()).unwrap();
        std::fs::write(chip.tools().join("systemd-creds"), script).unwrap();
        std::fs::set_permissions(chip.tools().join("systemd-creds"), PermissionsExt::from_mode(0o755)).unwrap();
        while !["tpm", "tpm.ctrl"].iter().all(|name| chip.dir.path().join(name).exists()) {
            assert!(begun.elapsed().as_secs() < 30, "swtpm doesn't start");
            std::thread::yield_now();
        }
        chip
    }

    /// As `PREAU_TPM` names it.
    pub fn setting(&self) -> String {
        format!("swtpm:path={}", self.dir.path().join("tpm").display())
    }

    /// Where a `systemd-creds` lies that ends its sessions on the chip, as the kernel does behind /dev/tpmrm0: this one has no kernel, and
    /// three sessions.
    pub fn tools(&self) -> PathBuf {
        self.dir.path().join("tools")
    }

    /// It answers nobody any more, and lets nobody go.
    pub fn hang(&self) {
        kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGSTOP).unwrap();
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}
