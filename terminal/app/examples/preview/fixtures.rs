//! Screens for eyes and tests: a crèche, a small and a very large lieu, each front. Invented children.

#[path = "care.rs"]
mod care_cards;
#[path = "day.rs"]
mod day;
#[path = "evacuation.rs"]
mod evacuations;
#[path = "evening.rs"]
mod evening;
#[path = "outing.rs"]
mod outings;
#[path = "team.rs"]
mod team_cards;
#[path = "upkeep.rs"]
mod upkeep;

#[allow(unused_imports, reason = "the window's tests take more of it than the pictures do")]
pub use care_cards::{care, care_awaited, care_long, care_nothing, face, with_photos};
#[allow(unused_imports, reason = "the window's tests take more of it than the pictures do")]
pub use day::{gate, gate_code, gate_done, meals, several};
#[allow(unused_imports, reason = "the window's tests take more of it than the pictures do")]
pub use evacuations::{
    evacuation, evacuation_behind, evacuation_complete, evacuation_ending, evacuation_help, evacuation_large, evacuation_report,
    evacuation_small, evacuation_unrecorded,
};
#[allow(unused_imports, reason = "the window's tests take more of it than the pictures do")]
pub use evening::{
    board_noted, child_dialog, child_noted, child_today, correction, departure_handing, departure_late, departure_noted,
    departure_stranger, departure_witness, doubled, key_sealed, lock_to_come, locked, quarantined, repaired, signature, signing, staff,
};
#[allow(unused_imports, reason = "the window's tests take more of it than the pictures do")]
pub use outings::{outing, outing_choice, outing_choice_large, outing_choice_small, outing_large, outing_small, outings_away};

#[allow(unused_imports, reason = "the window's tests take more of it than the pictures do")]
pub use team_cards::{pin_pad, pin_paused, pin_who, ratio_amber, ratio_calm, ratio_none, ratio_red, team, team_many};
pub use upkeep::looking;

use shared::id::{ActivityId, ChildId, GroupId, PersonId};
use terminal_core::view::{
    AdultCard, BarredDialog, Choice, Counters, DepartureDialog, Dialog, GroupTab, MomentChoice, Notice, Screen, SyncBar, Tile, TileState,
    Tone, UndoBar,
};

const FIRST_NAMES: [&str; 40] = [
    "Adam", "Alba", "Aya", "Chloé", "Élise", "Ethan", "Gabriel", "Hugo", "Ilyès", "Inès", "Jade", "Jules", "Léa", "Lina", "Louis",
    "Louise", "Lucas", "Maël", "Maëlys", "Malo", "Mila", "Mohamed", "Nathan", "Noé", "Nour", "Paul", "Raphaël", "Rose", "Sacha", "Sarah",
    "Timéo", "Tom", "Victoire", "Yanis", "Zoé", "Ambre", "Côme", "Diego", "Fatou", "Gaspard",
];

/// An id that is the same at each run.
pub fn child(number: u128) -> ChildId {
    ChildId::from(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number))
}

pub fn person(number: u128) -> PersonId {
    PersonId::from(uuid::Uuid::from_u128(0x0191_0000_0000_7000_8000_0000_0000_0000 + number))
}

fn group(number: u128) -> GroupId {
    GroupId::from(uuid::Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + number))
}

pub fn activity(number: u128) -> ActivityId {
    ActivityId::from(uuid::Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + number))
}

fn tile(number: u128, first_name: &str, last_initial: &str, hue: u8, state: TileState, state_text: &str, care: bool) -> Tile {
    Tile {
        child: child(number),
        first_name: first_name.into(),
        last_initial: last_initial.into(),
        initials: shared::name::initials(first_name, last_initial),
        hue,
        photo: None,
        state,
        state_text: state_text.into(),
        care,
        note: false,
        ticked: false,
    }
}

/// The board of the house's drawing: a Wednesday at 8:27, the line down since 8:10.
pub fn creche() -> Screen {
    use TileState::{Absent, Expected, Gone, Late, Present};
    let rows: [(&str, &str, u8, TileState, &str, bool); 42] = [
        ("Adam", "N.", 7, Expected, "dès 8:30", false),
        ("Alba", "F.", 1, Present, "8:22", true),
        ("Alix", "D.", 4, Present, "7:44", false),
        ("Anaé", "V.", 5, Present, "8:01", false),
        ("Anna", "S.", 3, Expected, "dès 9:30", false),
        ("Aya", "B.", 2, Present, "7:42", true),
        ("Chloé", "P.", 4, Present, "7:58", false),
        ("Côme", "A.", 0, Present, "8:05", false),
        ("Eden", "K.", 6, Expected, "dès 9:00", false),
        ("Élise", "R.", 2, Present, "7:36", false),
        ("Ethan", "C.", 1, Present, "8:17", false),
        ("Gabriel", "D.", 6, Present, "8:11", true),
        ("Hugo", "B.", 0, Present, "8:21", false),
        ("Ilyès", "H.", 5, Present, "8:02", false),
        ("Inès", "G.", 2, Absent, "absence", false),
        ("Iris", "T.", 7, Expected, "dès 8:45", false),
        ("Jade", "M.", 6, Late, "retard · 8:00", false),
        ("Jules", "O.", 1, Present, "7:49", false),
        ("Léa", "M.", 0, Present, "8:26", false),
        ("Léon", "W.", 3, Expected, "dès 9:00", false),
        ("Lina", "B.", 5, Absent, "absence", false),
        ("Louis", "F.", 6, Present, "8:12", false),
        ("Louise", "E.", 4, Present, "7:55", false),
        ("Maëlys", "R.", 6, Present, "8:04", false),
        ("Malo", "L.", 4, Expected, "dès 8:30", false),
        ("Margaux", "J.", 2, Present, "7:33", false),
        ("Mila", "R.", 3, Expected, "dès 9:00", false),
        ("Naël", "Y.", 7, Expected, "dès 10:00", false),
        ("Noé", "L.", 3, Present, "7:51", false),
        ("Nour", "C.", 5, Present, "8:20", false),
        ("Paul", "T.", 7, Present, "8:24", false),
        ("Romy", "Z.", 0, Expected, "dès 8:30", false),
        ("Rose", "P.", 6, Present, "8:19", false),
        ("Sacha", "L.", 1, Gone, "départ 8:20", false),
        ("Soan", "Q.", 2, Present, "8:08", false),
        ("Théa", "I.", 4, Present, "8:16", false),
        ("Timéo", "C.", 5, Expected, "dès 9:00", false),
        ("Tom", "M.", 1, Present, "8:26", false),
        ("Victor", "U.", 3, Present, "7:40", false),
        ("Yanis", "X.", 0, Present, "8:13", false),
        ("Zélie", "G.", 7, Present, "8:06", false),
        ("Zoé", "M.", 7, Present, "8:15", false),
    ];
    let tiles: Vec<Tile> =
        (1_u128..).zip(rows).map(|(n, (first, last, hue, state, text, care))| tile(n, first, last, hue, state, text, care)).collect();
    Screen {
        place: "Les Coccinelles".into(),
        moment: "Mercredi journée · 14 octobre".into(),
        moments: ["Mercredi journée · 7:30 – 18:30", "Mercredi matin avec repas · 7:30 – 13:30", "Adaptation · 9:00 – 11:00"]
            .iter()
            .zip(1_u128..)
            .map(|(label, n)| MomentChoice { activity: activity(n), label: (*label).into(), chosen: n == 1 })
            .collect(),
        clock: "8:27".into(),
        sync: SyncBar { text: "Sans réseau depuis 8 h 10 · 14 pointages gardés".into(), tone: Tone::Amber, unsent: 14 },
        groups: vec![
            GroupTab { group: None, name: "Tous".into(), present: 28, expected: 40, chosen: true },
            GroupTab { group: Some(group(1)), name: "Petits".into(), present: 13, expected: 17, chosen: false },
            GroupTab { group: Some(group(2)), name: "Moyens".into(), present: 9, expected: 14, chosen: false },
            GroupTab { group: Some(group(3)), name: "Grands".into(), present: 6, expected: 9, chosen: false },
        ],
        counters: counters_of(&tiles),
        tiles,
        undo: Some(UndoBar { text: "Léa et Tom, arrivée 8:26".into(), seconds_left: 8 }),
        has_meals: true,
        ..Screen::default()
    }
}

fn counters_of(tiles: &[Tile]) -> Counters {
    let of = |states: &[TileState]| u32::try_from(tiles.iter().filter(|tile| states.contains(&tile.state)).count()).unwrap_or(u32::MAX);
    use TileState::{Absent, Expected, Gone, Late, Present};
    Counters {
        present: of(&[Present]),
        expected: of(&[Present, Expected, Late, Gone]),
        to_come: of(&[Expected, Late]),
        late: of(&[Late]),
        gone: of(&[Gone]),
        absent: of(&[Absent]),
    }
}

/// Five children, nothing to say about the line.
pub fn small() -> Screen {
    let mut screen = creche();
    screen.place = "Garderie de Saint-Loup".into();
    screen.moment = "Accueil du soir · 14 octobre".into();
    screen.moments.truncate(1);
    screen.groups.truncate(1);
    screen.tiles.truncate(5);
    screen.counters = counters_of(&screen.tiles);
    screen.sync = SyncBar::default();
    screen.undo = None;
    screen
}

/// A school of 300 in twelve classes, long names among them.
pub fn large() -> Screen {
    crowd(300)
}

/// As [`large`], with fewer children.
pub fn crowd(children: u128) -> Screen {
    let states = [TileState::Present, TileState::Expected, TileState::Present, TileState::Late, TileState::Absent, TileState::Gone];
    let mut tiles: Vec<Tile> = (0..children)
        .map(|n| {
            let at = usize::try_from(n).unwrap_or_default();
            let state = states[(at / 3 + at) % states.len()];
            let words = match state {
                TileState::Present => "11:38",
                TileState::Late => "retard · 11:30",
                TileState::Absent => "absence",
                TileState::Gone => "départ 12:10",
                TileState::Expected | TileState::Unexpected => "dès 11:30",
            };
            let letter = char::from(b'A' + u8::try_from(n % 26).unwrap_or_default());
            tile(1_000 + n, FIRST_NAMES[at % 40], &format!("{letter}."), u8::try_from(n % 8).unwrap_or_default(), state, words, n % 17 == 3)
        })
        .collect();
    tiles[2].first_name = "Marie-Antoinette Apolline".into();
    tiles[2].last_initial = "de la Rochefoucauld-Montbel".into();
    tiles[3].first_name = "Abdelrahmane".into();
    tiles.sort_by_key(|tile| shared::name::folded(&tile.first_name));
    let groups = ["PS A", "PS B", "MS A", "MS B", "GS A", "GS B", "CP A", "CP B", "CE1", "CE2", "CM1", "CM2"];
    Screen {
        place: "Restaurant scolaire Jean-Jacques-Rousseau et Olympe-de-Gouges".into(),
        moment: "Restauration du midi · mercredi 14 octobre".into(),
        clock: "12:05".into(),
        sync: SyncBar { text: "Sans réseau depuis 11 h 52 · 214 pointages gardés".into(), tone: Tone::Amber, unsent: 214 },
        groups: std::iter::once(GroupTab { group: None, name: "Tous".into(), present: 100, expected: 250, chosen: true })
            .chain(groups.iter().zip(1_u128..).map(|(name, n)| GroupTab {
                group: Some(group(n)),
                name: (*name).into(),
                present: 8,
                expected: 25,
                chosen: false,
            }))
            .collect(),
        counters: counters_of(&tiles),
        tiles,
        ..creche()
    }
}

/// An unknown card, and a line that has been silent for too long.
pub fn notice() -> Screen {
    Screen {
        notice: Some(Notice {
            text: "Cette carte n’est à personne ici. Cherchez l’enfant par son prénom, et signalez la carte à la direction.".into(),
            tone: Tone::Amber,
        }),
        undo: None,
        ..creche()
    }
}

/// Something grave: the disk is full.
pub fn grave() -> Screen {
    Screen {
        notice: Some(Notice {
            text: "La tablette est pleine : le dernier geste n’a pas été enregistré. Notez-le sur papier et appelez la collectivité."
                .into(),
            tone: Tone::Red,
        }),
        sync: SyncBar { text: "Sans réseau depuis 12 jours · 2 318 pointages gardés".into(), tone: Tone::Red, unsent: 2318 },
        undo: None,
        ..creche()
    }
}

/// A barred adult came; the alert was read, and waits for a named adult while the door goes on.
pub fn pinned() -> Screen {
    Screen {
        notice: Some(Notice {
            text: "Léa Martin : personne interdite à 16:41. L’enfant reste avec vous. Appelez la direction. En cas de danger : 17. Pour retirer cette alerte : badge d’un membre de l’équipe.".into(),
            tone: Tone::Red,
        }),
        notice_stays: true,
        sync: SyncBar {
            text: "Ce réseau n’est pas ouvert (page d’accueil ?) depuis 8 h 10 · 14 pointages gardés".into(),
            tone: Tone::Amber,
            unsent: 14,
        },
        ..creche()
    }
}

/// A search with one answer who isn't expected, and with none.
pub fn searched() -> Screen {
    let mut screen = creche();
    screen.search = "Élio".into();
    screen.tiles = vec![tile(90, "Élio", "Martinez-Delacourt", 3, TileState::Unexpected, "non prévu", true)];
    screen.undo = None;
    screen
}

pub fn nobody() -> Screen {
    Screen { search: "Zébulon".into(), tiles: Vec::new(), undo: None, ..creche() }
}

/// A class at table: booked ones are ticked, three are missing, one was announced absent.
pub fn roll_call() -> Screen {
    let mut screen = creche();
    screen.by_roll_call = true;
    screen.moment = "Restauration du midi · 14 octobre".into();
    screen.clock = "11:48".into();
    screen.undo = None;
    screen.sync = SyncBar::default();
    screen.tiles.truncate(24);
    for (at, tile) in screen.tiles.iter_mut().enumerate() {
        if tile.state != TileState::Absent {
            tile.state = TileState::Expected;
            tile.state_text = "repas réservé".into();
            tile.ticked = !matches!(at, 3 | 9 | 15);
        }
    }
    screen.counters = counters_of(&screen.tiles);
    screen
}

fn adult(number: u128, name: &str, hue: u8, link: &str, condition: Option<&str>) -> AdultCard {
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    AdultCard {
        person: person(number),
        name: name.into(),
        initials: shared::name::initials(first, last),
        hue,
        photo: None,
        link: link.into(),
        condition: condition.map(Into::into),
        chosen: number == 2,
    }
}

fn choice(number: u128, name: &str, ticked: bool) -> Choice {
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    let hue = u8::try_from(number % 8).unwrap_or_default();
    Choice { child: child(number), name: name.into(), initials: shared::name::initials(first, last), hue, photo: None, ticked }
}

/// "Départ de Léa Martin", with her brother.
pub fn departure() -> Screen {
    Screen {
        clock: "16:37".into(),
        dialog: Some(Dialog::Departure(DepartureDialog {
            child: child(19),
            name: "Léa Martin".into(),
            initials: "LM".into(),
            hue: 1,
            photo: None,
            subtitle: "Arrivée à 7:42 · il est 16:37 · qui vient ?".into(),
            adults: vec![
                adult(1, "Julien Martin", 3, "père, responsable", None),
                adult(2, "Odette Morin", 4, "grand-mère", None),
                adult(3, "Sonia Kaci", 0, "voisine", Some("aujourd’hui · pièce d’identité")),
                adult(4, "Claire Martin", 6, "mère, responsable", None),
            ],
            siblings: vec![choice(38, "Tom Martin", true)],
            notes: Vec::new(),
            alone_hint: None,
            may_leave_alone: false,
            several: None,
            by_family: false,
            to_school: false,
            other_centres: Vec::new(),
            elsewhere: None,
            identity_seen: None,
            confirm: "Léa et Tom partent".into(),
            may_confirm: true,
            witnesses: Vec::new(),
            late: None,
        })),
        ..creche()
    }
}

/// Ten adults, an older child who may leave alone, two sisters, long names.
pub fn departure_crowded() -> Screen {
    let names = [
        "Bérengère de Montalembert-Lacaze",
        "Ousmane Diallo",
        "Anne Roy",
        "Luc Roy",
        "Inaya Diallo",
        "Paul Petit",
        "Ana Lopes",
        "Jean Bon",
        "Eva Lune",
        "Théo Roc",
    ];
    let mut screen = departure();
    if let Some(Dialog::Departure(dialog)) = &mut screen.dialog {
        dialog.adults = (11_u128..)
            .zip(names)
            .map(|(n, name)| {
                adult(
                    n,
                    name,
                    u8::try_from(n % 8).unwrap_or_default(),
                    "personne autorisée",
                    (n == 13).then_some("le mercredi · pièce d’identité"),
                )
            })
            .collect();
        dialog.siblings.push(choice(39, "Marie-Antoinette Apolline Martin de la Rochefoucauld", false));
        dialog.alone_hint = Some("Peut partir sans adulte à partir de 17:00, comme ses parents l’ont écrit.".into());
        dialog.may_leave_alone = true;
        dialog.confirm = "Léa et Tom partent".into();
        dialog.may_confirm = false;
    }
    screen
}

pub fn arrival() -> Screen {
    let names = ["Léa Martin", "Tom Martin", "Zoé Martin"];
    Screen {
        dialog: Some(Dialog::Arrival(names.iter().zip([19_u128, 38, 42]).map(|(name, n)| choice(n, name, n != 42)).collect())),
        ..creche()
    }
}

pub fn barred() -> Screen {
    Screen {
        dialog: Some(Dialog::Barred(BarredDialog {
            text: "L’enfant reste avec vous. Appelez la direction. En cas de danger : 17".into(),
            child_name: "Léa Martin".into(),
        })),
        ..creche()
    }
}

/// Every screen, by the name of its picture.
pub fn all() -> Vec<(&'static str, Screen)> {
    vec![
        ("tableau", creche()),
        ("petit", small()),
        ("encadrement", ratio_calm()),
        ("encadrement-limite", ratio_amber()),
        ("encadrement-manque", ratio_red()),
        ("encadrement-aucun", ratio_none()),
        ("equipe", team()),
        ("equipe-nombreuse", team_many()),
        ("code-qui", pin_who()),
        ("code", pin_pad()),
        ("code-pause", pin_paused()),
        ("grand", large()),
        ("soixante", crowd(60)),
        ("avis", notice()),
        ("grave", grave()),
        ("epingle", pinned()),
        ("recherche", searched()),
        ("personne", nobody()),
        ("appel", roll_call()),
        ("plusieurs", several()),
        ("repas", meals()),
        ("portail", gate()),
        ("portail-fait", gate_done()),
        ("portail-telephone", gate_code("56", 0)),
        ("portail-code", gate_code("5678", 3)),
        ("depart", departure()),
        ("depart-nombreux", departure_crowded()),
        ("arrivee", arrival()),
        ("enfant", child_dialog()),
        ("interdit", barred()),
        ("depart-oublie", departure_late()),
        ("depart-oublie-temoin", departure_witness()),
        ("depart-inconnu", departure_stranger()),
        ("depart-inconnu-remise", departure_handing()),
        ("enfant-present", child_today()),
        ("enfant-mot", child_noted()),
        ("depart-mot", departure_noted()),
        ("tableau-mots", board_noted()),
        ("correction", correction()),
        ("a-signer", signing()),
        ("signature", signature()),
        ("quarantaine", quarantined()),
        ("repare", repaired()),
        ("en-double", doubled()),
        ("bientot-verrouillee", lock_to_come()),
        ("verrouillee", locked()),
        ("cle-scellee", key_sealed()),
        ("photos", with_photos(creche())),
        ("photos-petit", with_photos(small())),
        ("photos-grand", with_photos(large())),
        ("photos-depart", with_photos(departure())),
        ("photos-depart-nombreux", with_photos(departure_crowded())),
        ("photos-arrivee", with_photos(arrival())),
        ("photos-enfant", with_photos(child_today())),
        ("photos-urgence", with_photos(care())),
        ("urgence", care()),
        ("urgence-longue", care_long()),
        ("urgence-rien", care_nothing()),
        ("urgence-attendue", care_awaited()),
        ("menu", upkeep::menu()),
        ("menu-se-ferme", upkeep::menu_closing()),
        ("menu-carte", upkeep::card_asked()),
        ("reglages", upkeep::settings()),
        ("reglages-pas-gardes", upkeep::settings_not_kept()),
        ("lecteur", upkeep::reader_waiting()),
        ("lecteur-appris", upkeep::reader_learnt()),
        ("lecteur-inconnue", upkeep::reader_unknown()),
        ("diagnostic", upkeep::diagnosis()),
        ("quitter", upkeep::leaving()),
        ("repos", upkeep::rest()),
        ("repos-petit", upkeep::rest_small()),
        ("repos-grand", upkeep::rest_large()),
        ("sortie", outing()),
        ("sortie-petit", outing_small()),
        ("sortie-grand", outing_large()),
        ("sortie-qui", outing_choice()),
        ("sortie-qui-petit", outing_choice_small()),
        ("sortie-qui-grand", outing_choice_large()),
        ("sorties-en-cours", outings_away()),
        ("evacuation", evacuation()),
        ("evacuation-petit", evacuation_small()),
        ("evacuation-grand", evacuation_large()),
        ("evacuation-complete", evacuation_complete()),
        ("evacuation-non-enregistree", evacuation_unrecorded()),
        ("evacuation-fin", evacuation_ending()),
        ("evacuation-derriere", evacuation_behind()),
        ("evacuation-aide", evacuation_help()),
        ("evacuation-rapport", evacuation_report()),
    ]
}
