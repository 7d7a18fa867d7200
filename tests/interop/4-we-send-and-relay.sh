# mailkit send and the relay inside mailkit serve deliver to Postfix, and to Dovecot by LMTP and submission. Sourced by run.

start_postfix
start_serve sink --user bob:secret
RELAY=127.0.0.1:$sink_smtp start_dovecot
start_knot
export SECRET=secret SSL_CERT_FILE=$WORK/ca.pem

by_send() {
  local name=$1
  shift
  "$MAILKIT" send --message "$WORK/$name.eml" -r alice@crepes.example "$@"
}
postfix=smtp://127.0.0.1:$postfix_smtp
check "send delivers to Postfix" by_send one --server "$postfix" bob@hamburger.example
check "send delivers to Postfix over STARTTLS" by_send two --server "smtp://localhost:$postfix_smtp?tls=require" bob@hamburger.example
check "both are in the mailbox" eval 'soon one_holds "$WORK/postfix/mail/bob" one && soon one_holds "$WORK/postfix/mail/bob" two'
check "send ends with 67 for an unknown user" ends_with 67 by_send one --server "$postfix" nobody@hamburger.example
check "send ends with 1 when only some are accepted" ends_with 1 by_send one --server "$postfix" nobody@hamburger.example alice@hamburger.example
check "and those have it" soon one_holds "$WORK/postfix/mail/alice" one
check "send ends with 69 for a certificate nobody vouches for" ends_with 69 env -u SSL_CERT_FILE "$MAILKIT" send \
  --message "$WORK/one.eml" -r alice@crepes.example --server "smtp://localhost:$postfix_smtp?tls=require" bob@hamburger.example
check "send ends with 75 when nobody listens" ends_with 75 by_send one --server "smtp://127.0.0.1:$(free_port)" bob@hamburger.example

by_mx() {
  by_send one --mx --resolver "127.0.0.1:$knot_dns" --mx-port "$postfix_smtp" "$@"
}
message direct
check "send finds the exchangers that Knot names" by_send direct --mx --resolver "127.0.0.1:$knot_dns" \
  --mx-port "$postfix_smtp" bob@hamburger.example
check "and Postfix has it" soon one_holds "$WORK/postfix/mail/bob" direct
check "send ends with 68 for a domain that takes no mail" ends_with 68 by_mx bob@refusing.example
check "send ends with 68 for a domain that does not exist" ends_with 68 by_mx bob@nosuch.example
check "send ends with 75 when DNS fails" ends_with 75 by_mx bob@broken.test
check "send ends with 69 when the exchanger's certificate is a stranger's" ends_with 69 env -u SSL_CERT_FILE \
  "$MAILKIT" send --message "$WORK/one.eml" -r alice@crepes.example --mx --tls verify --resolver "127.0.0.1:$knot_dns" \
  --mx-port "$postfix_smtp" bob@hamburger.example
check "send asks Postfix for reports" by_send one --server "$postfix" -N success,failure -R hdrs -V test --require dsn \
  bob@hamburger.example
check "send gives Postfix chunks" by_send one --server "$postfix" --chunking --require chunking bob@hamburger.example

check "send delivers to Dovecot by LMTP" by_send one --server "lmtp://127.0.0.1:$dovecot_lmtp" bob@hamburger.example alice@hamburger.example
check "both users have it" eval 'soon one_holds "$WORK/dovecot/mail/bob" one && soon one_holds "$WORK/dovecot/mail/alice" one'
check "send ends with 1 when LMTP knows only one of two" ends_with 1 by_send two --server "lmtp://127.0.0.1:$dovecot_lmtp" \
  nobody@hamburger.example bob@hamburger.example
check "send submits to Dovecot with a login" by_send three --server "submission://localhost:$dovecot_submission?tls=require" \
  --user bob --password-env SECRET bob@hamburger.example
check "Dovecot hands it on to our server" soon one_holds "$WORK/sink" three
check "send ends with 77 for a wrong password" ends_with 77 by_send three --user bob --password-cmd 'echo wrong' \
  --server "submission://localhost:$dovecot_submission?tls=require" bob@hamburger.example

# The relay: our server takes mail for another domain from a user who logged in, and finds the exchanger by DNS.
start_relay() {
  : >"$WORK/relay.ready"
  "$MAILKIT" serve --data "$WORK/relay" --hostname mail.crepes.example --domain crepes.example --user alice:secret \
    --submission 127.0.0.1:0 --pop3 127.0.0.1:0 "$@" >"$WORK/relay.ready" 2>"$WORK/relay.log" &
  running+=($!)
  soon grep -q '"ready":true' "$WORK/relay.ready"
  relay_submission=$(sed 's/.*"submission":"127.0.0.1:\([0-9]*\)".*/\1/' "$WORK/relay.ready")
}
submit() {
  by_send "$1" --server "smtp://alice@127.0.0.1:$relay_submission" --password-env SECRET "$2"
}
message by-mx
start_relay --resolver "127.0.0.1:$knot_dns" --relay-port "$postfix_smtp"
check "the relay takes mail for another domain" submit by-mx bob@hamburger.example
check "and delivers it to the exchanger that Knot names, Postfix" soon one_holds "$WORK/postfix/mail/bob" by-mx
check "the relay takes mail for a domain that takes none" submit by-mx bob@refusing.example
check "and reports to the sender that it failed" soon grep -rqs "^Status: 5.1.10" "$WORK/relay"

# The same with a smarthost: Dovecot takes it from a user who logs in over STARTTLS, and hands it on to our first server.
stop_relay() {
  kill "${running[-1]}"
  wait "${running[-1]}"
  unset 'running[-1]'
}
stop_relay
message by-smarthost
start_relay --smarthost "submission://bob@localhost:$dovecot_submission?tls=require" --smarthost-password-env SECRET \
  --smarthost-ca "$WORK/ca.pem"
check "the relay takes mail for its smarthost" submit by-smarthost bob@hamburger.example
check "and Dovecot gets it" soon one_holds "$WORK/sink" by-smarthost
check "then the queue is empty" soon shows "The queue is empty" "$MAILKIT" relay queue --data "$WORK/relay"
stop_relay
message by-flush
start_relay --smarthost "smtp://127.0.0.1:$(free_port)" --retry 1h
check "the relay takes mail while its smarthost is away" submit by-flush bob@hamburger.example
check "and keeps it in the queue" soon shows bob@hamburger.example "$MAILKIT" relay queue --data "$WORK/relay"
stop_relay
check "relay flush delivers it to another smarthost, Postfix" "$MAILKIT" relay flush --data "$WORK/relay" \
  --hostname mail.crepes.example --smarthost "$postfix"
check "and Postfix has it" soon one_holds "$WORK/postfix/mail/bob" by-flush
