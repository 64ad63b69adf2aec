//! Sealed facts as stored: envelopes, and what is erasable beside them.
//!
//! What each column is for stands in the migration that made it.

entity! {
    journal_entry "journal_entry" of_organisation
    key { organisation_id: Uuid, entry_id: Uuid }
    {
        territoire_id: Uuid,
        site_id: Uuid,
        device_id: Uuid,
        device_epoch: i32,
        seq: i64,
        kind: String,
        kind_version: i32,
        envelope: Bytes,
        signature: Bytes,
        hash: Bytes,
        payload_hash: Bytes,
        received_at_ms: i64,
        gap_before: bool,
        fork: bool,
    }
}

entity! {
    journal_payload "journal_payload" of_organisation
    key { organisation_id: Uuid, entry_id: Uuid }
    {
        territoire_id: Uuid,
        site_id: Uuid,
        salt: Bytes,
        payload: Bytes,
        child_id: Option<Uuid>,
        centre_id: Option<Uuid>,
        day: Option<Day>,
        last_day: Option<Day>,
        happened_at_ms: Option<i64>,
        effective_at_ms: Option<i64>,
        boot_id: Option<Uuid>,
        target_id: Option<Uuid>,
    }
}

entity! {
    journal_note "journal_note" of_organisation
    key { organisation_id: Uuid, entry_id: Uuid, number: i32 }
    {
        hash: Bytes,
        salt: Bytes,
        content: String,
    }
}

entity! {
    quarantine "quarantine" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        site_id: Option<Uuid>,
        device_id: Option<Uuid>,
        entry_id: Option<Uuid>,
        envelope: Bytes,
        signature: Bytes,
        sealed: Bytes,
        code: String,
        received_at_ms: i64,
        decision: Option<String>,
        decided_by: Option<String>,
        decided_at_ms: Option<i64>,
        organisation_id: Option<Uuid>,
        decision_entry_id: Option<Uuid>,
    }
}

entity! {
    held_entry "held_entry" of_territoire
    key { territoire_id: Uuid, device_id: Uuid, device_epoch: i32, seq: i64, entry_id: Uuid }
    {
        envelope: Bytes,
        signature: Bytes,
        sealed: Bytes,
        held_since_ms: i64,
        relayed: bool,
    }
}

entity! {
    forgotten_child "forgotten_child" of_organisation
    key { organisation_id: Uuid, child_id: Uuid }
    {
        territoire_id: Uuid,
        at_ms: i64,
    }
}

entity! {
    day_signature "day_signature" of_organisation
    key { organisation_id: Uuid, entry_id: Uuid }
    {
        centre_id: Uuid,
        day: Day,
        moment: Option<String>,
        sheet_hash: Bytes,
        signed_by: String,
        signed_at_ms: i64,
        automatic: bool,
        reopened_entry_id: Option<Uuid>,
    }
}

entity! {
    imported_attendance "imported_attendance" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        child_id: Uuid,
        activity_id: Uuid,
        day: Day,
        arrives_minute: Option<i32>,
        leaves_minute: Option<i32>,
        evidence: String,
        arrived_entry_id: Option<Uuid>,
        left_entry_id: Option<Uuid>,
    }
}

entity! {
    clock_observation "clock_observation" of_territoire
    key { territoire_id: Uuid, entry_id: Uuid }
    {
        organisation_id: Uuid,
        device_id: Uuid,
        boot_id: Uuid,
        boottime_ms: i64,
        at_ms: i64,
    }
}

entity! {
    alert "alert" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        site_id: Uuid,
        device_id: Option<Uuid>,
        entry_id: Option<Uuid>,
        kind: String,
        at_ms: i64,
        seen_at_ms: Option<i64>,
        seen_by: Option<String>,
        cleared_at_ms: Option<i64>,
    }
}

entity! {
    journey "journey" of_territoire
    key { organisation_id: Uuid, entry_id: Uuid }
    {
        territoire_id: Uuid,
        child_id: Uuid,
        site_id: Uuid,
        day: Day,
        told: bool,
    }
}
