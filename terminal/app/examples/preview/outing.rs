//! Outings: who leaves, who is counted on the way.

use super::{creche, large, small};
use shared::journal::Someone;
use terminal_core::view::{Dialog, OutingBar, OutingChoice, OutingDialog, PeopleTab, PersonRow, PersonState, Screen, Tile, TileState};

fn people(board: &Screen, ticked: usize, words: (&str, &str)) -> Vec<PersonRow> {
    let here = board.tiles.iter().filter(|tile| tile.state == TileState::Present);
    let row = |(at, tile): (usize, &Tile)| PersonRow {
        who: Someone::Child(tile.child),
        name: format!("{} {}", tile.first_name, tile.last_initial),
        initials: tile.initials.clone(),
        hue: tile.hue,
        photo: tile.photo,
        group: ["Grands", "Moyens", "Petits"][at % 3].into(),
        state: if at < ticked { PersonState::Seen } else { PersonState::Plain },
        text: if at < ticked { words.0.into() } else { words.1.into() },
    };
    here.enumerate().map(row).collect()
}

fn choosing(board: Screen, ticked: usize) -> Screen {
    let people = people(&board, ticked, ("part", "reste"));
    let total = u32::try_from(people.len()).unwrap_or(u32::MAX);
    let tab = |(at, name): (usize, &&str)| PeopleTab {
        key: if at == 0 { String::new() } else { format!("{at}") },
        name: (*name).into(),
        seen: if at == 0 { u32::try_from(ticked).unwrap_or(0) } else { 2 },
        total: if at == 0 { total } else { total / 3 },
        chosen: at == 0,
    };
    let choice = OutingChoice {
        places: ["Piscine", "Bibliothèque", "Gymnase", "Parc", "Promenade"].map(Into::into).into(),
        groups: ["Tous", "Grands", "Moyens", "Petits", "Équipe"].iter().enumerate().map(tab).collect(),
        people,
        going: if ticked == 0 { String::new() } else { shared::french::count(u32::try_from(ticked).unwrap_or(0), "enfant", "enfants") },
    };
    Screen { dialog: Some(Dialog::OutingChoice(choice)), undo: None, notice: None, ..board }
}

/// Six of a crèche leave.
pub fn outing_choice() -> Screen {
    choosing(creche(), 6)
}

/// Nobody yet, of five.
pub fn outing_choice_small() -> Screen {
    choosing(small(), 0)
}

/// Fifty of three hundred.
pub fn outing_choice_large() -> Screen {
    choosing(large(), 50)
}

fn counting(board: Screen, ticked: usize, last: &str) -> Screen {
    let people = people(&board, ticked, ("là", "à compter"));
    let total = u32::try_from(people.len()).unwrap_or(u32::MAX);
    let names: Vec<String> = people.iter().skip(ticked).map(|row| row.name.clone()).collect();
    let missing = match (ticked, names.len()) {
        (0, _) | (_, 0) => String::new(),
        (_, 1..=7) => format!("Manquent : {}", shared::french::list(&names)),
        (_, more) => format!("Manquent : {} et {} autres", names[..6].join(", "), more - 6),
    };
    let dialog = OutingDialog {
        title: format!("Piscine · {total} enfants depuis 14:00"),
        last_count: last.into(),
        counted: u32::try_from(ticked).unwrap_or(0).min(total),
        total,
        missing,
        people,
        back: if ticked == 0 { "Tous de retour".into() } else { format!("De retour : {ticked}") },
    };
    Screen { dialog: Some(Dialog::Outing(dialog)), undo: None, notice: None, ..board }
}

/// Two are still to be counted.
pub fn outing() -> Screen {
    counting(creche(), 26, "Dernier comptage à 14:40, par Nadia Roche : 27 sur 28. Manque : Tom M.")
}

/// A few, before the first count.
pub fn outing_small() -> Screen {
    counting(small(), 0, "")
}

/// Far too many for one outing.
pub fn outing_large() -> Screen {
    counting(
        large(),
        12,
        "Dernier comptage à 14:40, par Bérengère de Montalembert-Lacaze : 133 sur 134. Manque : Marie-Antoinette Apolline de la Rochefoucauld-Montbel",
    )
}

/// A board while two are away.
pub fn outings_away() -> Screen {
    let bar = |text: &str, number: u128| OutingBar { outing: uuid::Uuid::from_u128(number), text: text.into() };
    let outings =
        vec![bar("En sortie · Piscine : 12 enfants et 2 adultes", 1), bar("En sortie · Bibliothèque municipale : 1 enfant et 1 adulte", 2)];
    let mut screen = Screen { outings, undo: None, ..creche() };
    screen.tiles[1].state_text = "en sortie · Piscine".into();
    screen.tiles[2].state_text = "en sortie · Bibliothèque municipale".into();
    screen
}
