# swaks, curl, msmtp and Postfix send; our server delivers. Sourced by run.

start_serve inbox --user bob:secret --user alice:secret
inbox=$WORK/inbox

by_swaks() {
  swaks --silent 2 --server 127.0.0.1 --port "$inbox_smtp" --helo crepes.example --from alice@crepes.example \
    --to bob@hamburger.example --data - "$@" <"$WORK/one.eml"
}
check "swaks delivers to a local user" by_swaks
check "swaks delivers over STARTTLS" by_swaks --tls --tls-verify --tls-ca-path "$WORK/ca.pem" --server localhost
check "swaks logs in with PLAIN and LOGIN" eval \
  'by_swaks -p "$inbox_submission" -a PLAIN -au bob -ap secret && by_swaks -p "$inbox_submission" -a LOGIN -au bob -ap secret'
check "swaks is refused with a wrong password" ends_with 28 by_swaks -p "$inbox_submission" -a PLAIN -au bob -ap wrong
check "swaks is refused for an unknown user" ends_with 24 by_swaks --to nobody@hamburger.example
check "swaks is refused as a relay" ends_with 24 by_swaks --to eve@elsewhere.example
check "what swaks sent is in the mailbox, four times" eval 'soon one_holds "$inbox" one && soon [ "$(count "$inbox")" -eq 4 ]'

by_curl() {
  curl -sS --mail-from alice@crepes.example --mail-rcpt bob@hamburger.example --upload-file "$WORK/two.eml" "$@"
}
check "curl delivers" by_curl "smtp://127.0.0.1:$inbox_smtp/crepes.example"
check "curl delivers over TLS with a login" by_curl --cacert "$WORK/ca.pem" --user bob:secret \
  "smtps://localhost:$inbox_submissions"
check "curl delivers over STARTTLS with a login" by_curl --cacert "$WORK/ca.pem" --ssl-reqd --user bob:secret \
  "smtp://localhost:$inbox_submission"
check "what curl sent is in the mailbox" soon one_holds "$inbox" two

by_msmtp() {
  msmtp --host=localhost --port="$inbox_submission" --tls=on --tls-starttls=on --tls-trust-file="$WORK/ca.pem" --auth=on \
    --user=bob --passwordeval='echo secret' --from=alice@crepes.example "$@" bob@hamburger.example <"$WORK/three.eml"
}
check "msmtp delivers over STARTTLS with a login" by_msmtp
check "msmtp is refused with a wrong password" ends_with 77 by_msmtp --passwordeval='echo wrong'
check "what msmtp sent is in the mailbox" soon one_holds "$inbox" three

message postfix
start_postfix "relayhost = [127.0.0.1]:$inbox_smtp" "virtual_mailbox_domains =" "smtp_tls_security_level = may"
check "Postfix takes a message" sendmail -C "$WORK/postfix/etc" -i -f alice@crepes.example bob@hamburger.example <"$WORK/postfix.eml"
check "Postfix relays it to us" soon one_holds "$inbox" postfix
check "Postfix sends a bounce for a user we refuse" eval \
  'sendmail -C "$WORK/postfix/etc" -i -f bob@hamburger.example nobody@hamburger.example <"$WORK/postfix.eml" &&
   soon grep -rqs "Undelivered Mail Returned to Sender" "$inbox"'
