//! What a document, a batch and a template folder may hold. Each is tested at the limit.

/// Lines of one document, all children and adjustments together.
pub const DOCUMENT_LINES_MAX: usize = 500;
/// Days told under one line: a line is within one month, and a regularisation looks back on another.
pub const LINE_DAYS_MAX: usize = 62;
/// Days told in one document.
pub const DOCUMENT_DAYS_MAX: usize = 3_000;
/// Characters of one text.
pub const TEXT_CHARS_MAX: usize = 2_000;
/// Lines of an address: what a window envelope shows.
pub const ADDRESS_LINES_MAX: usize = 7;
/// Largest amount, either way, in cents: ten million euros. No household's bill comes near, and its sums fit 64 bits by far.
pub const AMOUNT_CENTS_MAX: i64 = 1_000_000_000;
/// Documents of one batch.
pub const BATCH_DOCUMENTS_MAX: usize = 200;
/// Days told in one batch: what the memory of a worker holds.
pub const BATCH_DAYS_MAX: usize = 20_000;
/// Rows of a day's list, all moments together: a large school's morning, canteen and evening.
pub const LIST_ROWS_MAX: usize = 2_000;
/// Children of a day's list.
pub const LIST_CHILDREN_MAX: usize = 800;
/// Adults to call about one child, or who may take it.
pub const LIST_ADULTS_MAX: usize = 40;
/// Members of staff of a day's list.
pub const LIST_STAFF_MAX: usize = 200;
/// Letters after which a word may break anywhere, so that it stays on the sheet.
pub const WORD_CHARS_MAX: usize = 34;
/// Bytes of an organisation's template folder, all files together.
pub const TEMPLATE_FOLDER_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// Files of an organisation's template folder.
pub const TEMPLATE_FOLDER_FILES_MAX: usize = 40;
/// Faults told at once.
pub const TEMPLATE_FAULTS_MAX: usize = 20;
/// Seconds that one rendering may take in a worker before it is ended.
pub const RENDER_SECONDS_MAX: u64 = 60;
/// Address space of a worker, in bytes. A batch at its limit stays well below.
pub const WORKER_MEMORY_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes of one message between server and worker.
pub const WORKER_MESSAGE_BYTES_MAX: u64 = 256 * 1024 * 1024;
