//! From a finger to the disk and back: the real window over the real controllers and journal.

use std::time::Duration;

use shared::id::CentreId;
use shared::journal::{Detail, Evidence, LeftTo, Payload};
use shared::roster::{EnRoute, Item, OtherCentre};
use tempfile::TempDir;
use terminal_app::paint;
use terminal_core::clock::Now;
use terminal_core::settings::Settings;
use terminal_core::store::Peek;
use terminal_core::upkeep::Upkeep;
use terminal_core::view::Act;

use crate::door::{Door, FINGERS_MS, READER_MS};
use crate::site;

/// A window whose every question is answered by a tablet of the École Vauban.
pub struct Tablet {
    pub window: Door,
    pub door: terminal_core::door::Door,
    pub upkeep: Upkeep,
    pub data: TempDir,
    pub now: Now,
}

impl Tablet {
    pub fn at(now: Now) -> Self {
        Self::with(now, site::roster())
    }

    /// A tablet whose server told these items.
    pub fn with(now: Now, items: Vec<Item>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut door = site::door_with(data.path(), now, 1, items);
        let photos = door.store().photos().unwrap();
        let upkeep = Upkeep::of(data.path());
        Self { window: Door::open_with(&door.tick_clock(now), move |hash| photos.jpeg(hash)), door, upkeep, data, now }
    }

    /// A tablet that is set so, in a window of a size.
    pub fn sized(now: Now, items: Vec<Item>, settings: Settings, size: (u32, u32)) -> Self {
        let data = tempfile::tempdir().unwrap();
        settings.save(data.path()).unwrap();
        let mut door = site::door_with(data.path(), now, 1, items);
        let photos = door.store().photos().unwrap();
        let upkeep = Upkeep::of(data.path());
        upkeep.speak();
        let window = Door::sized_with(&door.tick_clock(now), size, move |hash| photos.jpeg(hash));
        let mut tablet = Self { window, door, upkeep, data, now };
        tablet.ask(None);
        tablet
    }

    /// Asks as the desk does, and paints what is answered.
    pub fn ask(&mut self, act: Option<Act>) {
        let left = act.and_then(|act| self.upkeep.take(self.now, act, Some(&self.door)));
        let screen = match left {
            Some(act) => self.door.act(self.now, act),
            None => self.door.tick_clock(self.now),
        };
        let screen = self.upkeep.beside(self.now, screen, Some(&self.door));
        paint::show_screen(&self.window.window, &screen);
        self.window.wait(Duration::from_millis(20));
    }

    /// Time passes, and the door's clock ticks.
    pub fn later(&mut self, time: Duration) {
        self.now = site::later(self.now, i64::try_from(time.as_millis()).unwrap());
        self.ask(None);
    }

    /// A finger that stays.
    pub fn hold(&mut self, label: &str) {
        self.window.hold(label);
        self.answer();
    }

    /// Answers what was asked, as the door's thread does.
    pub fn answer(&mut self) {
        for act in self.window.asked() {
            self.ask(Some(act));
        }
    }

    pub fn touch(&mut self, label: &str) {
        self.window.touch(label);
        self.answer();
    }

    pub fn type_keys(&mut self, text: &str, gap_ms: u64) {
        self.window.type_keys(text, gap_ms);
        self.answer();
    }

    pub fn says(&self, label: &str) -> String {
        self.window.find(label).accessible_description().unwrap_or_default().into()
    }

    /// What was sealed last, as it lies in the journal.
    pub fn last_payload(&self) -> Payload {
        let all = self.door.store().journal.all().unwrap();
        let (sealed, _) = all.iter().max_by_key(|(sealed, _)| sealed.decode_envelope().unwrap().place.seq).unwrap();
        let envelope = sealed.decode_envelope().unwrap();
        Payload::decode(&envelope.kind, envelope.kind_version, &sealed.private.as_ref().unwrap().payload).unwrap()
    }

    /// Read from the disk by other connections.
    pub fn entries_on_disk(&self) -> u32 {
        Peek::open(self.data.path()).unwrap().journal.queue().unwrap().unsent
    }
}

#[test]
fn a_green_tile_is_an_entry_on_disk() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    let before = tablet.entries_on_disk();
    tablet.touch("Léa M.");
    assert_eq!(tablet.says("Léa M."), "arrivée 8:27");
    assert!(tablet.entries_on_disk() > before);
    tablet.window.picture("vrai-arrivee");
}

#[test]
fn a_family_card_brings_both_and_one_touch_takes_both_back() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.type_keys(&format!("{}\n", site::FAMILY_CARD), READER_MS);
    assert_eq!([tablet.says("Léa M."), tablet.says("Tom M.")], ["arrivée 8:27", "arrivée 8:27"]);
    tablet.touch("Annuler");
    assert!(!tablet.says("Léa M.").starts_with("arrivée") && !tablet.says("Tom M.").starts_with("arrivée"));
}

#[test]
fn a_grandmother_takes_the_one_whom_she_may_take() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.type_keys(&format!("{}\n", site::FAMILY_CARD), READER_MS);
    tablet.now = site::wednesday("16:37");
    tablet.touch("Léa M.");
    tablet.window.picture("vrai-depart");
    tablet.touch("Odette Morin");
    assert_eq!(tablet.window.find("Tom Martin").accessible_checked(), Some(false), "she is on Léa's list alone");
    tablet.touch("Léa part");
    assert_eq!([tablet.says("Léa M."), tablet.says("Tom M.")], ["départ 16:37", "arrivée 8:27"]);
}

#[test]
fn a_barred_name_stops_the_departure_and_stays_in_sight_while_the_door_goes_on() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Aya B.");
    tablet.now = site::wednesday("16:37");
    tablet.touch("Aya B.");
    tablet.touch("Quelqu’un d’autre…");
    tablet.window.wait(Duration::from_millis(20));
    tablet.type_keys("karim benali", FINGERS_MS);
    tablet.touch("La famille a appelé");
    tablet.touch("Continuer");
    tablet.window.picture("vrai-interdit");
    tablet.touch("J’ai lu, l’enfant reste avec moi");
    assert!(tablet.window.all("J’ai lu").is_empty(), "only a named adult takes the alert away");
    tablet.touch("Noé L.");
    assert_eq!([tablet.says("Aya B."), tablet.says("Noé L.")], ["arrivée 8:27, consignes de soin", "arrivée 16:37"]);
    tablet.window.picture("vrai-epingle");
}

#[test]
fn a_stranger_who_is_named_can_take_the_child_once_a_card_was_seen_and_somebody_answers_for_it() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Noé L.");
    tablet.now = site::wednesday("16:37");
    tablet.touch("Noé L.");
    tablet.touch("Quelqu’un d’autre…");
    tablet.window.wait(Duration::from_millis(20));
    tablet.type_keys("Marc Petit", FINGERS_MS);
    assert_eq!(tablet.window.find("Continuer").accessible_enabled(), Some(false), "how the family said so is asked too");
    tablet.touch("Nous avons appelé la famille");
    tablet.window.picture("vrai-inconnu-nom");
    tablet.touch("Continuer");
    assert_eq!(tablet.window.find("Pièce d’identité à voir").accessible_enabled(), Some(false));
    tablet.window.picture("vrai-inconnu-piece");
    tablet.touch("Pièce d’identité vue");
    tablet.window.picture("vrai-inconnu-remise");
    tablet.touch("Nadia Roche");
    assert_eq!(tablet.says("Noé L."), "départ 16:37");
    let left = tablet.last_payload();
    assert_eq!((left.reason.as_str(), left.authority_ref.as_str()), ("appel_a_la_famille", "piece_identite_vue"));
    assert_eq!(left.actor.id, site::staff(1).0);
}

#[test]
fn a_child_goes_to_school_with_its_brother_and_to_a_club_by_itself() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    for name in ["Léa M.", "Tom M.", "Noé L."] {
        tablet.touch(name);
    }
    tablet.now = site::wednesday("10:00");
    tablet.touch("Léa M.");
    tablet.touch("Autrement…");
    tablet.window.picture("vrai-autrement");
    tablet.touch("À l’école");
    tablet.touch("Léa et Tom partent à l’école");
    assert_eq!([tablet.says("Léa M."), tablet.says("Tom M.")], ["départ 10:00", "départ 10:00"]);
    assert!(matches!(tablet.last_payload().detail, Detail::Left { to: LeftTo::School, person: None }));

    tablet.touch("Noé L.");
    tablet.touch("Autrement…");
    tablet.touch("À un club, à une activité…");
    tablet.window.wait(Duration::from_millis(20));
    tablet.type_keys("Judo", FINGERS_MS);
    tablet.touch("Continuer");
    tablet.touch("Noé part au club (Judo)");
    assert_eq!(tablet.says("Noé L."), "départ 10:00");
    assert!(matches!(tablet.last_payload().detail, Detail::Left { to: LeftTo::Club, person: None }));
}

#[test]
fn brothers_leave_by_bus_for_another_lieu_and_who_comes_by_bus_is_awaited() {
    let another =
        OtherCentre { id: CentreId(uuid::Uuid::from_u128(0xC0C)), organisation: site::ORGANISATION, name: "Les Coccinelles".into() };
    let left_at_ms = site::wednesday("11:35").wall_ms;
    let way = EnRoute { child: site::child(site::AYA), centre: site::ALSH, from: "École Jules-Ferry".into(), left_at_ms };
    let items = site::roster().into_iter().chain([Item::OtherCentre(another.clone()), Item::EnRoute(way)]).collect();
    let mut tablet = Tablet::with(site::wednesday("11:40"), items);
    tablet.touch("Léa M.");
    tablet.touch("Tom M.");
    tablet.now = site::wednesday("11:45");
    tablet.touch("Léa M.");
    tablet.touch("Autrement…");
    tablet.touch("En car, à un autre lieu…");
    tablet.window.picture("vrai-car");
    tablet.touch("Les Coccinelles");
    tablet.touch("Léa et Tom partent en car, vers Les Coccinelles");
    assert_eq!([tablet.says("Léa M."), tablet.says("Tom M.")], ["départ 11:45", "départ 11:45"]);
    assert_eq!(tablet.last_payload().bound_for, Some(another.id));
    assert_eq!(tablet.says("Aya B."), "à venir, en route · 11:35, consignes de soin");
    tablet.later(Duration::from_secs(60 * 25));
    tablet.window.picture("vrai-en-route");
    tablet.touch("Aya B.");
    assert_eq!(tablet.says("Aya B."), "arrivée 12:10, consignes de soin");
}

#[test]
fn a_child_leaves_with_the_emergency_services_and_its_brother_stays() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Léa M.");
    tablet.touch("Tom M.");
    tablet.now = site::wednesday("10:00");
    tablet.touch("Léa M.");
    tablet.touch("Autrement…");
    tablet.touch("Avec les secours");
    tablet.touch("Léa part avec les secours");
    assert_eq!([tablet.says("Léa M."), tablet.says("Tom M.")], ["départ 10:00", "arrivée 8:27"]);
    assert!(matches!(tablet.last_payload().detail, Detail::Left { to: LeftTo::Emergency, person: None }));
}

#[test]
fn a_class_is_called_by_exception() {
    let mut tablet = Tablet::at(site::thursday("11:50"));
    tablet.touch("Noé L.");
    assert_eq!(tablet.says("Noé L."), "manque, à valider");
    tablet.window.picture("vrai-appel");
    tablet.touch("Valider la classe");
    assert_eq!([tablet.says("Léa M."), tablet.says("Noé L.")], ["présence", "absence"]);
    assert!(tablet.window.all("Valider la classe").is_empty());
    tablet.window.picture("vrai-appel-valide");
}

#[test]
fn a_name_is_found_whoever_is_expected() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.type_keys("zoe", FINGERS_MS);
    assert_eq!(tablet.window.tiles_in_sight(), ["Zoé M."]);
    tablet.touch("Zoé M.");
    tablet.touch("Arrivée maintenant");
    assert_eq!(tablet.says("Zoé M."), "arrivée 8:27");
}

#[test]
fn a_forgotten_departure_is_said_with_its_hour_and_then_the_day_is_signed() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Léa M.");
    tablet.now = site::wednesday("18:47");
    tablet.touch("Léa M.");
    tablet.window.picture("vrai-oublie");
    tablet.touch("Odette Morin");
    tablet.touch("18:15");
    tablet.window.picture("vrai-oublie-temoin");
    tablet.touch("Nadia Roche");
    assert_eq!(tablet.says("Léa M."), "départ 18:15");
    tablet.window.picture("vrai-a-signer");
    tablet.touch("Signer la journée");
    tablet.type_keys(&format!("{}\n", site::STAFF_CARD), READER_MS);
    assert!(tablet.window.all("Signer la journée").is_empty());
    assert_eq!(tablet.window.all("Les Coccinelles\u{a0}: la journée est signée, 1 enfant sur la feuille.").len(), 1);
}

#[test]
fn a_bus_comes_in_by_one_touch_a_child_and_one_confirmation() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Plusieurs");
    tablet.touch("Léa M.");
    tablet.touch("Noé L.");
    assert_eq!(tablet.entries_on_disk(), 0);
    assert!(tablet.says("Noé L.").ends_with("fait partie du choix"));
    tablet.window.picture("vrai-plusieurs");
    tablet.touch("2 arrivent");
    assert_eq!([tablet.says("Léa M."), tablet.says("Noé L.")], ["arrivée 8:27", "arrivée 8:27"]);
    assert_eq!(tablet.entries_on_disk(), 2);

    tablet.now = site::wednesday("14:00");
    tablet.touch("Plusieurs");
    tablet.touch("Léa M.");
    tablet.touch("Noé L.");
    tablet.touch("2 partent");
    tablet.window.picture("vrai-plusieurs-depart");
    tablet.touch("Autrement…");
    tablet.touch("À un club, à une activité…");
    tablet.window.wait(Duration::from_millis(20));
    tablet.type_keys("Judo", FINGERS_MS);
    tablet.touch("Continuer");
    tablet.touch("Léa et Noé partent au club (Judo)");
    assert_eq!([tablet.says("Léa M."), tablet.says("Noé L.")], ["départ 14:00", "départ 14:00"]);
}

#[test]
fn the_kitchen_reads_its_letters_and_the_table_says_who_did_not_eat() {
    let mut tablet = Tablet::at(site::thursday("11:50"));
    tablet.touch("Valider la classe");
    tablet.touch("Plus : sortie, repas");
    tablet.window.picture("vrai-plus");
    tablet.touch("Repas");
    assert_eq!(tablet.window.all("Menu B, à préparer : 1, commande : 1, servi : 1").len(), 1);
    tablet.window.picture("vrai-repas");
    tablet.touch("Tom M.");
    assert_eq!(tablet.says("Tom M."), "menu B, non servi");
    assert_eq!(tablet.last_payload().detail, Detail::Meal { menu: "B".into(), served: false });
    tablet.touch("Fermer");
    assert_eq!(tablet.says("Tom M."), "présence");
}

#[test]
fn who_is_awaited_and_not_here_half_an_hour_after_is_said_until_a_touch_says_that_it_was_read() {
    let mut tablet = Tablet::at(site::wednesday("08:31"));
    let said = "Pas encore là, plus de 30 minutes après l’heure\u{a0}: Aya B. (8:00). Appelez la famille, ou notez l’absence.";
    tablet.window.picture("vrai-pas-la");
    tablet.window.find(said);
    tablet.touch("J’ai lu");
    assert!(tablet.window.all(said).is_empty());
    assert_eq!(tablet.says("Aya B."), "retard · 8:00, consignes de soin", "the tile says it on");
}

#[test]
fn a_child_is_moved_to_another_group_for_the_day() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.hold("Léa M.");
    tablet.touch("Changer de groupe…");
    tablet.window.picture("vrai-groupe");
    assert_eq!(tablet.window.find("Grands").accessible_enabled(), Some(true));
    tablet.touch("Petits");
    assert_eq!(tablet.last_payload().detail, Detail::MovedGroup { group: site::group(1) });
    assert_eq!(tablet.window.all("Annuler").len(), 1, "it can be taken back");
}

#[test]
fn what_stands_on_paper_is_filled_in_by_its_hour() {
    let mut tablet = Tablet::at(site::wednesday("09:02"));
    tablet.hold("Léa M.");
    tablet.window.picture("vrai-papier");
    tablet.touch("Arrivée d’après le papier");
    tablet.touch("8:00");
    tablet.touch("Arrivée à 8:00");
    assert_eq!(tablet.says("Léa M."), "arrivée 8:00");
    let arrived = tablet.last_payload();
    assert_eq!((arrived.evidence, arrived.happened_at_ms), (Evidence::Paper, site::wednesday("08:00").wall_ms));
}

#[test]
fn a_family_at_the_gate_shows_its_card_and_sees_nobody_else() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.door.serve_families(true);
    tablet.later(Duration::from_secs(1));
    assert!(tablet.window.tiles_in_sight().is_empty() || tablet.window.all("Léa M.").is_empty());
    assert_eq!(tablet.window.all("Présentez votre carte").len(), 1);
    tablet.window.picture("vrai-portail");
    tablet.type_keys(&format!("{}\n", site::FAMILY_CARD), READER_MS);
    assert_eq!(tablet.window.all("Léa et Tom, arrivée 8:27").len(), 1);
    assert_eq!(tablet.entries_on_disk(), 2);
    tablet.window.picture("vrai-portail-fait");
    tablet.later(Duration::from_secs(5));
    assert_eq!(tablet.window.all("Présentez votre carte").len(), 1, "neutral again");

    tablet.now = site::wednesday("16:37");
    tablet.type_keys(&format!("{}\n", site::FAMILY_CARD), READER_MS);
    assert!(tablet.window.all("Quelqu’un d’autre…").is_empty() && tablet.window.all("Urgence").is_empty());
    tablet.touch("Julien Martin");
    tablet.window.picture("vrai-portail-depart");
    tablet.touch("Léa et Tom partent");
    assert_eq!(tablet.window.all("Léa et Tom, départ 16:37").len(), 1);
}
