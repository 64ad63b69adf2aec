//! The team and the visitors, for eyes and tests. Invented people.

use super::{creche, large, small, staff};
use shared::id::EntryId;
use terminal_core::view::{
    Dialog, PinDialog, PinFor, RatioCard, Screen, StaffChoice, TeamBar, TeamDialog, TeamMember, Tone, UndoBar, VisitorLine,
};

fn member(number: u128, name: &str, here: bool, state: &str, detail: &str) -> TeamMember {
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    let (initials, hue) = (shared::name::initials(first, last), u8::try_from(number % 8).unwrap_or(0));
    TeamMember { staff: staff(number), name: name.into(), initials, hue, here, state: state.into(), detail: detail.into() }
}

fn visitor(number: u128, name: &str, state: &str) -> VisitorLine {
    VisitorLine { visit: EntryId(uuid::Uuid::from_u128(number)), name: name.into(), state: state.into() }
}

pub fn bar(text: &str, short: &str, tone: Tone) -> TeamBar {
    TeamBar { known: true, ruled: !text.is_empty(), text: text.into(), short: short.into(), tone }
}

/// The crèche of the drawing, one adult to spare.
pub fn ratio_calm() -> Screen {
    Screen { team: bar("Il faut 5 adultes, vous êtes 6", "6 / 5", Tone::Calm), ..creche() }
}

/// At the limit.
pub fn ratio_amber() -> Screen {
    Screen { team: bar("Il faut 4 adultes, vous êtes 4", "4 / 4", Tone::Amber), undo: None, ..creche() }
}

/// One adult is missing, among 300 children.
pub fn ratio_red() -> Screen {
    Screen { team: bar("Il faut 24 adultes, vous êtes 23", "23 / 24", Tone::Red), ..large() }
}

/// No rule holds.
pub fn ratio_none() -> Screen {
    Screen { team: bar("", "3", Tone::Calm), ..small() }
}

/// At the limit, with a visitor, just after somebody came.
pub fn team() -> Screen {
    let ratio = RatioCard {
        text: "Il faut 4 adultes, vous êtes 4".into(),
        tone: Tone::Amber,
        lines: vec![
            "11 enfants de moins de 6 ans : 2 adultes (1 pour 8)".into(),
            "17 enfants de 6 ans et plus : 2 adultes (1 pour 12)".into(),
            "Code de l'action sociale et des familles, article R. 227-15.".into(),
        ],
    };
    let members = vec![
        member(1, "Camille Tanguy", true, "depuis 7:25", ""),
        member(2, "Ibrahim Diallo", false, "départ 8:10", ""),
        member(3, "Louise Caron", true, "depuis 7:12", ""),
        member(4, "Nadia Roche", true, "depuis 7:12", "direction · hors encadrement"),
        member(5, "Samir Petit", true, "depuis 8:02", ""),
        member(7, "Zoé Marchand", true, "depuis 8:26", ""),
    ];
    let visitors = vec![visitor(1, "Luc Mercier, électricien", "depuis 8:20")];
    let subtitle = "Les Coccinelles · 14 octobre".into();
    let undo = Some(UndoBar { text: "Zoé Marchand, arrivée 8:26".into(), seconds_left: 8 });
    Screen {
        dialog: Some(Dialog::Team(TeamDialog { subtitle, ratio: Some(ratio), members, visitors, codes: true })),
        undo,
        ..ratio_amber()
    }
}

/// Of a school with three lieux and long names, one adult missing.
pub fn team_many() -> Screen {
    let ratio = RatioCard {
        text: "Il faut 5 adultes, vous êtes 4".into(),
        tone: Tone::Red,
        lines: vec![
            "21 enfants de moins de 6 ans : 3 adultes (1 pour 8)".into(),
            "24 enfants de 6 ans et plus : 2 adultes (1 pour 12)".into(),
            "Au-delà de 50 enfants, la direction est en plus : elle ne compte pas.".into(),
            "Code de l'action sociale et des familles, article R. 227-16, avec PEDT.".into(),
        ],
    };
    let lieux = ["Périscolaire du groupe scolaire Vauban", "Cantine Vauban", "Accueil de loisirs"];
    let names = ["Anne-Charlotte de La Rochebrochard-Montalembert", "Jean-Baptiste Grandjean", "Fatoumata Coulibaly", "Zoé Le"];
    let one = |n: u128| {
        let at = usize::try_from(n).unwrap_or(0);
        let here = n.is_multiple_of(3);
        member(n, names[at % names.len()], here, if here { "depuis 16:20" } else { "pas encore là" }, lieux[at % 3])
    };
    let visitors = vec![
        visitor(1, "Madame l'inspectrice de l'éducation nationale, pour la classe de Mme Roche", "depuis 9:04"),
        visitor(2, "Luc", "depuis 9:10"),
    ];
    let subtitle = "Groupe scolaire Vauban · 14 octobre".into();
    Screen {
        dialog: Some(Dialog::Team(TeamDialog {
            subtitle,
            ratio: Some(ratio),
            members: (1..=24).map(one).collect(),
            visitors,
            codes: true,
        })),
        undo: None,
        ..ratio_red()
    }
}

fn choice(number: u128, name: &str) -> StaffChoice {
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    StaffChoice {
        staff: staff(number),
        name: name.into(),
        initials: shared::name::initials(first, last),
        hue: u8::try_from(number % 8).unwrap_or(0),
    }
}

/// Whose code is it?
pub fn pin_who() -> Screen {
    let people =
        ["Camille Tanguy", "Louise Caron", "Nadia Roche", "Samir Petit"].iter().zip(1..).map(|(name, n)| choice(n, name)).collect();
    let pin = PinDialog {
        purpose: PinFor::OtherAdult,
        people,
        chosen: None,
        telephone: String::new(),
        digits: 0,
        may_confirm: false,
        said: String::new(),
    };
    Screen { dialog: Some(Dialog::Pin(pin)), ..creche() }
}

/// Its digits, after a wrong one.
pub fn pin_pad() -> Screen {
    let said = "Code faux. Il reste 3 essais.".into();
    let chosen = Some(choice(3, "Nadia Roche"));
    let pin = PinDialog { purpose: PinFor::Team, people: vec![], chosen, telephone: String::new(), digits: 4, may_confirm: true, said };
    Screen { dialog: Some(Dialog::Pin(pin)), ..creche() }
}

/// Too many were wrong, for a long name.
pub fn pin_paused() -> Screen {
    let said = "Trop d'essais : attendez 15 minutes, ou présentez votre badge.".into();
    let chosen = Some(choice(3, "Anne-Charlotte de La Rochebrochard-Montalembert"));
    let pin = PinDialog { purpose: PinFor::Team, people: vec![], chosen, telephone: String::new(), digits: 0, may_confirm: false, said };
    Screen { dialog: Some(Dialog::Pin(pin)), ..creche() }
}
