//! Pictures that were looked at and kept: every screen on a wall and in a hand, and a real tablet of 5, 60 and 300 children in both
//! languages and both ways up. At most one pixel in two hundred may differ, and no word.
//!
//! A screen that is to look otherwise: `PREAU_KEEP_PICTURES=1` with this test writes them again; look at each, and commit them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use i_slint_backend_testing::ElementQuery;
use terminal_core::settings::Settings;
use terminal_core::view::Act;
use terminal_core::words::Language;

use crate::door::Door;
use crate::through::Tablet;
use crate::{fixtures, site};

/// Of a thousand pixels, so many may differ.
const DIFFERENT_MAX: usize = 5;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/references")
}

/// What a window shows, as it was kept and as it is.
struct Shown {
    width: u32,
    height: u32,
    /// RGB.
    pixels: Vec<u8>,
    words: BTreeSet<String>,
}

impl Shown {
    fn of(door: &Door) -> Self {
        let picture = door.snapshot();
        let pixels = picture.as_bytes().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        let all = ElementQuery::from_root(&door.window).match_descendants().find_all();
        let in_sight = all.iter().filter(|element| element.is_valid() && element.computed_opacity() > 0.0);
        let said = in_sight.flat_map(|element| [element.accessible_label(), element.accessible_description(), element.accessible_value()]);
        let words = said.flatten().map(String::from).filter(|text| !text.is_empty()).collect();
        Self { width: picture.width(), height: picture.height(), pixels, words }
    }
}

/// The pictures of one part of this file: compared as they come, told of together.
struct Album {
    part: &'static str,
    keeps: bool,
    words: BTreeMap<String, BTreeSet<String>>,
    wrong: Vec<String>,
}

impl Album {
    fn open(part: &'static str) -> Self {
        let keeps = std::env::var_os("PREAU_KEEP_PICTURES").is_some();
        std::fs::create_dir_all(folder()).unwrap();
        Self { part, keeps, words: BTreeMap::new(), wrong: Vec::new() }
    }

    fn look(&mut self, door: &Door, name: &str) {
        let shown = Shown::of(door);
        let path = folder().join(format!("{name}.webp"));
        if self.keeps {
            let kept = image::RgbImage::from_raw(shown.width, shown.height, shown.pixels.clone()).unwrap();
            kept.save(&path).unwrap();
            // Half the size, where the machine has it.
            let _ = std::process::Command::new("cwebp").args(["-quiet", "-lossless", "-m", "6"]).arg(&path).arg("-o").arg(&path).status();
        }
        match image::open(&path).map(image::DynamicImage::into_rgb8) {
            Ok(kept) if kept.dimensions() == (shown.width, shown.height) => {
                let pairs = kept.as_raw().chunks_exact(3).zip(shown.pixels.chunks_exact(3));
                let different = pairs.filter(|(kept, shown)| kept != shown).count();
                if different * 1_000 > shown.pixels.len() / 3 * DIFFERENT_MAX {
                    self.wrong.push(format!("{name}: {different} pixels differ"));
                    door.picture(&format!("autre-{name}"));
                }
            }
            Ok(kept) => self.wrong.push(format!("{name}: kept at {:?}", kept.dimensions())),
            Err(error) => self.wrong.push(format!("{name}: {error}")),
        }
        self.words.insert(name.to_owned(), shown.words);
    }

    /// The words of all of them stand in one file, a line each, to be read in a diff.
    fn close(mut self) {
        let path = folder().join(format!("{}.txt", self.part));
        let mut lines = String::new();
        for (name, words) in &self.words {
            for word in words {
                lines.push_str(&format!("{name}: {}\n", word.replace('\n', " / ")));
            }
        }
        if self.keeps {
            std::fs::write(&path, &lines).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let (kept, now): (BTreeSet<&str>, BTreeSet<&str>) = (kept.lines().collect(), lines.lines().collect());
        self.wrong.extend(kept.difference(&now).map(|line| format!("no longer said: {line}")));
        self.wrong.extend(now.difference(&kept).map(|line| format!("not said before: {line}")));
        assert!(self.wrong.is_empty(), "{}\n(pictures of now: target/tmp/ecrans/autre-*.png)", self.wrong.join("\n"));
    }
}

#[test]
fn every_screen_looks_as_it_was_kept_on_a_wall() {
    let mut album = Album::open("mur");
    for (name, screen) in fixtures::all() {
        album.look(&Door::open(&screen), &format!("mur-{name}"));
    }
    album.close();
}

#[test]
fn every_screen_looks_as_it_was_kept_in_a_hand() {
    let mut album = Album::open("main");
    for (name, screen) in fixtures::all() {
        album.look(&Door::open_sized(&screen, 360, 740), &format!("main-{name}"));
    }
    album.close();
}

/// The tile of Léa, a label in each language.
fn label(language: Language, french: &'static str, english: &'static str) -> &'static str {
    if language == Language::French { french } else { english }
}

fn walk(album: &mut Album, children: u16, language: Language, (width, height): (u32, u32)) {
    let way = if width > height { "large" } else { "haut" };
    let prefix = format!("vrai-{}-{way}-{children}", language.code());
    // The site has six children whom the claims speak of.
    let items = || {
        site::roster()
            .into_iter()
            .chain(site::crowd(children.saturating_sub(6)))
            .filter(|item| children >= 6 || !site::is_about(item, site::ZOE))
    };
    let settings = Settings { language, ..Settings::default() };
    let mut tablet = Tablet::sized(site::wednesday("08:27"), items().collect(), settings, (width, height));
    for act in [Act::Arrive(site::child(site::LEA)), Act::Arrive(site::child(site::TOM)), Act::Absent(site::child(site::NOE))] {
        tablet.ask(Some(act));
    }
    album.look(&tablet.window, &format!("{prefix}-tableau"));
    tablet.now = site::wednesday("16:37");
    // Of three hundred, whoever comes is searched.
    tablet.ask(Some(Act::Search("léa m".into())));
    tablet.touch("Léa M.");
    album.look(&tablet.window, &format!("{prefix}-depart"));
    tablet.touch(label(language, "Fermer", "Close"));
    tablet.ask(Some(Act::Search("aya".into())));
    tablet.hold("Aya B.");
    album.look(&tablet.window, &format!("{prefix}-enfant"));
    tablet.touch(label(language, "Fermer", "Close"));
    if children == 60 {
        tablet.touch(label(language, "Équipe", "Team"));
        album.look(&tablet.window, &format!("{prefix}-equipe"));
        tablet.touch(label(language, "Fermer", "Close"));
        tablet.hold(label(language, "Évacuer", "Evacuate"));
        album.look(&tablet.window, &format!("{prefix}-evacuation"));
    }
    let settings = Settings { language, ..Settings::default() };
    let tablet = Tablet::sized(site::thursday("11:50"), items().collect(), settings, (width, height));
    album.look(&tablet.window, &format!("{prefix}-appel"));
}

#[test]
fn a_tablet_looks_as_it_was_kept_with_5_60_and_300_children_in_both_languages_and_both_ways_up() {
    let mut album = Album::open("vrai");
    for language in [Language::French, Language::English] {
        for size in [(1280, 800), (800, 1280)] {
            for children in [5, 60, 300] {
                walk(&mut album, children, language, size);
            }
        }
    }
    album.close();
}
