# mailkit imap by hand with Dovecot, beside curl's answers. Sourced by run.

RELAY=127.0.0.1:9 start_dovecot
export SECRET=secret SSL_CERT_FILE=$WORK/ca.pem
rm -rf "$WORK/dovecot/mail/bob"
imap=imap://bob@127.0.0.1:$dovecot_imap
by_hand() {
  local command=$1
  shift
  "$MAILKIT" imap "$command" --server "$imap" --password-env SECRET "$@"
}
by_curl() {
  curl -sS --user bob:secret "imap://127.0.0.1:$dovecot_imap/$1" ${2:+-X "$2"} | tr -d '\r'
}

check "append prints the UIDs that curl finds" eval \
  '[ "$(by_hand append INBOX "$WORK/one.eml" "$WORK/two.eml" "$WORK/three.eml" --flags seen)" = 1:3 ] &&
   [ "$(by_curl INBOX "UID SEARCH ALL")" = "* SEARCH 1 2 3" ]'
check "a message comes as curl gets it" eval \
  'by_hand fetch INBOX 2 >"$WORK/by-hand.out" && curl -sS --user bob:secret "imap://127.0.0.1:$dovecot_imap/INBOX;UID=2" | cmp - "$WORK/by-hand.out"'
check "header and text of it too" eval \
  'by_hand fetch INBOX 2 --part TEXT >"$WORK/by-hand.out" &&
   curl -sS --user bob:secret "imap://127.0.0.1:$dovecot_imap/INBOX;UID=2;SECTION=TEXT" | cmp - "$WORK/by-hand.out"'
check "mailboxes with all sorts of names are made and listed" eval \
  'by_hand mkdir "Entwürfe & mehr" Archive "Archive.2026 [x]" && by_hand ls | grep -qx "Entwürfe & mehr" &&
   by_curl "" "LIST \"\" *" | grep -q "Entw&APw-rfe &- mehr"'
check "counts are those of curl" eval \
  'by_hand copy INBOX 1:2 Archive && by_hand ls --status | grep -q "^ *2 *0 Archive$" &&
   by_curl "" "STATUS Archive (MESSAGES)" | grep -q "MESSAGES 2"'
check "flags are set and cleared, and searches find them as curl does" eval \
  'by_hand flag INBOX 1,3 -seen +flagged +work && [ "$(by_hand search INBOX is:unread tag:work)" = 1,3 ] &&
   [ "$(by_curl INBOX "UID SEARCH UNSEEN KEYWORD work")" = "* SEARCH 1 3" ]'
check "words are found as curl finds them, and whole subjects exactly" eval \
  '[ "$(by_hand search INBOX subject:two)" = 2 ] && [ "$(by_hand search INBOX subject=two)" = 2 ] &&
   ends_with 1 by_hand search INBOX subject=tw && [ "$(by_curl INBOX "UID SEARCH SUBJECT two")" = "* SEARCH 2" ]'
check "a search that is not US-ASCII is understood" eval \
  'printf "Subject: =?utf-8?q?=C3=BCber?=\n\nx\n" | by_hand append INBOX >"$WORK/uid" &&
   [ "$(by_hand search INBOX subject:über)" = "$(cat "$WORK/uid")" ] &&
   [ "$(by_hand search INBOX --imap "SUBJECT \"über\"")" = "$(cat "$WORK/uid")" ]'
check "the list has a line for each" eval '[ "$(by_hand scan INBOX | wc -l)" -eq 4 ] && [ "$(by_hand scan INBOX -n 1 | wc -l)" -eq 1 ]'
check "the structure is told by the server" eval 'by_hand fetch INBOX 1:* --structure | grep -q text/plain'
check "a message moves, and its new UID is told" eval \
  'by_hand move INBOX 3 Archive --json | grep -q "\"new_uids\":\"3\"" && [ "$(by_curl Archive "UID SEARCH ALL")" = "* SEARCH 1 2 3" ]'
check "only what is meant is removed" eval \
  'by_curl INBOX "UID STORE 1 +FLAGS (\\Deleted)" >/dev/null && by_hand rm INBOX 2 --expunge &&
   [ "$(by_curl INBOX "UID SEARCH UID 1:2")" = "* SEARCH 1" ]'
check "an open end beyond the last message removes nothing" ends_with 66 by_hand rm INBOX '500:*' --expunge
check "mailboxes are renamed and removed" eval \
  'by_hand rename "Entwürfe & mehr" Neu && ends_with 77 by_hand rmdir Archive && by_hand rmdir Neu && ! by_hand ls | grep -qx Neu'
check "new mail is told of as it comes" eval \
  '{ by_hand idle --until new --for 20s >"$WORK/news" & } && waiting=$! && sleep 2 &&
   by_hand append INBOX "$WORK/one.eml" >/dev/null && wait $waiting && grep -q "^new [0-9]" "$WORK/news"'
check "caps finds QRESYNC" eval 'by_hand caps | grep -q "^tier T0"'
check "a conversation by hand behind the login" eval \
  'printf "a1 NOOP\na2 LOGOUT\n" | "$MAILKIT" imap raw "$imap" --password-env SECRET >"$WORK/talk" 2>&1; cat "$WORK/talk"; grep -q "^S: a1 OK" "$WORK/talk"'
