import assert from "node:assert/strict";
import { test } from "node:test";
import { linkify } from "../src/view/message.ts";

/** What of a line can be clicked, with where it leads. */
function clicked(line: string): [string, string][] {
  const pieces = linkify(line);
  assert.equal(pieces.map(({ text }) => text).join(""), line);
  return pieces.flatMap(({ text, href }): [string, string][] => (href === null ? [] : [[text, href]]));
}

function links(line: string): string[] {
  return clicked(line).map(([text, href]) => {
    assert.equal(text, href);
    return text;
  });
}

test("https links lead exactly where they say", () => {
  assert.deepEqual(links("Zie https://www.example.nl/afspraak."), ["https://www.example.nl/afspraak"]);
  assert.deepEqual(links("(https://example.nl/a_(b)), “https://example.nl?q=1#top”!"), ["https://example.nl/a_(b)", "https://example.nl?q=1#top"]);
  assert.deepEqual(links("<https://example.nl:8443/>; https://a-b.example.co.uk…"), ["https://example.nl:8443/", "https://a-b.example.co.uk"]);
  assert.deepEqual(links("HTTPS://Example.NL/X"), ["HTTPS://Example.NL/X"]);
  assert.deepEqual(links("https://example.nl/%D7%90?a=b&c=[1]"), ["https://example.nl/%D7%90?a=b&c=[1]"]);
});

test("what could lead elsewhere than it says stays text", () => {
  for (const text of [
    "http://example.nl/",
    "javascript:alert(1)",
    "data:text/html,x",
    "https:example.nl",
    "https:///example.nl",
    "https://bank.nl@evil.example/",
    "https://bank.nl:443@evil.example/",
    "https://evil.example\\@bank.nl/",
    "https://evil.example\\.bank.nl",
    "https://1.2.3.4/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://[::1]/",
    "https://localhost/",
    "https://bank.nl./",
    "https://bank..nl/",
    "https://-bank.nl/",
    "https://xn--bnk-ula.nl/",
    "https://www.XN--bnk-ula.nl/",
    "https://bänk.nl/",
    "https://bаnk.nl/",
    "https://bank。nl/",
    "https://bank.nl\\u{202e}/moc",
    "https://bank.nl/é",
    "https://bank.nl/\u05d0",
    "https://bank.nl,evil.example/",
    "https://bank.nl%2eevil.example/",
    "https://bank.nl:99999/",
    "https://bank.nl:/",
    "https://bank_nl.example/",
    "xhttps://bank.nl/",
    "zie:https://bank.nl/",
    "[bank.nl](https://evil.example)",
    "<a href=https://evil.example>https://bank.nl</a>",
    "https://bank.nl/<script>",
    "https://bank.nl/\"onclick=\"x",
    "jan@example.nl",
    "mailto:jan@example.nl",
  ]) assert.deepEqual(clicked(`Zie ${text} snel`), [], text);
});

test("phone numbers can be called as they were typed", () => {
  for (const [typed, dialled] of [
    ["010-1234567", "0101234567"],
    ["(010) 123 45 67", "0101234567"],
    ["06 12345678", "0612345678"],
    ["06-12 34 56 78", "0612345678"],
    ["0612345678", "0612345678"],
    ["0113 - 123456", "0113123456"],
    ["088 123 45 67", "0881234567"],
    ["0800-1234", "08001234"],
    ["0900 1234567", "09001234567"],
    ["+31 6 12345678", "+31612345678"],
    ["+31 (0)6 1234 5678", "+31612345678"],
    ["+31(0)10-1234567", "+31101234567"],
    ["0031 6 12345678", "0031612345678"],
    ["0031612345678", "0031612345678"],
    ["+32 2 123 45 67", "+3221234567"],
    ["0049 30 1234567", "0049301234567"],
    ["+44 20 7946 0958", "+442079460958"],
  ] as const) {
    assert.deepEqual(clicked(`Bel ${typed}.`), [[typed, `tel:${dialled}`]], typed);
    assert.deepEqual(clicked(`(${typed})`).map(([, href]) => href), [`tel:${dialled}`], typed);
  }
  assert.deepEqual(clicked("Bel 010-1234567, of 06-12345678").map(([text]) => text), ["010-1234567", "06-12345678"]);
});

test("numbers of cases, citizens, accounts, and dates are not called", () => {
  for (const text of [
    "012345678",
    "123456782",
    "0123456789",
    "2024-0612345678",
    "20240612345678",
    "Z.0612345678",
    "Z0612345678",
    "0612345678-01",
    "0612345678901",
    "1234 0612345678",
    "NL91ABNA0417164300",
    "NL91 ABNA 0417 1643 00",
    "DE89 0417 1643 00",
    "BE68 5390 0754 7034",
    "06-12-2026 14:00",
    "06-12-2026 14 uur",
    "01-02-2026 10 uur",
    "06 12 2026 1234",
    "0,12345678",
    "€ 0612345678,50",
    "001234567890",
    "0012345678",
    "+310612345678",
    "+31 06 12345678",
    "+1",
    "+1234567",
    "+12345678901234567",
    "0800-12345",
    "06-1234567",
    "06)12345678",
    "k=0612345678",
    "http://example.nl/0612345678",
    "0612345678@example.nl",
    "192.168.0.10.10.10.10",
    "٠٦١٢٣٤٥٦٧٨",
  ]) assert.deepEqual(clicked(`Zie ${text} hier`), [], text);
});

test("a line of many signs is read in no more time than it is long", () => {
  const started = performance.now();
  for (const sign of ["0", "0 ", "(", "https://", "https://a.", "+1-", "a.", ")", "(0"]) linkify(sign.repeat(65_536 / sign.length));
  assert.ok(performance.now() - started < 2000, `${performance.now() - started} ms`);
});
