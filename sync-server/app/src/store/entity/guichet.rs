//! The installation itself: territoire, organisations, delegations, communes.
//!
//! What each column is for stands in the migration that made it.

entity! {
    territoire "territoire" of_nobody
    key { id: Uuid }
    {
        name: String,
        created_at_ms: i64,
    }
}

entity! {
    installation "installation" of_nobody
    key { id: i32 }
    {
        territoire_id: Uuid,
        demo: bool,
        server_epoch: Bytes,
        reprise: bool,
        created_at_ms: i64,
    }
}

entity! {
    organisation "organisation" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        code: String,
        name: String,
        kind: String,
        siret: Option<String>,
        commune_insee: Option<String>,
        court: Option<String>,
        issuer_name: Option<String>,
        issuer_capacity: Option<String>,
    }
}

entity! {
    delegation "delegation" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        from_organisation_id: Uuid,
        to_organisation_id: Uuid,
        scope: String,
        act_reference: Option<String>,
        valid_from: Day,
        valid_to: Option<Day>,
    }
}

entity! {
    commune "commune" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        code_insee: String,
        name: String,
        postal_codes: Option<String>,
    }
}
