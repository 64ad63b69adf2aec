//! Setting the house up: seed, database, import, enrolled tablet. The same
//! for the living demo and for the script.

use crate::programs::{Programs, Server, output};
use anyhow::{Context, Result, bail};

/// Writes the agglomération and loads it, all or nothing.
pub fn furnish(programs: &Programs) -> Result<String> {
    let folder = programs.import_folder();
    output(programs.command("preau-seed").arg(&folder).arg("--today").arg(programs.today.to_string()))?;
    output(&mut programs.server(&["init", "--demo"]))?;
    output(&mut programs.server(&["import", &folder.to_string_lossy()]))
}

/// Binds a tablet to a site, as an agent and a member of staff would: a code here, the same code there.
pub fn enrol(programs: &Programs, server: &Server, site: &str) -> Result<String> {
    let printed = output(&mut programs.server(&["admin", "enrolment-code", "--site", site]))?;
    let code = code_in(&printed).with_context(|| format!("pas de code d'enrôlement dans : {printed}"))?;
    output(&mut programs.terminal(&["enrol", "--server", &server.url, "--code", &code]))
}

/// The code among what the command prints: three groups of four.
fn code_in(printed: &str) -> Option<String> {
    let is_code =
        |word: &&str| word.len() == 14 && word.split('-').all(|part| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    printed.split_whitespace().find(is_code).map(str::to_owned)
}

/// Where the seed tells who plays which part.
pub fn actors(programs: &Programs) -> Result<serde_json::Value> {
    let path = programs.import_folder().join("demo.json");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    match serde_json::from_str(&text).context("demo.json")? {
        value @ serde_json::Value::Object(_) => Ok(value),
        _ => bail!("demo.json n'est pas un objet"),
    }
}
