//! Screens of the day beside the board: several children at once, meals, families at a tablet of their own.

use super::creche;
use terminal_core::view::{
    Dialog, Eating, Families, MealRow, MealsDialog, MenuCount, PinDialog, PinFor, Screen, Several, SyncBar, TileState, UndoBar,
};

/// A tablet at the gate that waits for a card.
pub fn gate() -> Screen {
    let board = creche();
    Screen {
        place: board.place,
        moment: board.moment,
        clock: board.clock,
        sync: SyncBar::default(),
        families: Some(Families { done: None, codes: true }),
        ..Screen::default()
    }
}

/// A card was shown: both children are here.
pub fn gate_done() -> Screen {
    let done = "Léa et Tom, arrivée 8:26";
    Screen {
        families: Some(Families { done: Some(done.into()), codes: true }),
        undo: Some(UndoBar { text: done.into(), seconds_left: 4 }),
        ..gate()
    }
}

/// A family without its card: the end of a telephone first.
pub fn gate_code(telephone: &str, digits: u32) -> Screen {
    let (telephone, may_confirm) = (telephone.to_owned(), digits >= 4);
    let code = PinDialog { purpose: PinFor::Family, people: vec![], chosen: None, telephone, digits, may_confirm, said: String::new() };
    Screen { dialog: Some(Dialog::Pin(code)), ..gate() }
}

/// Several children are being chosen: those of the bus.
pub fn several() -> Screen {
    let mut screen = creche();
    for tile in screen.tiles.iter_mut().filter(|tile| tile.state == TileState::Expected).take(6) {
        tile.ticked = true;
    }
    screen.undo = None;
    screen.several = Some(Several { text: "6 arrivent".into(), count: 6 });
    screen
}

/// What the kitchen cooks: four letters, and a table that has eaten.
pub fn meals() -> Screen {
    let mut screen = creche();
    let letter = |at: usize| ["A", "A", "B", "A", "C", "A", "A", "P"][at % 8].to_owned();
    let eating = |at: usize| [Eating::Served, Eating::Served, Eating::NotServed, Eating::Served, Eating::Absent, Eating::Awaited][at % 6];
    let mut rows: Vec<MealRow> = screen
        .tiles
        .iter()
        .enumerate()
        .map(|(at, tile)| MealRow {
            child: tile.child,
            name: format!("{} {}", tile.first_name, tile.last_initial),
            hue: tile.hue,
            letter: letter(at),
            care: tile.care,
            ordered: true,
            eating: eating(at),
        })
        .collect();
    rows.sort_by(|a, b| a.letter.cmp(&b.letter));
    let menu = |letter: &str, ordered, awaited, served| MenuCount { letter: letter.into(), ordered, awaited, served };
    let letters = vec![menu("A", 26, 22, 14), menu("B", 6, 5, 3), menu("C", 5, 4, 2), menu("P", 5, 4, 3)];
    screen.dialog =
        Some(Dialog::Meals(MealsDialog { subtitle: "14 octobre · 35 repas, dont 3 avec des consignes de soin".into(), letters, rows }));
    screen
}
