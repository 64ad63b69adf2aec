//! To erase is to delete payload, salt and notes: the chain holds, and nothing of the person is left.

use crate::support::golden_journal::{golden, report_of};
use crate::support::{LEA, NOE};
use shared::fold::{Fact, fold};
use shared::journal::{Payload, Sealed};

/// Erases all that is about a child, newer kinds included.
fn forget(entries: &mut [Sealed], child: shared::id::ChildId) -> usize {
    let about = |sealed: &Sealed| sealed.private.as_ref().is_some_and(|p| Payload::prefix(&p.payload).unwrap().about_child == Some(child));
    let mut erased = 0;
    for entry in entries.iter_mut().filter(|e| about(e)) {
        entry.private = None;
        erased += 1;
    }
    erased
}

fn sealed() -> Vec<Sealed> {
    golden().into_iter().map(|(_, sealed)| sealed).collect()
}

#[test]
fn a_chain_with_erased_entries_verifies_and_counts_them() {
    let mut entries = sealed();
    let erased = forget(&mut entries, LEA);
    assert_eq!(erased, 8, "newer kinds and corrections included");
    let report = report_of(&entries);
    assert!(report.is_whole(), "{:?}", report.first_break);
    assert_eq!((report.entries, report.erased), (entries.len(), erased + 1));
}

#[test]
fn everything_can_be_erased_and_the_chain_still_verifies() {
    let mut entries = sealed();
    entries.iter_mut().for_each(|e| e.private = None);
    let report = report_of(&entries);
    assert!(report.is_whole());
    assert_eq!(report.erased, entries.len());
}

#[test]
fn what_is_left_of_an_erased_entry_holds_no_byte_of_the_person() {
    for (name, mut entry) in golden() {
        entry.private = None;
        let left = [entry.envelope.as_slice(), &entry.signature].concat();
        let holds = |bytes: &[u8]| left.windows(bytes.len()).any(|window| window == bytes);
        for child in [LEA, NOE] {
            assert!(!holds(child.0.as_bytes()), "{name}");
        }
        for text in ["Accueil", "Dupont", "erreur_enfant", "CONGE"] {
            assert!(!holds(text.as_bytes()), "{name}: {text}");
        }
    }
}

#[test]
fn a_forgotten_child_has_no_day_and_the_others_keep_theirs() {
    let mut entries = sealed();
    let facts = |entries: &[Sealed]| entries.iter().map(|e| Fact::read(e).unwrap()).collect::<Vec<_>>();
    let before = fold(&facts(&entries));
    let erased = forget(&mut entries, LEA);
    let after = fold(&facts(&entries));
    assert_eq!((before.erased, before.opaque, after.erased, after.opaque), (1, 1, 1 + erased, 0));
    assert!(before.days.keys().any(|(_, child)| *child == LEA) && after.days.keys().all(|(_, child)| *child != LEA));
    for (key, day) in before.days.iter().filter(|((_, child), _)| *child != LEA) {
        assert_eq!(after.days.get(key), Some(day));
    }
}
