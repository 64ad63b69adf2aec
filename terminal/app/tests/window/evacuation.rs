//! An evacuation through the window: a finger that stays, touches that tick, entries read back from the disk.

use std::time::Duration;

use i_slint_backend_testing::ElementHandle;
use shared::journal::{Detail, Kind, Someone};
use slint::ComponentHandle;
use slint::platform::{PointerEventButton, WindowEvent};
use terminal_core::store::Peek;
use terminal_core::view::{Act, EvacuationReason};

use crate::door::{Door, READER_MS};
use crate::through::Tablet;
use crate::{fixtures, site};

/// A finger on "Évacuer" for so long.
fn press(door: &Door, time: Duration) {
    let (position, button) = (door.middle("Évacuer"), PointerEventButton::Left);
    let window = door.window.window();
    window.dispatch_event(WindowEvent::PointerMoved { position });
    window.dispatch_event(WindowEvent::PointerPressed { position, button });
    let step = Duration::from_millis(50);
    (0..time.as_millis() / step.as_millis()).for_each(|_| door.wait(step));
    window.dispatch_event(WindowEvent::PointerReleased { position, button });
    door.wait(Duration::from_millis(16));
}

fn sealed(tablet: &Tablet) -> Vec<(Kind, Detail, String)> {
    let facts = Peek::open(tablet.data.path()).unwrap().journal.facts_around(site::date("2026-10-14")).unwrap();
    let told = facts.into_iter().filter_map(|fact| Some((fact.envelope.kind, fact.payload?)));
    told.map(|(kind, payload)| (kind, payload.detail, payload.reason)).collect()
}

/// How many rows the roll call has in sight.
fn rows(door: &Door) -> usize {
    ElementHandle::find_by_element_type_name(&door.window, "PersonTile").count()
}

/// How many rings are painted.
fn rings(door: &Door) -> usize {
    door.snapshot();
    ElementHandle::find_by_element_type_name(&door.window, "EvacuationRing").count()
}

#[test]
fn a_finger_that_stays_opens_the_roll_call_a_touch_ticks_and_the_end_is_sealed() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Léa M.");
    tablet.touch("Tom M.");
    tablet.now = site::wednesday("11:00");
    press(&tablet.window, Duration::from_millis(1_150));
    tablet.answer();
    assert_eq!(tablet.window.all("0 vu sur 2. Manquent\u{a0}: Léa M. et Tom M.").len(), 1);
    tablet.type_keys(&format!("{}\n", site::STAFF_CARD), READER_MS);
    tablet.touch("Léa M.");
    assert_eq!(tablet.says("Léa M."), "vu 11:00 · Nadia Roche, Grands");
    assert_eq!(tablet.window.find("Léa M.").accessible_checked(), Some(true));
    tablet.touch("Noé L.");
    tablet.window.picture("vrai-evacuation");
    assert_eq!(tablet.window.all("3 vus sur 4. Manque\u{a0}: Tom M.").len(), 1);
    tablet.touch("Terminer l’appel");
    tablet.touch("C’était un exercice");
    tablet.window.picture("vrai-evacuation-rapport");
    assert_eq!(tablet.window.all("Tom Martin, non vu").len(), 1);
    tablet.touch("Fermer");
    assert_eq!(tablet.says("Léa M."), "arrivée 8:27", "it says nothing of a presence");
    let all = sealed(&tablet);
    let (kinds, reason) = (all.iter().map(|(kind, ..)| kind.clone()).skip(2).collect::<Vec<_>>(), all.last().unwrap().2.as_str());
    use Kind::{EvacuationEnded, EvacuationSeen, EvacuationStarted, StaffArrived};
    let wanted = [EvacuationStarted, StaffArrived, EvacuationSeen, EvacuationSeen, EvacuationSeen, EvacuationEnded];
    assert_eq!((kinds.as_slice(), reason), (wanted.as_slice(), "exercice"), "who shows a card is there");
    let Detail::EvacuationSeen { who, .. } = all[5].1 else { panic!("{all:?}") };
    assert_eq!(who, Someone::Child(site::child(site::LEA)));
}

#[test]
fn no_shorter_finger_opens_it_and_the_ring_fills_and_empties() {
    let door = Door::open(&fixtures::creche());
    press(&door, Duration::from_millis(900));
    assert_eq!((door.asked(), rings(&door)), (vec![Act::EvacuationAsked], 0), "a short touch leads to what to do");
    let (position, button) = (door.middle("Évacuer"), PointerEventButton::Left);
    let window = door.window.window();
    window.dispatch_event(WindowEvent::PointerPressed { position, button });
    (0..12).for_each(|_| door.wait(Duration::from_millis(50)));
    assert_eq!(rings(&door), 1);
    door.picture("anneau-evacuation");
    (0..10).for_each(|_| door.wait(Duration::from_millis(50)));
    assert_eq!(door.asked(), [Act::Evacuate]);
    assert_eq!(rings(&door), 0);
    window.dispatch_event(WindowEvent::PointerReleased { position, button });
    assert_eq!(door.asked(), [], "the release that follows is no touch");
}

#[test]
fn a_finger_that_slides_away_opens_nothing_and_leaves_no_ring() {
    let door = Door::open(&fixtures::creche());
    let (position, button) = (door.middle("Évacuer"), PointerEventButton::Left);
    let window = door.window.window();
    window.dispatch_event(WindowEvent::PointerMoved { position });
    window.dispatch_event(WindowEvent::PointerPressed { position, button });
    (0..8).for_each(|_| door.wait(Duration::from_millis(50)));
    let away = slint::LogicalPosition::new(640.0, 400.0);
    window.dispatch_event(WindowEvent::PointerMoved { position: away });
    (0..20).for_each(|_| door.wait(Duration::from_millis(50)));
    window.dispatch_event(WindowEvent::PointerReleased { position: away, button });
    (0..3).for_each(|_| door.wait(Duration::from_millis(50)));
    assert_eq!(door.asked(), []);
    assert_eq!(rings(&door), 0);
}

#[test]
fn whoever_cannot_hold_a_finger_opens_it_by_two_touches() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Évacuer");
    assert_eq!(sealed(&tablet), []);
    tablet.touch("Ouvrir l’appel maintenant");
    assert_eq!(sealed(&tablet).len(), 1);
    assert_eq!(tablet.window.all("Personnes à voir").len(), 1);
}

#[test]
fn the_board_behind_it_stays_reachable_and_leads_back() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Léa M.");
    tablet.touch("Évacuer");
    tablet.touch("Ouvrir l’appel maintenant");
    tablet.touch("Revenir au tableau");
    assert_eq!(tablet.says("Revenir à l’appel d’évacuation"), "Évacuation en cours · 0 vu sur 1");
    tablet.touch("Tom M.");
    assert_eq!(tablet.says("Tom M."), "arrivée 8:27", "the door goes on");
    tablet.touch("Revenir à l’appel d’évacuation");
    assert_eq!(tablet.window.all("0 vu sur 2. Manquent\u{a0}: Léa M. et Tom M.").len(), 1);
}

#[test]
fn in_a_hand_every_act_is_within_reach_and_three_hundred_cost_a_screenful() {
    for (width, height) in [(360, 740), (1280, 800)] {
        let door = Door::open_sized(&fixtures::evacuation_large(), width, height);
        let in_sight = rows(&door);
        assert!((5..=40).contains(&in_sight), "{in_sight} rows at {width}");
        for label in ["Revenir au tableau", "Terminer l’appel"] {
            let found = door.find(label);
            let (at, size) = (found.absolute_position(), found.size());
            assert!(at.x >= 0.0 && at.x + size.width <= width as f32 && at.y + size.height <= height as f32, "{label} at {width}");
        }
        door.touch("Terminer l’appel");
        assert_eq!(door.asked(), [Act::EndEvacuation]);
        door.touch("Grands");
        assert_eq!(door.asked(), [Act::EvacuationGroup("0".into())]);
    }
}

#[test]
fn why_it_ends_is_said_by_one_of_three_touches() {
    for (width, height) in [(1280, 800), (360, 740)] {
        let door = Door::open_sized(&fixtures::evacuation_ending(), width, height);
        for (label, act) in [
            ("C’était un exercice", Act::EvacuationOver(EvacuationReason::Drill)),
            ("C’était une vraie alerte", Act::EvacuationOver(EvacuationReason::Alarm)),
            ("Ouvert par erreur", Act::EvacuationOver(EvacuationReason::Mistake)),
            ("Continuer l’appel", Act::LeaveEvacuation),
        ] {
            door.touch(label);
            assert_eq!(door.asked(), [act], "{label}");
        }
    }
}
