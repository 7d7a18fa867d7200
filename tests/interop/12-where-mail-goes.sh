# mailkit mx lookup visits Postfix, Dovecot, Exim and OpenSMTPD, good ones and broken ones, and names the cause. Knot signs
# a root of our own, Unbound checks it. Sourced by run.

port=$(free_port)
dir=$WORK/where
mkdir -p "$dir"/{knot/run,knot/db,keys,deb,peers}
# Two servers that cannot be installed beside Postfix are unpacked; all they need is installed already.
(cd "$dir/deb" && apt-get download -qq exim4-daemon-light opensmtpd unbound 2>/dev/null)
for package in "$dir"/deb/*.deb; do dpkg-deb -x "$package" "$dir/peers"; done
for user in opensmtpd opensmtpq Debian-exim unbound; do
  getent passwd "$user" >/dev/null || useradd -r -U -M -d /nonexistent -s /usr/sbin/nologin --badname "$user"
done

# leaf NAME SUBJECT-ALTERNATIVE-NAMES [OPTION...]: a certificate by the authority that we trust.
leaf() {
  local name=$1 names=$2 key='ec -pkeyopt ec_paramgen_curve:prime256v1'
  shift 2
  # The OpenSMTPD of Debian 12 cannot use others.
  case $name in rsa*) key=rsa:2048 ;; esac
  (
    cd "$dir/keys"
    # shellcheck disable=SC2086
    openssl req -newkey $key -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
    openssl x509 -req -in "$name.csr" -CA "$WORK/ca.pem" -CAkey "$WORK/ca-key.pem" -CAcreateserial -out "$name.crt" "$@" \
      -extfile <(printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$names")
  ) >>"$WORK/openssl.log" 2>&1
}
leaf good 'DNS:*.mx.example,DNS:mta-sts.sts.example,DNS:mta-sts.stray.example,DNS:mta-sts.testing.example' -days 60
leaf soon 'DNS:*.mx.example' -days 5
leaf expired 'DNS:*.mx.example' -days -1
leaf rsa 'DNS:*.mx.example' -days 60
leaf rsa-expired 'DNS:*.mx.example' -days -1
leaf other 'DNS:mail.elsewhere.test' -days 60
openssl req -x509 -newkey rsa:2048 -nodes -days 60 -subj '/CN=self.mx.example' -addext 'subjectAltName=DNS:*.mx.example' \
  -keyout "$dir/keys/self.key" -out "$dir/keys/self.crt" 2>>"$WORK/openssl.log"
digest() {
  openssl x509 -in "$dir/keys/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1
}

# One zone, the root, in which each case is a domain of its own: CASE.example, whose exchanger is CASE.mx.example.
{
  printf '%s\n' '$ORIGIN .' '$TTL 300' '@ SOA ns host 1 3600 600 86400 60' '@ NS ns' 'ns A 127.0.0.1'
  number=0
  for case in good soon expired other self clear old busy grey slow refused \
    exim exim-expired exim-clear exim-later open open-expired open-clear dane mismatch rollover sts stray old11 sender helo wrapped testing; do
    number=$((number + 1))
    printf '%s.example MX 10 %s.mx.example\n' "$case" "$case"
    case $case in
      # These are the good Postfix by other names.
      dane | mismatch | rollover | sts | stray | testing) printf '%s.mx.example A 127.0.3.1\n' "$case" ;;
      *) printf '%s.mx.example A 127.0.3.%s\n' "$case" "$number" ;;
    esac
  done
  printf '%s\n' 'both.example MX 10 good.mx.example' 'both.example MX 20 refused.mx.example'
  zeros=$(printf '%064d' 0)
  for name in dane rollover; do printf '_%s._tcp.%s.mx.example TLSA 3 1 1 %s\n' "$port" "$name" "$(digest good)"; done
  for name in mismatch rollover; do printf '_%s._tcp.%s.mx.example TLSA 3 1 1 %s\n' "$port" "$name" "$zeros"; done
  for name in sts stray testing; do
    printf '_mta-sts.%s.example TXT "v=STSv1; id=1;"\nmta-sts.%s.example A 127.0.3.60\n' "$name" "$name"
  done
  # Of one domain the root vouches for a key that it does not have, of another for none.
  printf '%s\n' 'bogus.example NS ns' "bogus.example DS 1 13 2 $zeros" 'plain.example NS ns'
  printf '%s\n' '_imaps._tcp.good.example SRV 0 1 993 imap.good.example' '_submissions._tcp.good.example SRV 0 1 465 smtp.good.example'
} >"$dir/knot/root.zone"
for domain in bogus plain; do
  printf '%s\n' "\$ORIGIN $domain.example." '$TTL 300' '@ SOA ns. host 1 3600 600 86400 60' '@ NS ns.' >"$dir/knot/$domain.zone"
done
echo '@ MX 10 dane.mx.example.' >>"$dir/knot/bogus.zone"
echo '@ MX 10 mismatch.mx.example.' >>"$dir/knot/plain.zone"
knot=$(free_port) dns=$(free_port)
cat >"$dir/knot/knot.conf" <<C
server:
    listen: 127.0.0.1@$knot
    # The address at which containers find a name server that nobody has to believe.
    listen: 127.0.0.11@$knot
    rundir: "$dir/knot/run"
    udp-workers: 1
    tcp-workers: 1
database:
    storage: "$dir/knot/db"
log:
  - target: "$dir/knot/log"
    any: info
template:
  - id: default
    storage: "$dir/knot"
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
zone:
  - domain: .
    file: "root.zone"
    dnssec-signing: on
  - domain: bogus.example
    file: "bogus.zone"
    dnssec-signing: on
  - domain: plain.example
    file: "plain.zone"
C
knotd -c "$dir/knot/knot.conf" >"$dir/knot/start.log" 2>&1 &
running+=($!)
soon eval 'kdig @127.0.0.1 -p "$knot" +dnssec +time=1 +retry=0 . SOA 2>/dev/null | grep -q RRSIG'
cat >"$dir/unbound.conf" <<C
server:
    interface: 127.0.0.1@$dns
    username: ""
    chroot: ""
    directory: "$dir"
    pidfile: ""
    use-syslog: no
    logfile: "$dir/unbound.log"
    do-daemonize: no
    do-not-query-localhost: no
    trust-anchor: "$(kdig @127.0.0.1 -p "$knot" +short . DNSKEY | sed -n 's/^257 /. IN DNSKEY 257 /p' | head -n 1)"
stub-zone:
    name: "."
    stub-addr: 127.0.0.1@$knot
remote-control:
    control-enable: no
C
"$dir/peers/usr/sbin/unbound" -c "$dir/unbound.conf" -d >"$dir/unbound.start" 2>&1 &
running+=($!)
soon eval 'kdig @127.0.0.1 -p "$dns" +adflag +time=1 +retry=0 good.example MX 2>/dev/null | grep -q "Flags:.* ad"'

# shows_ending CODE PATTERN COMMAND...: ends with the code, and prints a line that matches.
shows_ending() {
  local wanted=$1 pattern=$2 code=0
  shift 2
  "$@" >"$dir/shown" 2>&1 || code=$?
  cat "$dir/shown"
  [ "$code" -eq "$wanted" ] && grep -q -e "$pattern" "$dir/shown"
}
at_address() {
  local number=$1 line
  shift
  printf '127.0.3.%s:%s inet n - n - - smtpd\n' "$number" "$port"
  for line in "$@"; do printf '  -o { %s }\n' "$line"; done
}
shows_certificate() {
  printf '%s\n' "smtpd_tls_cert_file = $dir/keys/$1.crt" "smtpd_tls_key_file = $dir/keys/$1.key"
}
# One Postfix, which is another server at each address. Its own port is of no use here.
{
  number=0
  for name in good soon expired other self; do
    number=$((number + 1))
    mapfile -t lines < <(shows_certificate "$name")
    at_address "$number" "${lines[@]}"
  done
  mapfile -t lines < <(shows_certificate good)
  at_address 6 'smtpd_tls_security_level = none'
  at_address 7 "${lines[@]}" 'smtpd_tls_protocols = TLSv1'
  at_address 8 'smtpd_delay_reject = no' 'smtpd_client_restrictions = check_client_access inline:{ { 127.0.0.1 = 421 4.3.2 Too busy } }'
  at_address 9 "${lines[@]}" \
    'smtpd_recipient_restrictions = check_recipient_access inline:{ { bob@grey.example = 450 4.7.1 Try again later } }, reject'
  at_address 10 "${lines[@]}" 'smtpd_delay_reject = no' 'smtpd_client_restrictions = sleep 6, permit'
  at_address 24 "${lines[@]}" 'smtpd_tls_protocols = TLSv1.1'
  at_address 25 "${lines[@]}" 'smtpd_delay_reject = no' \
    'smtpd_sender_restrictions = check_sender_access inline:{ { eve@crepes.example = 550 5.7.1 Not you } }'
  at_address 26 "${lines[@]}" 'smtpd_delay_reject = no' 'smtpd_helo_restrictions = reject'
  at_address 27 "${lines[@]}" 'smtpd_tls_wrappermode = yes'
} >"$dir/services"
postfix_services=$dir/services start_postfix 'smtpd_tls_security_level = may' 'tls_medium_cipherlist = ALL:@SECLEVEL=0' \
  'virtual_mailbox_domains = hamburger.example dane.example plain.example' \
  'virtual_mailbox_maps = inline:{ bob@dane.example=dane/Maildir/, bob@plain.example=plain/Maildir/ }'

mkdir -p "$dir/exim"
cp "$dir"/keys/{good,expired}.{crt,key} "$dir/exim"
chown -R Debian-exim "$dir/exim"
cat >"$dir/exim.conf" <<C
exim_user = Debian-exim
exim_group = Debian-exim
primary_hostname = exim.example
spool_directory = $dir/exim
log_file_path = $dir/exim/%slog
pid_file_path = $dir/exim/pid
local_interfaces = 127.0.3.12.$port : 127.0.3.13.$port : 127.0.3.14.$port : 127.0.3.15.$port
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = \${if eq{\$received_ip_address}{127.0.3.14}{}{*}}
tls_certificate = $dir/exim/\${if eq{\$received_ip_address}{127.0.3.13}{expired}{good}}.crt
tls_privatekey = $dir/exim/\${if eq{\$received_ip_address}{127.0.3.13}{expired}{good}}.key
acl_smtp_connect = connect
acl_smtp_rcpt = recipient
begin acl
connect:
  defer condition = \${if eq{\$received_ip_address}{127.0.3.15}}
        message = come back later
  accept
recipient:
  accept
C
"$dir/peers/usr/sbin/exim4" -C "$dir/exim.conf" -bdf >"$dir/exim.log" 2>&1 &
running+=($!)

install -d -m 711 "$dir/smtpd"
chmod 600 "$dir"/keys/*.key
cat >"$dir/smtpd.conf" <<C
pki good cert "$dir/keys/rsa.crt"
pki good key "$dir/keys/rsa.key"
pki expired cert "$dir/keys/rsa-expired.crt"
pki expired key "$dir/keys/rsa-expired.key"
listen on 127.0.3.16 port $port tls pki good
listen on 127.0.3.17 port $port tls pki expired
listen on 127.0.3.18 port $port
action "local" maildir "$dir/smtpd-mail"
match from any for any action "local"
C
# Where it keeps its files is compiled in; it gets a view of the disk of its own.
cat >"$dir/smtpd.sh" <<C
mkdir -p /usr/libexec/opensmtpd /var/spool/smtpd
mount --bind "$dir/peers/usr/libexec/opensmtpd" /usr/libexec/opensmtpd
mount --bind "$dir/smtpd" /var/spool/smtpd
echo "lookup file" >"$dir/resolv.conf"
mount --bind "$dir/resolv.conf" /etc/resolv.conf
mount -t tmpfs tmpfs /run
mkdir -p /run/opensmtpd /var/empty /var/lib/opensmtpd/empty
exec "$dir/peers/usr/sbin/smtpd" -d -f "$dir/smtpd.conf"
C
unshare -m --propagation private bash "$dir/smtpd.sh" </dev/null >"$dir/smtpd.log" 2>&1 &
running+=($!)

# The web server that gives policies.
cat >"$dir/policies.py" <<'P'
import http.server, ssl, sys
cert, key = sys.argv[1:]
NAMED = {"mta-sts.sts.example": "sts.mx.example", "mta-sts.stray.example": "other.mx.example",
         "mta-sts.testing.example": "testing.mx.example"}
class Policy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        named = NAMED.get(self.headers["Host"], "nobody.example")
        mode = "testing" if "testing" in named else "enforce"
        text = f"version: STSv1\nmode: {mode}\nmx: {named}\nmax_age: 604800\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
server = http.server.HTTPServer(("127.0.3.60", 443), Policy)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
P
python3 "$dir/policies.py" "$dir/keys/good.crt" "$dir/keys/good.key" >"$dir/policies.log" 2>&1 &
running+=($!)

listens_at() {
  (exec 3<>"/dev/tcp/127.0.3.$1/$port") 2>/dev/null
}
for number in 1 10 12 16 27; do soon listens_at "$number"; done

visit() {
  "$MAILKIT" mx lookup "@127.0.0.1:$dns" --probe --private --rate 0 --ca "$WORK/ca.pem" --helo mail.crepes.example \
    --port "$port" "$@"
}
# verdict CASE CODE PATTERN [OPTION...]: the verdict, and what the command ends with.
verdict() {
  local case=$1 code=$2 pattern=$3 out=$dir/verdict
  shift 3
  ends_with "$code" answer visit "$@" "$case.example" >"$out" || { cat "$out"; return 1; }
  cat "$out"
  grep -q -e "$pattern" "$out"
}
place() {
  printf '%s.mx.example at 127.0.3.%s port %s' "$1" "$2" "$port"
}
valid='TLS 1.3, certificate valid until 20..-..-..'
check "a good Postfix" verdict good 0 "^Mail to good.example goes to good.mx.example, $valid\\.\$"
check "one whose certificate ends soon" eval 'verdict soon 0 "$valid" && ends_with 1 visit --fail-on warn soon.example'
check "and will not be good in two weeks" verdict good 0 'its certificate is not accepted: .* has expired' --at +70d
check "one with an expired certificate" verdict expired 0 'TLS 1.3, but its certificate is not accepted: .* has expired'
check "with one for another name" verdict other 0 'it is for another name: mail.elsewhere.test'
check "with one that it has signed itself" verdict self 0 'not accepted: it is signed by itself'
check "without STARTTLS" verdict clear 0 'not encrypted: it offers no STARTTLS'
check "with TLS 1.0 only" verdict old 1 'TLS cannot be used: it speaks TLS 1.0 at most'
check "with TLS 1.1 only" verdict old11 1 'TLS cannot be used: it speaks TLS 1.1 at most'
check "a busy one" verdict busy 75 "cannot be delivered now: $(place busy 8) is busy: 421 4.3.2 .*Too busy"
check "one that greylists" verdict grey 0 \
  'It defers first contact for bob@grey.example (greylisting), mail arrives after a retry: 450 4.7.1' --rcpt bob@grey.example
check "a tarpit" verdict slow 0 'but it takes 6\.[0-9]* seconds to greet'
check "one that refuses the sender, and no recipient" verdict sender 1 \
  'It takes no mail from <eve@crepes.example>: 550 5.7.1' --from eve@crepes.example --rcpt bob@sender.example
check "one that refuses EHLO" verdict helo 1 'refuses us at EHLO: 55[0-9] '
seconds=$SECONDS
check "one that waits for TLS is known within seconds" shows_ending 69 "smtps://127.0.3.27:$port begins with TLS" \
  "$MAILKIT" mx probe --ca "$WORK/ca.pem" --tls-name wrapped.mx.example "smtp://127.0.3.27:$port"
check "that is, not after half a minute" [ $((SECONDS - seconds)) -lt 12 ]
check "and talks under TLS" shows '220 .*Postfix' \
  "$MAILKIT" mx probe --ca "$WORK/ca.pem" --tls-name wrapped.mx.example "smtps://127.0.3.27:$port"
check "nobody at all" verdict refused 75 "$(place refused 11) refuses connections"
check "one of two that is not there" verdict both 0 \
  "goes to good.mx.example, $valid; $(place refused 11) refuses connections"
check "a good Exim" verdict exim 0 "^Mail to exim.example goes to exim.mx.example, $valid"
check "an Exim with an expired certificate" verdict exim-expired 0 'not accepted: .* has expired'
check "one without STARTTLS" verdict exim-clear 0 'not encrypted: it offers no STARTTLS'
check "one that wants us later" verdict exim-later 75 'refuses us for now in its greeting: 451 '
# The OpenSMTPD of Debian 12 breaks off every handshake; whether this one does, OpenSSL's client knows as well.
if echo QUIT | timeout 5 openssl s_client -connect "127.0.3.16:$port" -starttls smtp 2>&1 | grep -q 'Cipher is [A-Z]'; then
  check "a good OpenSMTPD" verdict open 0 "^Mail to open.example goes to open.mx.example, $valid"
  check "an OpenSMTPD with an expired certificate" verdict open-expired 0 'not accepted: .* has expired'
else
  check "an OpenSMTPD that breaks off the handshake" verdict open 1 \
    'but TLS cannot be used: the server broke the TLS handshake off'
fi
check "one without STARTTLS" verdict open-clear 0 'not encrypted: it offers no STARTTLS'
check "a certificate that signed DNS names" verdict dane 0 'TLS 1.3, guarded by DANE' --dane
check "and one that it does not name" verdict mismatch 1 'its certificate is not the one that its TLSA records name' --dane
check "a record for the next certificate is told" shows 'its certificate fits the TLSA records 3 1 1' \
  visit --dane --json rollover.example
check "records that nobody has compared guard nothing" shows 'TLSA not compared' \
  "$MAILKIT" mx lookup "@127.0.0.1:$dns" --private --dane --port "$port" mismatch.example
kdig @127.0.0.1 -p "$knot" +short . DNSKEY | sed -n 's/^257 /. IN DNSKEY 257 /p' >"$dir/anchor.txt"
signed() {
  "$MAILKIT" mx lookup "@127.0.0.1:$knot" --private --dane --port "$port" --trust-anchor "$dir/anchor.txt" "$@"
}
check "signatures are checked here too, from a trust anchor on" shows '"dnssec":"secure","vouched_by":"our own check' \
  signed --json dane.example
check "in ten years they hold no more, and the reason is told" shows_ending 75 'dnssec.expired' signed --at +3650d dane.example
check "from another anchor on nothing is believed" shows_ending 75 'dnssec.anchor-mismatch' \
  "$MAILKIT" mx lookup "@127.0.0.1:$knot" --dane --trust-anchor <(echo '. IN DS 1 13 2 '"$(printf '%064d' 0)") dane.example
# relayed DOMAIN PATTERN [OPTION...]: a message through the queue; the relay asks a server that it does not believe, and
# checks all of it itself.
relayed() {
  local domain=$1 pattern=$2 data=$dir/queue-$1
  shift 2
  message "to-$domain"
  "$MAILKIT" send --queue always --data "$data" --message "$WORK/to-$domain.eml" -r alice@crepes.example "bob@$domain.example"
  "$MAILKIT" relay flush --data "$data" --hostname mail.crepes.example --resolver "tcp://127.0.0.11:$knot" \
    --trust-anchor "$dir/anchor.txt" --private-exchangers --relay-port "$port" "$@" >"$dir/relayed" 2>&1
  cat "$dir/relayed"
  grep -q -e "$pattern" "$dir/relayed"
}
check "the relay delivers where the certificate is the one that signed DNS names" eval \
  'relayed dane ": delivered" --tls dane && soon one_holds "$WORK/postfix/mail/dane" to-dane'
check "and send says who vouched for it" shows '"verified":"dane"' \
  "$MAILKIT" send --json --mx --tls dane --resolver "127.0.0.11:$knot" --trust-anchor "$dir/anchor.txt" --mx-port "$port" \
  --private-exchangers --message "$WORK/one.eml" -r alice@crepes.example bob@dane.example
check "it defers where the certificate is another, whether DANE was asked for" relayed mismatch \
  'deferred .*not the one that the domain.s TLSA records name' --tls dane
check "or not" relayed mismatch 'deferred .*not the one that the domain.s TLSA records name'
check "it defers where signatures are bogus" relayed bogus 'deferred (4.4.3) .*DNSSEC: '
check "it delivers where nothing is signed, as always" eval \
  'relayed plain ": delivered" && soon one_holds "$WORK/postfix/mail/plain" to-plain'
check "unless that will not do" relayed plain 'deferred (4.7.0) .*DNSSEC does not vouch for the mail exchangers of plain.example' --tls dane
check "from another anchor on nothing is sent" ends_with 75 "$MAILKIT" send --mx --resolver "127.0.0.11:$knot" --mx-port "$port" \
  --private-exchangers --trust-anchor <(echo '. IN DS 1 13 2 '"$(printf '%064d' 0)") --message "$WORK/one.eml" \
  -r alice@crepes.example bob@plain.example
check "and from the keys of the real root on DANE is refused" ends_with 78 "$MAILKIT" send --mx --tls dane \
  --resolver "127.0.0.11:$knot" --mx-port "$port" --message "$WORK/one.eml" -r alice@crepes.example bob@dane.example
check "a policy that names the exchanger" verdict sts 0 "$valid, guarded by its policy (MTA-STS)" --mta-sts
check "and one that is only tried out" verdict testing 0 "$valid; its policy (MTA-STS) is in testing only" --mta-sts
check "and one that does not" verdict stray 1 "the domain's policy (MTA-STS) does not name it" --mta-sts
check "servers for users" shows 'imaps://imap.good.example' "$MAILKIT" mx lookup "@127.0.0.1:$dns" --private --services good.example
check "many domains are one object a line, in order" eval \
  'printf "%s.example\n" refused good exim | { visit --jsonl - || true; } | sed "s/.*\"domain\":\"\([^\"]*\)\".*/\1/" | diff - <(printf "%s.example\n" refused good exim)'
check "nothing has changed since a moment ago" eval \
  'visit --json --dane both.example >"$dir/before.json" && visit --dane --diff "$dir/before.json" both.example'
RELAY=127.0.0.1:25 start_dovecot
port=$dovecot_submission
check "a Dovecot that takes the mail of its users" shows "^Mail to \\[127.0.0.1\\] goes to that address, $valid" \
  answer visit '[127.0.0.1]'
check "and not of strangers" ends_with 1 visit '[127.0.0.1]' --rcpt 'bob@[127.0.0.1]'
port=$dovecot_lmtp
check "a Dovecot that speaks LMTP is no exchanger" ends_with 1 visit '[127.0.0.1]'
