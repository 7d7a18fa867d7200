# mailkit pop reads what Dovecot holds, and mailkit imap sync agrees with it. Sourced by run.

RELAY=127.0.0.1:9 start_dovecot 'namespace inbox {' 'inbox = yes' 'mailbox Trash {' 'auto = create' 'special_use = \Trash' '}' '}'
export SECRET=secret SSL_CERT_FILE=$WORK/ca.pem

deposit() {
  local name
  for name in "$@"; do
    curl -sS --user bob:secret --upload-file "$WORK/$name.eml" "imap://127.0.0.1:$dovecot_imap/INBOX"
  done
}
rm -rf "$WORK/dovecot/mail/bob"
check "three messages wait" deposit one two three

by_pop() {
  "$MAILKIT" pop "$@" --password-env SECRET --to "maildir:$WORK/popped"
}
pop=pop3://bob@127.0.0.1:$dovecot_pop3
check "pop fetches all and keeps them" eval \
  'by_pop "$pop" --keep all && [ "$(count "$WORK/popped")" -eq 3 ] && one_holds "$WORK/popped" one && one_holds "$WORK/popped" three'
check "a second run fetches nothing" eval 'by_pop "$pop" --keep all && [ "$(count "$WORK/popped")" -eq 3 ]'
check "all are fetched over TLS into another Maildir" eval \
  '"$MAILKIT" pop "pop3s://bob@localhost:$dovecot_pop3s" --password-env SECRET --to "maildir:$WORK/popped-tls" &&
   [ "$(count "$WORK/popped-tls")" -eq 3 ]'
check "a new message is fetched, and nothing else" eval \
  'deposit one && by_pop "$pop" --keep all && [ "$(count "$WORK/popped")" -eq 4 ]'
check "pop --to - prints the messages" eval \
  '"$MAILKIT" pop "$pop" --password-env SECRET --to - >"$WORK/popped.mbox" && grep -q "^Subject: two" "$WORK/popped.mbox"'
check "pop ends with 77 for a wrong password" ends_with 77 "$MAILKIT" pop "$pop" --password-cmd 'echo wrong' --to -
check "pop ends with 69 for a certificate nobody vouches for" ends_with 69 env -u SSL_CERT_FILE \
  "$MAILKIT" pop "pop3s://bob@localhost:$dovecot_pop3s" --password-env SECRET --to -
check "pop --keep none leaves nothing behind" eval \
  'by_pop "$pop" --keep none && ! shows "[0-9]" curl -sS --user bob:secret "pop3://127.0.0.1:$dovecot_pop3/"'

# The same maildrop by others: what is here in the end is the same.
check "three messages wait" deposit one two three
mkdir -p "$WORK/mpopped"/{new,cur,tmp}
by_others() {
  mpop --host=127.0.0.1 --port="$dovecot_pop3" --tls=off --auth=user --user=bob --passwordeval='echo secret' --keep=on \
    --received-header=off --uidls-file="$WORK/mpopped-uidls" --delivery="maildir,$WORK/mpopped" >/dev/null
}
contents() { find "$1" -path '*/new/*' -type f -exec sha256sum {} + | cut -d' ' -f1 | sort; }
check "pop and mpop fetch the same octets" eval \
  'by_others && "$MAILKIT" pop "$pop" --password-env SECRET --to "maildir:$WORK/beside" &&
   contents "$WORK/mpopped" >"$WORK/by-mpop" && contents "$WORK/beside" | cmp - "$WORK/by-mpop" && [ "$(wc -l <"$WORK/by-mpop")" -eq 3 ]'
check "pop goes on with a Maildir that mpop filled" eval \
  '"$MAILKIT" pop "$pop" --password-env SECRET --to "maildir:$WORK/mpopped" --rebuild-state && [ "$(count "$WORK/mpopped")" -eq 3 ]'
check "pop --dry-run says what it would do" shows '^fetch .* 3 ' "$MAILKIT" pop "$pop" --password-env SECRET --to "maildir:$WORK/dry" -n
check "pop --to mbox: holds them once" eval \
  'for run in 1 2; do "$MAILKIT" pop "$pop" --password-env SECRET --to "mbox:$WORK/pop.mbox"; done
   [ "$(grep -c "^From " "$WORK/pop.mbox")" -eq 3 ]'
check "pop --where and --filter choose by the header section" eval \
  '"$MAILKIT" pop "$pop" --password-env SECRET --to "maildir:$WORK/chosen" --where subject:two --filter "grep -q Subject" &&
   [ "$(count "$WORK/chosen")" -eq 1 ] && one_holds "$WORK/chosen" two'
rm -rf "$HOME/mailkit/pop" "$WORK/dovecot/mail/alice"
check "pop --to mda: gives each to a program, and lmtp: to another user of Dovecot" eval \
  '"$MAILKIT" pop "$pop" --password-env SECRET --to "mda:cat >>$WORK/agent" && [ "$(grep -c "^Subject:" "$WORK/agent")" -ge 3 ] &&
   rm -rf "$HOME/mailkit/pop" &&
   "$MAILKIT" pop "$pop" --password-env SECRET --to "lmtp:127.0.0.1:$dovecot_lmtp" --recipient alice@hamburger.example --keep none &&
   [ "$(count "$WORK/dovecot/mail/alice/Maildir")" -eq 3 ] && one_holds "$WORK/dovecot/mail/alice" three'
check "pop --to imap: appends to a mailbox, which is made" eval \
  'deposit one && printf "[accounts.bob]\nuser = \"bob\"\npop = \"$pop\"\nimap = \"imap://127.0.0.1:$dovecot_imap\"\nsecret = { env = \"SECRET\" }\n" >"$WORK/pop.toml" &&
   "$MAILKIT" pop bob --config "$WORK/pop.toml" --to imap:Popped --keep none &&
   shows "^Subject: one" curl -sS --user bob:secret "imap://127.0.0.1:$dovecot_imap/Popped/;UID=1"'
check "then nothing is left for mpop" eval \
  'rm -f "$WORK/mpopped-uidls" && by_others && [ "$(count "$WORK/mpopped")" -eq 3 ]'

# What comes next counts all mailboxes.
rm -rf "$WORK/dovecot/mail/bob"
check "four messages wait" deposit one two three one
curl -sS --user bob:secret "imap://127.0.0.1:$dovecot_imap/INBOX" -X 'STORE 2 +FLAGS (\Flagged)' >"$WORK/curl.out" || true
by_sync() {
  "$MAILKIT" imap sync "$@" --password-env SECRET --maildir "$WORK/synced"
}
imap=imap://bob@127.0.0.1:$dovecot_imap
check "imap sync brings all with their flags" eval \
  'by_sync "$imap" && [ "$(count "$WORK/synced")" -eq 4 ] && one_holds "$WORK/synced" two && find "$WORK/synced" -name "*:2,*F*" | grep -q .'
check "a second run changes nothing" eval \
  'find "$WORK/synced" -path "*/cur/*" -o -path "*/new/*" | sort >"$WORK/before" && by_sync "$imap" &&
   find "$WORK/synced" -path "*/cur/*" -o -path "*/new/*" | sort | cmp - "$WORK/before"'
check "a new message comes, and nothing else" eval \
  'deposit three && by_sync "$imap" && [ "$(count "$WORK/synced")" -eq 5 ]'
check "all five come over TLS into another Maildir" eval \
  '"$MAILKIT" imap sync "imaps://bob@localhost:$dovecot_imaps" --password-env SECRET --maildir "$WORK/secured" &&
   [ "$(count "$WORK/secured")" -eq 5 ]'
check "imap sync ends with 69 for a certificate nobody vouches for" ends_with 69 env -u SSL_CERT_FILE \
  "$MAILKIT" imap sync "imaps://bob@localhost:$dovecot_imaps" --password-env SECRET --maildir "$WORK/distrusted"
check "imap sync ends with 77 for a wrong password" ends_with 77 "$MAILKIT" imap sync "$imap" --password-cmd 'echo wrong' \
  --maildir "$WORK/refused"

there=$WORK/dovecot/mail/bob/Maildir here=$WORK/synced
# What is missing is believed to be gone when nobody has renamed anything for a moment.
agree() { sleep 2.5 && by_sync "$imap" "$@"; }
names() { find "$here" "$there" -path '*/cur/*' -o -path '*/new/*' | sort; }
check "a flag set there is set here" eval \
  'curl -sS --user bob:secret "imap://127.0.0.1:$dovecot_imap/INBOX" -X "STORE 1 +FLAGS (\\Answered)" >"$WORK/curl.out" &&
   by_sync "$imap" && find "$here" -name "*:2,*R*" | grep -q .'
check "a flag set here is set there" eval \
  'file=$(find "$here/cur" -type f -name "*:2,S" | head -n 1) && mv "$file" "${file%S}DS" && by_sync "$imap" && find "$there" -name "*:2,*D*" | grep -q .'
check "a new file goes there, once" eval \
  'cp "$WORK/two.eml" "$here/new/own.1" && by_sync "$imap" && by_sync "$imap" && [ "$(count "$there")" -eq 6 ]'
check "a file that moves into a new folder is moved there, without its octets" eval \
  'mkdir -p "$here/.Archive"/{cur,new,tmp} && mv "$here/new/own.1" "$here/.Archive/new/" &&
   agree --trace="$WORK/move.trace" && [ "$(count "$there/.Archive")" -eq 1 ] && [ "$(count "$there")" -eq 6 ] &&
   one_holds "$there/.Archive" two && ! grep -e "BODY.PEEK\[\]" -e " APPEND " "$WORK/move.trace"'
check "a file that is removed goes to the trash there" eval \
  'rm "$here/.Archive/new/own.1" && agree && [ "$(count "$there/.Trash")" -eq 1 ] && [ "$(count "$there/.Archive")" -eq 0 ]'
check "a run more brings the trash here, and the next one prints nothing and changes nothing" eval \
  'agree && [ "$(count "$here/.Trash")" -eq 1 ] && names >"$WORK/before" && agree --trace="$WORK/rest.trace" >"$WORK/said" 2>&1 &&
   [ ! -s "$WORK/said" ] && names | cmp - "$WORK/before" && ! grep -e " SELECT " -e " FETCH " "$WORK/rest.trace"'
check "imap sync ends with 77 if all messages are gone here, and removes none there" eval \
  'cp -r "$here" "$WORK/aside" && for number in 1 2 3 4 5 6 7 8 9; do deposit one; done && by_sync "$imap" &&
   find "$here/cur" "$here/new" -type f -delete && ends_with 77 agree && [ "$(count "$there")" -eq 15 ]'
