//! What waits, in a file that only the server reads.

use crate::fixture::*;
use crate::sync::{Tablet, ids, wire};
use shared::id::EntryId;
use shared::wire::{EXPORT_FORMAT, ExportHead, WireEntry};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::tempdir;
use terminal_core::commands::export::export;
use terminal_core::store::LineState;
use terminal_core::view::Act;

/// What the server reads of a file.
fn opened(path: &Path, key: &age::x25519::Identity) -> (ExportHead, Vec<EntryId>) {
    let decryptor = age::Decryptor::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut text = String::new();
    decryptor.decrypt(std::iter::once(key as &dyn age::Identity)).unwrap().read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let head = serde_json::from_str(lines.next().unwrap()).unwrap();
    let entries = lines.map(|line| serde_json::from_str::<WireEntry>(line).unwrap().into_sealed().unwrap());
    (head, entries.map(|sealed| sealed.decode_envelope().unwrap().entry_id).collect())
}

#[test]
fn what_waits_is_exported_beside_an_open_door_for_the_server_alone() {
    let (dir, out, wire) = (tempdir().unwrap(), tempdir().unwrap(), wire());
    let key = age::x25519::Identity::generate();
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    let file = out.path().join("attente.preau");
    let too_early = export(dir.path(), &file, false).unwrap_err();
    assert!(too_early.to_string().contains("il le dit au premier échange"), "{too_early}");
    assert_eq!(too_early.exit_code(), 3);

    wire.server.lock().unwrap().recipient = Some(key.to_public().to_string());
    tablet.door.act(wednesday("07:41"), Act::Touch(child(TOM)));
    let sent = tablet.door.last_recorded()[0];
    assert_eq!(tablet.sync(wednesday("07:42")), Some(LineState::Online));
    assert_eq!(export(dir.path(), &file, false).unwrap().file, None, "nothing waits");
    assert!(!file.exists());

    tablet.door.act(wednesday("16:30"), Act::Touch(child(LEA)));
    let mut kept = tablet.door.last_recorded().to_vec();
    leaves_with_a_stranger(&mut tablet.door, wednesday("16:31"), TOM, "Camille Tanguy");
    kept.extend(tablet.door.last_recorded().to_vec());
    // Léa comes, and leaves with her brother.
    let exported = export(dir.path(), &file, false).unwrap();
    assert_eq!((exported.file.as_deref(), exported.entries), (Some(file.as_path()), 3));
    let (head, entries) = opened(&file, &key);
    assert_eq!((head.format.as_str(), head.site, head.device, head.entries), (EXPORT_FORMAT, SITE, device(1), 3));
    assert_eq!(entries, kept);
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(6).any(|w| w == b"Tanguy"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(tablet.unsent(wednesday("16:33")), 3, "nothing leaves the queue by it");

    let twice = export(dir.path(), &file, false).unwrap_err();
    assert_eq!((twice.exit_code(), std::fs::read(&file).unwrap() == bytes), (2, true), "no file is written over");
    let all = out.path().join("tout.preau");
    export(dir.path(), &all, true).unwrap();
    assert_eq!(opened(&all, &key).1, [vec![sent], kept].concat());
    assert_eq!(ids(&wire), [sent]);
    let nowhere = export(dir.path(), &out.path().join("absent/x"), false).unwrap_err();
    assert_eq!((nowhere.exit_code(), std::fs::read_dir(out.path()).unwrap().count()), (3, 2), "and nothing half done is left");
}
