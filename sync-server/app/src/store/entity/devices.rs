//! Tablets and the server as devices, and what each site has to pull.
//!
//! What each column is for stands in the migration that made it.

entity! {
    device "device" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        site_id: Uuid,
        kind: String,
        name: String,
        public_key: Bytes,
        epoch: i32,
        enrolled_at_ms: i64,
        last_contact_ms: Option<i64>,
        last_status: Option<String>,
        revoked_at_ms: Option<i64>,
        succeeds: Option<Uuid>,
    }
}

entity! {
    device_epoch "device_epoch" of_territoire
    key { territoire_id: Uuid, device_id: Uuid, epoch: i32 }
    {
        opened_at_ms: i64,
        reason: String,
        opened_hash: Option<Bytes>,
        contiguous_seq: i64,
        contiguous_hash: Option<Bytes>,
        request_id: Option<Bytes>,
        forked: bool,
    }
}

entity! {
    enrolment_code "enrolment_code" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        site_id: Uuid,
        code_hash: Bytes,
        code_key: Option<Bytes>,
        created_at_ms: i64,
        created_by: String,
        expires_at_ms: i64,
        bound_key: Option<Bytes>,
        other_key: Option<Bytes>,
        device_id: Option<Uuid>,
        first_push_at_ms: Option<i64>,
        moves_device: Option<Uuid>,
    }
}

entity! {
    device_report "device_report" of_territoire
    key { territoire_id: Uuid, device_id: Uuid }
    {
        at_ms: i64,
        content: String,
    }
}

entity! {
    site_watch "site_watch" of_territoire
    key { territoire_id: Uuid, site_id: Uuid }
    {
        by_minute: i32,
    }
}

entity! {
    sync_session "sync_session" of_territoire
    key { territoire_id: Uuid, token_hash: Bytes }
    {
        device_id: Uuid,
        created_at_ms: i64,
        expires_at_ms: i64,
    }
}

entity! {
    site_counter "site_counter" of_territoire
    key { territoire_id: Uuid, site_id: Uuid }
    {
        last_number: i64,
    }
}

entity! {
    site_change "site_change" of_territoire
    key { territoire_id: Uuid, site_id: Uuid, number: i64 }
    {
        kind: String,
        organisation_id: Option<Uuid>,
        subject_id: Option<Uuid>,
        content: Option<Bytes>,
        at_ms: i64,
    }
}

entity! {
    roster_item "roster_item" of_territoire
    key { territoire_id: Uuid, site_id: Uuid, item_key: String }
    {
        content: Bytes,
        number: i64,
    }
}

entity! {
    site_publication "site_publication" of_territoire
    key { territoire_id: Uuid, site_id: Uuid }
    {
        day: Day,
    }
}
