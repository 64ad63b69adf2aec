//! Who works where: a director and a team for each place, each with a card.

use crate::families::names::{Origin, Sex};
use crate::families::ordinary::uid;
use crate::folder::{Folder, add, yes};
use crate::random::Random;
use crate::territory::CENTRES;

/// Card numbers of staff start here, so that they never meet a household's.
const FIRST_CARD: usize = 2_000_000;

/// Writes the staff of every place.
pub fn write(folder: &mut Folder, seed: u64) {
    let mut number = 0;
    for centre in CENTRES {
        let random = &mut Random::stream(seed, centre.code, 0);
        let (director, team, kitchen): (&str, &[&str], &str) = match centre.kind {
            "eaje" if centre.capacity > 24 => {
                ("Puéricultrice", &["Éducatrice de jeunes enfants", "Auxiliaire de puériculture", "CAP AEPE"], "Cuisine")
            }
            "eaje" => ("Éducatrice de jeunes enfants", &["Auxiliaire de puériculture", "CAP AEPE"], "Entretien"),
            "alsh" => ("BAFD", &["BAFA", "BAFA", "CQP animateur", "BAFA en cours"], "Entretien"),
            "periscolaire" => ("BPJEPS", &["BAFA", "CQP animateur", "BAFA en cours"], ""),
            _ => ("Responsable de restauration", &["Agent de restauration", "ATSEM"], "Cuisine"),
        };
        let size = match centre.kind {
            "eaje" => (centre.capacity / 5).max(3),
            "cantine" => centre.capacity / 30,
            _ => centre.capacity / 12,
        };
        for index in 0..=size + u32::from(!kitchen.is_empty()) {
            let is_director = index == 0;
            let in_kitchen = index > size;
            let qualification = if is_director {
                director
            } else if in_kitchen {
                kitchen
            } else {
                team[(index as usize - 1) % team.len()]
            };
            let sex = if random.per_mille(820) { Sex::F } else { Sex::M };
            let origin = Origin::draw(random);
            number += 1;
            let code = format!("P{number:03}");
            add!(
                folder,
                "personnel.csv",
                code = code,
                lieu = centre.code,
                nom = origin.family(random),
                prenom = origin.adult(sex, random),
                role = if is_director { "direction" } else { "equipe" },
                qualification = qualification,
                // A director counts up to fifty minors (CASF R. 227-17), a cook never does.
                compte_encadrement = yes(!in_kitchen && (!is_director || centre.capacity <= 50)),
            );
            add!(folder, "badges.csv", uid = uid(FIRST_CARD + number, random), type = "personnel", porteur = code);
        }
    }
}
