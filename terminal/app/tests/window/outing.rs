//! An outing through the window: chosen, left, counted, back; entries read back from the disk.

use shared::journal::{Detail, Kind, Someone};
use terminal_core::store::Peek;
use terminal_core::view::Act;

use crate::door::Door;
use crate::through::Tablet;
use crate::{fixtures, site};

fn sealed(tablet: &Tablet) -> Vec<(Kind, Detail)> {
    let facts = Peek::open(tablet.data.path()).unwrap().journal.facts_around(site::date("2026-10-14")).unwrap();
    facts.into_iter().filter_map(|fact| Some((fact.envelope.kind, fact.payload?.detail))).skip(2).collect()
}

#[test]
fn two_leave_for_the_pool_are_counted_and_come_back() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Léa M.");
    tablet.touch("Tom M.");
    tablet.now = site::wednesday("14:00");
    tablet.touch("Sortie");
    tablet.touch("Piscine");
    tablet.touch("Tout cocher");
    tablet.window.picture("vrai-sortie");
    tablet.touch("Partir en sortie");
    assert_eq!(tablet.says("Léa M."), "en sortie · Piscine");
    tablet.touch("Ouvrir la sortie");
    tablet.touch("Léa M.");
    tablet.touch("Valider le comptage");
    let counted: Vec<(Option<Someone>, bool)> = sealed(&tablet)
        .iter()
        .filter_map(|(_, detail)| if let Detail::OutingCounted { here, .. } = detail { Some((detail.someone(), *here)) } else { None })
        .collect();
    let who = |number| Some(Someone::Child(site::child(number)));
    assert_eq!(counted, [(who(site::LEA), true), (who(site::TOM), false)]);
    tablet.touch("De retour");
    assert_eq!(tablet.says("Léa M."), "arrivée 8:27");
    use Kind::{OutingBack, OutingCounted, OutingLeft};
    let kinds: Vec<Kind> = sealed(&tablet).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [OutingLeft, OutingLeft, OutingCounted, OutingCounted, OutingBack, OutingBack]);
}

#[test]
fn in_a_hand_it_is_counted_with_a_thumb() {
    let door = Door::open_sized(&fixtures::outing(), 360, 740);
    for (label, act) in [
        ("Tout cocher", Act::OutingAll),
        ("De retour", Act::OutingBack),
        ("Valider le comptage", Act::OutingCounted),
        ("Fermer", Act::Close),
    ] {
        door.touch(label);
        assert_eq!(door.asked(), [act], "{label}");
    }
    let door = Door::open_sized(&fixtures::outing_choice(), 360, 740);
    assert_eq!(door.find("Partir en sortie").accessible_enabled(), Some(false), "nobody said where to");
    door.touch("Piscine");
    door.touch("Partir en sortie");
    assert_eq!(door.asked(), [Act::OutingLeaves("Piscine".into())]);
}
