# mailkit mx probe looks at Postfix and Dovecot, also as another client: by XCLIENT, and behind a PROXY header. Sourced by run.

export SSL_CERT_FILE=$WORK/ca.pem
look() {
  "$MAILKIT" mx probe --helo mail.crepes.example "$@"
}
# What a postfix of ours thinks of two clients.
clients='smtpd_client_restrictions = check_client_access inline:{ { 192.0.2.7 = REJECT }, { 2001:db8::7 = REJECT } }'

start_postfix 'inet_protocols = all' 'smtpd_authorized_xclient_hosts = 127.0.0.1' "$clients"
at=localhost:$postfix_smtp
check "Postfix is ready, with a good certificate" shows \
  "^$at is ready for mail, encrypted by TLS 1.3, certificate valid for localhost until " answer look "$at"
check "and offers what it offers" shows '^ .* EHLO .*PIPELINING | SIZE' look "$at"
check "a stranger's certificate is told of" shows 'but its certificate is not accepted: nobody we trust has signed it' \
  answer env -u SSL_CERT_FILE "$MAILKIT" mx probe "$at"
check "and is the end where a good one is demanded" ends_with 69 env -u SSL_CERT_FILE "$MAILKIT" mx probe \
  "smtp://$at?tls=require"
check "it would take mail for bob" shows "would take mail for bob@hamburger.example" look --rcpt bob@hamburger.example "$at"
check "and not for nobody" ends_with 67 look --rcpt nobody@hamburger.example "$at"
check "for one of two" ends_with 1 look --rcpt nobody@hamburger.example --rcpt bob@hamburger.example "$at"
check "as a client on its list it is refused" ends_with 77 look --xclient ADDR=192.0.2.7 --rcpt bob@hamburger.example "$at"
check "also by IPv6" ends_with 77 look --xclient ADDR=2001:db8::7 --rcpt bob@hamburger.example "$at"
check "and another is not" shows 'would take mail' look --xclient ADDR=192.0.2.8 --rcpt bob@hamburger.example "$at"
check "Postfix knows all of it" look --xclient NAME=mail.crepes.example --xclient REVERSE_NAME=crepes.example \
  --xclient ADDR=192.0.2.8 --xclient PORT=49152 --xclient PROTO=SMTP --xclient 'HELO=a b+c' --xclient LOGIN=bob \
  --xclient DESTADDR=192.0.2.1 --xclient DESTPORT=25 "$at"
check "as many as need two commands" look --xclient "NAME=$(printf '%.0sa.' {1..120})example" \
  --xclient "HELO=$(printf '%.0sb.' {1..120})example" --xclient "REVERSE_NAME=c.example" "$at"
check "and refuses what is no address" ends_with 69 look --xclient ADDR=somewhere "$at"
check "a header that it does not expect is told of" ends_with 69 look --proxy-protocol v1 --proxy-from 192.0.2.8 "$at"
stop_all

start_postfix 'inet_protocols = all' 'smtpd_upstream_proxy_protocol = haproxy' 'smtpd_upstream_proxy_timeout = 2s' \
  'smtpd_authorized_xclient_hosts = 192.0.2.8' "$clients"
at=localhost:$postfix_smtp
check "a Postfix behind a proxy has no ear for those without a header" ends_with 75 look "$at"
for version in v1 v2; do
  check "Postfix reads a header of version ${version#v}" shows "is ready for mail, encrypted" \
    look --proxy-protocol "$version" --proxy-from 192.0.2.8 "$at"
  check "and believes it" ends_with 77 look --proxy-protocol "$version" --proxy-from 192.0.2.7:1025 \
    --rcpt bob@hamburger.example "$at"
  check "also of IPv6" ends_with 77 look --proxy-protocol "$version" --proxy-from 2001:db8::7 --proxy-to '[2001:db8::1]:25' \
    --rcpt bob@hamburger.example "$at"
  check "and of both at once" ends_with 77 look --proxy-protocol "$version" --proxy-from 2001:db8::7 \
    --rcpt bob@hamburger.example "$at"
done
check "our own connection is announced as such" shows 'v2 local' look --proxy-protocol v2 "$at"
check "who comes from a trusted client may be another one" ends_with 77 look --proxy-protocol v2 --proxy-from 192.0.2.8 \
  --xclient ADDR=192.0.2.7 --rcpt bob@hamburger.example "$at"
check "and nobody else" ends_with 69 look --proxy-protocol v2 --proxy-from 192.0.2.9 --xclient ADDR=192.0.2.8 "$at"
stop_all

RELAY=127.0.0.1:25 start_dovecot 'login_trusted_networks = 192.0.2.8' 'haproxy_trusted_networks = 127.0.0.1' \
  $'service submission-login {\n inet_listener submission {\n haproxy = yes\n }\n}'
seen_from() {
  soon grep -q "submission-login: .*rip=$1," "$WORK/dovecot/log"
}
at=localhost:$dovecot_submission
check "Dovecot reads a header of version 1" look --proxy-protocol v1 --proxy-from 192.0.2.7 "$at"
check "and believes it" seen_from 192.0.2.7
check "Dovecot reads a header of version 2" look --proxy-protocol v2 --proxy-from 2001:db8::7 --proxy-to 2001:db8::1 "$at"
check "and believes it" seen_from 2001:db8::7
check "who comes from a trusted client may be another one" look --proxy-protocol v2 --proxy-from 192.0.2.8 \
  --xclient ADDR=192.0.2.9 --xclient PORT=49152 "$at"
check "and is that one from then on" seen_from 192.0.2.9
check "LMTP is greeted too" shows ' would take mail for bob@hamburger.example' look --rcpt bob@hamburger.example \
  "lmtp://127.0.0.1:$dovecot_lmtp"
check "and knows its users" ends_with 67 look --rcpt nobody@hamburger.example "lmtp://127.0.0.1:$dovecot_lmtp"
for service in "imap://localhost:$dovecot_imap?tls=try" "imaps://localhost:$dovecot_imaps" \
  "pop3://localhost:$dovecot_pop3?tls=require" "pop3s://localhost:$dovecot_pop3s"; do
  check "so is ${service%%:*}" shows ' is ready for its users, encrypted by TLS 1.3, certificate valid for localhost ' \
    answer look "$service"
done
