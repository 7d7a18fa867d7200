# Every mechanism of SASL, from our clients to each server that offers it, and from others to ours. Sourced by run.
# Prints a table of what was tried with whom: ok, FAIL, or - where the server does not offer it.

# Answers whether a token is good, as RFC 7662 has it: the token of bob, and no other.
start_tokens() {
  tokens_port=$(free_port)
  python3 - "$tokens_port" >"$WORK/tokens.log" 2>&1 <<'P' &
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlparse

class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        token = parse_qs(urlparse(self.path).query).get("token", [""])[0]
        said = {"active": True, "username": "bob"} if token == "token-of-bob" else {"active": False}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

HTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
P
  running+=($!)
  soon listens "$tokens_port"
}

# start_exim: sets exim_smtp; fails where there is no Exim. Takes mail from those who logged in, and throws it away.
start_exim() {
  local dir=$WORK/exim bin owner
  mkdir -p "$dir/spool"
  bin=$(command -v exim4 || command -v exim || echo "${EXIM:-}")
  if [ -z "$bin" ]; then
    # As a package it would drive out Postfix, so it is only unpacked.
    (cd "$dir" && timeout 60 apt-get download -qq exim4-daemon-light && dpkg-deb -x exim4-daemon-light_*.deb .) || return 1
    bin=$dir/usr/sbin/exim4
  fi
  # It gives up root, and will not run without somebody to become.
  owner=nobody
  exim_smtp=$(free_port)
  chown -R "$owner" "$dir"
  cat >"$dir/exim.conf" <<C
exim_user = $owner
exim_group = $(id -gn $owner)
primary_hostname = exim.hamburger.example
spool_directory = $dir/spool
log_file_path = $dir/spool/%slog
pid_file_path = $dir/exim.pid
daemon_smtp_ports = $exim_smtp
local_interfaces = 127.0.0.1
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = $WORK/cert.pem
tls_privatekey = $dir/key.pem
tls_verify_certificates = $WORK/ca.pem
tls_try_verify_hosts = *
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
rcpt:
  accept authenticated = *
  deny
data:
  accept
begin routers
hole:
  driver = redirect
  allow_fail
  data = :blackhole:
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{\$auth2}{bob}}{eq{\$auth3}{secret}}}}
  server_set_id = \$auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = \${if and{{eq{\$auth1}{bob}}{eq{\$auth2}{secret}}}}
  server_set_id = \$auth1
external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = \${if eq{\$tls_in_certificate_verified}{1}}
  server_condition = \${if eq{CN=\$auth1}{\$tls_in_peerdn}}
  server_set_id = \$auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = \${if eq{\$auth1}{bob}{secret}fail}
  server_set_id = \$auth1
C
  cp "$WORK/key.pem" "$dir/key.pem"
  chown "$owner" "$dir/key.pem"
  chown root "$dir/exim.conf"
  "$bin" -C "$dir/exim.conf" -bdf >"$dir/start.log" 2>&1 &
  running+=($!)
  soon listens "$exim_smtp" || { cat "$dir/start.log"; return 1; }
}

# make_identity NAME: a client's certificate for NAME and its key, in NAME-client.pem.
make_identity() {
  (
    cd "$WORK"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$1-key.pem" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -out "$1-client.pem" \
      -extfile <(printf 'extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n')
    cat "$1-key.pem" >>"$1-client.pem"
    chmod 600 "$1-client.pem"
  ) >>"$WORK/openssl.log" 2>&1
}

make_identity bob
make_identity mallory
start_tokens
mkdir -p "$WORK/dovecot"
cat >"$WORK/dovecot/oauth2.conf" <<C
introspection_mode = get
introspection_url = http://127.0.0.1:$tokens_port/?token=
username_attribute = username
active_attribute = active
active_value = true
C
echo 'bob:::::::nopassword=y' >"$WORK/dovecot/certified"
token_hash=$(printf %s token-of-bob | sha256sum | cut -d' ' -f1)
export SECRET=secret TOKEN=token-of-bob WRONG=wrong-secret SSL_CERT_FILE=$WORK/ca.pem
"$MAILKIT" user add --users "$WORK/users" --password-env SECRET bob
sed -i "s/\$/ {BEARER-SHA256}$token_hash/" "$WORK/users"
start_serve ours --users "$WORK/users"
RELAY=127.0.0.1:$ours_smtp start_dovecot \
  'auth_failure_delay = 0' 'auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer external' \
  'service anvil {' 'unix_listener anvil-auth-penalty {' 'mode = 0' '}' '}' \
  "ssl_ca = <$WORK/ca.pem" 'ssl_verify_client_cert = yes' 'ssl_require_crl = no' 'auth_ssl_username_from_cert = yes' \
  'passdb {' 'driver = passwd-file' 'mechanisms = external' "args = $WORK/dovecot/certified" '}' \
  'passdb {' 'driver = oauth2' 'mechanisms = xoauth2 oauthbearer' "args = $WORK/dovecot/oauth2.conf" '}' \
  'service auth {' "unix_listener $WORK/dovecot/run/sasl {" 'mode = 0666' '}' '}'
chmod 755 "$WORK/dovecot/run"
start_postfix 'smtpd_sasl_auth_enable = yes' 'smtpd_sasl_type = dovecot' "smtpd_sasl_path = $WORK/dovecot/run/sasl" \
  'smtpd_relay_restrictions = permit_sasl_authenticated, reject' 'smtpd_recipient_restrictions = permit_sasl_authenticated, reject'
has_exim=yes
start_exim >"$WORK/exim.log" 2>&1 || has_exim=

mechanisms=(SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN OAUTHBEARER XOAUTH2 EXTERNAL)
declare -A matrix=()

# offered_by PEER: the mechanisms that a server names inside TLS.
offered_by() {
  case $1 in
    pop3-*) { printf 'CAPA\r\n'; sleep 0.5; printf 'QUIT\r\n'; } |
      openssl s_client -cert "$WORK/bob-client.pem" -quiet -connect "127.0.0.1:$2" 2>/dev/null | tr -d '\r' | sed -n 's/^SASL //p' ;;
    imap-*) { printf 'a CAPABILITY\r\n'; sleep 0.5; printf 'b LOGOUT\r\n'; } |
      openssl s_client -cert "$WORK/bob-client.pem" -quiet -connect "127.0.0.1:$2" 2>/dev/null | tr -d '\r' | grep -o 'AUTH=[A-Z0-9-]*' | sed 's/AUTH=//' ;;
    *) { sleep 0.3; printf 'EHLO x.example\r\n'; sleep 0.5; printf 'QUIT\r\n'; } |
      openssl s_client -cert "$WORK/bob-client.pem" -quiet -starttls smtp -connect "127.0.0.1:$2" 2>/dev/null | tr -d '\r' | sed -n 's/^250[ -]AUTH //p' ;;
  esac
}

# log_in PEER PORT MECHANISM SECRET-VARIABLE
log_in() {
  local how=(--auth "$3" --password-env "$4")
  # There the secret is the key of a certificate.
  [ "$3" != EXTERNAL ] || how=(--auth EXTERNAL --cert "$4")
  case $1 in
    pop3-*) "$MAILKIT" pop "pop3s://bob@localhost:$2" "${how[@]}" --to "maildir:$WORK/matrix-$1" ;;
    imap-*) "$MAILKIT" imap sync "imaps://bob@localhost:$2" "${how[@]}" --maildir "$WORK/matrix-$1" ;;
    *) by_send one --server "submission://bob@localhost:$2?tls=require" "${how[@]}" bob@hamburger.example ;;
  esac
}
by_send() {
  local name=$1
  shift
  "$MAILKIT" send --message "$WORK/$name.eml" -r alice@crepes.example "$@"
}

# try_all PEER PORT: each mechanism that the server offers takes the right secret, and refuses the wrong one with 77.
try_all() {
  local peer=$1 port=$2 offered mechanism secret wrong before
  offered=" $(offered_by "$peer" "$port" | tr '\n' ' ') "
  check "$peer offers something" test "$offered" != "  "
  for mechanism in "${mechanisms[@]}"; do
    if [[ $offered != *" $mechanism "* ]]; then
      matrix[$peer,$mechanism]=-
      continue
    fi
    secret=SECRET wrong=WRONG
    case $mechanism in
      *OAUTH*) secret=TOKEN ;;
      EXTERNAL) secret=$WORK/bob-client.pem wrong=$WORK/mallory-client.pem ;;
    esac
    before=$failed
    check "$peer lets us in by $mechanism" log_in "$peer" "$port" "$mechanism" "$secret"
    check "$peer refuses a wrong secret by $mechanism" ends_with 77 log_in "$peer" "$port" "$mechanism" "$wrong"
    [ "$failed" -eq "$before" ] && matrix[$peer,$mechanism]=ok || matrix[$peer,$mechanism]=FAIL
  done
}

peers=(serve postfix dovecot pop3-serve pop3-dovecot imap-serve imap-dovecot)
try_all serve "$ours_submission"
try_all postfix "$postfix_smtp"
try_all dovecot "$dovecot_submission"
if [ -n "$has_exim" ]; then
  peers+=(exim)
  try_all exim "$exim_smtp"
fi
try_all pop3-serve "$ours_pop3s"
try_all pop3-dovecot "$dovecot_pop3s"
try_all imap-serve "$ours_imaps"
try_all imap-dovecot "$dovecot_imaps"

printf '%-20s' mechanism
printf ' %-12s' "${peers[@]}"
echo
for mechanism in "${mechanisms[@]}"; do
  printf '%-20s' "$mechanism"
  for peer in "${peers[@]}"; do printf ' %-12s' "${matrix[$peer,$mechanism]}"; done
  echo
done
[ -n "$has_exim" ] || echo "exim is not installed here: $(tail -n 1 "$WORK/exim.log")"
