//! `preau-server admin import-journal FILE`: a tablet's export comes in, judged as a push is. All of it is read and understood
//! before anything is taken in, in one transaction; again, it finds duplicates.

use crate::app::App;
use crate::attendance::effective::organisations_at;
use crate::cli::Outcome;
use crate::identity::audit::{self, Act};
use crate::store::Territory;
use crate::store::entity::site;
use crate::sync::export_key::ExportKey;
use crate::sync::judge;
use crate::sync::push::hand_in;
use crate::sync::session::Caller;
use crate::{Error, Result};
use sea_orm::{ColumnTrait, QueryFilter};
use shared::french::count;
use shared::wire::limits::PUSH_ENTRIES_MAX;
use shared::wire::{EXPORT_BYTES_MAX, EXPORT_FORMAT, ExportHead, Verdict, VerdictKind, WireEntry};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// A file that isn't an export for this server, or isn't whole: nothing was taken in.
pub async fn run(app: &App, path: &Path) -> Result<Outcome> {
    let (head, entries) = read(&ExportKey::open(&app.data_dir)?, path, EXPORT_BYTES_MAX)?;
    let taken = take_in(app, &head, entries).await?;
    println!("{}", taken.in_words());
    Ok(if taken.is_all_in() { Outcome::Done } else { Outcome::Finding })
}

/// Opens an export, as it was written or not at all.
///
/// # Errors
/// A sentence that tells a foreign file from one for another server and from one that is cut off.
pub fn read(key: &ExportKey, path: &Path, bytes_max: u64) -> Result<(ExportHead, Vec<WireEntry>)> {
    let wrong = |why: &str| Error::input(format!("{} : {why} Rien n'a été pris.", path.display()));
    let damaged = || wrong("ce fichier est incomplet ou abîmé : demandez-en une nouvelle copie.");
    let file = File::open(path).map_err(Error::io(path))?;
    let foreign = || wrong("ce n'est pas un export de tablette.");
    let decryptor = age::Decryptor::new_buffered(BufReader::new(file)).map_err(|error| match error {
        age::DecryptError::Io(_) => damaged(),
        _ => foreign(),
    })?;
    let opened = decryptor.decrypt(std::iter::once(key.identity() as &dyn age::Identity));
    let opened = opened.map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => wrong("cet export est scellé pour un autre serveur, ou pour la clé d'avant une restauration."),
        age::DecryptError::ExcessiveWork { .. } => foreign(),
        _ => damaged(),
    })?;
    let mut text = Vec::new();
    opened.take(bytes_max + 1).read_to_end(&mut text).map_err(|_| damaged())?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > bytes_max {
        return Err(wrong("cet export est trop grand : exportez ce qui attend, sans --tout."));
    }
    let mut lines = text.as_slice().lines();
    let head: Option<ExportHead> = lines.next().and_then(|line| serde_json::from_str(&line.ok()?).ok());
    let head = head.filter(|head| head.format == EXPORT_FORMAT).ok_or_else(foreign)?;
    let entries: Option<Vec<WireEntry>> = lines.map(|line| serde_json::from_str(&line.ok()?).ok()).collect();
    let entries = entries.filter(|entries| u64::try_from(entries.len()) == Ok(head.entries)).ok_or_else(damaged)?;
    Ok((head, entries))
}

/// Takes an export's entries in, as if the tablet that it names had pushed them.
///
/// # Errors
/// A site that isn't here; the database's.
pub async fn take_in(app: &App, head: &ExportHead, entries: Vec<WireEntry>) -> Result<Taken> {
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let of_id = territory.find::<site::Entity>().filter(site::Column::Id.eq(head.site.0));
    if of_id.one(&territory.on()).await?.is_none() {
        return Err(Error::input("Cet export vient d'un site que ce serveur ne connaît pas. Rien n'a été pris."));
    }
    // Whoever carries it proves nothing: what counts is each author's signature, and whether the author was revoked.
    let organisations = organisations_at(&territory, head.site).await?;
    let carrier = Caller { device: head.device, site: head.site, organisations, epoch: 0, revoked: false };
    let mut taken = Taken::default();
    let mut rest = entries.into_iter();
    loop {
        let some: Vec<WireEntry> = rest.by_ref().take(PUSH_ENTRIES_MAX).collect();
        if some.is_empty() {
            break;
        }
        hand_in(&territory, &carrier, some.into_iter().map(judge::read).collect(), now)
            .await?
            .iter()
            .for_each(|verdict| taken.add(verdict));
    }
    audit::write(&territory, now, Act::command("admin import-journal").about("site", head.site.0)).await?;
    transaction.commit().await?;
    Ok(taken)
}

/// What became of an export's entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// How many of each verdict.
    pub verdicts: BTreeMap<VerdictKind, u32>,
    /// How many of each reason, of those set apart or refused.
    pub codes: BTreeMap<String, u32>,
}

impl Taken {
    fn add(&mut self, verdict: &Verdict) {
        *self.verdicts.entry(verdict.verdict).or_default() += 1;
        let apart = matches!(verdict.verdict, VerdictKind::Quarantined | VerdictKind::Refused);
        if let Some(code) = verdict.code.as_ref().filter(|_| apart) {
            *self.codes.entry(code.clone()).or_default() += 1;
        }
    }

    fn of(&self, kind: VerdictKind) -> u32 {
        self.verdicts.get(&kind).copied().unwrap_or(0)
    }

    /// Whether nobody has to look at anything.
    #[must_use]
    pub fn is_all_in(&self) -> bool {
        self.of(VerdictKind::Quarantined) == 0 && self.of(VerdictKind::Refused) == 0
    }

    /// For the person who brought the file.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut out = vec![
            count(self.of(VerdictKind::Accepted), "pointage pris", "pointages pris"),
            count(self.of(VerdictKind::Duplicate), "déjà connu", "déjà connus"),
            count(self.of(VerdictKind::Held), "en attente de ceux qui le précèdent", "en attente de ceux qui les précèdent"),
            count(self.of(VerdictKind::Quarantined), "mis de côté jusqu'à une décision", "mis de côté jusqu'à une décision"),
            count(self.of(VerdictKind::Refused), "refusé", "refusés"),
        ];
        out.extend(self.codes.iter().map(|(code, number)| format!("  {code} : {number}")));
        out.join("\n")
    }
}
