//! A tablet's export: judged as a push is, whole or not at all, and harmless when it comes twice.

use super::tablet::{Tablet, at_noon, open};
use super::taking_in::revoke;
use crate::on_both;
use crate::world::commune;
use sea_orm::PaginatorTrait;
use server::app::App;
use server::store::Territory;
use server::store::entity::{journal_entry, quarantine};
use server::sync::export_key::ExportKey;
use server::sync::import_journal::{Taken, read, take_in};
use shared::id::{OrganisationId, SiteId};
use shared::journal::Sealed;
use shared::wire::{EXPORT_BYTES_MAX, EXPORT_FORMAT, ExportHead, WireEntry};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Lines as a tablet writes them.
fn lines(tablet: &Tablet, entries: &[Sealed]) -> Vec<u8> {
    let count = u64::try_from(entries.len()).unwrap();
    let head = ExportHead { format: EXPORT_FORMAT.into(), site: tablet.here.site, device: tablet.device, entries: count };
    let entries = entries.iter().map(|entry| serde_json::to_string(&WireEntry::from(entry)).unwrap() + "\n");
    (serde_json::to_string(&head).unwrap() + "\n" + &entries.collect::<String>()).into_bytes()
}

fn sealed_for(recipient: &str, lines: &[u8]) -> Vec<u8> {
    age::encrypt(&recipient.parse::<age::x25519::Recipient>().unwrap(), lines).unwrap()
}

fn file(folder: &Path, bytes: &[u8]) -> PathBuf {
    let path = folder.join("export.preau");
    std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    path
}

async fn imported(app: &App, path: &Path) -> Taken {
    let (head, entries) = read(&ExportKey::open(&app.data_dir).unwrap(), path, EXPORT_BYTES_MAX).unwrap();
    take_in(app, &head, entries).await.unwrap()
}

async fn stored(app: &App, organisation: OrganisationId) -> u64 {
    let tenant = Territory::new(app.territoire(), app.db.read()).tenant(organisation);
    tenant.find::<journal_entry::Entity>().count(&tenant.on()).await.unwrap()
}

on_both! {
    async fn an_export_is_judged_as_a_push_is_and_twice_is_once(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let recipient = tablet.open_session(&door).await.export_recipient.unwrap();
        let folder = tempfile::tempdir().unwrap();
        // More than one push, the first of them sent already, and one that somebody altered on the way into the file.
        let mut entries: Vec<Sealed> = (0..230).map(|_| tablet.arrival(door.app.clock.now())).collect();
        tablet.push(&door, &entries[..1]).await;
        entries[229].signature[7] ^= 1;
        let path = file(folder.path(), &sealed_for(&recipient, &lines(&tablet, &entries)));
        let before = stored(&door.app, here.organisation).await;
        let taken = imported(&door.app, &path).await;
        assert_eq!(stored(&door.app, here.organisation).await, before + 228);
        let words = taken.in_words();
        for said in ["228 pointages pris", "1 déjà connu", "1 refusé", "signature_fausse : 1"] {
            assert!(words.contains(said), "{said}: {words}");
        }
        assert!(!taken.is_all_in());
        let words = imported(&door.app, &path).await.in_words();
        assert!(words.contains("229 déjà connus"), "{words}");
        assert_eq!(stored(&door.app, here.organisation).await, before + 228);
    }
}

on_both! {
    async fn what_a_revoked_tablet_exported_waits_for_a_person(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let recipient = ExportKey::open(&door.app.data_dir).unwrap().recipient();
        let entries = [tablet.arrival(door.app.clock.now())];
        revoke(&door.app, &tablet).await;
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), &sealed_for(&recipient, &lines(&tablet, &entries)));
        assert!(imported(&door.app, &path).await.in_words().contains("appareil_revoque : 1"));
        let territory = Territory::new(door.app.territoire(), door.app.db.read());
        assert_eq!(territory.find::<quarantine::Entity>().count(&territory.on()).await.unwrap(), 1);
    }
}

on_both! {
    async fn a_file_that_is_cut_altered_foreign_or_of_another_site_is_told_and_nothing_is_taken(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let (app, folder) = (&door.app, tempfile::tempdir().unwrap());
        let key = ExportKey::open(&app.data_dir).unwrap();
        let entries: Vec<Sealed> = (0..3).map(|_| tablet.arrival(app.clock.now())).collect();
        let written = lines(&tablet, &entries);
        let whole = sealed_for(&key.recipient(), &written);
        let before = stored(app, here.organisation).await;
        let said = |bytes: &[u8], max: u64| read(&key, &file(folder.path(), bytes), max).unwrap_err().to_string();

        let mut altered = whole.clone();
        *altered.last_mut().unwrap() ^= 1;
        for damaged in [&whole[..whole.len() - 1], &whole[..30], &altered, &[]] {
            let said = said(damaged, EXPORT_BYTES_MAX);
            assert!(said.contains("incomplet ou abîmé") && said.contains("Rien n'a été pris"), "{said}");
        }
        let head_alone = sealed_for(&key.recipient(), written.split_inclusive(|b| *b == b'\n').next().unwrap());
        assert!(said(&head_alone, EXPORT_BYTES_MAX).contains("incomplet ou abîmé"), "fewer entries than it says");
        for foreign in [b"arrivee;depart\n08:00;16:30\n".as_slice(), &sealed_for(&key.recipient(), b"bonjour")] {
            assert!(said(foreign, EXPORT_BYTES_MAX).contains("pas un export de tablette"));
        }
        let stranger = tempfile::tempdir().unwrap();
        let elsewhere = ExportKey::open(stranger.path()).unwrap().recipient();
        assert!(said(&sealed_for(&elsewhere, &written), EXPORT_BYTES_MAX).contains("scellé pour un autre serveur"));
        let length = u64::try_from(written.len()).unwrap();
        assert!(said(&whole, length - 1).contains("trop grand"));
        assert_eq!(read(&key, &file(folder.path(), &whole), length).unwrap().1.len(), 3, "at the limit");

        let (head, entries) = read(&key, &file(folder.path(), &whole), EXPORT_BYTES_MAX).unwrap();
        let unknown = ExportHead { site: SiteId::new(0, [9; 10]), ..head };
        assert!(take_in(app, &unknown, entries).await.unwrap_err().to_string().contains("site que ce serveur ne connaît pas"));
        assert_eq!(stored(app, here.organisation).await, before);
    }
}
