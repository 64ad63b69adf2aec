//! Where a household's quotient or resources were taken from, in words.

/// A source as files name it (`cdap`…), as people do; any other as it was written.
#[must_use]
pub fn source_words(code: &str) -> &str {
    match code {
        "cdap" => "CAF, par CDAP",
        "api_particulier" => "API Particulier",
        "avis_imposition" => "avis d’imposition",
        other => other,
    }
}
