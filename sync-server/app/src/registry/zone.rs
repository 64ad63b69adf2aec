//! The school zone of a lieu: one rule, for the tablet's day and for the bill.

use crate::store::entity::centre;
use shared::calendar::Zone;
use std::collections::BTreeMap;

/// Where no lieu of the organisation says one: Normandie's, where Préau was born.
pub const DEFAULT: Zone = Zone::B;

/// The zone of a lieu: its own; else that of most lieux of its organisation, the first by code where they are as many; else
/// [`DEFAULT`]. `all`: every lieu of the organisation.
#[must_use]
pub fn zone_of(centre: &centre::Model, all: &[centre::Model]) -> Zone {
    said(centre).or_else(|| most(all.iter().filter_map(|c| Some((c.code.as_str(), said(c)?))))).unwrap_or(DEFAULT)
}

/// The zone of most; of as many, that of the first code.
#[must_use]
pub fn most<'a>(zones: impl Iterator<Item = (&'a str, Zone)>) -> Option<Zone> {
    let mut counts: BTreeMap<Zone, (usize, &str)> = BTreeMap::new();
    for (code, zone) in zones {
        let (count, first) = counts.entry(zone).or_insert((0, code));
        *count += 1;
        *first = code.min(first);
    }
    counts.into_iter().max_by(|(_, (a, first_a)), (_, (b, first_b))| a.cmp(b).then(first_b.cmp(first_a))).map(|(zone, _)| zone)
}

fn said(centre: &centre::Model) -> Option<Zone> {
    centre.school_zone.as_deref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn lieu(code: &str, zone: Option<&str>) -> centre::Model {
        centre::Model {
            organisation_id: Uuid::nil(),
            id: Uuid::nil(),
            territoire_id: Uuid::nil(),
            site_id: Uuid::nil(),
            code: code.into(),
            name: code.into(),
            kind: "alsh".into(),
            commune_insee: "27681".into(),
            capacity: None,
            opens_minute: None,
            closes_minute: None,
            school_zone: zone.map(str::to_owned),
            declaration_number: None,
            staffing_rule: None,
        }
    }

    #[test]
    fn a_lieu_without_a_zone_has_that_of_its_organisations_other_lieux() {
        let all = [lieu("A", Some("C")), lieu("B", Some("A")), lieu("C", Some("C")), lieu("D", None)];
        assert_eq!(zone_of(&all[3], &all), Zone::C, "of most");
        assert_eq!(zone_of(&all[1], &all), Zone::A, "what is said holds");
        assert_eq!(zone_of(&all[3], &[lieu("B", Some("A")), lieu("A", Some("C"))]), Zone::C, "as many: of the first by code");
        assert_eq!(zone_of(&all[3], &all[3..]), Zone::B, "nobody says one");
    }
}
