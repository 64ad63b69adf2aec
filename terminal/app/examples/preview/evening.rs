//! Screens of one child, and of the end of a day: a departure that nobody touched, a wrong time, the signature.

use super::{child, creche, departure};
use chrono::NaiveTime;
use shared::id::{GroupId, StaffId};
use terminal_app::desk::closed;
use terminal_core::store::StoreError;
use terminal_core::view::{
    ChildDialog, Correction, Corrects, Dialog, ElsewhereChoice, GroupChoice, HourChoice, HourPick, LateDeparture, NoteCard, Notice, Screen,
    SignDialog, StaffChoice, SyncBar, TileState, TimeDialog, Tone,
};

pub fn staff(number: u128) -> StaffId {
    StaffId::from(uuid::Uuid::from_u128(0x0194_0000_0000_7000_8000_0000_0000_0000 + number))
}

fn team(names: &[&str]) -> Vec<StaffChoice> {
    let member = |(name, number): (&&str, u128)| {
        let (first, last) = name.split_once(' ').unwrap_or((name, ""));
        let hue = u8::try_from(number * 3 % 8).unwrap_or_default();
        StaffChoice { staff: staff(number), name: (*name).into(), initials: shared::name::initials(first, last), hue }
    };
    names.iter().zip(1_u128..).map(member).collect()
}

fn hours(labels: &[&str], chosen: Option<&str>) -> HourPick {
    let choice = |label: &&str| {
        let at = NaiveTime::parse_from_str(label, "%H:%M").ok();
        HourChoice { at, label: (*label).into(), chosen: chosen == Some(*label) }
    };
    let choices = labels.iter().map(choice).collect();
    HourPick { choices, chosen: chosen.map(str::to_owned), may_be_earlier: chosen.is_some(), may_be_later: chosen.is_some() }
}

/// 18:47, the day is over: who came for Léa and Tom, and when?
pub fn departure_late() -> Screen {
    let mut screen = departure();
    screen.clock = "18:47".into();
    if let Some(Dialog::Departure(dialog)) = &mut screen.dialog {
        dialog.subtitle = "Arrivée à 7:42 · qui est venu, et quand ?".into();
        dialog.may_confirm = false;
        dialog.late = Some(LateDeparture { hours: hours(&["17:45", "18:00", "18:15", "18:30", "18:45", "maintenant"], None) });
        dialog.witnesses = team(&["Aïcha Diop", "Eva Lune", "Marie-Hélène de La Tour", "Nadia Roche", "Samir Haddad"]);
    }
    screen
}

/// The same once all is said but who saw it.
pub fn departure_witness() -> Screen {
    let mut screen = departure_late();
    if let Some(Dialog::Departure(dialog)) = &mut screen.dialog {
        dialog.confirm = "Léa et Tom, départ à 18:15 avec Odette Morin".into();
        dialog.may_confirm = true;
        if let Some(late) = &mut dialog.late {
            late.hours = hours(&["17:45", "18:00", "18:15", "18:30", "18:45", "maintenant"], Some("18:15"));
        }
    }
    screen
}

/// 16:30: somebody who isn't on the list comes for Léa, and no card was seen yet.
pub fn departure_stranger() -> Screen {
    let mut screen = departure();
    if let Some(Dialog::Departure(dialog)) = &mut screen.dialog {
        dialog.adults.iter_mut().for_each(|adult| adult.chosen = false);
        dialog.confirm = "Léa et Tom partent avec Camille Tanguy".into();
        dialog.elsewhere = Some(ElsewhereChoice::OtherAdult);
        dialog.identity_seen = Some(false);
        dialog.may_confirm = false;
        dialog.to_school = true;
    }
    screen
}

/// The card was seen: who hands the child over?
pub fn departure_handing() -> Screen {
    let mut screen = departure_stranger();
    if let Some(Dialog::Departure(dialog)) = &mut screen.dialog {
        dialog.identity_seen = Some(true);
        dialog.may_confirm = true;
        dialog.witnesses = team(&["Aïcha Diop", "Eva Lune", "Marie-Hélène de La Tour", "Nadia Roche", "Samir Haddad"]);
    }
    screen
}

pub fn child_dialog() -> Screen {
    Screen {
        dialog: Some(Dialog::Child(ChildDialog {
            child: child(15),
            name: "Inès Garnier".into(),
            initials: "IG".into(),
            hue: 2,
            photo: None,
            subtitle: "Absence annoncée par la famille".into(),
            notes: Vec::new(),
            may_arrive: true,
            may_be_absent: true,
            groups: Vec::new(),
            corrections: Vec::new(),
        })),
        ..creche()
    }
}

/// A child who was here, held: what was touched today can be put right.
pub fn child_today() -> Screen {
    Screen {
        dialog: Some(Dialog::Child(ChildDialog {
            child: child(34),
            name: "Sacha Lambert".into(),
            initials: "SL".into(),
            hue: 1,
            photo: None,
            subtitle: "Départ à 8:20".into(),
            notes: Vec::new(),
            may_arrive: true,
            may_be_absent: false,
            groups: [("Petits", false), ("Moyens", true), ("Grands", false)]
                .into_iter()
                .zip(1_u128..)
                .map(|((name, chosen), number)| GroupChoice { group: GroupId::from(staff(number).0), name: name.into(), chosen })
                .collect(),
            corrections: vec![
                Correction { what: Corrects::Arrival, label: "Corriger l'arrivée de 7:42".into() },
                Correction { what: Corrects::Departure, label: "Corriger le départ de 8:20".into() },
            ],
        })),
        ..creche()
    }
}

/// What two parents wrote about today, one of them at length.
fn notes() -> Vec<NoteCard> {
    let note = |author: &str, text: &str| NoteCard { author: author.into(), text: text.into() };
    vec![
        note(
            "Bérengère de Montalembert-Lacaze",
            "Sacha s’est levé à cinq heures et n’a presque rien mangé : il aura sans doute faim avant midi, et besoin de dormir plus \
             tôt. Son doudou est resté dans la voiture, son père l’apporte vers dix heures. Merci de lui garder une part de gâteau s’il \
             dort pendant l’anniversaire de Lina !",
        ),
        note("Luc Roy", "Mamie vient à 17 h."),
    ]
}

/// The same child, whose family wrote.
pub fn child_noted() -> Screen {
    let mut screen = child_today();
    if let Some(Dialog::Child(dialog)) = &mut screen.dialog {
        dialog.notes = notes();
    }
    screen
}

/// Who takes a child whose family wrote, and children with the sign on the board behind.
pub fn departure_noted() -> Screen {
    let mut screen = departure();
    if let Some(Dialog::Departure(dialog)) = &mut screen.dialog {
        dialog.notes = notes();
    }
    screen
}

/// The board in the morning: families of three children wrote.
pub fn board_noted() -> Screen {
    let mut screen = creche();
    for at in [1, 4, 9] {
        screen.tiles[at].note = true;
    }
    screen
}

pub fn correction() -> Screen {
    Screen {
        dialog: Some(Dialog::Time(TimeDialog {
            child: child(34),
            title: "Arrivée de Sacha Lambert".into(),
            initials: "SL".into(),
            hue: 1,
            photo: None,
            subtitle: "Heure enregistrée : 7:42 · quelle est la bonne ?".into(),
            hours: hours(&["7:15", "7:30", "7:45", "8:00", "8:15"], Some("7:30")),
            confirm: "Arrivée à 7:30".into(),
            may_confirm: true,
        })),
        ..creche()
    }
}

/// 18:52: everybody left, and the day waits for its signature.
pub fn signing() -> Screen {
    let mut screen = creche();
    screen.clock = "18:52".into();
    screen.undo = None;
    screen.sync = SyncBar { text: "À jour · dernier échange 18:52".into(), tone: Tone::Calm, unsent: 0 };
    for tile in screen.tiles.iter_mut().filter(|tile| tile.state != TileState::Absent) {
        (tile.state, tile.state_text) = (TileState::Gone, "départ 17:40".into());
    }
    screen.counters = super::counters_of(&screen.tiles);
    screen.may_sign = true;
    screen
}

pub fn signature() -> Screen {
    let subtitle = "Les Coccinelles · 14 octobre · 42 enfants sur la feuille".into();
    Screen { dialog: Some(Dialog::Sign(SignDialog { subtitle, directors: team(&["Nadia Roche", "Paul Ferrand"]) })), ..signing() }
}

/// The server set entries apart, and the line went down again.
pub fn quarantined() -> Screen {
    let text = "3 pointages mis de côté par le serveur : prévenez le bureau".into();
    Screen { sync: SyncBar { text, tone: Tone::Amber, unsent: 0 }, undo: None, ..creche() }
}

/// A journal that was damaged, made again at the start.
pub fn repaired() -> Screen {
    let text = "Journal réparé : prévenez l'administration · Sans réseau depuis 8 h 10 · 14 pointages gardés".into();
    let said = "Le journal de la tablette était abîmé. Ce qui a pu être lu a été repris, l'ancien fichier est gardé, et les pointages sont \
                de nouveau enregistrés. Vérifiez qui est présent, et prévenez l'administration.";
    let notice = Some(Notice { text: said.into(), tone: Tone::Amber });
    Screen { sync: SyncBar { text, tone: Tone::Amber, unsent: 14 }, notice, undo: None, ..creche() }
}

/// A tablet whose other copy goes on.
pub fn doubled() -> Screen {
    let text = "Cette tablette existe en double : réenrôlez-la · 14 pointages gardés".into();
    Screen { sync: SyncBar { text, tone: Tone::Red, unsent: 14 }, undo: None, ..creche() }
}

/// Three days before a tablet that has no line locks what it holds.
pub fn lock_to_come() -> Screen {
    let text = "Le serveur n'a pas répondu depuis 11 jours. Sans réponse, la tablette se verrouille dans 3 jours : reliez-la au réseau, ou \
                appelez l'administration.";
    Screen { notice: Some(Notice { text: text.into(), tone: Tone::Amber }), notice_stays: true, undo: None, ..creche() }
}

/// A tablet that the server has not answered for a fortnight.
pub fn locked() -> Screen {
    let text = "Tablette verrouillée : le serveur n'a pas répondu depuis 14 jours.\n\nNotez les arrivées et les départs sur papier : elle \
                n'enregistre plus rien.\n\nPour la rouvrir, reliez-la au réseau : la liste des enfants, qu'elle a effacée, revient dès que \
                le serveur répond. Sinon, appelez l'administration.\n\nLes 3 pointages qui attendent sont gardés, et partiront alors.";
    let sync = SyncBar { text: "Sans réseau depuis le 30 septembre · 3 pointages gardés".into(), tone: Tone::Amber, unsent: 3 };
    let (place, moment, clock) = ("École Vauban".into(), "14 octobre".into(), "8:27".into());
    let notice = Some(Notice { text: text.into(), tone: Tone::Red });
    Screen { place, moment, clock, sync, notice, notice_stays: true, forgets: true, ..Screen::default() }
}

/// A folder whose key another machine's chip sealed.
pub fn key_sealed() -> Screen {
    closed(&StoreError::KeySealed { why: "Failed to load HMAC key in TPM: tpm:parameter(1):integrity check failed".into() })
}
