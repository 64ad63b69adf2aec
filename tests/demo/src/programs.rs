//! The real programs, as a person would start them.

use crate::house;
use anyhow::{Context, Result, bail, ensure};
use chrono::NaiveDate;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a program may take to say that it listens: a cold disk, a first migration.
const START_MAX: Duration = Duration::from_secs(60);
/// How long it may take to stop once asked: it ends the answers under way first.
const STOP_MAX: Duration = Duration::from_secs(20);
const STOP_LOOKED_AT_EVERY: Duration = Duration::from_millis(10);

/// Where the programs stand (beside this one), and where the demo's data is.
pub struct Programs {
    folder: PathBuf,
    /// Everything that the demo writes.
    pub data: PathBuf,
    /// The day that the server believes in.
    pub today: NaiveDate,
}

impl Programs {
    pub fn new(data: PathBuf, today: NaiveDate) -> Result<Self> {
        let own = std::env::current_exe().context("où est ce programme ?")?;
        let folder = own.parent().context("ce programme n'est dans aucun dossier")?.to_owned();
        Ok(Self { folder, data, today })
    }

    pub fn server_data(&self) -> PathBuf {
        self.data.join("serveur")
    }

    pub fn terminal_data(&self) -> PathBuf {
        self.data.join("tablette")
    }

    pub fn import_folder(&self) -> PathBuf {
        self.data.join("dossier")
    }

    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.stdin(Stdio::null()).env("PREAU_TODAY", self.today.to_string());
        command
    }

    pub fn server(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("preau-server");
        command.arg("--data").arg(self.server_data()).args(arguments);
        command
    }

    pub fn terminal(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("preau-terminal");
        command.arg("--data").arg(self.terminal_data()).args(arguments);
        command
    }

    /// Starts the server and waits until it says where it listens.
    pub fn serve(&self, listen: &str) -> Result<Server> {
        let log = std::fs::File::create(self.data.join("serveur.log")).context("journal du serveur")?;
        started(self.server(&["serve", "--listen", listen]).stderr(log))
    }

    /// Starts what stands in for PayFiP; it knows the client numbers of the seed's régies.
    pub fn sandbox(&self, listen: &str, switches: &[&str]) -> Result<Server> {
        let mut command = self.command("preau-payfip-sandbox");
        command.args(["--listen", listen]);
        for number in house::client_numbers(self)? {
            command.args(["--client", &format!("{number}=DEMONSTRATION|REGIE {number}|BAC A SABLE")]);
        }
        for switch in switches {
            command.args(["--switch", switch]);
        }
        let log = std::fs::File::create(self.data.join("payfip.log")).context("journal du bac à sable")?;
        started(command.stderr(log))
    }
}

/// Starts a program and waits until it says where it listens.
fn started(command: &mut Command) -> Result<Server> {
    let name = shown(command);
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("{name} ne démarre pas"))?;
    let out = child.stdout.take().context("sortie du programme")?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if let Some(address) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                let _ = tell.send(address.trim_end_matches(['/', '.', ',']).to_owned());
            }
        }
    });
    match told.recv_timeout(START_MAX) {
        Ok(url) => Ok(Server { child, url }),
        Err(_) => {
            let _ = child.kill();
            let _ = child.wait();
            bail!("{name} n'a pas dit où il écoute : voir les .log du dossier de données")
        }
    }
}

/// A program that listens; stopped when it is dropped.
pub struct Server {
    child: Child,
    /// Where it listens: `http://127.0.0.1:8080`.
    pub url: String,
}

impl Server {
    /// Asks the server to stop, as systemd does, and waits until it has.
    pub fn stop(mut self) -> Result<()> {
        let status = self.end()?;
        ensure!(status.success(), "le serveur s'est mal arrêté : {status}");
        Ok(())
    }

    fn end(&mut self) -> Result<ExitStatus> {
        if let Some(ended) = self.child.try_wait()? {
            return Ok(ended);
        }
        let pid = i32::try_from(self.child.id()).context("numéro du serveur")?;
        kill(Pid::from_raw(pid), Signal::SIGTERM).context("le serveur ne peut pas être arrêté")?;
        let asked = Instant::now();
        while asked.elapsed() < STOP_MAX {
            if let Some(ended) = self.child.try_wait()? {
                return Ok(ended);
            }
            std::thread::sleep(STOP_LOOKED_AT_EVERY);
        }
        self.child.kill()?;
        self.child.wait()?;
        bail!("le serveur ne s'est pas arrêté en {} s", STOP_MAX.as_secs())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// Runs a program to its end and gives what it printed; what it said on the other output makes the error.
pub fn output(command: &mut Command) -> Result<String> {
    let (status, out, err) = run(command)?;
    if status != 0 {
        bail!("{} a fini avec {status} :\n{err}{out}", shown(command));
    }
    Ok(out)
}

/// Runs a program to its end: exit code, standard output, standard error.
pub fn run(command: &mut Command) -> Result<(i32, String, String)> {
    let done = command.output().with_context(|| format!("{} ne démarre pas", shown(command)))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((done.status.code().unwrap_or(-1), text(done.stdout), text(done.stderr)))
}

fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
    format!("{name} {}", arguments.join(" "))
}
