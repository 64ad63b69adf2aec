//! What children attend: nineteen activities at twelve places.

use crate::days::Period;
use crate::folder::{Folder, add, clock_time};
use crate::territory::at;

/// What is booked and billed.
#[derive(Debug, Clone, Copy)]
pub struct Activity {
    /// Code.
    pub code: &'static str,
    /// Name on the screens.
    pub name: &'static str,
    /// Its place.
    pub centre: &'static str,
    /// Code of its tariff.
    pub tariff: &'static str,
    /// First minute since midnight.
    pub starts: u32,
    /// Last minute since midnight.
    pub ends: u32,
    /// Days of the school calendar.
    pub period: Period,
    /// `heures`, `arrivee`, `depart` or `appel`.
    pub recording: &'static str,
    /// `obligatoire`, `facultative` or `aucune`.
    pub booking: &'static str,
    /// Who collects.
    pub regie: &'static str,
    /// `garde` or `repas`.
    pub nature: &'static str,
}

const fn activity(code: &'static str, name: &'static str, centre: &'static str, tariff: &'static str, hours: (u32, u32)) -> Activity {
    Activity {
        code,
        name,
        centre,
        tariff,
        starts: hours.0,
        ends: hours.1,
        period: Period::School,
        recording: "heures",
        booking: "facultative",
        regie: "EJ",
        nature: "garde",
    }
}

const fn creche(code: &'static str, centre: &'static str) -> Activity {
    let base = activity(code, "Accueil en crèche", centre, "psu", (at(7, 30), at(18, 30)));
    Activity { period: Period::Always, booking: "aucune", regie: "PE", ..base }
}

const fn wednesday(code: &'static str, centre: &'static str) -> Activity {
    let base = activity(code, "Mercredi journée", centre, "loisirs-journee", (at(8, 0), at(18, 0)));
    Activity { period: Period::Wednesday, ..base }
}

const fn holidays(code: &'static str, centre: &'static str) -> Activity {
    let base = activity(code, "Vacances journée", centre, "loisirs-journee", (at(8, 0), at(18, 0)));
    Activity { period: Period::Holidays, booking: "obligatoire", ..base }
}

const fn morning(code: &'static str, centre: &'static str, tariff: &'static str) -> Activity {
    Activity { recording: "arrivee", ..activity(code, "Accueil du matin", centre, tariff, (at(7, 30), at(8, 30))) }
}

const fn evening(code: &'static str, centre: &'static str, tariff: &'static str) -> Activity {
    Activity { recording: "depart", ..activity(code, "Accueil du soir", centre, tariff, (at(16, 30), at(18, 30))) }
}

const fn canteen(code: &'static str, centre: &'static str, tariff: &'static str, regie: &'static str) -> Activity {
    let base = activity(code, "Cantine", centre, tariff, (at(11, 45), at(13, 30)));
    Activity { recording: "appel", booking: "obligatoire", nature: "repas", regie, ..base }
}

/// Every activity.
pub const ACTIVITIES: [Activity; 19] = [
    creche("VER-CRE-ACC", "VER-CRE"),
    creche("PAC-CRE-ACC", "PAC-CRE"),
    creche("AND-CRE-ACC", "AND-CRE"),
    wednesday("VER-MER", "VER-ALSH"),
    Activity {
        period: Period::Wednesday,
        ..activity("VER-MER-AM", "Mercredi matin avec repas", "VER-ALSH", "loisirs-demi-journee", (at(8, 0), at(13, 30)))
    },
    holidays("VER-VAC", "VER-ALSH"),
    wednesday("GAS-MER", "GAS-ALSH"),
    holidays("GAS-VAC", "GAS-ALSH"),
    wednesday("MEN-MER", "MEN-ALSH"),
    holidays("MEN-VAC", "MEN-ALSH"),
    Activity { regie: "MEN", ..morning("MEN-MAT", "MEN-PERI", "menilles-matin") },
    Activity { regie: "MEN", ..evening("MEN-SOIR", "MEN-PERI", "menilles-soir") },
    canteen("MEN-MIDI", "MEN-CANT", "menilles-cantine", "MEN"),
    morning("PAC-MAT", "PAC-PERI", "pacy-periscolaire"),
    evening("PAC-SOIR", "PAC-PERI", "pacy-periscolaire"),
    canteen("PAC-MIDI", "PAC-CANT", "pacy-cantine", "EJ"),
    morning("VEX-MAT", "VEX-PERI", "ecos-periscolaire"),
    evening("VEX-SOIR", "VEX-PERI", "ecos-periscolaire"),
    canteen("STM-MIDI", "STM-CANT", "saint-marcel-cantine", "STM"),
];

/// An activity by its code.
///
/// # Panics
/// On a code that isn't in the table.
#[must_use]
pub fn activity_by_code(code: &str) -> &'static Activity {
    ACTIVITIES.iter().find(|activity| activity.code == code).unwrap_or_else(|| panic!("no activity {code}"))
}

/// One activity as a row.
pub fn write(folder: &mut Folder, activity: &Activity, capacity: u32) {
    let (days, period) = match activity.period {
        Period::School => ("lu ma je ve", "scolaire"),
        Period::Wednesday => ("me", "mercredi"),
        Period::Holidays => ("lu ma me je ve", "vacances"),
        Period::Always => ("lu ma me je ve", "toujours"),
    };
    let deadline = if activity.booking == "obligatoire" { "la veille ouvrée à 10 h" } else { "" };
    add!(
        folder,
        "activites.csv",
        code = activity.code,
        lieu = activity.centre,
        nom = activity.name,
        tarif = activity.tariff,
        debut = clock_time(activity.starts),
        fin = clock_time(activity.ends),
        jours = days,
        periode = period,
        pointage = activity.recording,
        reservation = activity.booking,
        capacite = capacity,
        delai_annulation = deadline,
        regie = activity.regie,
        nature = activity.nature,
    );
}
