# curl, mbsync and Python's imaplib read and change what our server holds. Sourced by run.

start_serve box --user bob:secret
check "a message waits" eval \
  'curl -sS --mail-from alice@crepes.example --mail-rcpt bob@hamburger.example --upload-file "$WORK/one.eml" \
     "smtp://127.0.0.1:$box_smtp/crepes.example" && soon one_holds "$WORK/box" one'

by_curl() {
  curl -sS --user bob:secret "$@"
}
check "curl reads it" eval 'by_curl "imap://127.0.0.1:$box_imap/INBOX;MAILINDEX=1" >"$WORK/curl.eml" && holds "$WORK/curl.eml" one'
check "curl appends one over TLS" by_curl --cacert "$WORK/ca.pem" --upload-file "$WORK/two.eml" "imaps://localhost:$box_imaps/INBOX"
check "curl reads that one over STARTTLS" eval \
  'by_curl --cacert "$WORK/ca.pem" --ssl-reqd "imap://localhost:$box_imap/INBOX;MAILINDEX=2" >"$WORK/curl.eml" && holds "$WORK/curl.eml" two'
check "curl searches" eval 'shows "^\* SEARCH 2" by_curl "imap://127.0.0.1:$box_imap/INBOX?SUBJECT%20two"'
check "curl is refused with a wrong password" ends_with 67 by_curl --user bob:wrong "imap://127.0.0.1:$box_imap/"

by_imaplib() {
  python3 - "$box_imap" "$WORK/three.eml" <<'P'
import imaplib, sys, threading, time
port, path = sys.argv[1:]
sent = open(path, "rb").read()

def good(answer):
    kind, data = answer
    assert kind == "OK", answer
    return data

def connect():
    box = imaplib.IMAP4("127.0.0.1", int(port), timeout=10)
    good(box.login("bob", "secret"))
    return box

box = connect()
assert "UIDPLUS" in box.capabilities and "IDLE" in box.capabilities, box.capabilities
good(box.create("Archive/2026"))
good(box.subscribe("Archive/2026"))
assert any(b"Archive/2026" in line for line in good(box.list()))
good(box.append("Archive/2026", r"(\Seen keyword)", None, sent))
assert good(box.select("Archive/2026")) == [b"1"]
uid, flags_and_text = None, good(box.uid("FETCH", "1:*", "(UID FLAGS RFC822.SIZE BODY.PEEK[])"))[0]
assert flags_and_text[1] == sent, flags_and_text
assert b"\\Seen" in flags_and_text[0] and b"keyword" in flags_and_text[0]
part = good(box.fetch("1", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODYSTRUCTURE ENVELOPE)"))
assert any(b"Subject: three" in line for item in part for line in (item if isinstance(item, tuple) else (item,)))
good(box.store("1", "+FLAGS", r"(\Flagged)"))
assert good(box.search(None, "FLAGGED", "SUBJECT", '"three"')) == [b"1"]
good(box.copy("1", "INBOX"))
good(box.store("1", "+FLAGS", r"(\Deleted)"))
assert good(box.expunge()) == [b"1"]
good(box.close())
assert good(box.select("INBOX")) == [b"3"]
good(box.rename("Archive/2026", "Archive/2027"))
good(box.delete("Archive/2027"))
kind, _ = box.select("Nowhere")
assert kind == "NO"
box.logout()
P
}
check "imaplib creates, appends, fetches, flags, searches, copies, expunges" by_imaplib

by_mbsync() {
  cat >"$WORK/mbsyncrc" <<C
IMAPAccount ours
Host 127.0.0.1
Port $box_imap
User bob
Pass secret
SSLType None
AuthMechs LOGIN

IMAPStore far
Account ours

MaildirStore near
Path $WORK/mbsync/
Inbox $WORK/mbsync/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
C
  mkdir -p "$WORK/mbsync"
  mbsync -c "$WORK/mbsyncrc" all
}
check "mbsync pulls all" eval 'by_mbsync && [ "$(count "$WORK/mbsync/INBOX")" -eq 3 ] && one_holds "$WORK/mbsync/INBOX" three'
message four
push_by_mbsync() {
  mkdir -p "$WORK/mbsync/Drafts"/{new,cur,tmp}
  tr -d '\r' <"$WORK/four.eml" >"$WORK/mbsync/Drafts/cur/1.1.host:2,S"
  by_mbsync
  by_curl "imap://127.0.0.1:$box_imap/Drafts;MAILINDEX=1" >"$WORK/curl.eml"
  holds "$WORK/curl.eml" four
}
check "mbsync pushes a message into a new mailbox" push_by_mbsync
check "mbsync carries a deletion" eval \
  'rm "$(grep -rl "^Subject: two" "$WORK/mbsync/INBOX" | head -n 1)" && by_mbsync &&
   shows "^\* SEARCH 1 2.$" by_curl "imap://127.0.0.1:$box_imap/INBOX?ALL"'
