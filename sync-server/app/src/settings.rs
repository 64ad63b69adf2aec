//! What an installation sets for itself: `preau.toml` in its data folder. Every key has a default; a sample with all of them is
//! `packaging/preau.toml`.

use crate::{Error, Result};
use serde::Deserialize;
use shared::wire::{DATA_LOCK_DAYS, DATA_LOCK_DAYS_ALLOWED};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The file's name, in the data folder.
pub const FILE: &str = "preau.toml";

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where families and PayFiP reach this server, without a slash at the end: `https://enfance.exemple.fr`.
    pub adresse: String,
    /// How mail leaves.
    pub courriel: Mail,
    /// The payment service.
    pub payfip: Payfip,
    /// The tablets of the territoire.
    pub tablettes: Tablets,
    /// Proxies in front of this server, by address: what they say of a caller's address (`X-Forwarded-For`) is believed.
    pub mandataires: Vec<IpAddr>,
    /// Sign-ons of the territoire: `[[oidc]]`, none by default.
    pub oidc: Vec<Oidc>,
}

/// A sign-on (OpenID Connect): families and agents may log in there instead of here.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// Its name in addresses: `sso` makes `/connexion/sso/sso/retour` the address to register there.
    pub nom: String,
    /// Its address, as it names itself: `https://sso.exemple.fr/realms/territoire`.
    pub emetteur: String,
    /// As it was given there.
    pub client_id: String,
    /// As it was given there.
    pub client_secret: String,
    /// What is asked for besides `openid`.
    #[serde(default)]
    pub portees: Vec<String>,
    /// What stands on the button.
    pub bouton: String,
}

/// A secret is never part of a message.
impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Oidc").field("nom", &self.nom).field("emetteur", &self.emetteur).finish_non_exhaustive()
    }
}

/// How mail leaves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The sender: `"Accueil enfance <enfance@exemple.fr>"`.
    pub expediteur: String,
    /// An SMTP server: `smtps://compte:secret@smtp.exemple.fr`, or `smtp://localhost:25` for a relay on this machine.
    /// Empty: messages are written to a folder and nothing leaves.
    pub smtp: String,
    /// That folder, relative to the data folder.
    pub dossier: PathBuf,
}

/// The tablets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tablets {
    /// After how many days without an exchange a tablet erases its list of children until the server answers it again: 2 to 365.
    pub verrou_jours: u32,
}

/// The payment service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Payfip {
    /// Its host.
    pub adresse: String,
    /// `T` for tests, `X` for the activation of a régie, `W` for real payments.
    pub saisie: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            adresse: "http://127.0.0.1:8080".into(),
            courriel: Mail::default(),
            payfip: Payfip::default(),
            tablettes: Tablets::default(),
            mandataires: Vec::new(),
            oidc: Vec::new(),
        }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self { expediteur: "Préau <ne-pas-repondre@localhost>".into(), smtp: String::new(), dossier: "courriels".into() }
    }
}

impl Default for Tablets {
    fn default() -> Self {
        Self { verrou_jours: DATA_LOCK_DAYS }
    }
}

impl Default for Payfip {
    fn default() -> Self {
        Self { adresse: "https://www.payfip.gouv.fr".into(), saisie: "T".into() }
    }
}

impl Settings {
    /// Reads the settings of a data folder; the defaults where it has none.
    ///
    /// # Errors
    /// A file that can't be read, with the line and what was expected.
    pub fn read(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|said| Error::input(format!("{} : {said}", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::io(&path)(error)),
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut settings: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        settings.adresse = settings.adresse.trim_end_matches('/').to_owned();
        if !settings.adresse.starts_with("https://") && !settings.adresse.starts_with("http://") {
            return Err(format!("adresse = \"{}\" : attendu https://…", settings.adresse));
        }
        if !matches!(settings.payfip.saisie.as_str(), "T" | "X" | "W") {
            return Err(format!("payfip.saisie = \"{}\" : attendu T, X ou W", settings.payfip.saisie));
        }
        if !DATA_LOCK_DAYS_ALLOWED.contains(&settings.tablettes.verrou_jours) {
            return Err(format!("tablettes.verrou_jours = {} : attendu de 2 à 365 jours", settings.tablettes.verrou_jours));
        }
        for (n, sso) in settings.oidc.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if sso.nom.is_empty() || !sso.nom.chars().all(plain) || settings.oidc[..n].iter().any(|other| other.nom == sso.nom) {
                return Err(format!("oidc.nom = \"{}\" : attendu des minuscules, chiffres et tirets, une fois chacun", sso.nom));
            }
            if !sso.emetteur.starts_with("https://") && !is_this_machine(&sso.emetteur) {
                return Err(format!("oidc.emetteur = \"{}\" : attendu https://…", sso.emetteur));
            }
        }
        Ok(settings)
    }

    /// Whether browsers reach us encrypted: cookies are then kept off plain connections.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.adresse.starts_with("https://")
    }
}

/// A provider for tests, on this machine.
fn is_this_machine(address: &str) -> bool {
    let host = address.strip_prefix("http://").and_then(|rest| rest.split(['/', ':']).next());
    matches!(host, Some("127.0.0.1" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_defaults_and_a_wrong_key_says_where_it_stands() {
        assert_eq!(Settings::parse("").unwrap(), Settings::default());
        let said = Settings::parse("adresse = \"https://a.fr/\"\n[courriel]\nsmpt = \"x\"\n").unwrap_err();
        assert!(said.contains("line 3") && said.contains("smtp"), "{said}");
        assert_eq!(Settings::parse("adresse = \"https://a.fr/\"").unwrap().adresse, "https://a.fr");
        assert_eq!(Settings::parse("[tablettes]\nverrou_jours = 30").unwrap().tablettes.verrou_jours, 30);
        for days in [0, 1, 366] {
            let said = Settings::parse(&format!("[tablettes]\nverrou_jours = {days}")).unwrap_err();
            assert!(said.contains("de 2 à 365 jours"), "{said}");
        }
        assert!(Settings::parse("[payfip]\nsaisie = \"A\"").unwrap_err().contains("T, X ou W"));
    }
}
