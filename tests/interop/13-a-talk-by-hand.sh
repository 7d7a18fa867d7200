# mailkit mx talk says things to Postfix and Dovecot step by step, in each protocol, with each mechanism. Sourced by run.

export SSL_CERT_FILE=$WORK/ca.pem PASSWORD=secret
talk() {
  "$MAILKIT" mx talk --helo mail.crepes.example "$@"
}
# said TEXT OPTION...: a talk with these lines, escapes written out.
said() {
  local lines=$1
  shift
  printf "$lines" | talk "$@"
}

start_postfix
at=smtp://localhost:$postfix_smtp
check "Postfix is talked to line by line" shows '^S: 221 ' said 'EHLO x\nNOOP\n.expect 250\nQUIT\n' "$at?tls=none"
check "TLS begins by hand" shows '^-- tls' said 'EHLO x\n.starttls\nEHLO x\n.expect 250\n' "$at"
check "all up to RCPT is said without typing" shows '^S: 250 2.1.5 ' talk --until rcpt --rcpt bob@hamburger.example \
  --expect '250 2.1.5' --script /dev/null "$at"
check "who is refused there is told" ends_with 67 talk --until rcpt --rcpt nobody@hamburger.example --script /dev/null "$at"
check "a client that crashes leaves nothing behind" shows '^-- cut' talk --drop-after data --rcpt bob@hamburger.example "$at"
printf 'Subject: by hand\n\n.a dot\nlast' >"$WORK/by-hand.txt"
check "a file goes as a message" said \
  "EHLO x\nMAIL FROM:<>\nRCPT TO:<bob@hamburger.example>\n.data $WORK/by-hand.txt\n.expect 250\n" "$at?tls=none"
check "lines with LF alone are answered by who takes them" shows '^S: 250 2.0.0 ' said 'EHLO x\nNOOP\nQUIT\n' --lf "$at?tls=none"
check "an answer that is not the expected one ends with 1" ends_with 1 said 'NOOP\n.expect 5\n' "$at?tls=none"
stop_all

RELAY=127.0.0.1:25 start_dovecot 'protocols = imap pop3 lmtp sieve' \
  'auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256' \
  "service managesieve-login {
 inet_listener sieve {
 port = ${sieve_port:=$(free_port)}
 }
}"
for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
  for server in "imap://localhost:$dovecot_imap?tls=require" "imaps://localhost:$dovecot_imaps" \
    "pop3://localhost:$dovecot_pop3?tls=require" "sieve://localhost:$sieve_port?tls=require"; do
    check "$mechanism in ${server%%:*}, by hand" shows '{secret}' talk --until auth --auth "$mechanism" --user bob \
      --password-env PASSWORD --script /dev/null "$server"
  done
done
check "ManageSieve is talked to" shows '^S: OK ' said 'CAPABILITY\n.starttls\n.auth\nLISTSCRIPTS\n.expect OK\n' --user bob \
  --password-env PASSWORD "sieve://localhost:$sieve_port?tls=none"
check "IMAP literals are said in parts" shows "^S: a OK " \
  said '.starttls\na LOGIN {3}\nbob {6+}\nsecret\nb NOOP\n.expect OK\n' "imap://localhost:$dovecot_imap?tls=none"
check "LMTP answers for each recipient" shows '^S: 250 2.0.0 <alice' said \
  'LHLO x\nMAIL FROM:<>\nRCPT TO:<bob>\nRCPT TO:<alice>\nDATA\nSubject: x\n\n.\n.expect 250\n' "lmtp://127.0.0.1:$dovecot_lmtp"
check "ManageSieve is looked at" shows 'is ready for its users, encrypted by TLS 1.3, certificate valid for localhost ' \
  "$MAILKIT" mx probe "sieve://localhost:$sieve_port?tls=require"
