//! What an organisation offers and what was agreed: staff, tariffs, activities, enrolments, contracts, bookings.
//!
//! What each column is for stands in the migration that made it.

entity! {
    staff "staff" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        centre_id: Uuid,
        code: String,
        last_name: String,
        first_name: String,
        role: String,
        qualification: Option<String>,
        counts_in_ratio: bool,
        pin_hash: Option<String>,
        pin_set_at_ms: Option<i64>,
    }
}

entity! {
    tariff "tariff" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        code: String,
        label: String,
        method: String,
        valid_from: Day,
        valid_to: Option<Day>,
        version: i32,
        source_text: String,
        source_hash: Bytes,
        file_name: String,
        created_at_ms: i64,
        replaced_at_ms: Option<i64>,
    }
}

entity! {
    activity "activity" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        centre_id: Uuid,
        code: String,
        name: String,
        tariff_code: String,
        starts_minute: Option<i32>,
        ends_minute: Option<i32>,
        weekdays: i32,
        period: String,
        recording: String,
        booking_rule: String,
        capacity: Option<i32>,
        cancellation_deadline: Option<String>,
        regie_id: Option<Uuid>,
        nature: Option<String>,
    }
}

entity! {
    group_assignment "group_assignment" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        child_id: Uuid,
        group_id: Uuid,
        valid_from: Option<Day>,
        valid_to: Option<Day>,
    }
}

entity! {
    enrolment "enrolment" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        child_id: Uuid,
        activity_id: Uuid,
        group_id: Option<Uuid>,
        valid_from: Day,
        valid_to: Option<Day>,
    }
}

entity! {
    contract "contract" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        code: String,
        child_id: Uuid,
        activity_id: Uuid,
        household_id: Option<Uuid>,
        valid_from: Day,
        valid_to: Day,
        weekly_hours: String,
        weeks: String,
        monthly_parts: i32,
        planned_leave_hours: String,
        care_kind: String,
        adaptation_until: Option<Day>,
    }
}

entity! {
    contract_slot "contract_slot" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        contract_id: Uuid,
        week: String,
        weekday: i32,
        rank: i32,
        starts_minute: i32,
        ends_minute: i32,
    }
}

entity! {
    contract_leave "contract_leave" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        contract_id: Uuid,
        first_day: Day,
        last_day: Day,
        declared_on: Day,
    }
}

entity! {
    booking "booking" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        child_id: Uuid,
        activity_id: Uuid,
        day: Day,
        household_id: Option<Uuid>,
    }
}

entity! {
    booking_event "booking_event" of_organisation
    key { organisation_id: Uuid, booking_id: Uuid, number: i32 }
    {
        kind: String,
        at_ms: i64,
        starts_minute: Option<i32>,
        ends_minute: Option<i32>,
        actor: String,
        on_behalf_of: Option<Uuid>,
        capacity: String,
        authority_ref: Option<String>,
        channel: String,
        deadline_rule: Option<String>,
    }
}
