//! Codes that are read from paper: Crockford's base 32, in groups of four (`7KQM-3X02-AB11`).

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Random bytes as signs, five bits of each.
#[must_use]
pub fn signs<const N: usize>(random: [u8; N]) -> String {
    random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// In groups of four.
#[must_use]
pub fn shown(signs: &str) -> String {
    signs.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
}

/// As somebody typed it: any case, any separators, O for 0, I and L for 1. `None` where it isn't one of so many signs.
#[must_use]
pub fn read(typed: &str, signs: usize) -> Option<String> {
    let mut code = String::with_capacity(signs);
    for c in typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '.' | '_')) {
        let sign = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            sign => sign,
        };
        if code.len() == signs || !sign.is_ascii() || !ALPHABET.contains(&u8::try_from(sign).ok()?) {
            return None;
        }
        code.push(sign);
    }
    (code.len() == signs).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = signs([0, 1, 31, 32, 64, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(shown(&code), "01Z0-09AB-CDEF");
        assert_eq!(read("olz0 09ab–cdef", 12).as_deref(), Some("01Z009ABCDEF"));
        assert_eq!(read("01Z0-09AB-CDE", 12), None);
        assert_eq!(read("01Z0-09AB-CDEFG", 12), None);
        assert_eq!(read("01Z0-09AB-CDEU", 12), None, "U isn't one of the signs");
    }
}
