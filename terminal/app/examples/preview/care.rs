//! The care card, and faces: drawn, of nobody.

use super::{child, creche};
use terminal_core::view::{CareDialog, ContactCard, Dialog, PhotoHash, Screen};

fn contact(name: &str, link: &str, telephone: &str) -> ContactCard {
    ContactCard { name: name.into(), link: link.into(), telephone: telephone.into() }
}

/// An allergy, what to do, three people to call.
pub fn care() -> Screen {
    let dialog = CareDialog {
        child: child(6),
        name: "Aya Benali".into(),
        initials: "AB".into(),
        hue: 2,
        photo: None,
        birth_date: chrono::NaiveDate::from_ymd_opt(2022, 3, 7).unwrap_or_default(),
        age_years: 4,
        allergies: "Arachide et fruits à coque".into(),
        plan: "Au premier signe (boutons, lèvres gonflées, toux) : stylo d’adrénaline 0,15 mg, trousse rouge du bureau, face externe de \
               la cuisse. Appeler le 15. Noter l’heure. Garder l’enfant allongée, jambes relevées."
            .into(),
        awaited: false,
        contacts: vec![
            contact("Sonia Benali", "mère", "06\u{a0}12\u{a0}34\u{a0}56\u{a0}78"),
            contact("Mehdi Benali", "oncle", "07\u{a0}98\u{a0}76\u{a0}54\u{a0}32"),
            contact("Odette Morin", "voisine", "02\u{a0}32\u{a0}00\u{a0}00\u{a0}01"),
        ],
        closes_in_s: None,
    };
    Screen { dialog: Some(Dialog::Care(dialog)), undo: None, ..creche() }
}

fn changed(change: impl FnOnce(&mut CareDialog)) -> Screen {
    let mut screen = care();
    if let Some(Dialog::Care(dialog)) = &mut screen.dialog {
        change(dialog);
    }
    screen
}

/// A long plan, many people with long names, one without a number, and ten seconds left.
pub fn care_long() -> Screen {
    changed(|card| {
        card.name = "Marie-Antoinette Apolline de la Rochefoucauld-Montbel".into();
        card.allergies = "Arachide, fruits à coque, œuf cru, lait de vache, kiwi, venin d’abeille et de guêpe, pénicilline".into();
        let plan = std::mem::take(&mut card.plan);
        let steps = (1..=9).map(|step| format!("{step}. {plan}")).collect::<Vec<_>>();
        card.plan = steps.join("\n");
        card.contacts = vec![
            contact("Bérengère de Montalembert-Lacaze de la Rochefoucauld", "mère", "06\u{a0}12\u{a0}34\u{a0}56\u{a0}78"),
            contact("Ousmane Diallo", "père", ""),
            contact("Anne Roy", "grand-mère maternelle", "+32 2 123 45 67"),
            contact("Luc Roy", "", "06\u{a0}00\u{a0}00\u{a0}00\u{a0}01"),
            contact("Inaya Diallo", "tante", "06\u{a0}00\u{a0}00\u{a0}00\u{a0}02"),
            contact("Paul Petit", "voisin", "06\u{a0}00\u{a0}00\u{a0}00\u{a0}03"),
            contact("Ana Lopes", "assistante maternelle", "06\u{a0}00\u{a0}00\u{a0}00\u{a0}04"),
        ];
        card.closes_in_s = Some(9);
    })
}

/// Nothing to know, and nobody to call.
pub fn care_nothing() -> Screen {
    changed(|card| {
        (card.allergies, card.plan, card.age_years) = (String::new(), String::new(), 1);
        card.birth_date = chrono::NaiveDate::from_ymd_opt(2025, 9, 1).unwrap_or_default();
        card.contacts.clear();
    })
}

/// There is something to know, and the tablet hasn't been told what.
pub fn care_awaited() -> Screen {
    changed(|card| {
        (card.allergies, card.plan, card.awaited) = (String::new(), String::new(), true);
        card.contacts.truncate(1);
    })
}

/// A screen whose children, and adults, have faces: all but each fourth.
pub fn with_photos(mut screen: Screen) -> Screen {
    let photo = |number: usize| (number % 4 != 3).then(|| hash(number));
    for (number, tile) in screen.tiles.iter_mut().enumerate() {
        tile.photo = photo(number);
    }
    match &mut screen.dialog {
        Some(Dialog::Departure(departure)) => {
            departure.photo = photo(0);
            departure.adults.iter_mut().enumerate().for_each(|(number, adult)| adult.photo = photo(20 + number));
            departure.siblings.iter_mut().enumerate().for_each(|(number, sibling)| sibling.photo = photo(1 + number));
        }
        Some(Dialog::Arrival(choices)) => choices.iter_mut().enumerate().for_each(|(number, choice)| choice.photo = photo(number)),
        Some(Dialog::Child(child)) => child.photo = photo(2),
        Some(Dialog::Care(card)) => card.photo = photo(5),
        _ => {}
    }
    screen
}

fn hash(number: usize) -> PhotoHash {
    let mut hash = [0xfa; 32];
    hash[..8].copy_from_slice(&(number as u64).to_be_bytes());
    hash
}

/// The drawn face of a hash, as a JPEG: hair, skin and a jumper of colours that go with it.
pub fn face(hash: &PhotoHash) -> Option<Vec<u8>> {
    let number = u32::from(hash[6]) << 8 | u32::from(hash[7]);
    let pick = |colours: [[u8; 3]; 5], by: u32| colours[((number * by + number / 5) % 5) as usize];
    let skin = pick([[245, 208, 180], [224, 172, 125], [141, 85, 54], [255, 224, 196], [190, 132, 90]], 1);
    let hair = pick([[60, 40, 30], [20, 18, 18], [180, 120, 50], [110, 70, 40], [200, 160, 90]], 2);
    let jumper = pick([[47, 111, 143], [162, 59, 91], [74, 106, 47], [107, 78, 155], [200, 150, 60]], 3);
    let ground = pick([[220, 230, 235], [238, 228, 214], [214, 226, 214], [232, 222, 238], [226, 226, 226]], 4);
    let picture = image::RgbImage::from_fn(256, 256, |x, y| {
        let within = |cx: i64, cy: i64, rx: i64, ry: i64| {
            let (dx, dy) = (i64::from(x) - cx, i64::from(y) - cy);
            dx * dx * ry * ry + dy * dy * rx * rx <= rx * rx * ry * ry
        };
        let eye = within(104, 122, 7, 8) || within(152, 122, 7, 8);
        let smile = within(128, 150, 26, 18) && y > 152;
        image::Rgb(match () {
            () if eye => [40, 34, 30],
            () if smile => [150, 60, 60],
            () if within(128, 128, 58, 68) && y > 88 => skin,
            () if within(128, 112, 70, 76) => hair,
            () if within(128, 262, 104, 70) => jumper,
            () => ground,
        })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).ok()?;
    Some(bytes.into_inner())
}
