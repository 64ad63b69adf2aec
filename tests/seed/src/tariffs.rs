//! The tariff files, as a council voted them. Brackets and prices are those that
//! organisers print; each file says whose, and each example was computed by hand.

use crate::folder::Folder;

const FILES: [(&str, &str); 11] = [
    ("ecos-periscolaire.toml", include_str!("../data/tarifs/ecos-periscolaire.toml")),
    ("loisirs-demi-journee.toml", include_str!("../data/tarifs/loisirs-demi-journee.toml")),
    ("loisirs-journee.toml", include_str!("../data/tarifs/loisirs-journee.toml")),
    ("menilles-cantine.toml", include_str!("../data/tarifs/menilles-cantine.toml")),
    ("menilles-matin.toml", include_str!("../data/tarifs/menilles-matin.toml")),
    ("menilles-soir-2024.toml", include_str!("../data/tarifs/menilles-soir-2024.toml")),
    ("menilles-soir-2026.toml", include_str!("../data/tarifs/menilles-soir-2026.toml")),
    ("pacy-cantine.toml", include_str!("../data/tarifs/pacy-cantine.toml")),
    ("pacy-periscolaire.toml", include_str!("../data/tarifs/pacy-periscolaire.toml")),
    ("psu.toml", include_str!("../data/tarifs/psu.toml")),
    ("saint-marcel-cantine.toml", include_str!("../data/tarifs/saint-marcel-cantine.toml")),
];

/// Writes `tarifs/*.toml`.
pub fn write(folder: &mut Folder) {
    for (name, text) in FILES {
        folder.add_text(&format!("tarifs/{name}"), text.to_owned());
    }
}
