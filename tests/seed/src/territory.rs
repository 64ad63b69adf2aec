//! The agglomération itself: organisations, régies, communes, sites, places,
//! groups and schools. Nothing here is drawn: it is the stage.

use crate::activities::{self, ACTIVITIES};
use crate::days::Calendar;
use crate::folder::{Folder, add, clock_time};

/// The 61 communes: code INSEE, name, postal codes, département, population, SIREN.
/// Source: répertoire officiel des communes, populations légales (INSEE).
const COMMUNES: &str = include_str!("../data/communes.csv");

/// The site where morning care, canteen and evening care share one tablet, and where the agglomération's
/// holiday centre is the guest of the commune.
pub const SCHOOL_SITE: &str = "S-MEN";
/// The agglomération.
pub const AGGLOMERATION: &str = "SNV";
/// The commune that keeps its own school services.
pub const COMMUNE: &str = "MEN";

/// A commune of the territory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commune {
    /// Code INSEE, 5 characters.
    pub insee: &'static str,
    /// Name.
    pub name: &'static str,
    /// Postal codes, set apart by spaces.
    pub postal_codes: &'static str,
}

impl Commune {
    /// The postal code that addresses here carry.
    #[must_use]
    pub fn postal_code(&self) -> &'static str {
        self.postal_codes.split(' ').next().unwrap_or_default()
    }
}

/// All communes, in the order of their codes.
#[must_use]
pub fn communes() -> Vec<Commune> {
    let read = |line: &'static str| {
        let mut fields = line.split(';');
        Some(Commune { insee: fields.next()?, name: fields.next()?, postal_codes: fields.next()? })
    };
    COMMUNES.lines().skip(1).filter_map(read).collect()
}

/// Communes outside the territory, where some families live: they pay the price of others.
pub const OUTSIDE: [Commune; 3] = [
    Commune { insee: "27229", name: "Évreux", postal_codes: "27000" },
    Commune { insee: "78089", name: "Bonnières-sur-Seine", postal_codes: "78270" },
    Commune { insee: "95355", name: "Magny-en-Vexin", postal_codes: "95420" },
];

/// A building.
struct Site {
    code: &'static str,
    name: &'static str,
    address: &'static str,
    insee: &'static str,
}

const SITES: [Site; 9] = [
    Site { code: "S-VER-PE", name: "Maison de la petite enfance", address: "4 rue du Grévarin", insee: "27681" },
    Site { code: "S-PAC-PE", name: "Pôle petite enfance de Pacy", address: "12 rue Isambard", insee: "27448" },
    Site { code: "S-AND-PE", name: "Micro-crèche des Andelys", address: "3 avenue de la République", insee: "27016" },
    Site { code: "S-VER-LOIS", name: "Centre de loisirs du Parc", address: "1 allée des Marronniers", insee: "27681" },
    Site { code: "S-GAS-LOIS", name: "Centre de loisirs de Gasny", address: "8 rue de Paris", insee: "27279" },
    Site { code: SCHOOL_SITE, name: "Groupe scolaire de Ménilles", address: "2 rue Aristide-Briand", insee: "27397" },
    Site { code: "S-PAC", name: "École de Pacy-sur-Eure", address: "20 rue de la Garenne", insee: "27448" },
    Site { code: "S-VEX", name: "École d'Écos", address: "5 rue de la Mairie", insee: "27213" },
    Site { code: "S-STM", name: "Restaurant scolaire de Saint-Marcel", address: "31 rue de l'École", insee: "27562" },
];

/// A place where children are received (`lieu`).
#[derive(Debug, Clone, Copy)]
pub struct Centre {
    /// Code of the place.
    pub code: &'static str,
    /// Name on the screens.
    pub name: &'static str,
    /// `eaje`, `alsh`, `periscolaire` or `cantine`.
    pub kind: &'static str,
    /// Code INSEE of its commune.
    pub insee: &'static str,
    /// The building.
    pub site: &'static str,
    /// Who runs it.
    pub organisation: &'static str,
    /// Places; for the demonstration's size, scaled with it.
    pub capacity: u32,
    /// First minute since midnight.
    pub opens: u32,
    /// Last minute since midnight.
    pub closes: u32,
    /// The staffing rule.
    pub staffing: &'static str,
    /// The number of its declaration to the State; empty for what is not declared.
    pub declaration: &'static str,
}

/// Minutes since midnight.
pub(crate) const fn at(hour: u32, minute: u32) -> u32 {
    hour * 60 + minute
}

/// Where one place is, and who runs it: shortens the table below.
const fn centre(code: &'static str, name: &'static str, kind: &'static str, insee: &'static str, site: &'static str) -> Centre {
    Centre {
        code,
        name,
        kind,
        insee,
        site,
        organisation: AGGLOMERATION,
        capacity: 0,
        opens: at(7, 30),
        closes: at(18, 30),
        staffing: "aucun",
        declaration: "",
    }
}

/// The twelve places.
pub const CENTRES: [Centre; 12] = [
    Centre { capacity: 60, staffing: "eaje_5_8", ..centre("VER-CRE", "Crèche Les Capucines", "eaje", "27681", "S-VER-PE") },
    Centre { capacity: 40, staffing: "eaje_6", ..centre("PAC-CRE", "Multi-accueil La Farandole", "eaje", "27448", "S-PAC-PE") },
    Centre { capacity: 12, staffing: "eaje_6", ..centre("AND-CRE", "Micro-crèche Les Galopins", "eaje", "27016", "S-AND-PE") },
    Centre {
        capacity: 120,
        staffing: "alsh_extra",
        declaration: "0270142AP000126",
        ..centre("VER-ALSH", "Accueil de loisirs du Parc", "alsh", "27681", "S-VER-LOIS")
    },
    Centre {
        capacity: 50,
        staffing: "alsh_extra",
        declaration: "0270142AP000226",
        ..centre("GAS-ALSH", "Accueil de loisirs de Gasny", "alsh", "27279", "S-GAS-LOIS")
    },
    Centre {
        capacity: 50,
        staffing: "alsh_extra",
        declaration: "0270142AP000326",
        ..centre("MEN-ALSH", "Accueil de loisirs de Ménilles", "alsh", "27397", SCHOOL_SITE)
    },
    Centre {
        organisation: COMMUNE,
        capacity: 90,
        staffing: "alsh_peri_pedt",
        declaration: "0270397AP000126",
        ..centre("MEN-PERI", "Garderie de Ménilles", "periscolaire", "27397", SCHOOL_SITE)
    },
    Centre {
        organisation: COMMUNE,
        capacity: 160,
        opens: at(11, 45),
        closes: at(13, 30),
        ..centre("MEN-CANT", "Cantine de Ménilles", "cantine", "27397", SCHOOL_SITE)
    },
    Centre {
        capacity: 110,
        staffing: "alsh_peri",
        declaration: "0270142AP000426",
        ..centre("PAC-PERI", "Accueil périscolaire de Pacy", "periscolaire", "27448", "S-PAC")
    },
    Centre { capacity: 220, opens: at(11, 45), closes: at(13, 30), ..centre("PAC-CANT", "Cantine de Pacy", "cantine", "27448", "S-PAC") },
    Centre {
        capacity: 70,
        staffing: "alsh_peri_pedt",
        declaration: "0270142AP000526",
        ..centre("VEX-PERI", "Accueil périscolaire d'Écos", "periscolaire", "27213", "S-VEX")
    },
    Centre {
        capacity: 180,
        opens: at(11, 45),
        closes: at(13, 30),
        ..centre("STM-CANT", "Restaurant scolaire de Saint-Marcel", "cantine", "27562", "S-STM")
    },
];

/// A place by its code.
///
/// # Panics
/// On a code that isn't in the table.
#[must_use]
pub fn centre_by_code(code: &str) -> &'static Centre {
    CENTRES.iter().find(|centre| centre.code == code).unwrap_or_else(|| panic!("no place {code}"))
}

/// Groups: code, place, name.
pub const GROUPS: [(&str, &str, &str); 21] = [
    ("VER-CRE-B", "VER-CRE", "Bébés"),
    ("VER-CRE-M", "VER-CRE", "Moyens"),
    ("VER-CRE-G", "VER-CRE", "Grands"),
    ("PAC-CRE-B", "PAC-CRE", "Bébés"),
    ("PAC-CRE-G", "PAC-CRE", "Grands"),
    ("AND-CRE-U", "AND-CRE", "Les Galopins"),
    ("VER-ALSH-M", "VER-ALSH", "Maternelle"),
    ("VER-ALSH-E", "VER-ALSH", "Élémentaire"),
    ("GAS-ALSH-M", "GAS-ALSH", "Maternelle"),
    ("GAS-ALSH-E", "GAS-ALSH", "Élémentaire"),
    ("MEN-ALSH-M", "MEN-ALSH", "Maternelle"),
    ("MEN-ALSH-E", "MEN-ALSH", "Élémentaire"),
    ("MEN-PERI-M", "MEN-PERI", "Maternelle"),
    ("MEN-PERI-E", "MEN-PERI", "Élémentaire"),
    ("PAC-PERI-M", "PAC-PERI", "Maternelle"),
    ("PAC-PERI-E", "PAC-PERI", "Élémentaire"),
    ("VEX-PERI-U", "VEX-PERI", "Accueil d'Écos"),
    ("MEN-CANT-1", "MEN-CANT", "Premier service"),
    ("MEN-CANT-2", "MEN-CANT", "Second service"),
    ("PAC-CANT-U", "PAC-CANT", "Service unique"),
    ("STM-CANT-U", "STM-CANT", "Service unique"),
];

/// Schools: code, name, number of the UAI without its letter, code INSEE, site.
pub const SCHOOLS: [(&str, &str, u32, &str, &str); 7] = [
    ("E-MEN", "Groupe scolaire Aristide-Briand", 279_001, "27397", SCHOOL_SITE),
    ("E-PAC", "École de la Garenne", 279_002, "27448", "S-PAC"),
    ("E-VEX", "École d'Écos", 279_003, "27213", "S-VEX"),
    ("E-STM", "École Léo-Lagrange", 279_004, "27562", "S-STM"),
    ("E-VER", "École des Boutardes", 279_005, "27681", ""),
    ("E-GAS", "École de Gasny", 279_006, "27279", ""),
    ("E-AND", "École des Remparts", 279_007, "27016", ""),
];

/// An UAI with its check letter (the rest of the number by 23).
fn uai(number: u32) -> String {
    let letters = b"ABCDEFGHJKLMNPRSTUVWXYZ";
    format!("{number:07}{}", char::from(letters[(number % 23) as usize]))
}

/// A SIRET: a SIREN, an establishment number, and the Luhn digit that makes it valid.
fn siret(siren: &str, establishment: u32) -> String {
    let stem = format!("{siren}{establishment:04}");
    // Counted from the right with the check digit last, every second digit is doubled: those at even places of the stem's end.
    let sum: u32 = stem
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let doubled = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    format!("{stem}{}", (10 - sum % 10) % 10)
}

/// The greatest capacity that the import takes.
const PLACES_MAX: u32 = 5000;

/// Writes the stage. `scale_per_mille` makes places for more families than the demonstration's 600.
pub fn write(folder: &mut Folder, calendar: &Calendar, scale_per_mille: u32) {
    let scaled = |places: u32| (places * scale_per_mille).div_ceil(1000).max(places).min(PLACES_MAX);
    write_organisations(folder);
    for commune in communes() {
        add!(folder, "communes.csv", code_insee = commune.insee, nom = commune.name, codes_postaux = commune.postal_codes);
    }
    for site in SITES {
        add!(folder, "sites.csv", code = site.code, nom = site.name, adresse = site.address, commune_insee = site.insee);
    }
    for centre in CENTRES {
        add!(
            folder,
            "lieux.csv",
            code = centre.code,
            nom = centre.name,
            type = centre.kind,
            commune_insee = centre.insee,
            site = centre.site,
            organisation = centre.organisation,
            capacite = scaled(centre.capacity),
            ouverture = clock_time(centre.opens),
            fermeture = clock_time(centre.closes),
            zone_scolaire = "B",
            numero_declaration = centre.declaration,
            encadrement = centre.staffing,
        );
    }
    for closure in calendar.closures() {
        add!(folder, "fermetures.csv", lieu = closure.centre, du = closure.from, au = closure.to, motif = closure.reason);
    }
    for (code, centre, name) in GROUPS {
        add!(folder, "groupes.csv", code = code, lieu = centre, nom = name);
    }
    for (code, name, number, insee, site) in SCHOOLS {
        add!(folder, "ecoles.csv", code = code, nom = name, uai = uai(number), commune_insee = insee, site = site);
    }
    for activity in &ACTIVITIES {
        activities::write(folder, activity, scaled(centre_by_code(activity.centre).capacity));
    }
}

fn write_organisations(folder: &mut Folder) {
    add!(
        folder,
        "organisations.csv",
        code = AGGLOMERATION,
        nom = "Agglomération Seine Normandie Vexin",
        type = "epci",
        // An invented SIREN: it begins with 200, as those of communities do.
        siret = siret("200099991", 1),
        commune_insee = "27203",
        tribunal = "Tribunal administratif de Rouen",
        ordonnateur_nom = "Hélène Marchand",
        ordonnateur_qualite = "Présidente",
    );
    add!(
        folder,
        "organisations.csv",
        code = COMMUNE,
        nom = "Commune de Ménilles",
        type = "commune",
        siret = siret("212703979", 1),
        commune_insee = "27397",
        tribunal = "Tribunal administratif de Rouen",
        ordonnateur_nom = "Bernard Lefèvre",
        ordonnateur_qualite = "Maire",
    );
    write_regie(folder, "PE", AGGLOMERATION, "Régie Petite enfance", "270101", "carte prelevement cheque cesu");
    write_regie(folder, "EJ", AGGLOMERATION, "Régie Enfance-Jeunesse", "270102", "carte prelevement cheque especes cesu ancv");
    write_regie(folder, "MEN", COMMUNE, "Régie des services scolaires de Ménilles", "270103", "carte prelevement cheque especes cesu");
    add!(
        folder,
        "regies.csv",
        code = "STM",
        organisation = AGGLOMERATION,
        nom = "Restauration scolaire de Saint-Marcel",
        mode = "titre",
        terme = "echu",
        moyens = "carte prelevement",
        code_budget = "00",
        code_collectivite = "271",
        id_poste = "027014",
    );
}

fn write_regie(folder: &mut Folder, code: &str, organisation: &str, name: &str, client: &str, means: &str) {
    add!(
        folder,
        "regies.csv",
        code = code,
        organisation = organisation,
        nom = name,
        mode = "regie",
        numcli = client,
        terme = "echu",
        moyens = means,
        plafond_encaisse = "8000",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_territory_has_61_communes_with_a_code_and_a_postal_code_each() {
        let communes = communes();
        assert_eq!(communes.len(), 61);
        assert!(communes.iter().all(|c| c.insee.len() == 5 && !c.name.is_empty() && c.postal_code().len() == 5));
    }

    #[test]
    fn the_check_digit_of_a_siret_is_luhns() {
        // The example that textbooks give.
        assert_eq!(siret("732829320", 7), "73282932000074");
    }
}
