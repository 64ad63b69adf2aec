//! The folder that is being written: tables with the columns of `docs/import.md`,
//! and whole files (tariffs, the script's cast).

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::Path;

/// Every table with its columns, in the order of the import's documentation.
pub const TABLES: &[(&str, &str)] = &[
    ("organisations.csv", "code nom type siret commune_insee tribunal ordonnateur_nom ordonnateur_qualite"),
    ("regies.csv", "code organisation nom mode numcli terme moyens plafond_encaisse code_budget code_collectivite id_poste"),
    ("communes.csv", "code_insee nom codes_postaux"),
    ("sites.csv", "code nom adresse commune_insee"),
    (
        "lieux.csv",
        "code nom type commune_insee site organisation capacite ouverture fermeture zone_scolaire numero_declaration encadrement",
    ),
    ("fermetures.csv", "lieu du au motif"),
    ("groupes.csv", "code lieu nom"),
    ("ecoles.csv", "code nom uai commune_insee site"),
    ("classes.csv", "code ecole annee nom niveau"),
    ("foyers.csv", "code nom adresse code_postal commune_insee regime numero_allocataire confidentiel"),
    ("adresses.csv", "foyer du adresse code_postal commune_insee"),
    (
        "responsables.csv",
        "code foyer civilite nom prenom nom_naissance prenoms naissance sexe naissance_commune_insee naissance_pays_insee courriel telephone canal langue payeur part_pourcent",
    ),
    ("situations.csv", "foyer du au quotient_familial ressources_mensuelles enfants_a_charge enfants_aeeh source"),
    (
        "enfants.csv",
        "code foyer nom prenom naissance groupe allergies menu pai marche_depuis part_seul_des part_seul_jours photo_accord_le",
    ),
    ("affectations.csv", "enfant groupe du au"),
    ("scolarites.csv", "enfant classe du au"),
    ("rattachements.csv", "enfant foyer du au garde calendrier pivot"),
    ("gardes.csv", "enfant date foyer"),
    ("liens.csv", "enfant responsable lien autorite_parentale peut_prendre voit_presence voit_factures reserve du au"),
    (
        "personnes.csv",
        "code enfant nom prenom lien telephone naissance statut nature responsable jours heure_min piece_identite du au ordre_appel",
    ),
    ("personnel.csv", "code lieu nom prenom role qualification compte_encadrement"),
    ("badges.csv", "uid type porteur"),
    ("activites.csv", "code lieu nom tarif debut fin jours periode pointage reservation capacite delai_annulation regie nature"),
    ("inscriptions.csv", "enfant activite du au groupe"),
    (
        "contrats.csv",
        "code enfant activite du au heures_semaine semaines mensualites heures_absence_prevues accueil adaptation_jusqu_au foyer",
    ),
    ("contrats_plages.csv", "contrat semaine jour debut fin"),
    ("conges.csv", "contrat du au declare_le"),
    ("reservations.csv", "enfant activite date debut fin etat demandee_le annulee_le canal foyer"),
    ("absences.csv", "enfant du au motif annoncee_le certificat_le"),
    ("pointages.csv", "enfant activite date arrivee depart justificatif"),
];

/// A file that only a folder written by this program holds: the sign that it may be written again.
pub const CAST_FILE: &str = "demo.json";

/// One folder in the import format, in memory.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    tables: BTreeMap<&'static str, Vec<Vec<String>>>,
    texts: BTreeMap<String, String>,
}

impl Folder {
    /// Adds a row; columns that aren't named stay empty.
    ///
    /// # Panics
    /// On a file or a column that the format doesn't have: a mistake in this program, which its tests would show.
    pub fn add<const N: usize>(&mut self, file: &'static str, values: [(&'static str, String); N]) {
        let columns = columns(file);
        let mut row = vec![String::new(); columns.len()];
        for (column, value) in values {
            let place = columns.iter().position(|known| *known == column);
            let place = place.unwrap_or_else(|| panic!("{file} has no column {column}"));
            row[place] = value;
        }
        self.tables.entry(file).or_default().push(row);
    }

    /// Adds a whole file.
    pub fn add_text(&mut self, path: &str, text: String) {
        self.texts.insert(path.to_owned(), text);
    }

    /// The rows of a table, in the order of its columns.
    #[must_use]
    pub fn rows(&self, file: &str) -> &[Vec<String>] {
        self.tables.get(file).map_or(&[], Vec::as_slice)
    }

    /// One column of a table.
    ///
    /// # Panics
    /// On a column that the format doesn't have.
    pub fn column<'a>(&'a self, file: &str, column: &str) -> impl Iterator<Item = &'a str> {
        let place = columns(file).iter().position(|known| *known == column);
        let place = place.unwrap_or_else(|| panic!("{file} has no column {column}"));
        self.rows(file).iter().map(move |row| row[place].as_str())
    }

    /// Every file with its bytes, by path.
    ///
    /// # Errors
    /// None that a table in memory can give; the CSV writer's signature allows for one.
    pub fn files(&self) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
        let mut files: BTreeMap<String, Vec<u8>> =
            self.texts.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
        for (file, rows) in &self.tables {
            let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
            writer.write_record(columns(file))?;
            for row in rows {
                writer.write_record(row)?;
            }
            files.insert((*file).to_owned(), writer.into_inner()?);
        }
        Ok(files)
    }

    /// Writes the folder. One that holds anything else is left alone.
    ///
    /// # Errors
    /// The folder holds files of another origin, or the disk refuses.
    pub fn write(&self, directory: &Path) -> anyhow::Result<()> {
        let is_foreign = directory.exists() && std::fs::read_dir(directory)?.next().is_some() && !directory.join(CAST_FILE).exists();
        if is_foreign {
            bail!("le dossier {} contient déjà autre chose : choisissez-en un vide", directory.display());
        }
        for (path, bytes) in self.files()? {
            let target = directory.join(&path);
            if let Some(parent) = target.parent() {
                std::fs::create_dir_all(parent).with_context(|| format!("impossible de créer {}", parent.display()))?;
            }
            std::fs::write(&target, bytes).with_context(|| format!("impossible d'écrire {}", target.display()))?;
        }
        Ok(())
    }
}

/// The columns of a table.
#[must_use]
pub fn columns(file: &str) -> Vec<&'static str> {
    let known = TABLES.iter().find(|(name, _)| *name == file);
    known.map(|(_, columns)| columns.split(' ').collect()).unwrap_or_default()
}

/// A row by names: `add!(folder, "groupes.csv", code = "G1", lieu = centre.code)`.
macro_rules! add {
    ($folder:expr, $file:literal, $($column:ident = $value:expr),+ $(,)?) => {
        $folder.add($file, [$((stringify!($column), $value.to_string())),+])
    };
}
pub(crate) use add;

/// What a cell shows of a value that may be absent.
pub(crate) fn cell<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// `oui` or `non`.
pub(crate) fn yes(value: bool) -> &'static str {
    if value { "oui" } else { "non" }
}

/// `HH:MM` of minutes since midnight.
pub(crate) fn clock_time(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
