"""What a provider may write where a value belongs: JSON text, good, odd and hostile. Pure constants."""

from typing import Final

MEGABYTE: Final = 1_000_000

GOOD_COUNTS: Final = (b"0", b"0", b"1", b"3", b"4", b"6", b'"0"', b'"2"', b'"6"')
ODD_COUNTS: Final = (b'"0007"', b"1000000000", b'"1000000000"', b'"\\u0036"', b"-0")
BAD_COUNTS: Final = (
    *(b"null", b'""', b'" 6 "', b'"6\\n"', b'"6.0"', b"6.0", b"1.5", b"-1", b'"-1"', b'"+1"', b"true"),
    *(b"false", b"1000000001", b"2147483648", b"9223372036854775807", b"9223372036854775808"),
    *(b"18446744073709551615", b"18446744073709551616", b"-9223372036854775809", b"1e308", b"1e999", b"6e0"),
    *(b"-0.0", b"0.0", b'"1_000"', b'"1,000"', b'"0x6"', b'"9999999999"', b'"00000000006"', b"[6]", b"[]"),
    *(
        b'{"a": 6}',
        b'"6\\u0000"',
        b'"\\u200b6"',
        b'"\\ufeff6"',
        b"9" * 25,
        b"9" * 5000,
        b'"' + b"9" * 5000 + b'"',
    ),
    *('"１２"'.encode(), '"٣"'.encode(), '"²"'.encode(), '"六"'.encode(), b"[" * 90 + b"]" * 90),
)
COUNTS: Final = (*GOOD_COUNTS, *ODD_COUNTS, *BAD_COUNTS)

CODES: Final = (
    *(b'""', b"null", b"7", b"true", b'["P"]', b'{"a": 1}', b"1e999", b'"a b"', b'"a\\tb"', b'"a\\n"'),
    *(b'"\\u0000"', b'"\\u007f"', b'"\\u202ePRD"', b'"\\u200b"', b'"\\ufeffP"', b'"\\u2028"', b'"\\u0085"'),
    *(b'"' + b"x" * 200 + b'"', b'"' + b"x" * 201 + b'"', b'"' + b"x" * 10_000 + b'"', b'"P\\u3000"'),
    *(b'"<b>"', b'"@everyone"', b'"<!channel>"', b'"\\\\"', b'"\\""', b'"\\/"', b'"\\ud83d\\ude80"'),
    *('"规格-1"'.encode(), '"🚀"'.encode(), '"ＰＲＤ"'.encode(), '"\u00a0"'.encode(), '"e\u0301"'.encode()),
    *(
        '"\ue000"'.encode(),
        '"\U0010ffff"'.encode(),
        '"PRD\u200d1"'.encode(),
        b'"%s%n{0}"',
        b'"\'; DROP TABLE poll;--"',
    ),
)
CENTRES: Final = (
    *(b"null", b"0", b"1", b"2", b"2147483647", b"2147483648", b"-1", b"-0", b'"1"', b"1.0", b"1e0", b"true"),
    *(b"[]", b"{}", b'""', b"9223372036854775808", b"18446744073709551616", b"9" * 5000),
)
ERRORS: Final = (
    *(
        b"null",
        b'""',
        b'" "',
        b'"\\t\\n"',
        b'"\\u3000"',
        b'"\\u200b"',
        b'"sold"',
        b"7",
        b"0",
        b"false",
        b"true",
    ),
    *(b"{}", b"[]", b"[1e999]", b'{"code": 1.50}', b"9" * 5000, b'"\\u0000"', b'"' + b"e" * 501 + b'"'),
    *('"库存不足"'.encode(), '"\u202e"'.encode(), b'"<!here> @all"', b'"\\ud83d\\ude80"', b"-0.0"),
)
EXTS: Final = (
    *(b"null", b"{}", b"[]", b'["stockError"]', b'"sold"', b'""', b"0", b"7", b"true", b"1.5", b"9" * 5000),
    *(
        b'{"note": "x"}',
        b'{"nested": {"a": [1, {"stockError": "x"}]}}',
        b'{"stockError": "a", "stockError": null}',
    ),
    *(
        b'{"stockerror": "x"}',
        b'{"stock\\u0045rror": "sold"}',
        b'{"stockError": "sold", "x": ' + b"9" * 5000 + b"}",
    ),
)
ATTRIBUTES: Final = (
    *(
        b"null",
        b'""',
        b'"-"',
        b'" - "',
        b'"NVIDIA-H800"',
        b'"nvidia-h800"',
        b'"12,5"',
        b'"-1"',
        b'"1e3"',
        b"0",
    ),
    *(b"8", b'"8"', b"12.50", b'"12.50"', b"1e2", b"-1", b"1e999", b"-1e-999", b"0." + b"1" * 5000, b"true"),
    *(
        b"[]",
        b"{}",
        b'"0"',
        b"1000000001",
        b'"999999999999999.999999999"',
        b'"1000000000000000"',
        b"9" * 5000,
    ),
    *(b"9223372036854775808", b"18446744073709551616", b'"a\\r\\nBcc: x"', b'"\\u0000"', b'"<b>&amp;"'),
    *(
        b'"<!channel> @everyone <https://evil|x>"',
        b'"\\u202egnp.exe"',
        b'"' + b"n" * 600 + b'"',
        b'"1."',
        b'".5"',
    ),
    *(
        '"¥12"'.encode(),
        '"Ｈ８００"'.encode(),
        '"Н800"'.encode(),
        '"👨‍👩‍👧 \u2066x"'.encode(),
        '"１２"'.encode(),
    ),
    *(
        '"\ufeffx"'.encode(),
        '"z\u0301\u0301\u0301algo"'.encode(),
        b'"%(name)s {x} $HOME `id`"',
        b"00",
        b"1.",
        b"+1",
    ),
)
"""The last three are no JSON: they spoil the whole answer."""

STATUSES: Final = (
    *(
        b"200",
        b'"200"',
        b"200.0",
        b"2e2",
        b"null",
        b"true",
        b"0",
        b"-200",
        b"201",
        b"400",
        b"401",
        b"403",
        b"404",
    ),
    *(b"429", b"500", b"502", b"503", b"599", b"600", b"[]", b"{}", b'"403"', b"9" * 30, b"0200", b"2000"),
)
MESSAGES: Final = (
    *(b'"OK"', b"null", b"7", b"[]", b'""', b'"\\u202e\\r\\n"', b'"' + b"m" * 5000 + b'"', b'"\\u0000"'),
    *('"请求成功"'.encode(), b'{"a": [1, 2]}', b'"Bearer abcdefgh12345678"'),
)
LISTS: Final = (
    *(
        b"null",
        b"{}",
        b'""',
        b"0",
        b"true",
        b"[null]",
        b"[null, null]",
        b"[[]]",
        b"[[], {}]",
        b"[{}]",
        b"[[[]]]",
    ),
    *(b'["P"]', b"[1, 2.5, true]", b'{"0": {"productCode": "P", "remainingCount": 1}}', b"[]", b"[ ]"),
)
NO_JSON: Final = (
    *(
        b"",
        b" ",
        b"\n",
        b"{",
        b"}",
        b"[",
        b'"',
        b"nul",
        b"\x00",
        b"\xff",
        b"{]",
        b"{,}",
        b"[,]",
        b"'a'",
        b"//",
    ),
    *(
        b"<!DOCTYPE html><html><body>Sign in</body></html>",
        b"<?xml version='1.0'?>",
        b"Bad Gateway",
        b"<HTML>",
    ),
    *(b'{"status": 200, "data": [NaN]}', b'{"status": 200, "data": [], "x": Infinity}', b"-", b"NaN", b"1e"),
    *(b'{"status": 200, "data": [], "x": "\\ud800"}', b'{"status": 200, "data": [], "\\udfff": 1}'),
    *(b'{"status": 200, "data": [], "x": "\xed\xa0\x80"}', b'{"status": 200, "data": [], "x": "\xc0\x80"}'),
    *(b'{"status": 200, "data": [], "x": "\t"}', b'{"status": 200, "data": [], "x": "\\x41"}'),
    *(b'{"status": 200, "data": [],}', b'{status: 200, "data": []}', b"{\"status\": 200, 'data': []}"),
    *(b'\xef\xbb\xbf{"status": 200, "data": []}', '{"status": 200, "data": []}'.encode("utf-16")),
    *(b'{"status": 200, "data": []} x', b'{"status": 200, "data": []}{}', b'{"status": 200 "data": []}'),
)
OTHER_JSON: Final = (
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"true",
    b"{}",
    b'[{"status": 200, "data": []}]',
    b'{"code": 0}',
)
PIECES: Final = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b"\\",
        b"\\u",
        b"\\ud800",
        b"NaN",
        b"null",
        b"-",
        b"e",
        b".",
        b"0",
    ),
    *(
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b" ",
        b"\n",
        b"1e999",
        b"9" * 400,
        b"[" * 300,
        b"true",
    ),
)
