//! Families, typed once for the territoire: households, adults, children, who may do what, and their cards.
//!
//! What each column is for stands in the migration that made it.

entity! {
    household "household" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        code: String,
        name: String,
        regime: Option<String>,
        allocataire_number: Option<String>,
        confidential: bool,
    }
}

entity! {
    household_address "household_address" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        household_id: Uuid,
        valid_from: Option<Day>,
        address: Option<String>,
        postal_code: Option<String>,
        commune_insee: String,
    }
}

entity! {
    person "person" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        household_id: Uuid,
        code: String,
        civility: Option<String>,
        last_name: String,
        first_name: String,
        birth_name: Option<String>,
        birth_first_names: Option<String>,
        birth_date: Option<Day>,
        sex: Option<String>,
        birth_commune_insee: Option<String>,
        birth_country_insee: Option<String>,
        email: Option<String>,
        phone: Option<String>,
        channel: Option<String>,
        language: Option<String>,
        is_payer: bool,
        share_bp: Option<i32>,
        search_name: String,
    }
}

entity! {
    situation "situation" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        household_id: Uuid,
        organisation_id: Option<Uuid>,
        valid_from: Day,
        valid_to: Option<Day>,
        family_quotient: Option<i32>,
        monthly_resources_cents: Option<i64>,
        dependent_children: Option<i32>,
        aeeh_children: Option<i32>,
        source: Option<String>,
    }
}

entity! {
    child "child" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        household_id: Uuid,
        code: String,
        last_name: String,
        first_name: String,
        birth_date: Day,
        allergies: Option<String>,
        menu: Option<String>,
        care_plan: Option<String>,
        walks_since: Option<Day>,
        leaves_alone_minute: Option<i32>,
        leaves_alone_days: Option<i32>,
        photo_consent_on: Option<Day>,
        image_rights_on: Option<Day>,
        photo_hash: Option<Bytes>,
        search_name: String,
    }
}

entity! {
    photo "photo" of_territoire
    key { territoire_id: Uuid, hash: Bytes }
    {
        jpeg: Bytes,
    }
}

entity! {
    custody "custody" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        child_id: Uuid,
        household_id: Uuid,
        valid_from: Option<Day>,
        valid_to: Option<Day>,
        kind: String,
        calendar: Option<String>,
        pivot: Option<Day>,
    }
}

entity! {
    custody_exception "custody_exception" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        child_id: Uuid,
        day: Day,
        household_id: Uuid,
    }
}

entity! {
    child_right "child_right" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        child_id: Uuid,
        person_id: Uuid,
        link: Option<String>,
        parental_authority: String,
        may_take: bool,
        sees_presence: bool,
        sees_bills: bool,
        may_book: bool,
        valid_from: Option<Day>,
        valid_to: Option<Day>,
        by_default: bool,
    }
}

entity! {
    pickup_person "pickup_person" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        child_id: Uuid,
        code: Option<String>,
        last_name: String,
        first_name: String,
        link: Option<String>,
        phone: Option<String>,
        birth_date: Option<Day>,
        status: String,
        nature: Option<String>,
        person_id: Option<Uuid>,
        weekdays: Option<i32>,
        from_minute: Option<i32>,
        id_document: Option<String>,
        valid_from: Option<Day>,
        valid_to: Option<Day>,
        call_order: Option<i32>,
        photo_hash: Option<Bytes>,
        rank: i32,
    }
}

entity! {
    class_assignment "class_assignment" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        child_id: Uuid,
        class_id: Uuid,
        valid_from: Day,
        valid_to: Option<Day>,
    }
}

entity! {
    child_absence "child_absence" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        child_id: Uuid,
        first_day: Day,
        last_day: Day,
        reason: String,
        announced_on: Option<Day>,
        certificate_on: Option<Day>,
    }
}

entity! {
    badge "badge" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        uid: String,
        kind: String,
        household_id: Option<Uuid>,
        person_id: Option<Uuid>,
        organisation_id: Option<Uuid>,
        staff_id: Option<Uuid>,
        revoked_at_ms: Option<i64>,
    }
}

entity! {
    door_code "door_code" of_territoire
    key { territoire_id: Uuid, person_id: Uuid }
    {
        hash: String,
        set_at_ms: i64,
    }
}

entity! {
    family_note "family_note" of_territoire
    key { territoire_id: Uuid, child_id: Uuid, day: Day, person_id: Uuid }
    {
        text: String,
        written_at_ms: i64,
    }
}
