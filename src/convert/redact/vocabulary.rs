//! Words that say nothing about anybody: field names, keywords of standards, tags. They stay, all others are replaced.
//!
//! A list of what is known to be harmless, since a list of what is not could never be complete. IANA's registries of
//! header fields, of authentication results and of HTML elements, in as far as mail is full of them.

/// Words of field names; a name that is made of these only stays.
const FIELD_WORDS: &str = "
 abuse accept action add address agent all antivirus antispam apparently approved archive archived arc arrival arrived attach
 authenticated authentication auto autoreply b bcc body bulk bytes by campaign category cc charset class clacks client
 comments complaints content control copy creation data date deferred delivered delivery description detected diagnostic dkim
 disposition distribution domain domainkey duration email encoding encrypted envelope errors error estimated evaluation
 exchange expires expiry feedback field final flags flow followup for format forwarded forefront from google guid help
 host id identity importance in inbound index info incident info ip is jsmail keywords language last level lines list
 location loop mail mailer mailing mailman match media message messageid mime mimeole mozilla ms mso msmail name newsgroups
 notification office old oq org organization original originating originator os owner path ph pm post postmark posted posting
 precedence prevent priority processed proofpoint provags protocol reason received recipient references relay remote reply
 report reported reporting reports required resent response result results return sa scanned scanner score seal sender
 sensitivity sent server session sid signature signed size smtp source spam spf status subject submission suppress
 subscribe subscription tag thread time to topic tracking transfer transport trust type uid unsubscribe url urn user version
 virus via way will x xref yahoo";

/// Keywords within structured fields.
const KEYWORDS: &str = "
 1 a action addr adsp aes agent all alternate alternative amazon any application arc arf ascii arrival attachment audio auth
 authenticated authentication auto b base64 bcc bh bit bits body boundary bounce bulk by bytes c calendar canonicalization
 cc cert cfws charset cipher client cn compauth content creation cv d date delayed deliver delivered delivery delsp denied
 description destination details dhe diagnostic digest disposition dkim dkim1 dmarc dns domain duplicate ecdhe
 ecdsa ed25519 email encoding encrypted envelope error esmtp esmtpa esmtps esmtpsa exim explanation expired fail
 failed failure false feedback file filename final first flowed for format font forwarded forged form from gcm generated global gz
 gzip h header headers help helo high host html http https i id identity image immediate importance in inline invalid
 ip iprev is iso jpeg json junk key l language length level limit list listed lmtp lmtpa lmtps local log low mail mailbox mailer
 mailfrom mailing mailto manual max mdn mechanism media message method micalg microsoft mime min missing mixed model multipart modification
 mode msg mta name neutral news no none normal not notification null octet octetstream only or ora original other out outbound
 override p parallel part partial pass passed path pcre pdf permanent permerror pgp pgp-encrypted pgp-signature pipe pkcs7 plain
 png policy possible post postfix prio priority private processed protocol ptr public q qmail query quoted-printable quoted
 printable r ra read reason received recipient record refs reject rejected related relaxed relay remote replied reply report
 reporting request required response result return rfc822 rsa s sa schannel score sender sensitivity sent server
 sha1 sha256 sha384 sha512 sieve signature signed signer simple size skipped smtp softfail source sp spam spf sql sslv3
 start status stream string submission subject subscribed subtype success system t tag temp temperror temporary test text
 time tls tlsv1 to transfer transport true tzid type unknown unlisted unsigned unsubscribe urgent url user utf8 utf8smtp
 utf8smtps utf8esmtp utf8esmtpsa v value vcard verify verified version video via virus vnd with x xml yes zip 7bit 8bit binary
 7 8 1.0";

/// Words of dates.
const DATE_WORDS: &str = "
 mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday jan feb mar apr may jun jul aug sep
 sept oct nov dec january february march april june july august september october november december gmt ut utc z est edt cst
 cdt mst mdt pst pdt cet cest met mest eet eest msk bst ist jst kst wet west hkt sgt aest aedt nzst nzdt am pm";

/// What stands in front of a subject that answers or passes on.
const SUBJECT_WORDS: &str = " re fwd fw aw wg sv vs antw tr rv ";

/// Elements and attributes of HTML, properties and values of CSS.
const MARKUP_WORDS: &str = "
 a abbr acronym address align alink alt area article aside auto b background base bdi bdo bgcolor big black blink block
 blockquote body bold bolder border both bottom br button caption cell cellpadding cellspacing center char charset checked
 cid circle cite class clear code col collapse color cols colgroup colspan com comment content data datetime dd decimal del
 detect dir disc display div dl doctype dotted dt dtd em embed en endif equiv fallback family fieldset fixed float font
 fontface footer form frame frameset ftp gray gte groove h1 h2 h3 h4 h5 h6 head header height hidden hide href hr hspace html
 http https i id if iframe img important in inherit initial inline input ins inside instruction italic justify kbd label lang
 layout left legend letter li lighter line link list lt lte ltr mailto main map margin max media meta middle min mm mso name
 nav no none normal nowrap o object oblique office ol only op outlook outline outside overflow ox oxml p padding param pc pct
 position pre print pt public px q quot radius rel relative rem repeat ridge right role row rows rowspan rpad rtl s sans schemas
 screen script scroll select separate serif shape size small solid space span spacing square src start static strict strike
 strong style sub summary sup svg table tbody td tel text textarea tfoot th thead tile title top tr transform transitional
 transparent tt type u ul unicode up uppercase url v valign version vertical vh viewport visibility visible vlink vml vspace
 vw w w3 wbr weight white whitespace width word wrap www x xhtml xml xmlns z zoom";

/// Components, properties, parameters and values of iCalendar (RFC 5545, RFC 5546, RFC 7986).
const CALENDAR_WORDS: &str = "
 accepted action address alarm altrep attach attendee audio begin binary boolean busy bymonth byday bymonthday bysetpos byhour
 byminute byweekno calendar calscale cancel cancelled categories chair class cn cnt comment complete completed conference
 confidential confirmed contact count counter created cutype daily date daylight declined declinecounter delegated dir display
 dt dtend dtstamp dtstart due duration email encoding end event exdate fbtype fmttype fr free freebusy freq from geo gregorian
 group hourly id image in individual info integer interval journal language last link location mailto member method minutely mo
 modified monthly name need needs no none of offset opaque opt optional organizer parameter participant partstat percent period
 priority private process prodid public publish range rdate recur recurrence refresh related relative reltype repeat req request
 required resource resources role room rrule rsvp sa schedule secondly sent sequence source standard start status su subtype
 summary tentative text th time timezone to transparent transp trigger true false tu tz tzid tzname tzoffsetfrom tzoffsetto
 tzuntil tzurl uid unavailable unknown until uri url utc value valarm vcalendar version vevent vfreebusy vjournal vtimezone vtodo
 we weekly wkst wr x yearly";

/// Names of characters in HTML.
const ENTITIES: &str = "
 aacute acirc acute aelig agrave amp apos aring atilde auml bdquo bull cedil cent copy curren darr deg divide eacute ecirc
 egrave euml euro frac12 frac14 frac34 gt hellip iacute icirc iexcl igrave iquest iuml laquo larr ldquo lsaquo lsquo lt macr mdash
 micro middot nbsp ndash not ntilde oacute ocirc oelig ograve ordf ordm oslash otilde ouml para permil plusmn pound quot raquo
 rarr rdquo reg rsaquo rsquo sbquo sect shy sup1 sup2 sup3 szlig thinsp thorn times trade uacute uarr ucirc ugrave uml uuml yacute
 yen yuml zwj zwnj";

/// A list of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// None at all.
    Nothing,
    /// Of field names.
    FieldName,
    /// Of structured fields.
    Keyword,
    /// Of dates.
    Date,
    /// Of subjects.
    Subject,
    /// Of HTML and CSS.
    Markup,
    /// Of HTML's characters.
    Entity,
    /// Of iCalendar.
    Calendar,
}

impl List {
    /// Whether a word is in it, in any case.
    pub(super) fn has(self, word: &[u8]) -> bool {
        let list = match self {
            Self::Nothing => return false,
            Self::FieldName => FIELD_WORDS,
            Self::Keyword => KEYWORDS,
            Self::Date => DATE_WORDS,
            Self::Subject => SUBJECT_WORDS,
            Self::Markup => MARKUP_WORDS,
            Self::Entity => ENTITIES,
            Self::Calendar => CALENDAR_WORDS,
        };
        word.len() < 20 && list.split_ascii_whitespace().any(|known| known.as_bytes().eq_ignore_ascii_case(word))
    }
}
