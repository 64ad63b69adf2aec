//! Requests from families: dossiers, documents, waiting lists.
//!
//! What each column is for stands in the migration that made it.

entity! {
    dossier "dossier" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        organisation_id: Uuid,
        kind: String,
        form_version: i32,
        applicant_id: Uuid,
        state: String,
        deadline_on: Option<Day>,
        agent_account_id: Option<Uuid>,
        content: String,
        decision: Option<String>,
        decision_reason: Option<String>,
        decided_at_ms: Option<i64>,
        effect_kind: Option<String>,
        effect_id: Option<Uuid>,
        created_at_ms: i64,
    }
}

entity! {
    dossier_child "dossier_child" of_territoire
    key { territoire_id: Uuid, dossier_id: Uuid, child_id: Uuid }
    {
    }
}

entity! {
    dossier_event "dossier_event" of_territoire
    key { territoire_id: Uuid, dossier_id: Uuid, number: i32 }
    {
        kind: String,
        at_ms: i64,
        actor: String,
        on_behalf_of: Option<Uuid>,
        capacity: String,
        authority_ref: Option<String>,
        channel: String,
        content: Option<String>,
    }
}

entity! {
    document "document" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        person_id: Option<Uuid>,
        child_id: Option<Uuid>,
        kind: String,
        media_type: String,
        content_hash: Bytes,
        valid_from: Option<Day>,
        valid_to: Option<Day>,
        reuse_consent_on: Option<Day>,
        received_at_ms: i64,
    }
}

entity! {
    dossier_document "dossier_document" of_territoire
    key { territoire_id: Uuid, dossier_id: Uuid, document_id: Uuid }
    {
    }
}

entity! {
    waiting_list "waiting_list" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        centre_id: Uuid,
        name: String,
        criteria: String,
        rule_version: i32,
    }
}

entity! {
    waiting_entry "waiting_entry" of_organisation
    key { organisation_id: Uuid, waiting_list_id: Uuid, child_id: Uuid }
    {
        territoire_id: Uuid,
        dossier_id: Option<Uuid>,
        entered_at_ms: i64,
        left_at_ms: Option<i64>,
    }
}

entity! {
    waiting_rank "waiting_rank" of_organisation
    key { organisation_id: Uuid, waiting_list_id: Uuid, child_id: Uuid, at_ms: i64 }
    {
        rank: i32,
        points: i32,
        rule_version: i32,
        explanation: String,
    }
}
