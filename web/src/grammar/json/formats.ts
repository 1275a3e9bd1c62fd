/**
 * The formats of strings that grammars know, as regular expressions.
 *
 * They are no wider than their specifications, and narrower where those are wide, since every answer must be
 * valid and not every valid text needs to be an answer. The port of `runtime/grammar/json/formats.py`.
 * Sources: JSON Schema Validation draft 2020-12, section 7.3; RFC 3339 (dates and times, appendix A for
 * durations), RFC 5321 (email), RFC 1123 (host names), RFC 4291 (ipv6), RFC 4122 (uuid), RFC 3986 (uri).
 */

const YEAR = "[1-9][0-9]{3}";
const LEAP_YEAR = "(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)";
const DATE =
  `(?:${YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)` +
  `|02-(?:0[1-9]|1[0-9]|2[0-8]))|${LEAP_YEAR}-02-29)`;
const HOURS = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
const TIME = `${HOURS}:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-]${HOURS})`;
const FEW = "[0-9]{1,4}";
const PERIOD = `(?:${FEW}H(?:${FEW}M(?:${FEW}S)?)?|${FEW}M(?:${FEW}S)?|${FEW}S)`;
const DAYS = `(?:${FEW}Y(?:${FEW}M(?:${FEW}D)?)?|${FEW}M(?:${FEW}D)?|${FEW}D)`;
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?";
const HOST = `${LABEL}(?:\\.${LABEL}){0,6}`;
const ATOM = "[A-Za-z0-9_+-]{1,20}";
const BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = `${BYTE}(?:\\.${BYTE}){3}`;
const GROUP = "[0-9a-fA-F]{1,4}";
const IPV6 = [
  `${GROUP}(?::${GROUP}){7}`,
  ...[1, 2, 3, 4, 5, 6].map(
    (before) => `${GROUP}(?::${GROUP}){${before - 1}}::(?:${GROUP}(?::${GROUP}){0,${6 - before}})?`,
  ),
  `::(?:${GROUP}(?::${GROUP}){0,6})?`,
].join("|");
const PATH_CHARACTER = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";

/** By the name of the format, the pattern of the whole string. */
export const FORMATS: ReadonlyMap<string, string> = new Map([
  ["date", DATE],
  ["time", TIME],
  ["date-time", `${DATE}T${TIME}`],
  ["duration", `P(?:${FEW}W|${DAYS}(?:T${PERIOD})?|T${PERIOD})`],
  ["email", `${ATOM}(?:\\.${ATOM}){0,2}@${LABEL}(?:\\.${LABEL}){1,3}`],
  ["hostname", HOST],
  ["ipv4", IPV4],
  ["ipv6", IPV6],
  ["uuid", "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"],
  [
    "uri",
    `[A-Za-z][A-Za-z0-9+-]{0,15}://${HOST}(?::[1-9][0-9]{0,3})?(?:/${PATH_CHARACTER}{0,60}){0,4}`,
  ],
]);
