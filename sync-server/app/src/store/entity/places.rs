//! Where children are received: sites, régies, lieux, their closures and groups, schools and classes.
//!
//! What each column is for stands in the migration that made it.

entity! {
    site "site" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        organisation_id: Uuid,
        code: String,
        name: String,
        address: Option<String>,
        commune_insee: String,
    }
}

entity! {
    regie "regie" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        code: String,
        name: String,
        mode: String,
        numcli: Option<String>,
        term: String,
        means: Option<String>,
        cash_ceiling_cents: Option<i64>,
        budget_code: Option<String>,
        collectivite_code: Option<String>,
        post_id: Option<String>,
    }
}

entity! {
    centre "centre" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        site_id: Uuid,
        code: String,
        name: String,
        kind: String,
        commune_insee: String,
        capacity: Option<i32>,
        opens_minute: Option<i32>,
        closes_minute: Option<i32>,
        school_zone: Option<String>,
        declaration_number: Option<String>,
        staffing_rule: Option<String>,
    }
}

entity! {
    closure "closure" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        centre_id: Uuid,
        first_day: Day,
        last_day: Day,
        reason: Option<String>,
    }
}

entity! {
    centre_group "centre_group" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        centre_id: Uuid,
        code: String,
        name: String,
    }
}

entity! {
    school "school" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        code: String,
        name: String,
        uai: Option<String>,
        commune_insee: String,
        site_id: Option<Uuid>,
    }
}

entity! {
    school_class "school_class" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        school_id: Uuid,
        code: String,
        school_year: String,
        name: String,
        level: Option<String>,
    }
}
