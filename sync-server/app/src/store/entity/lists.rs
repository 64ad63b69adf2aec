//! Lists of a day on paper.

entity! {
    day_list "day_list" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        centre_id: Uuid,
        day: Day,
        made_at_ms: i64,
        seal: Bytes,
        content: Bytes,
        sha256: Bytes,
        pdf: Bytes,
    }
}

entity! {
    day_list_child "day_list_child" of_organisation
    key { organisation_id: Uuid, list_id: Uuid, child_id: Uuid }
    {
    }
}
