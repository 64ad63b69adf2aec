//! `tarifs/*.toml`: read and tried by the rules, kept word for word, never overwritten.

use super::context::{Import, Period, overlaps};
use super::report::Problem;
use super::stage::Fate;
use crate::Result;
use crate::store::entity::{activity, tariff};
use crate::store::{insert_all, new_id, update_all};
use rules::tariff::{National, Tariff, check_examples, parse};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

const FILE: &str = "tarifs";

/// Which codes exist: activities refer to them. Nothing is written yet.
pub async fn codes(import: &mut Import<'_>) -> Result<()> {
    import.show(FILE);
    for tenant in import.tenants() {
        for row in tenant.find::<tariff::Entity>().all(&tenant.on()).await? {
            if !import.known.tariffs.contains(&row.code) {
                import.known.tariffs.stored(&row.code, ());
            }
        }
    }
    let files = std::mem::take(&mut import.folder.tariffs);
    for (name, text) in &files {
        // A file that is wrong elsewhere still gives its code: the activities that name it aren't wrong for that.
        let code = text.parse::<toml::Table>().ok().and_then(|t| t.get("code")?.as_str().map(str::to_owned));
        if let Some(code) = code.filter(|c| !import.known.tariffs.contains(c)) {
            import.known.tariffs.stored(&code, ());
        }
        judge(import, name, text);
    }
    import.folder.tariffs = files;
    Ok(())
}

/// Everything that is wrong with a file, its examples included.
fn judge(import: &mut Import<'_>, name: &str, text: &str) {
    let mut tell = |line: Option<u64>, column: &str, value: &str, expected: String| {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        import.report.add(Problem { file: name.to_owned(), line, column: some(column), value: some(value), expected });
    };
    match parse(text) {
        Err(errors) => {
            for e in errors {
                tell(u64::try_from(e.line).ok(), &e.key, &e.value, e.expected);
            }
        }
        Ok(tariff) => {
            for example in check_examples(&tariff, National::shipped()).into_iter().filter(|e| !e.holds) {
                let differs = format!("attendu {}, obtenu {}", example.expected, example.got);
                tell(u64::try_from(example.line).ok(), "exemples", "", differs);
            }
        }
    }
}

/// Writes the tariffs for the organisations whose activities use them; those that no activity uses, for the default
/// organisation, else for all.
pub async fn tariffs(import: &mut Import<'_>) -> Result<()> {
    let files = std::mem::take(&mut import.folder.tariffs);
    let read: Vec<(u64, &str, &str, Tariff)> =
        (1..).zip(&files).filter_map(|(n, (name, text))| Some((n, name.as_str(), text.as_str(), parse(text).ok()?))).collect();
    check_periods(import, &read);
    if !import.report.is_empty() || read.is_empty() {
        return Ok(());
    }
    let users = users(import).await?;
    let mut no_longer_there = 0;
    for tenant in import.tenants() {
        let on = tenant.on();
        let mut rows = tenant.find::<tariff::Entity>().all(&on).await?;
        rows.retain(|r| r.replaced_at_ms.is_none());
        let (mut new, mut replaced) = (Vec::new(), Vec::new());
        for (number, name, text, tariff) in &read {
            let mine = users.get(&tariff.code).map_or_else(
                || import.default_organisation().is_none_or(|only| only == tenant.id().0),
                |users| users.contains(&tenant.id().0),
            );
            if !mine {
                continue;
            }
            let hash = Sha256::digest(text.as_bytes()).to_vec();
            let position = rows.iter().position(|r| r.code == tariff.code && r.valid_from == tariff.valid_from);
            let before = position.map(|at| rows.swap_remove(at));
            let fate = match &before {
                None => Fate::New,
                Some(row) if row.source_hash == hash => Fate::Same,
                Some(_) => Fate::Changed,
            };
            import.tell(FILE, *number, fate);
            if fate == Fate::Same {
                continue;
            }
            let version = before.as_ref().map_or(1, |row| row.version + 1);
            replaced.extend(before.map(|row| tariff::Model { replaced_at_ms: Some(import.now.timestamp_millis()), ..row }));
            new.push(row(import, tenant.id().0, name, text, tariff, hash, version)?);
        }
        no_longer_there += rows.len();
        update_all(&on, replaced).await?;
        insert_all(&on, new).await?;
    }
    import.tell_no_longer_there(FILE, no_longer_there);
    Ok(())
}

fn row(
    import: &Import<'_>,
    organisation: Uuid,
    name: &str,
    text: &str,
    tariff: &Tariff,
    hash: Vec<u8>,
    version: i32,
) -> Result<tariff::Model> {
    let method = text.parse::<toml::Table>().ok().and_then(|t| t.get("methode")?.as_str().map(str::to_owned)).unwrap_or_default();
    Ok(tariff::Model {
        organisation_id: organisation,
        id: new_id(import.now)?,
        territoire_id: import.territory.id().0,
        code: tariff.code.clone(),
        label: tariff.label.clone(),
        method,
        valid_from: tariff.valid_from,
        valid_to: tariff.valid_to,
        version,
        source_text: text.to_owned(),
        source_hash: hash,
        file_name: name.to_owned(),
        created_at_ms: import.now.timestamp_millis(),
        replaced_at_ms: None,
    })
}

/// Two files of one code must not hold on the same day; one without an end gives way to the next.
fn check_periods(import: &mut Import<'_>, read: &[(u64, &str, &str, Tariff)]) {
    let periods =
        read.iter().map(|(number, _, _, t)| Period { of: t.code.clone(), from: t.valid_from, to: t.valid_to, line: Some(*number) });
    let name_of = |number: u64| read.iter().find(|(n, ..)| *n == number).map_or("", |(_, name, ..)| *name);
    let mut found = overlaps(periods.collect(), true);
    for (n, (number, _, _, t)) in read.iter().enumerate() {
        if let Some((earlier, ..)) = read[..n].iter().find(|(_, _, _, o)| o.code == t.code && o.valid_from == t.valid_from) {
            found.retain(|(line, _)| line != number);
            found.push((*number, Period { of: t.code.clone(), from: t.valid_from, to: t.valid_to, line: Some(*earlier) }));
        }
    }
    for (number, other) in found {
        let expected =
            format!("cette grille recouvre « {} », de même code, valable dès le {}", name_of(other.line.unwrap_or_default()), other.from);
        let file = name_of(number).to_owned();
        import.report.add(Problem { file, line: None, column: Some("valable_du".into()), value: None, expected });
    }
}

/// Organisations by the code of the tariffs that their activities use.
async fn users(import: &Import<'_>) -> Result<HashMap<String, Vec<Uuid>>> {
    let mut users: HashMap<String, Vec<Uuid>> = HashMap::new();
    for tenant in import.tenants() {
        for row in tenant.find::<activity::Entity>().all(&tenant.on()).await? {
            users.entry(row.tariff_code).or_default().push(tenant.id().0);
        }
    }
    Ok(users)
}
