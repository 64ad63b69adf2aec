//! The fonts, compiled in: the same on every machine, and nothing looked for on it.

use std::sync::LazyLock;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

static FONTS: LazyLock<Vec<Font>> = LazyLock::new(|| {
    let files: [&'static [u8]; 3] = [
        include_bytes!("../../fonts/Inter-Text.ttf"),
        include_bytes!("../../fonts/Inter-SemiBold.ttf"),
        include_bytes!("../../fonts/Inter-Bold.ttf"),
    ];
    files.into_iter().flat_map(|file| Font::iter(Bytes::new(file))).collect()
});

static BOOK: LazyLock<LazyHash<FontBook>> = LazyLock::new(|| LazyHash::new(FontBook::from_fonts(FONTS.iter())));

pub(super) fn book() -> &'static LazyHash<FontBook> {
    &BOOK
}

pub(super) fn font(index: usize) -> Option<Font> {
    FONTS.get(index).cloned()
}

/// Whether every weight has a drawing of it.
pub(super) fn draws(character: char) -> bool {
    FONTS.iter().all(|font| font.info().coverage.contains(u32::from(character)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_weights_of_one_family_draw_what_a_bill_says() {
        assert_eq!(FONTS.len(), 3);
        assert!(FONTS.iter().all(|font| font.info().family == "Inter"));
        let said = "ÀÂÇÉÈÊËÎÏÔŒÙÛÜŸàâçéèêëîïôœùûüÿ €−–—×·’«»…\u{202f}\u{a0}ŁłŞşĞğİıŠšŽžĆćČčĐđẞßØøÅåÆæÑñÃãÕõĂăÂâĐđƠơƯưẤấỆệ";
        let without: String = said.chars().filter(|character| !draws(*character)).collect();
        assert_eq!(without, "");
        assert!(!draws('名'));
    }
}
