//! Appointments: what a message invites to, cancels or answers.
//!
//! Read from parts of type text/calendar and from files that are called `.ics`. Times stay as the sender wrote them, in
//! the zone he named: what that zone is at home is not known here. Decides nothing and answers nobody.
//! RFC 5545 §3.6.1, §3.6.2, §3.8; RFC 5546 §1.4 for methods; RFC 6047 for calendars in mail.

use super::content_line::{self, ContentLine};
use super::recurrence;
use crate::message::guard::BlockKind;
use crate::message::media::unescape_percent;
use crate::message::view::{Message, Part};
use crate::message::words;
use jiff::civil;
use schemars::JsonSchema;
use serde::Serialize;

/// Entries of one calendar that are read.
const ENTRIES_MAX: usize = 2_000;
/// People of one calendar that are read.
const PEOPLE_MAX: usize = 20_000;
/// Single days of one calendar that are read.
const DAYS_MAX: usize = 20_000;
/// Calendars of one message that are read.
const CALENDARS_MAX: usize = 20;

/// A calendar that came with a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Calendar {
    /// The number of the part it stands in.
    pub part: String,
    /// `request`, `cancel`, `reply`, `publish` … (RFC 5546 §1.4).
    pub method: Option<String>,
    /// What made it.
    pub product: Option<String>,
    /// Its entries.
    pub entries: Vec<Entry>,
    /// There were more.
    pub truncated: bool,
}

/// An appointment, or a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Entry {
    /// `event` or `todo`.
    pub kind: String,
    /// What names it for good.
    pub uid: Option<String>,
    /// Its revision.
    pub sequence: Option<u64>,
    /// Which day of a series it is about.
    pub recurrence_id: Option<When>,
    /// Its title.
    pub summary: Option<String>,
    /// What is said about it.
    pub description: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// A page about it.
    pub url: Option<String>,
    /// `confirmed`, `tentative`, `cancelled` …
    pub status: Option<String>,
    /// When it begins.
    pub start: Option<When>,
    /// When it ends, or is due. Of whole days the end is the day behind the last one.
    pub end: Option<When>,
    /// How long it takes, as written, if no end is told.
    pub duration: Option<String>,
    /// The rule by which it repeats, as written.
    pub rule: Option<String>,
    /// The same in words, if it can be said in words.
    pub repeats: Option<String>,
    /// Further days.
    pub also: Vec<When>,
    /// Days of the series that do not take place.
    pub except: Vec<When>,
    /// Who invites.
    pub organizer: Option<Person>,
    /// Who is invited.
    pub attendees: Vec<Person>,
    /// Reminders that come with it.
    pub alarms: usize,
    /// When this was written.
    pub stamp: Option<When>,
}

/// A day, or a time of a day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct When {
    /// `2026-11-20` or `2026-11-20T12:00:00`.
    pub value: String,
    /// The zone: `UTC`, or what the sender calls it; none means the reader's own.
    pub zone: Option<String>,
}

/// Somebody who invites or is invited.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Person {
    /// The address; what is no mailto is kept as written.
    pub address: String,
    /// The name.
    pub name: Option<String>,
    /// `accepted`, `declined`, `tentative`, `needs-action` …
    pub status: Option<String>,
    /// `chair`, `req-participant`, `opt-participant` …
    pub role: Option<String>,
    /// `individual`, `group`, `room`, `resource`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Whether an answer is wanted.
    pub rsvp: bool,
}

/// The calendars of a message. The same one is often there twice, as a part and as a file, and told once.
pub fn calendars(message: &Message<'_>) -> Vec<Calendar> {
    let mut found: Vec<Calendar> = Vec::new();
    for part in message.own_parts().into_iter().filter(|part| is_calendar(message, part)) {
        let charset = part.media.parameters.get("charset");
        let text = content_line::text(&message.content(part).content, charset.as_deref());
        let method = part.media.parameters.get("method");
        let Some(calendar) = Calendar::read(&part.id, method, &text) else { continue };
        let is_known = found.iter().any(|known| known.entries == calendar.entries);
        if !is_known {
            found.push(calendar);
        }
        if found.len() == CALENDARS_MAX {
            break;
        }
    }
    found
}

fn is_calendar(message: &Message<'_>, part: &Part) -> bool {
    let is_named = || {
        let name = message.file_name(part).unwrap_or_default().to_ascii_lowercase();
        [".ics", ".ical", ".vcs"].iter().any(|end| name.ends_with(end))
    };
    let sub = part.media.sub.as_str();
    part.kind == BlockKind::Leaf && (matches!(sub, "calendar" | "ics" | "x-vcalendar") || is_named())
}

impl Calendar {
    /// `None` if no calendar begins anywhere in it.
    fn read(part: &str, method: Option<String>, text: &str) -> Option<Self> {
        let mut lines = content_line::lines(text);
        lines.find(|line| line.name == "BEGIN" && line.value.trim().eq_ignore_ascii_case("VCALENDAR"))?;
        let mut room = Room { people: PEOPLE_MAX, days: DAYS_MAX };
        let mut calendar =
            Self { part: part.to_owned(), method: method.map(|m| m.to_ascii_lowercase()), ..Self::default() };
        // The entry that is read, and how deep in its components the reader is.
        let mut open: Option<(Entry, usize)> = None;
        // Within other components of the calendar: zones, above all.
        let mut other = 0usize;
        for line in lines {
            let component = line.value.trim().to_ascii_uppercase();
            match (line.name.as_str(), &mut open) {
                ("BEGIN", None) if other == 0 && matches!(component.as_str(), "VEVENT" | "VTODO") => {
                    let kind = if component == "VEVENT" { "event" } else { "todo" };
                    open = Some((Entry { kind: kind.to_owned(), ..Entry::default() }, 0));
                }
                ("BEGIN", None) => other += 1,
                ("BEGIN", Some((entry, depth))) => {
                    entry.alarms += usize::from(*depth == 0 && component == "VALARM");
                    *depth += 1;
                }
                ("END", Some((_, depth))) if *depth > 0 => *depth -= 1,
                ("END", Some(_)) => calendar.push(open.take()),
                // Behind the end of a calendar may stand another.
                ("END", None) => other = other.saturating_sub(1),
                (_, Some((entry, 0))) => calendar.truncated |= !entry.take(&line, &mut room),
                ("METHOD", None) if other == 0 => calendar.method = line.text().map(|text| text.to_ascii_lowercase()),
                ("PRODID", None) if other == 0 => calendar.product = line.text(),
                _ => {}
            }
        }
        // What has no end is told as far as it goes.
        calendar.push(open.take());
        Some(calendar)
    }

    fn push(&mut self, entry: Option<(Entry, usize)>) {
        match self.entries.len() < ENTRIES_MAX {
            true => self.entries.extend(entry.map(|(entry, _)| entry)),
            false => self.truncated |= entry.is_some(),
        }
    }
}

/// How much more of one calendar is read.
struct Room {
    people: usize,
    days: usize,
}

impl Entry {
    /// Reads a property; false if there was no room for what it says.
    fn take(&mut self, line: &ContentLine, room: &mut Room) -> bool {
        let lower = || line.text().map(|text| text.to_ascii_lowercase());
        match line.name.as_str() {
            "UID" => self.uid = line.text(),
            "SEQUENCE" => self.sequence = line.value.trim().parse().ok(),
            "RECURRENCE-ID" => self.recurrence_id = When::read(line),
            "SUMMARY" => self.summary = line.text(),
            "DESCRIPTION" => self.description = line.text(),
            "LOCATION" => self.location = line.text(),
            "URL" => self.url = line.text(),
            "STATUS" => self.status = lower(),
            "DTSTART" => self.start = When::read(line),
            "DTEND" | "DUE" => self.end = When::read(line),
            "DURATION" => self.duration = line.text(),
            "RRULE" => {
                self.repeats = recurrence::in_words(&line.value);
                self.rule = line.text();
            }
            "RDATE" => return When::read_list(line, &mut self.also, room),
            "EXDATE" => return When::read_list(line, &mut self.except, room),
            "ORGANIZER" => self.organizer = Some(Person::read(line)),
            "ATTENDEE" if room.people == 0 => return false,
            "ATTENDEE" => {
                room.people -= 1;
                self.attendees.push(Person::read(line));
            }
            "DTSTAMP" => self.stamp = When::read(line),
            _ => {}
        }
        true
    }
}

impl When {
    fn read(line: &ContentLine) -> Option<Self> {
        Self::parse(&line.value, line.parameter("TZID"))
    }

    /// Reads a list of days; false if there was no room for all of them.
    fn read_list(line: &ContentLine, days: &mut Vec<Self>, room: &mut Room) -> bool {
        // A period says when it begins, and behind a slash when it ends.
        let values = line.value.split(',').map(|value| value.split('/').next().unwrap_or(value));
        let mut values = values.filter_map(|value| Self::parse(value, line.parameter("TZID")));
        let before = days.len();
        days.extend(values.by_ref().take(room.days));
        room.days -= days.len() - before;
        values.next().is_none()
    }

    fn parse(value: &str, zone: Option<&str>) -> Option<Self> {
        let (value, is_utc) = Self::digits(value)?;
        let zone = match (is_utc, value.contains('T')) {
            (true, _) => Some("UTC".to_owned()),
            // A day has no zone.
            (false, false) => None,
            (false, true) => zone.map(|zone| zone.trim_start_matches('/').to_owned()),
        };
        Some(Self { value, zone })
    }

    /// `20261120` or `20261120T120000`, and whether a `Z` stands behind it (RFC 5545 §3.3.4, §3.3.5).
    pub(super) fn digits(value: &str) -> Option<(String, bool)> {
        let value = value.trim();
        let (value, is_utc) = value.strip_suffix(['Z', 'z']).map_or((value, false), |value| (value, true));
        let (date, time) = value.split_once(['T', 't']).map_or((value, None), |(date, time)| (date, Some(time)));
        let number = |text: &str, range: std::ops::Range<usize>| text.get(range)?.parse::<i8>().ok();
        let is_number = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(date, 8) {
            return None;
        }
        let date = civil::Date::new(date.get(..4)?.parse().ok()?, number(date, 4..6)?, number(date, 6..8)?).ok()?;
        let Some(time) = time else { return Some((date.to_string(), is_utc)) };
        if !is_number(time, 6) {
            return None;
        }
        // A leap second is the one before it, to those who have none.
        let second = number(time, 4..6)?.min(59);
        let time = civil::Time::new(number(time, 0..2)?, number(time, 2..4)?, second, 0).ok()?;
        Some((format!("{date}T{time}"), is_utc))
    }
}

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.value.split_once('T') {
            Some((date, time)) => write!(f, "{date} {}", time.strip_suffix(":00").unwrap_or(time))?,
            None => f.write_str(&self.value)?,
        }
        self.zone.as_ref().map_or(Ok(()), |zone| write!(f, " {zone}"))
    }
}

impl Person {
    fn read(line: &ContentLine) -> Self {
        let lower = |name: &str| line.parameter(name).map(str::to_ascii_lowercase);
        let value = line.value.trim();
        let is_mailto = value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
        let address = if is_mailto { value.get(7..).unwrap_or_default() } else { value };
        let address = words::undeclared(&unescape_percent(address.trim().as_bytes())).0.into_owned();
        Self {
            address,
            name: line.parameter("CN").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
            status: lower("PARTSTAT"),
            role: lower("ROLE"),
            kind: lower("CUTYPE"),
            rsvp: line.parameter("RSVP").is_some_and(|rsvp| rsvp.eq_ignore_ascii_case("TRUE")),
        }
    }
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name.as_ref().filter(|name| **name != self.address) {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INVITATION: &str = "BEGIN:VCALENDAR\r\nPRODID:-//Crepes//EN\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n\
        BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
        BEGIN:VEVENT\r\nUID:1@crepes.example\r\nSEQUENCE:2\r\nDTSTAMP:20261119T100000Z\r\n\
        DTSTART;TZID=Europe/Paris:20261120T120000\r\nDTEND;TZID=Europe/Paris:20261120T133000\r\nSUMMARY:Lunch\\, with ketchup\r\n\
        LOCATION:Kitchen\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE;VALUE=DATE:20261127,20261204\r\n\
        ORGANIZER;CN=Alice:mailto:alice@crepes.example\r\n\
        ATTENDEE;CN=\"Bob\r\n  B.\";PARTSTAT=NEEDS-ACTION;RSVP=TRUE;ROLE=REQ-PARTICIPANT:MAILTO:bob%2Bx@hamburger.example\r\n\
        ATTENDEE:urn:uuid:1\r\nBEGIN:VALARM\r\nSUMMARY:not this\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    fn read(content: &str) -> Vec<Calendar> {
        let message = format!("Content-Type: text/calendar; charset=utf-8\r\n\r\n{content}");
        calendars(&Message::parse(message.as_bytes()))
    }

    #[test]
    fn an_invitation_is_read() {
        let found = read(INVITATION);
        let [calendar] = &found[..] else { panic!("one calendar: {found:?}") };
        assert_eq!((calendar.method.as_deref(), calendar.product.as_deref()), (Some("request"), Some("-//Crepes//EN")));
        let [entry] = &calendar.entries[..] else { panic!("one entry") };
        assert_eq!(
            (entry.kind.as_str(), entry.uid.as_deref(), entry.sequence),
            ("event", Some("1@crepes.example"), Some(2))
        );
        assert_eq!((entry.summary.as_deref(), entry.alarms), (Some("Lunch, with ketchup"), 1));
        let shown = |when: &Option<When>| when.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(shown(&entry.start), "2026-11-20 12:00 Europe/Paris");
        assert_eq!(shown(&entry.stamp), "2026-11-19 10:00 UTC");
        assert_eq!(entry.repeats.as_deref(), Some("every week, 3 times"));
        assert_eq!(entry.except.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2026-11-27", "2026-12-04"]);
        assert_eq!(entry.organizer.as_ref().map(ToString::to_string).as_deref(), Some("Alice <alice@crepes.example>"));
        let bob = &entry.attendees[0];
        assert_eq!(bob.to_string(), "Bob B. <bob+x@hamburger.example>");
        assert_eq!((bob.status.as_deref(), bob.rsvp), (Some("needs-action"), true));
        assert_eq!(entry.attendees[1].address, "urn:uuid:1");
    }

    #[test]
    fn the_same_calendar_is_told_once_and_files_count_by_their_name() {
        let file = "Content-Type: application/octet-stream; name=invite.ICS\r\n\r\n";
        let message = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n\
             {INVITATION}\r\n--b\r\n{file}{INVITATION}\r\n--b\r\n{file}BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nDUE:20261120\r\n--b--\r\n"
        );
        let found = calendars(&Message::parse(message.as_bytes()));
        let shown: Vec<_> = found.iter().map(|c| format!("{} {:?} {}", c.part, c.method, c.entries[0].kind)).collect();
        assert_eq!(shown, ["1 Some(\"request\") event", "3 None todo"]);
    }

    #[test]
    fn broken_calendars_are_read_as_far_as_they_make_sense() {
        for (content, wanted) in [
            ("", "none"),
            ("hello", "none"),
            ("BEGIN:VCALENDAR", "0 entries"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x", "1 entries"),
            ("BEGIN:VCALENDAR\nEND:VEVENT\nEND:X\nBEGIN:VEVENT\nEND:VEVENT", "1 entries"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\nEND:VEVENT", "1 entries"),
        ] {
            let found = read(content);
            let shown = found.first().map_or("none".to_owned(), |c| format!("{} entries", c.entries.len()));
            assert_eq!(shown, wanted, "{content}");
        }
        let many = read(&format!("BEGIN:VCALENDAR\n{}", "BEGIN:VEVENT\nEND:VEVENT\n".repeat(ENTRIES_MAX + 1)));
        assert_eq!((many[0].entries.len(), many[0].truncated), (ENTRIES_MAX, true));
    }

    #[test]
    fn times_are_read_strictly() {
        for (value, wanted) in [
            ("20261120", Some("2026-11-20")),
            ("20261120T120000Z", Some("2026-11-20T12:00:00")),
            ("20161231T235960Z", Some("2016-12-31T23:59:59")),
            ("20261320", None),
            ("2026112", None),
            ("20261120T12", None),
            ("+0261120", None),
            ("é0261120", None),
        ] {
            assert_eq!(When::digits(value).map(|(text, _)| text).as_deref(), wanted, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), at in 0..INVITATION.len(), octet: u8) {
            let mut text = INVITATION.as_bytes().to_vec();
            text[at] = octet;
            for content in [text, octets] {
                let message = [b"Content-Type: text/calendar\r\n\r\n", &content[..]].concat();
                calendars(&Message::parse(&message));
            }
        }
    }
}
