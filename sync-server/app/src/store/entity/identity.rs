//! Who may log in and for whom; the audit; the runs of the import.
//!
//! What each column is for stands in the migration that made it.

entity! {
    account "account" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        login: String,
        display_name: String,
        password_hash: Option<String>,
        totp_secret: Option<Bytes>,
        person_id: Option<Uuid>,
        created_at_ms: i64,
        disabled_at_ms: Option<i64>,
        totp_last_step: Option<i64>,
    }
}

entity! {
    account_identity "account_identity" of_territoire
    key { territoire_id: Uuid, provider: String, subject: String }
    {
        account_id: Uuid,
        linked_at_ms: i64,
    }
}

entity! {
    account_role "account_role" of_organisation
    key { organisation_id: Uuid, account_id: Uuid, role: String, valid_from: Day }
    {
        territoire_id: Uuid,
        centre_id: Option<Uuid>,
        valid_to: Option<Day>,
    }
}

entity! {
    account_session "account_session" of_territoire
    key { territoire_id: Uuid, token_hash: Bytes }
    {
        account_id: Uuid,
        csrf_secret: Bytes,
        created_at_ms: i64,
        last_seen_at_ms: i64,
        expires_at_ms: i64,
        idle_ms_max: i64,
        second_factor_at_ms: Option<i64>,
        totp_pending: Option<Bytes>,
        barred_from: Option<Bytes>,
    }
}

entity! {
    recovery_code "recovery_code" of_territoire
    key { territoire_id: Uuid, account_id: Uuid, code_hash: Bytes }
    {
        created_at_ms: i64,
        used_at_ms: Option<i64>,
    }
}

entity! {
    activation_code "activation_code" of_territoire
    key { territoire_id: Uuid, code_hash: Bytes }
    {
        person_id: Uuid,
        created_by: String,
        created_at_ms: i64,
        expires_at_ms: i64,
        used_by_account_id: Option<Uuid>,
    }
}

entity! {
    mandate "mandate" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        person_id: Uuid,
        helper_account_id: Uuid,
        scope: String,
        reference: String,
        valid_from: Day,
        valid_to: Day,
    }
}

entity! {
    audit "audit" of_organisation
    key { organisation_id: Uuid, day: Day, number: i64 }
    {
        at_ms: i64,
        actor: String,
        on_behalf_of: Option<Uuid>,
        capacity: String,
        authority_ref: Option<String>,
        channel: String,
        route: String,
        subject_kind: Option<String>,
        subject_id: Option<Uuid>,
        outcome: String,
        prev_hash: Bytes,
        hash: Bytes,
    }
}

entity! {
    import_run "import_run" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        at_ms: i64,
        reason: Option<String>,
        counts: String,
    }
}
