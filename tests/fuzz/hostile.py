"""What nobody should send, and what the server must answer calmly. Bytes: a text of a form or an address need not be UTF-8."""
from hypothesis import strategies as st

# Found in an answer as it stands, it would be an element of the page; found in a header's name, a header of ours.
MARK, HEADER = "<x9q onload=1>", "X-Hostile"

TEXTS = [
    "", " ", "\0", "a\0b", "\x01\x02\x1b[31m", "\r\n", f"a\r\n{HEADER}: 1\r\n\r\n{MARK}", "\t", "\x7f", "\u0085", "\u2028",
    MARK, f"\"'>{MARK}", f"]]>{MARK}", f"</title>{MARK}", "{{ 7*7 }}", "{% raw %}", "${7*7}", "%s%n%x",
    "'", "\"", "\\", "' OR '1'='1", "'; DROP TABLE child; --", "1) UNION SELECT 1", "%", "_%", "a' || 'b",
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", ";", ",", "a;b", '"a""b',
    "../../../etc/passwd", "..%2f..%2f", "/", "//evil.example", "\\\\evil", "/\\evil.example", "https://evil.example/", "javascript:alert(1)",
    "\u202eabc\u2066", "\u200b", "\ufeff", "e\u0301\u0301\u0301", "\U0001f476\U0001f3fd", "\ufffd", "\uffff", "\U0010ffff", "İıſK", "ﷺ" * 20,
    "0", "-0", "-1", "1", "2", "00000000000000000000001", "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1e309", "NaN", "Infinity", "0x10", "１２", "1_000", "1.5",
    "9999-12-31", "9999-12", "0000-00", "0000-01-01", "0001-01-01", "0001-01", "-0001-01-01", "-262143-01-01", "+262142-12-31", "+10000-01-01", "-4713-01-01",
    "2026-02-30", "2026-13", "2026-00", "2026-9", "2026-09-31", "1970-01-01", "1582-10-10", "2026-10-25", "2026-03-29", "2027-01", "2025-09", "2099-12",
    "24:00", "23:59", "00:00", "02:30", "99:99", "7:5", "16:30:60", "1é:00", "ééé", "16:3é",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "{00000000-0000-0000-0000-000000000000}",
    "urn:uuid:00000000-0000-0000-0000-000000000000", "null", "true", "[]", "{}", "oui", "-", ".", "..", "journee_non_signee|GARD|||", "|||||",
    "a" * 255, "a" * 256, "é" * 1_000, "é" * 1_001, "x" * 2_001, "A" * 9_000,
]
# Each field of each route is given each of these once.
SHARP = [text.encode("utf-8", "surrogatepass") for text in [
    "", "\0", f"a\r\n{HEADER}: 1\r\n\r\n{MARK}", f"\"'>{MARK}", "' OR '1'='1", "%", "=1+1", "../..", "//evil.example", "/\\evil.example",
    "\u202eabc", "İıſK", "\U0010ffff", "0", "-1", "2147483648", "9223372036854775807", "9223372036854775808", "18446744073709551615",
    "9999-12-31", "9999-12", "0000-00", "0000-01", "0000-01-01", "-0001-01-01", "-262143-01-01", "+262142-12-31", "2026-02-30", "2026-10-25", "2025-09",
    "24:00", "16:3é", "ééé", "02:30", "00000000-0000-0000-0000-000000000000", "|||||", "é" * 1_001, "x" * 55_000,
]] + [b"\xed\xa0\x80", b"\xff"]
# Lone surrogates, half a letter, bytes that are no UTF-8 at all.
BYTES = [b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xc3", b"\xff\xfe", b"\x80", b"\xf4\x90\x80\x80", b"\xc0\x80"]
LARGE = [b"x" * 55_000, "é".encode() * 30_000, b"=" * 40_000]

# JSON that a reader may stumble over, as it would stand on the line.
JSON = [
    b"", b"null", b"[]", b"{}", b"0", b'"', b"{", b"\xef\xbb\xbf{}", b"\xff", b"NaN", b"[" * 100_000, b'{"a":' * 20_000, b'{"entries":[' + b"null," * 50 + b"null]}",
    b'{"cursor":1e400,"server_epoch":""}', b'{"cursor":-1}', b'{"cursor":18446744073709551615,"server_epoch":""}', b'{"cursor":9223372036854775808}',
    b'{"cursor":0,"server_epoch":"\\ud800"}', b'{"cursor":0,"server_epoch":"\\u0000"}', b'{"cursor":0,"cursor":1}', b'{"cursor":1.0}', b'{"cursor":"0"}',
    b'{"device":"\\u0000"}', b'{"entries":[]}', b'{"entries":{}}', b'{"entries":[{"envelope":"","signature":""}]}', b'{"entries":[{"envelope":"AA==","signature":"===="}]}',
]

texts = st.one_of(
    st.sampled_from(TEXTS).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(BYTES),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=12),
)
# A large one now and then: each costs as much as a hundred others.
any_text = st.integers(0, 60).flatmap(lambda n: st.sampled_from(LARGE) if n == 0 else texts)
tokens = st.one_of(texts, st.sampled_from([b"A" * 43, b"_" * 43, b"A" * 4_000, b"%00", b'"quoted"', b"a; preau=b", b"Bearer x"]))
json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.sampled_from(TEXTS), st.text(max_size=20),
        st.sampled_from(["AA==", "A", "====", "é", "A" * 44, "A" * 88, "AAAA" * 4_000]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["a", "", "entries", "device"]), inner, max_size=3)),
    max_leaves=6,
)
