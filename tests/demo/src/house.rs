//! Setting the house up: seed, database, import, enrolled tablet. The same
//! for the living demo and for the script.

use crate::programs::{Programs, Server, output, run};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::Path;

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

/// The password of every agent of a demonstration.
const PASSWORD: &str = "demonstration-preau";
/// Agents: log-in, name, roles in the school's commune.
const AGENTS: [(&str, &str, &[&str]); 5] = [
    ("direction@demo.example", "Nadia Roche, directrice", &["direction"]),
    ("accueil@demo.example", "Paul Lenoir, accueil enfance", &["agent"]),
    ("finances@demo.example", "Inès Garnier, finances", &["finances", "emetteur"]),
    ("regie@demo.example", "Yann Kermadec, régisseur", &["regisseur"]),
    ("admin@demo.example", "Hugo Petit, administration", &[ADMINISTERS, "controle"]),
];
const ADMINISTERS: &str = "administrateur";
/// Families: the adult's code in the seed, and what makes them worth a look.
const FAMILIES: [(&str, &str); 2] = [("R0001", "deux enfants à l'école"), ("R0003", "un enfant, parents séparés")];

/// Gives a log-in to each kind of person; says which, line by line. Tablets are the agglomération's, like the buildings: who
/// administers has two desks.
pub fn people(programs: &Programs, commune: &str, agglomeration: &str) -> Result<Vec<String>> {
    let secret = programs.data.join("mot-de-passe");
    std::fs::write(&secret, PASSWORD).context("mot de passe de la démonstration")?;
    let secret = secret.to_string_lossy().into_owned();
    let mut lines =
        vec![format!("Agents     mot de passe « {PASSWORD} » ; la première connexion demande un second facteur (une application TOTP)")];
    for (login, name, roles) in AGENTS {
        let [first, others @ ..] = roles else { bail!("{login} n'a aucun rôle") };
        let account = ["admin", "account", "create", "--login", login, "--name", name, "--role", first, "--organisation", commune];
        output(&mut programs.server(&[&account[..], &["--password-file", &secret]].concat()))?;
        for role in others {
            output(&mut programs.server(&["admin", "account", "grant", "--login", login, "--role", role, "--organisation", commune]))?;
        }
        if roles.contains(&ADMINISTERS) {
            output(&mut programs.server(&[
                "admin",
                "account",
                "grant",
                "--login",
                login,
                "--role",
                ADMINISTERS,
                "--organisation",
                agglomeration,
            ]))?;
        }
        lines.push(format!("           {login:<24} {name}"));
    }
    for (person, why) in FAMILIES {
        let code = activation_code(programs, person)?;
        lines.push(format!("Famille    {code} sur /activation : {} ({why})", name_of(programs, person)?));
    }
    Ok(lines)
}

/// Decisions that let a month of the seed be issued: what an agent would decide after a telephone call.
const DECISIONS: [(&str, &str); 3] =
    [("journee_non_signee", "emettre_quand_meme"), ("depart_manquant", "facturer"), ("deux_sites", "facturer")];

/// Who bills.
pub const BILLS: &str = "finances@demo.example";

/// Decides what the month's draft asks of somebody.
pub fn decide(programs: &Programs, commune: &str, month: &str) -> Result<()> {
    for (problem, decision) in DECISIONS {
        let decide = ["billing", "decide", "--probleme", problem, "--decision", decision];
        // A kind that this month doesn't have is nothing to decide.
        run(&mut programs.server(&[&decide[..], &["--month", month, "--organisation", commune, "--by", BILLS]].concat()))?;
    }
    Ok(())
}

/// Bills the commune's last month, so that a family has something to read and to pay. Documents and mail come while the server runs.
pub fn bill(programs: &Programs, commune: &str, month: &str) -> Result<String> {
    decide(programs, commune, month)?;
    let issue = ["billing", "issue", "--sans-documents", "--month", month, "--organisation", commune, "--by", BILLS];
    output(&mut programs.server(&issue))
}

/// Where pages are, and which PayFiP is called: the sandbox, on this machine. What else a person wants to try comes after that.
pub fn settle_in(programs: &Programs, listen: &str, payfip: &str, more: Option<&Path>) -> Result<()> {
    let folder = programs.server_data();
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut settings = format!("adresse = \"http://{listen}\"\n\n[payfip]\nadresse = \"http://{payfip}\"\nsaisie = \"T\"\n");
    if let Some(more) = more {
        settings.push_str(&std::fs::read_to_string(more).with_context(|| more.display().to_string())?);
    }
    std::fs::write(folder.join("preau.toml"), settings).context("réglages de la démonstration")
}

/// A row of one of the seed's own tables, by column.
pub type Row = BTreeMap<String, String>;

/// One of the seed's tables.
pub fn table(programs: &Programs, name: &str) -> Result<Vec<Row>> {
    let path = programs.import_folder().join(name);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader.deserialize().map(|row| row.with_context(|| path.display().to_string())).collect()
}

/// Client numbers of the seed's régies: the sandbox has to know them.
pub fn client_numbers(programs: &Programs) -> Result<Vec<String>> {
    let mut numbers: Vec<String> = table(programs, "regies.csv")?.into_iter().filter_map(|mut row| row.remove("numcli")).collect();
    numbers.retain(|number| !number.is_empty());
    Ok(numbers)
}

/// An adult, in the seed's own table.
pub fn adult(programs: &Programs, code: &str) -> Result<Row> {
    let found = table(programs, "responsables.csv")?.into_iter().find(|row| row["code"] == code);
    found.with_context(|| format!("{code} n'est pas dans responsables.csv"))
}

/// An adult's name: what the activation asks for besides the code.
fn name_of(programs: &Programs, code: &str) -> Result<String> {
    let row = adult(programs, code)?;
    Ok(format!("{} {}", row["prenom"], row["nom"]))
}

/// A code that opens an access to an adult, as an agent hands it out.
pub fn activation_code(programs: &Programs, person: &str) -> Result<String> {
    let printed = output(&mut programs.server(&["admin", "activation-code", "--person", person]))?;
    code_in(&printed).with_context(|| format!("pas de code d'activation dans : {printed}"))
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
