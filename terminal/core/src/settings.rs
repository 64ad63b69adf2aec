//! How this one tablet is set: `reglages.toml` in its data folder, which its own menu writes and a person may read or change.
//!
//! Promises: written whole or not at all, so that a power cut leaves the last one; a file that can't be understood is said in words and
//! kept, and what every tablet does by itself holds meanwhile.

use crate::store::{StoreError, replace};
use crate::words::Language;
use chrono::NaiveTime;
use hardware::form::UidForm;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file.
pub const FILE: &str = "reglages.toml";
/// Where a file that nobody understood goes when the menu writes another.
const NOT_UNDERSTOOD: &str = "reglages.toml.illisible";
/// Longer than any file of settings.
const BYTES_MAX: u64 = 64 * 1024;
/// When an evening begins and ends, for the theme that goes with it.
const EVENING: (NaiveTime, NaiveTime) =
    (NaiveTime::from_hms_opt(18, 0, 0).expect("18:00 exists"), NaiveTime::from_hms_opt(7, 0, 0).expect("7:00 exists"));
/// Longest time without a touch before the screen rests.
pub const REST_MINUTES_MAX: u32 = 120;
/// After how many minutes an awaited child is missed, where nobody set it.
pub const ALERT_MINUTES: u32 = 30;
/// Longest time before one is.
pub const ALERT_MINUTES_MAX: u32 = 240;

/// What staff set on this tablet. The default is what a tablet does that nobody set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The main act and what stands beside are on the left.
    #[serde(rename = "gaucher")]
    pub left_handed: bool,
    /// Letters, signs and targets are larger.
    #[serde(rename = "grands_caracteres")]
    pub large_type: bool,
    /// Light or dark.
    pub theme: Theme,
    /// What the whole window speaks.
    #[serde(rename = "langue")]
    pub language: Language,
    /// Nothing moves.
    #[serde(rename = "sans_animation")]
    pub less_motion: bool,
    /// Minutes without a touch after which the screen rests; 0: never, so that the board is read from across the room.
    #[serde(rename = "repos_minutes")]
    pub rest_minutes: u32,
    /// Minutes after the hour of an awaited child at which the tablet says that it isn't here; 0: never.
    #[serde(rename = "alerte_minutes")]
    pub alert_minutes: u32,
    /// By the gate: families serve themselves by their cards, and see no board.
    #[serde(rename = "libre_service")]
    pub families: bool,
    /// In a crèche, the hour that counts is that of handing over to the team, and not of the family's card.
    #[serde(rename = "heure_a_la_remise")]
    pub handing_over: bool,
    /// How loud it says that a gesture is recorded, or isn't.
    #[serde(rename = "son")]
    pub sound: Sound,
    /// The form in which the reader that types writes numbers.
    #[serde(rename = "lecteur_forme")]
    pub uid_form: UidForm,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            left_handed: false,
            large_type: false,
            theme: Theme::default(),
            less_motion: false,
            rest_minutes: 0,
            alert_minutes: ALERT_MINUTES,
            families: false,
            handing_over: false,
            language: Language::default(),
            sound: Sound::default(),
            uid_form: UidForm::default(),
        }
    }
}

/// How loud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sound {
    /// Silent.
    #[serde(rename = "coupe")]
    Off,
    /// For a room where children sleep.
    #[serde(rename = "faible")]
    Faint,
    /// Heard beside the tablet.
    #[default]
    #[serde(rename = "normal")]
    Normal,
    /// Heard through ten parents.
    #[serde(rename = "fort")]
    Loud,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Theme {
    /// Dark on light.
    #[default]
    #[serde(rename = "clair")]
    Light,
    /// Light on dark.
    #[serde(rename = "sombre")]
    Dark,
    /// Dark from 18:00 to 7:00, light in between.
    #[serde(rename = "sombre_le_soir")]
    DarkInTheEvening,
}

impl Theme {
    /// Whether it is dark at a time of day.
    #[must_use]
    pub fn is_dark(self, time: NaiveTime) -> bool {
        match self {
            Self::Light => false,
            Self::Dark => true,
            Self::DarkInTheEvening => time >= EVENING.0 || time < EVENING.1,
        }
    }
}

impl Settings {
    /// Those of a data folder, and a sentence where its file can't be understood: the defaults hold then.
    #[must_use]
    pub fn load(dir: &Path) -> (Self, Option<String>) {
        let path = dir.join(FILE);
        let text = match read_short(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (Self::default(), None),
            Err(error) => return (Self::default(), Some(not_understood(&error.to_string()))),
        };
        let settings = toml::from_str::<Self>(&text).map_err(|error| where_it_stands(&text, &error));
        match settings {
            Ok(settings) => match settings.out_of_bounds() {
                Some(why) => (Self::default(), Some(not_understood(&why))),
                None => (settings, None),
            },
            Err(why) => (Self::default(), Some(not_understood(&why))),
        }
    }

    fn out_of_bounds(&self) -> Option<String> {
        let minutes = [("repos_minutes", self.rest_minutes, REST_MINUTES_MAX), ("alerte_minutes", self.alert_minutes, ALERT_MINUTES_MAX)];
        let (key, set, most) = minutes.into_iter().find(|(_, set, most)| set > most)?;
        Some(tr!("{} = {} : attendu 0 à {}", key, set, most))
    }

    /// Writes them. A file that wasn't understood is kept beside.
    ///
    /// # Errors
    /// No room or no right: the file is as it was.
    pub fn save(&self, dir: &Path) -> Result<(), StoreError> {
        let path = dir.join(FILE);
        if Self::load(dir).1.is_some() {
            let aside = dir.join(NOT_UNDERSTOOD);
            std::fs::rename(&path, &aside).map_err(|error| StoreError::io(&aside, &error))?;
        }
        replace(&path, self.in_a_file()?.as_bytes()).map_err(|error| StoreError::io(&path, &error))
    }

    /// As a person finds them in the file.
    fn in_a_file(&self) -> Result<String, StoreError> {
        let set = toml::to_string(self).map_err(|error| StoreError::Refused(error.to_string()))?;
        let mut text = String::from(
            "# Réglages de cette tablette, écrits par son menu : doigt maintenu sur le nom du lieu, en haut de l'écran.\n\
             # Chaque ligne est facultative ; ils sont relus au démarrage.\n",
        );
        for line in set.lines() {
            let key = line.split(' ').next().unwrap_or_default();
            text.push_str(&format!("\n# {}\n{line}\n", about(key)));
        }
        Ok(text)
    }
}

/// What a line of the file is for.
fn about(key: &str) -> &'static str {
    match key {
        "gaucher" => "Gestes principaux et panneaux à gauche : true ou false.",
        "grands_caracteres" => "Lettres, signes et cases plus grands : true ou false.",
        "theme" => "\"clair\", \"sombre\", ou \"sombre_le_soir\" (de 18 h à 7 h).",
        "langue" => "Langue de l'écran : \"fr\" ou \"en\".",
        "sans_animation" => "Rien ne bouge à l'écran : true ou false.",
        "repos_minutes" => "Écran de repos, sans aucun nom, après tant de minutes sans toucher ; 0 : jamais.",
        "alerte_minutes" => "L'écran dit qui est attendu et n'est pas là, tant de minutes après son heure ; 0 : jamais.",
        "libre_service" => "Les familles pointent elles-mêmes par leur carte, sans tableau ; un badge de l'équipe l'ouvre : true ou false.",
        "heure_a_la_remise" => {
            "En crèche et en libre-service, l'heure est celle où l'équipe reçoit ou rend l'enfant, non celle de la carte : true ou false."
        }
        "son" => "Un son quand c'est enregistré, un autre quand l'écran est à lire : \"coupe\", \"faible\", \"normal\" ou \"fort\".",
        "lecteur_forme" => {
            "Forme des numéros d'un lecteur qui tape comme un clavier : \"hexadecimal\", \"hexadecimal_inverse\", \"decimal\" ou \
             \"decimal_inverse\". La page « Lecteur » du menu l'apprend d'une carte connue."
        }
        _ => "",
    }
}

fn read_short(path: &PathBuf) -> std::io::Result<String> {
    if std::fs::metadata(path)?.len() > BYTES_MAX {
        return Err(std::io::Error::other(tr!("fichier trop long")));
    }
    std::fs::read_to_string(path)
}

/// The line that wasn't understood: the library's own words are English.
fn where_it_stands(text: &str, error: &toml::de::Error) -> String {
    let Some(span) = error.span() else { return tr!("contenu inattendu") };
    let number = text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1);
    let line: String = text.lines().nth(number - 1).unwrap_or_default().chars().take(80).collect();
    tr!("ligne {number} : « {line} »", number, line = line.trim())
}

fn not_understood(why: &str) -> String {
    tr!(
        "Les réglages de cette tablette n'ont pas été compris ({file}, {why}) : ceux d'origine valent. Réglez-la par son menu.",
        file = FILE,
        why
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn load_of(text: &str) -> (Settings, Option<String>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), text).unwrap();
        Settings::load(dir.path())
    }

    fn any_settings() -> impl Strategy<Value = Settings> {
        let theme = prop_oneof![Just(Theme::Light), Just(Theme::Dark), Just(Theme::DarkInTheEvening)];
        let booleans = any::<[bool; 5]>();
        let sound = prop_oneof![Just(Sound::Off), Just(Sound::Faint), Just(Sound::Normal), Just(Sound::Loud)];
        let language = prop_oneof![Just(Language::French), Just(Language::English)];
        let minutes = (0..=REST_MINUTES_MAX, 0..=ALERT_MINUTES_MAX);
        (booleans, (theme, language), sound, minutes, 0..UidForm::ALL.len()).prop_map(
            |(set, (theme, language), sound, (rest_minutes, alert_minutes), form)| Settings {
                left_handed: set[0],
                large_type: set[1],
                less_motion: set[2],
                families: set[3],
                handing_over: set[4],
                theme,
                language,
                sound,
                rest_minutes,
                alert_minutes,
                uid_form: UidForm::ALL[form],
            },
        )
    }

    #[test]
    fn a_tablet_that_nobody_set_has_no_file_and_nothing_to_say() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Settings::load(dir.path()), (Settings::default(), None));
        assert_eq!(load_of(""), (Settings::default(), None), "each line may be missing");
        assert_eq!(load_of("gaucher = true").0, Settings { left_handed: true, ..Settings::default() });
    }

    #[test]
    fn a_file_that_nobody_understands_is_said_with_its_line_and_kept_beside_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let bad = "gaucher = true\ntheme = \"rose\"\n";
        std::fs::write(dir.path().join(FILE), bad).unwrap();
        let (settings, why) = Settings::load(dir.path());
        let why = why.unwrap();
        assert_eq!(settings, Settings::default(), "no half of a file holds");
        assert!(why.contains("ligne 2") && why.contains("theme = \"rose\""), "{why}");
        Settings { large_type: true, ..Settings::default() }.save(dir.path()).unwrap();
        assert!(Settings::load(dir.path()).0.large_type);
        assert_eq!(std::fs::read_to_string(dir.path().join(NOT_UNDERSTOOD)).unwrap(), bad);
        for text in [
            "gauche = true",
            "gaucher = oui",
            "repos_minutes = -1",
            "repos_minutes = 5000",
            "alerte_minutes = 241",
            "[",
            &"#".repeat(70_000),
        ] {
            let (settings, why) = load_of(text);
            assert!(settings == Settings::default() && why.is_some(), "{text:.20}");
        }
    }

    #[test]
    fn an_evening_is_dark_until_the_morning() {
        let at = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let dark: Vec<bool> =
            ["06:59", "07:00", "17:59", "18:00", "23:30"].iter().map(|time| Theme::DarkInTheEvening.is_dark(at(time))).collect();
        assert_eq!(dark, [true, false, false, true, true]);
        assert!(Theme::Dark.is_dark(at("12:00")) && !Theme::Light.is_dark(at("23:00")));
    }

    #[test]
    fn a_write_that_fails_leaves_the_last_file() {
        let dir = tempfile::tempdir().unwrap();
        let first = Settings { left_handed: true, ..Settings::default() };
        first.save(dir.path()).unwrap();
        // Where the new one is written first, something stands.
        std::fs::create_dir(dir.path().join("reglages.new")).unwrap();
        assert!(Settings::default().save(dir.path()).is_err());
        assert_eq!(Settings::load(dir.path()), (first, None));
    }

    proptest! {
        #[test]
        fn whatever_was_set_is_read_back_and_explained(settings in any_settings()) {
            let dir = tempfile::tempdir().unwrap();
            settings.save(dir.path()).unwrap();
            prop_assert_eq!(Settings::load(dir.path()), (settings, None));
            let text = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
            prop_assert_eq!(text.lines().filter(|line| line.starts_with("# ")).count(), 2 + 11, "{}", text);
        }

        #[test]
        fn any_file_gets_an_answer(text in "\\PC{0,120}") {
            let _ = load_of(&text);
        }
    }
}
