-- The model, first version. Portable SQL: the migrator writes UUID, BYTES, DATE, BOOL, BIGINT and INT in each engine's
-- words, and makes every SQLite table STRICT. Frozen once released: a change is a new file beside this one.
--
-- Read with these in mind:
--   *_ms       instants, milliseconds since 1970 in UTC; they sort and subtract alike on both engines
--   *_minute   a time of day, minutes since midnight (0 to 1440): no time zone is implied, it is a wall clock in Paris
--   *_cents    money; *_bp: hundredths of a percent
--   valid_from, valid_to: both days included; an empty end is open
--   codes of closed lists (kind, state, reason…) are those of the import files, word for word
--   decimals are TEXT: PostgreSQL's numeric and SQLite's real would not give the same digits back

-- ── The installation ──────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE territoire (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE installation (
    id INT NOT NULL PRIMARY KEY CHECK (id = 1), -- one row: a database is one installation
    territoire_id UUID NOT NULL REFERENCES territoire (id),
    demo BOOL NOT NULL, -- only a demo obeys PREAU_TODAY: a real database never lives on another day
    server_epoch BYTES NOT NULL, -- random; changes at restore, so that tablets know that the server forgot something
    reprise BOOL NOT NULL, -- after a restore: no issue, payment or enrolment until an agent has confirmed
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE organisation (
    territoire_id UUID NOT NULL REFERENCES territoire (id),
    id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    siret TEXT,
    commune_insee TEXT,
    court TEXT, -- the tribunal named under a titre: the time limit for appeal runs only if it is (CJA R. 421-5)
    issuer_name TEXT, -- name and capacity of who issues must stand on the bill itself (CRPA L. 212-1)
    issuer_capacity TEXT,
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, code)
);

CREATE TABLE delegation (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    from_organisation_id UUID NOT NULL, -- for whom: the commune
    to_organisation_id UUID NOT NULL, -- who acts: the agglomération's office
    scope TEXT NOT NULL,
    act_reference TEXT,
    valid_from DATE NOT NULL,
    valid_to DATE,
    PRIMARY KEY (territoire_id, id),
    FOREIGN KEY (territoire_id, from_organisation_id) REFERENCES organisation (territoire_id, id),
    FOREIGN KEY (territoire_id, to_organisation_id) REFERENCES organisation (territoire_id, id)
);

CREATE TABLE commune (
    territoire_id UUID NOT NULL REFERENCES territoire (id),
    id UUID NOT NULL,
    code_insee TEXT NOT NULL, -- who lives in a commune of this table is a resident
    name TEXT NOT NULL,
    postal_codes TEXT,
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, code_insee)
);

-- ── Places ────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE site (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL, -- who answers for the building's tablets; lieux of others may share it
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT,
    commune_insee TEXT NOT NULL,
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, code),
    FOREIGN KEY (territoire_id, organisation_id) REFERENCES organisation (territoire_id, id)
);

CREATE TABLE regie (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    code TEXT NOT NULL, -- heads PayFiP's refdet: stable once a bill is out
    name TEXT NOT NULL,
    mode TEXT NOT NULL,
    numcli TEXT,
    term TEXT NOT NULL,
    means TEXT,
    cash_ceiling_cents BIGINT,
    budget_code TEXT,
    collectivite_code TEXT,
    post_id TEXT,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, code),
    FOREIGN KEY (territoire_id, organisation_id) REFERENCES organisation (territoire_id, id)
);

CREATE TABLE centre (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    site_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    commune_insee TEXT NOT NULL,
    capacity INT,
    opens_minute INT,
    closes_minute INT,
    school_zone TEXT,
    declaration_number TEXT,
    staffing_rule TEXT,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, code),
    FOREIGN KEY (territoire_id, organisation_id) REFERENCES organisation (territoire_id, id),
    FOREIGN KEY (territoire_id, site_id) REFERENCES site (territoire_id, id)
);
CREATE INDEX centre_by_site ON centre (territoire_id, site_id);

CREATE TABLE closure (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    centre_id UUID NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    reason TEXT,
    PRIMARY KEY (organisation_id, id),
    CHECK (last_day >= first_day),
    FOREIGN KEY (organisation_id, centre_id) REFERENCES centre (organisation_id, id)
);

CREATE TABLE centre_group (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    centre_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, code),
    FOREIGN KEY (organisation_id, centre_id) REFERENCES centre (organisation_id, id)
);

CREATE TABLE school (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    uai TEXT,
    commune_insee TEXT NOT NULL,
    site_id UUID,
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, code),
    FOREIGN KEY (territoire_id, site_id) REFERENCES site (territoire_id, id)
);

CREATE TABLE school_class (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    school_id UUID NOT NULL,
    code TEXT NOT NULL,
    school_year TEXT NOT NULL,
    name TEXT NOT NULL,
    level TEXT,
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, code),
    FOREIGN KEY (territoire_id, school_id) REFERENCES school (territoire_id, id)
);

-- ── Families: typed once for the whole territoire ─────────────────────────────────────────────────────────────────

CREATE TABLE household (
    territoire_id UUID NOT NULL REFERENCES territoire (id),
    id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    regime TEXT,
    allocataire_number TEXT,
    confidential BOOL NOT NULL, -- hides address, telephone, place and live presence from everyone outside this household
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, code)
);

CREATE TABLE household_address (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    household_id UUID NOT NULL,
    valid_from DATE, -- empty: the first address known. Residence is judged at the date of the fact
    address TEXT,
    postal_code TEXT,
    commune_insee TEXT NOT NULL,
    PRIMARY KEY (territoire_id, id),
    FOREIGN KEY (territoire_id, household_id) REFERENCES household (territoire_id, id)
);
CREATE INDEX household_address_by_household ON household_address (territoire_id, household_id);

CREATE TABLE person (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    household_id UUID NOT NULL,
    code TEXT NOT NULL,
    civility TEXT,
    last_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    birth_name TEXT, -- birth name, first names, date, sex and place: API Particulier, FranceConnect and the Treasury ask for them
    birth_first_names TEXT,
    birth_date DATE,
    sex TEXT,
    birth_commune_insee TEXT,
    birth_country_insee TEXT,
    email TEXT,
    phone TEXT,
    channel TEXT, -- paper and the counter are channels like the others
    language TEXT,
    is_payer BOOL NOT NULL,
    share_bp INT, -- the share of the household's bills, 10000 = all of it; empty: equal shares among its payers
    search_name TEXT NOT NULL, -- folded by shared::name: no accent, no case
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, code),
    FOREIGN KEY (territoire_id, household_id) REFERENCES household (territoire_id, id)
);
CREATE INDEX person_by_household ON person (territoire_id, household_id);
CREATE INDEX person_by_name ON person (territoire_id, search_name);

CREATE TABLE situation (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    household_id UUID NOT NULL,
    organisation_id UUID, -- empty: declared at the guichet, for every organisation that serves the household
    valid_from DATE NOT NULL,
    valid_to DATE, -- empty: until the day before the next row
    family_quotient INT, -- 0 is a quotient; empty is no proof
    monthly_resources_cents BIGINT,
    dependent_children INT,
    aeeh_children INT,
    source TEXT,
    PRIMARY KEY (territoire_id, id),
    CHECK (valid_to IS NULL OR valid_to >= valid_from),
    FOREIGN KEY (territoire_id, household_id) REFERENCES household (territoire_id, id),
    FOREIGN KEY (territoire_id, organisation_id) REFERENCES organisation (territoire_id, id)
);
CREATE INDEX situation_by_household ON situation (territoire_id, household_id, valid_from);

CREATE TABLE child (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    household_id UUID NOT NULL, -- the first household; others, and dates, are custody rows
    code TEXT NOT NULL,
    last_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    birth_date DATE NOT NULL,
    allergies TEXT,
    menu TEXT, -- a menu's code, never a religion
    care_plan TEXT, -- the PAI, as care staff need to read it
    walks_since DATE, -- in a crèche, the staff ratio changes with the first steps (CSP R. 2324-46-4)
    leaves_alone_minute INT,
    leaves_alone_days INT, -- a set of weekdays, Monday lowest bit
    photo_consent_on DATE, -- recognition on the tablet; without it, initials
    image_rights_on DATE, -- shown to staff, never used by Préau
    photo_hash BYTES,
    search_name TEXT NOT NULL,
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, code),
    FOREIGN KEY (territoire_id, household_id) REFERENCES household (territoire_id, id)
);
CREATE INDEX child_by_household ON child (territoire_id, household_id);
CREATE INDEX child_by_name ON child (territoire_id, search_name);

CREATE TABLE photo (
    territoire_id UUID NOT NULL REFERENCES territoire (id),
    hash BYTES NOT NULL, -- SHA-256 of the stripped, re-encoded JPEG: two children never share a row by accident
    jpeg BYTES NOT NULL,
    PRIMARY KEY (territoire_id, hash)
);

CREATE TABLE custody (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    child_id UUID NOT NULL,
    household_id UUID NOT NULL,
    valid_from DATE,
    valid_to DATE,
    kind TEXT NOT NULL,
    calendar TEXT, -- semaines_paires, semaines_impaires, jours:lu,ma, dates, part:50
    pivot DATE, -- a week that is this household's: ISO parity breaks after week 53 (2026)
    PRIMARY KEY (territoire_id, id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (territoire_id, household_id) REFERENCES household (territoire_id, id)
);
CREATE INDEX custody_by_child ON custody (territoire_id, child_id);

CREATE TABLE custody_exception (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    child_id UUID NOT NULL,
    day DATE NOT NULL,
    household_id UUID NOT NULL,
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, child_id, day),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (territoire_id, household_id) REFERENCES household (territoire_id, id)
);

CREATE TABLE child_right (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    child_id UUID NOT NULL, -- rights hang on the pair (child, person), never on "the family"
    person_id UUID NOT NULL,
    link TEXT,
    parental_authority TEXT NOT NULL, -- oui, non, retiree
    may_take BOOL NOT NULL,
    sees_presence BOOL NOT NULL,
    sees_bills BOOL NOT NULL,
    may_book BOOL NOT NULL,
    valid_from DATE,
    valid_to DATE,
    by_default BOOL NOT NULL, -- nobody wrote it down: all rights of a household's adults, until liens.csv comes
    PRIMARY KEY (territoire_id, id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (territoire_id, person_id) REFERENCES person (territoire_id, id)
);
CREATE INDEX child_right_by_child ON child_right (territoire_id, child_id);
CREATE INDEX child_right_by_person ON child_right (territoire_id, person_id);

CREATE TABLE pickup_person (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    child_id UUID NOT NULL,
    code TEXT,
    last_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    link TEXT,
    phone TEXT,
    birth_date DATE,
    status TEXT NOT NULL, -- autorisee, interdite, restreinte
    nature TEXT, -- only a court bars a guardian who has parental authority
    person_id UUID, -- the guardian that a barring row is about
    weekdays INT,
    from_minute INT,
    id_document TEXT,
    valid_from DATE,
    valid_to DATE,
    call_order INT,
    photo_hash BYTES,
    rank INT NOT NULL, -- which of several rows of the same person, child and first day: one for Mondays, one for Tuesdays
    PRIMARY KEY (territoire_id, id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (territoire_id, person_id) REFERENCES person (territoire_id, id)
);
CREATE INDEX pickup_person_by_child ON pickup_person (territoire_id, child_id);

CREATE TABLE class_assignment (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    child_id UUID NOT NULL,
    class_id UUID NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    PRIMARY KEY (territoire_id, id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (territoire_id, class_id) REFERENCES school_class (territoire_id, id)
);
CREATE INDEX class_assignment_by_child ON class_assignment (territoire_id, child_id);

CREATE TABLE child_absence (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    child_id UUID NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    reason TEXT NOT NULL, -- a billing code, never a diagnosis
    announced_on DATE,
    certificate_on DATE,
    PRIMARY KEY (territoire_id, id),
    CHECK (last_day >= first_day),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id)
);
CREATE INDEX child_absence_by_child ON child_absence (territoire_id, child_id, first_day);

-- ── Staff and badges ──────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE staff (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    centre_id UUID NOT NULL,
    code TEXT NOT NULL,
    last_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    role TEXT NOT NULL,
    qualification TEXT,
    counts_in_ratio BOOL NOT NULL,
    pin_hash TEXT, -- Argon2id; the tablet keys its own copy with its device secret
    pin_set_at_ms BIGINT,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, code),
    FOREIGN KEY (organisation_id, centre_id) REFERENCES centre (organisation_id, id)
);

CREATE TABLE badge (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    uid TEXT NOT NULL, -- upper-case hexadecimal, as read from the card
    kind TEXT NOT NULL, -- foyer, responsable, personnel: exactly one holder below
    household_id UUID,
    person_id UUID,
    organisation_id UUID,
    staff_id UUID,
    revoked_at_ms BIGINT,
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, uid),
    FOREIGN KEY (territoire_id, household_id) REFERENCES household (territoire_id, id),
    FOREIGN KEY (territoire_id, person_id) REFERENCES person (territoire_id, id),
    FOREIGN KEY (organisation_id, staff_id) REFERENCES staff (organisation_id, id)
);

-- ── Activities, enrolments, contracts, bookings ───────────────────────────────────────────────────────────────────

CREATE TABLE tariff (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    code TEXT NOT NULL,
    label TEXT NOT NULL,
    method TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    version INT NOT NULL, -- 1, 2, 3… for one code and valid_from: a corrected file never overwrites what priced a bill
    source_text TEXT NOT NULL, -- the file itself: what was voted, word for word
    source_hash BYTES NOT NULL,
    file_name TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    replaced_at_ms BIGINT, -- empty: the version in force
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, code, valid_from, version),
    FOREIGN KEY (territoire_id, organisation_id) REFERENCES organisation (territoire_id, id)
);

CREATE TABLE activity (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    centre_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    tariff_code TEXT NOT NULL, -- a code, not a row: which version applies depends on the day
    starts_minute INT,
    ends_minute INT,
    weekdays INT NOT NULL,
    period TEXT NOT NULL,
    recording TEXT NOT NULL,
    booking_rule TEXT NOT NULL,
    capacity INT,
    cancellation_deadline TEXT,
    regie_id UUID,
    nature TEXT, -- decides the tax certificate and which means of payment may pay the line
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, code),
    FOREIGN KEY (organisation_id, centre_id) REFERENCES centre (organisation_id, id),
    FOREIGN KEY (organisation_id, regie_id) REFERENCES regie (organisation_id, id)
);

CREATE TABLE group_assignment (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    child_id UUID NOT NULL,
    group_id UUID NOT NULL,
    valid_from DATE, -- empty: from the child's own row, no date known
    valid_to DATE,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (organisation_id, group_id) REFERENCES centre_group (organisation_id, id)
);
CREATE INDEX group_assignment_by_child ON group_assignment (organisation_id, child_id);

CREATE TABLE enrolment (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    child_id UUID NOT NULL,
    activity_id UUID NOT NULL,
    group_id UUID,
    valid_from DATE NOT NULL,
    valid_to DATE,
    PRIMARY KEY (organisation_id, id),
    CHECK (valid_to IS NULL OR valid_to >= valid_from),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (organisation_id, activity_id) REFERENCES activity (organisation_id, id),
    FOREIGN KEY (organisation_id, group_id) REFERENCES centre_group (organisation_id, id)
);
CREATE INDEX enrolment_by_child ON enrolment (territoire_id, child_id);
CREATE INDEX enrolment_by_activity ON enrolment (organisation_id, activity_id);

CREATE TABLE contract (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    code TEXT NOT NULL,
    child_id UUID NOT NULL,
    activity_id UUID NOT NULL,
    household_id UUID, -- one contract a parent in alternate custody; empty: the child's own household
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    weekly_hours TEXT NOT NULL,
    weeks TEXT NOT NULL,
    monthly_parts INT NOT NULL,
    planned_leave_hours TEXT NOT NULL,
    care_kind TEXT NOT NULL, -- regulier, occasionnel, urgence
    adaptation_until DATE, -- hours up to here are free, and told apart from billed ones
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, code),
    CHECK (valid_to >= valid_from),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (territoire_id, household_id) REFERENCES household (territoire_id, id),
    FOREIGN KEY (organisation_id, activity_id) REFERENCES activity (organisation_id, id)
);
CREATE INDEX contract_by_child ON contract (territoire_id, child_id);

CREATE TABLE contract_slot (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    contract_id UUID NOT NULL,
    week TEXT NOT NULL, -- toutes, A, B
    weekday INT NOT NULL, -- 0 is Monday
    rank INT NOT NULL, -- first, second… slot of that day: a change of hours replaces it instead of standing beside it
    starts_minute INT NOT NULL,
    ends_minute INT NOT NULL,
    PRIMARY KEY (organisation_id, id),
    CHECK (ends_minute > starts_minute),
    FOREIGN KEY (organisation_id, contract_id) REFERENCES contract (organisation_id, id)
);
CREATE INDEX contract_slot_by_contract ON contract_slot (organisation_id, contract_id);

CREATE TABLE contract_leave (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    contract_id UUID NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    declared_on DATE NOT NULL, -- decides whether the notice of the règlement was kept
    PRIMARY KEY (organisation_id, id),
    CHECK (last_day >= first_day),
    FOREIGN KEY (organisation_id, contract_id) REFERENCES contract (organisation_id, id)
);
CREATE INDEX contract_leave_by_contract ON contract_leave (organisation_id, contract_id);

CREATE TABLE booking (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    child_id UUID NOT NULL,
    activity_id UUID NOT NULL,
    day DATE NOT NULL,
    household_id UUID, -- who asked, where a child has several households
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, activity_id, day, child_id), -- led by activity and day: places are counted by it
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (territoire_id, household_id) REFERENCES household (territoire_id, id),
    FOREIGN KEY (organisation_id, activity_id) REFERENCES activity (organisation_id, id)
);
CREATE INDEX booking_by_child ON booking (territoire_id, child_id, day);

CREATE TABLE booking_event (
    organisation_id UUID NOT NULL,
    booking_id UUID NOT NULL,
    number INT NOT NULL, -- 1, 2, 3…: the state of a booking is the fold of its events in this order
    kind TEXT NOT NULL, -- requested, accepted, waitlisted, cancelled, refused, moved, absence_excused, absence_unexcused
    at_ms BIGINT NOT NULL,
    starts_minute INT, -- of requested and moved: the times asked for
    ends_minute INT,
    actor TEXT NOT NULL, -- an account's id, or what acted: import
    on_behalf_of UUID,
    capacity TEXT NOT NULL, -- self, guardian, agent, helper, delegation
    authority_ref TEXT,
    channel TEXT NOT NULL,
    deadline_rule TEXT, -- the rule that made it early or late, as it stood then
    PRIMARY KEY (organisation_id, booking_id, number),
    FOREIGN KEY (organisation_id, booking_id) REFERENCES booking (organisation_id, id)
);

-- ── Devices and the journal ───────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE device (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    site_id UUID NOT NULL,
    kind TEXT NOT NULL, -- tablet, server
    name TEXT NOT NULL,
    public_key BYTES NOT NULL,
    epoch INT NOT NULL, -- the last epoch given
    enrolled_at_ms BIGINT NOT NULL,
    last_contact_ms BIGINT,
    last_status TEXT, -- JSON: queue, oldest, clock, version, as the tablet last said
    revoked_at_ms BIGINT, -- from here on it reads nothing and changes nothing
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, public_key),
    FOREIGN KEY (territoire_id, site_id) REFERENCES site (territoire_id, id)
);

CREATE TABLE device_epoch (
    territoire_id UUID NOT NULL,
    device_id UUID NOT NULL,
    epoch INT NOT NULL, -- given by the server alone, each once
    opened_at_ms BIGINT NOT NULL,
    reason TEXT NOT NULL,
    opened_hash BYTES, -- the last hash that the device held when it asked
    contiguous_seq BIGINT NOT NULL, -- every place up to here is durably held
    contiguous_hash BYTES,
    PRIMARY KEY (territoire_id, device_id, epoch),
    FOREIGN KEY (territoire_id, device_id) REFERENCES device (territoire_id, id)
);

CREATE TABLE enrolment_code (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    site_id UUID NOT NULL,
    code_hash BYTES NOT NULL, -- the code itself is shown once and kept nowhere
    created_at_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    bound_key BYTES, -- the first key that proved possession
    other_key BYTES, -- a second one that tried: the agent sees both
    device_id UUID,
    first_push_at_ms BIGINT, -- until then the same key may repeat
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, code_hash),
    FOREIGN KEY (territoire_id, site_id) REFERENCES site (territoire_id, id)
);

CREATE TABLE sync_session (
    territoire_id UUID NOT NULL,
    token_hash BYTES NOT NULL,
    device_id UUID NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (territoire_id, token_hash),
    FOREIGN KEY (territoire_id, device_id) REFERENCES device (territoire_id, id)
);

CREATE TABLE journal_entry (
    organisation_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    site_id UUID NOT NULL,
    device_id UUID NOT NULL,
    device_epoch INT NOT NULL,
    seq BIGINT NOT NULL, -- (device, epoch, seq) is a place, not a name: a fork stores two entries there
    kind TEXT NOT NULL,
    kind_version INT NOT NULL,
    envelope BYTES NOT NULL, -- the signed bytes, as received; the columns before and after are an index of them
    signature BYTES NOT NULL,
    hash BYTES NOT NULL,
    payload_hash BYTES NOT NULL,
    received_at_ms BIGINT NOT NULL,
    gap_before BOOL NOT NULL, -- a hole before it was waited for, then passed
    fork BOOL NOT NULL, -- another entry stands at the same place
    PRIMARY KEY (organisation_id, entry_id),
    FOREIGN KEY (territoire_id, organisation_id) REFERENCES organisation (territoire_id, id)
);
CREATE INDEX journal_entry_by_place ON journal_entry (device_id, device_epoch, seq);
CREATE INDEX journal_entry_by_site ON journal_entry (territoire_id, site_id, received_at_ms);

-- All about a person stands here and not above: to erase is to delete rows of these two tables.
CREATE TABLE journal_payload (
    organisation_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    site_id UUID NOT NULL,
    salt BYTES NOT NULL,
    payload BYTES NOT NULL,
    child_id UUID,
    centre_id UUID,
    day DATE, -- the business day of the fact, in Europe/Paris
    happened_at_ms BIGINT,
    target_id UUID, -- the entry that this one retracts or corrects
    PRIMARY KEY (organisation_id, entry_id),
    FOREIGN KEY (organisation_id, entry_id) REFERENCES journal_entry (organisation_id, entry_id)
);
CREATE INDEX journal_payload_by_day ON journal_payload (organisation_id, day, centre_id);
CREATE INDEX journal_payload_by_site ON journal_payload (territoire_id, site_id, day);
CREATE INDEX journal_payload_by_child ON journal_payload (organisation_id, child_id, day);

CREATE TABLE journal_note (
    organisation_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    number INT NOT NULL,
    hash BYTES NOT NULL,
    salt BYTES NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (organisation_id, entry_id, number),
    FOREIGN KEY (organisation_id, entry_id) REFERENCES journal_entry (organisation_id, entry_id)
);

CREATE TABLE quarantine (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    site_id UUID,
    device_id UUID,
    entry_id UUID,
    envelope BYTES NOT NULL, -- whatever came, kept as it came
    signature BYTES NOT NULL,
    sealed BYTES NOT NULL, -- salt, payload and notes as received
    code TEXT NOT NULL,
    received_at_ms BIGINT NOT NULL,
    decision TEXT,
    decided_by TEXT,
    decided_at_ms BIGINT,
    PRIMARY KEY (territoire_id, id)
);

CREATE TABLE held_entry (
    territoire_id UUID NOT NULL,
    device_id UUID NOT NULL,
    device_epoch INT NOT NULL,
    seq BIGINT NOT NULL,
    entry_id UUID NOT NULL,
    envelope BYTES NOT NULL,
    signature BYTES NOT NULL,
    sealed BYTES NOT NULL,
    held_since_ms BIGINT NOT NULL,
    relayed BOOL NOT NULL, -- a relayed hole is waited for longer: its author may come back next week
    PRIMARY KEY (territoire_id, device_id, device_epoch, seq, entry_id),
    FOREIGN KEY (territoire_id, device_id) REFERENCES device (territoire_id, id)
);

CREATE TABLE site_counter (
    territoire_id UUID NOT NULL,
    site_id UUID NOT NULL,
    last_number BIGINT NOT NULL, -- raised under this row's lock, in the transaction that makes the change
    PRIMARY KEY (territoire_id, site_id),
    FOREIGN KEY (territoire_id, site_id) REFERENCES site (territoire_id, id)
);

CREATE TABLE site_change (
    territoire_id UUID NOT NULL,
    site_id UUID NOT NULL,
    number BIGINT NOT NULL, -- no hole: a reader at n has seen all up to n
    kind TEXT NOT NULL,
    organisation_id UUID,
    subject_id UUID, -- what changed; its content is read when it is pulled, so that it is never stale
    content BYTES,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (territoire_id, site_id, number),
    FOREIGN KEY (territoire_id, site_id) REFERENCES site (territoire_id, id)
);

CREATE TABLE day_signature (
    organisation_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    centre_id UUID NOT NULL,
    day DATE NOT NULL,
    moment TEXT,
    sheet_hash BYTES NOT NULL,
    signed_by TEXT NOT NULL,
    signed_at_ms BIGINT NOT NULL,
    automatic BOOL NOT NULL,
    reopened_entry_id UUID,
    PRIMARY KEY (organisation_id, entry_id),
    FOREIGN KEY (organisation_id, entry_id) REFERENCES journal_entry (organisation_id, entry_id),
    FOREIGN KEY (organisation_id, centre_id) REFERENCES centre (organisation_id, id)
);
CREATE INDEX day_signature_by_day ON day_signature (organisation_id, centre_id, day);

-- What pointages.csv said last, so that the next import can retract its own entries, and only those.
CREATE TABLE imported_attendance (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    child_id UUID NOT NULL,
    activity_id UUID NOT NULL,
    day DATE NOT NULL,
    arrives_minute INT,
    leaves_minute INT,
    evidence TEXT NOT NULL,
    arrived_entry_id UUID,
    left_entry_id UUID,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (organisation_id, activity_id) REFERENCES activity (organisation_id, id)
);
CREATE INDEX imported_attendance_by_day ON imported_attendance (organisation_id, day, activity_id);

-- ── Démarches: these tables come before their forms ───────────────────────────────────────────────────────────────

CREATE TABLE dossier (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    kind TEXT NOT NULL,
    form_version INT NOT NULL,
    applicant_id UUID NOT NULL,
    state TEXT NOT NULL,
    deadline_on DATE,
    agent_account_id UUID,
    content TEXT NOT NULL, -- the form's answers, JSON
    decision TEXT,
    decision_reason TEXT,
    decided_at_ms BIGINT,
    effect_kind TEXT, -- what it produced: enrolment, booking, situation
    effect_id UUID,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (territoire_id, id),
    FOREIGN KEY (territoire_id, organisation_id) REFERENCES organisation (territoire_id, id),
    FOREIGN KEY (territoire_id, applicant_id) REFERENCES person (territoire_id, id)
);

CREATE TABLE dossier_child (
    territoire_id UUID NOT NULL,
    dossier_id UUID NOT NULL,
    child_id UUID NOT NULL,
    PRIMARY KEY (territoire_id, dossier_id, child_id),
    FOREIGN KEY (territoire_id, dossier_id) REFERENCES dossier (territoire_id, id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id)
);

CREATE TABLE dossier_event (
    territoire_id UUID NOT NULL,
    dossier_id UUID NOT NULL,
    number INT NOT NULL,
    kind TEXT NOT NULL, -- a change of state or a message
    at_ms BIGINT NOT NULL,
    actor TEXT NOT NULL,
    on_behalf_of UUID,
    capacity TEXT NOT NULL,
    authority_ref TEXT,
    channel TEXT NOT NULL,
    content TEXT,
    PRIMARY KEY (territoire_id, dossier_id, number),
    FOREIGN KEY (territoire_id, dossier_id) REFERENCES dossier (territoire_id, id)
);

CREATE TABLE document (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID, -- owned by a person or by a child, never by a dossier: reusable with consent
    child_id UUID,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content_hash BYTES NOT NULL,
    valid_from DATE,
    valid_to DATE,
    reuse_consent_on DATE,
    received_at_ms BIGINT NOT NULL,
    PRIMARY KEY (territoire_id, id),
    CHECK ((person_id IS NULL) <> (child_id IS NULL)),
    FOREIGN KEY (territoire_id, person_id) REFERENCES person (territoire_id, id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id)
);

CREATE TABLE dossier_document (
    territoire_id UUID NOT NULL,
    dossier_id UUID NOT NULL,
    document_id UUID NOT NULL,
    PRIMARY KEY (territoire_id, dossier_id, document_id),
    FOREIGN KEY (territoire_id, dossier_id) REFERENCES dossier (territoire_id, id),
    FOREIGN KEY (territoire_id, document_id) REFERENCES document (territoire_id, id)
);

CREATE TABLE waiting_list (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    centre_id UUID NOT NULL,
    name TEXT NOT NULL,
    criteria TEXT NOT NULL, -- points by criterion, JSON: the rule as voted
    rule_version INT NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, centre_id) REFERENCES centre (organisation_id, id)
);

CREATE TABLE waiting_entry (
    organisation_id UUID NOT NULL,
    waiting_list_id UUID NOT NULL,
    child_id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    dossier_id UUID,
    entered_at_ms BIGINT NOT NULL,
    left_at_ms BIGINT,
    PRIMARY KEY (organisation_id, waiting_list_id, child_id),
    FOREIGN KEY (organisation_id, waiting_list_id) REFERENCES waiting_list (organisation_id, id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id)
);

-- A family may ask why it was fourth in March and seventh in May: every rank is kept with what made it.
CREATE TABLE waiting_rank (
    organisation_id UUID NOT NULL,
    waiting_list_id UUID NOT NULL,
    child_id UUID NOT NULL,
    at_ms BIGINT NOT NULL,
    rank INT NOT NULL,
    points INT NOT NULL,
    rule_version INT NOT NULL,
    explanation TEXT NOT NULL,
    PRIMARY KEY (organisation_id, waiting_list_id, child_id, at_ms),
    FOREIGN KEY (organisation_id, waiting_list_id, child_id) REFERENCES waiting_entry (organisation_id, waiting_list_id, child_id)
);

-- ── Accounts, mandates, audit ─────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE account (
    territoire_id UUID NOT NULL REFERENCES territoire (id),
    id UUID NOT NULL,
    login TEXT NOT NULL,
    display_name TEXT NOT NULL,
    password_hash TEXT,
    totp_secret BYTES, -- agents have a second factor
    person_id UUID, -- linked by an activation code or a paper seen, never by equal e-mail
    created_at_ms BIGINT NOT NULL,
    disabled_at_ms BIGINT,
    PRIMARY KEY (territoire_id, id),
    UNIQUE (territoire_id, login),
    FOREIGN KEY (territoire_id, person_id) REFERENCES person (territoire_id, id)
);

CREATE TABLE account_identity (
    territoire_id UUID NOT NULL,
    provider TEXT NOT NULL, -- local, franceconnect, or the issuer of the territoire's SSO
    subject TEXT NOT NULL,
    account_id UUID NOT NULL,
    linked_at_ms BIGINT NOT NULL,
    PRIMARY KEY (territoire_id, provider, subject),
    FOREIGN KEY (territoire_id, account_id) REFERENCES account (territoire_id, id)
);

CREATE TABLE account_role (
    organisation_id UUID NOT NULL,
    account_id UUID NOT NULL,
    role TEXT NOT NULL, -- equipe, direction, agent, finances, emetteur, controle, administrateur
    territoire_id UUID NOT NULL,
    centre_id UUID, -- empty: the whole organisation
    valid_from DATE NOT NULL,
    valid_to DATE,
    PRIMARY KEY (organisation_id, account_id, role, valid_from),
    FOREIGN KEY (territoire_id, account_id) REFERENCES account (territoire_id, id),
    FOREIGN KEY (organisation_id, centre_id) REFERENCES centre (organisation_id, id)
);

CREATE TABLE account_session (
    territoire_id UUID NOT NULL,
    token_hash BYTES NOT NULL, -- a copied database logs nobody in
    account_id UUID NOT NULL,
    csrf_secret BYTES NOT NULL,
    created_at_ms BIGINT NOT NULL,
    last_seen_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (territoire_id, token_hash),
    FOREIGN KEY (territoire_id, account_id) REFERENCES account (territoire_id, id)
);

CREATE TABLE activation_code (
    territoire_id UUID NOT NULL,
    code_hash BYTES NOT NULL,
    person_id UUID NOT NULL,
    created_by TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_by_account_id UUID,
    PRIMARY KEY (territoire_id, code_hash),
    FOREIGN KEY (territoire_id, person_id) REFERENCES person (territoire_id, id)
);

CREATE TABLE mandate (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL, -- for whom
    helper_account_id UUID NOT NULL, -- who may act, within scope; never e-mail, password or bank details
    scope TEXT NOT NULL,
    reference TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    PRIMARY KEY (territoire_id, id),
    FOREIGN KEY (territoire_id, person_id) REFERENCES person (territoire_id, id),
    FOREIGN KEY (territoire_id, helper_account_id) REFERENCES account (territoire_id, id)
);

-- Insert only: who did or read what, no values, no names. The triggers that refuse UPDATE and DELETE are in the migrator.
CREATE TABLE audit (
    organisation_id UUID NOT NULL, -- or the territoire's own id, for an act of the guichet itself
    day DATE NOT NULL,
    number BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    actor TEXT NOT NULL,
    on_behalf_of UUID,
    capacity TEXT NOT NULL,
    authority_ref TEXT,
    channel TEXT NOT NULL,
    route TEXT NOT NULL,
    subject_kind TEXT,
    subject_id UUID,
    outcome TEXT NOT NULL,
    prev_hash BYTES NOT NULL, -- of the line before, of the same organisation and day; the first holds the last of the day before
    hash BYTES NOT NULL,
    PRIMARY KEY (organisation_id, day, number)
);

CREATE TABLE import_run (
    territoire_id UUID NOT NULL REFERENCES territoire (id),
    id UUID NOT NULL,
    at_ms BIGINT NOT NULL,
    reason TEXT, -- --motif: why a signed or billed day was changed
    counts TEXT NOT NULL, -- JSON, by file: new, changed, same, no longer there
    PRIMARY KEY (territoire_id, id)
);
