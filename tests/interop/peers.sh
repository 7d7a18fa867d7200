# The servers of others, each in a directory of its own, on ports of their own. Sourced by run.
# Users everywhere: alice and bob, password secret, mail in $WORK/PEER/mail/USER/Maildir.

# start_postfix [SETTING...]: sets postfix_smtp. Mail for hamburger.example is delivered, all else goes to relayhost.
# The services in the file postfix_services, if that is set, are its as well from the start: a Postfix that is told to read
# its files anew while it starts may lose the process that writes its log, and then every other one waits for that.
start_postfix() {
  local dir=$WORK/postfix setting
  postfix_smtp=$(free_port)
  mkdir -p "$dir"/{etc,spool,data,mail}
  chown postfix "$dir/data"
  chown nobody "$dir/mail"
  cat >"$dir/etc/main.cf" <<C
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/data
daemon_directory = /usr/lib/postfix/sbin
maillog_file = $dir/log
maillog_file_prefixes = $WORK
myhostname = postfix.hamburger.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = $WORK/cert.pem
smtpd_tls_key_file = $WORK/key.pem
virtual_mailbox_domains = hamburger.example
virtual_mailbox_base = $dir/mail
virtual_mailbox_maps = inline:{ alice@hamburger.example=alice/Maildir/, bob@hamburger.example=bob/Maildir/ }
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
virtual_minimum_uid = 1
C
  for setting in "$@"; do echo "$setting" >>"$dir/etc/main.cf"; done
  cat >"$dir/etc/master.cf" <<C
127.0.0.1:$postfix_smtp inet n - n - - smtpd
pickup    unix      n - n 1 1 pickup
cleanup   unix      n - n - 0 cleanup
qmgr      unix      n - n 1 1 qmgr
rewrite   unix      - - n - - trivial-rewrite
bounce    unix      - - n - 0 bounce
defer     unix      - - n - 0 bounce
trace     unix      - - n - 0 bounce
verify    unix      - - n - 1 verify
flush     unix      n - n 1000? 0 flush
proxymap  unix      - - n - - proxymap
tlsmgr    unix      - - n 1000? 1 tlsmgr
smtp      unix      - - n - - smtp
error     unix      - - n - - error
retry     unix      - - n - - error
virtual   unix      - n n - - virtual
anvil     unix      - - n - 1 anvil
scache    unix      - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
C
  [ -z "${postfix_services:-}" ] || cat "$postfix_services" >>"$dir/etc/master.cf"
  postfix -c "$dir/etc" start >"$dir/start.log" 2>&1 || { cat "$dir/start.log"; return 1; }
  stoppers+=("postfix -c $dir/etc stop")
  soon listens "$postfix_smtp"
}

# start_dovecot [LINE...]: sets dovecot_imap, dovecot_imaps, dovecot_pop3, dovecot_pop3s, dovecot_lmtp and dovecot_submission;
# the last one relays to RELAY, an address with port.
start_dovecot() {
  local dir=$WORK/dovecot service line
  for service in imap imaps pop3 pop3s lmtp submission; do printf -v "dovecot_$service" %s "$(free_port)"; done
  mkdir -p "$dir"/{run,mail}
  chown nobody "$dir/mail"
  printf '%s:{PLAIN}secret\n' alice bob >"$dir/users"
  cat >"$dir/dovecot.conf" <<C
base_dir = $dir/run
log_path = $dir/log
protocols = imap pop3 lmtp submission
listen = 127.0.0.1
ssl_cert = <$WORK/cert.pem
ssl_key = <$WORK/key.pem
auth_mechanisms = plain login
auth_username_format = %Ln
mail_location = maildir:$dir/mail/%n/Maildir
mail_uid = nobody
mail_gid = $(id -gn nobody)
first_valid_uid = 1
hostname = dovecot.hamburger.example
postmaster_address = postmaster@hamburger.example
submission_relay_host = ${RELAY%:*}
submission_relay_port = ${RELAY##*:}
submission_relay_trusted = yes
passdb {
  driver = passwd-file
  args = $dir/users
}
userdb {
  driver = static
  args = uid=nobody gid=$(id -gn nobody) home=$dir/mail/%n
}
service imap-login {
  inet_listener imap {
    port = $dovecot_imap
  }
  inet_listener imaps {
    port = $dovecot_imaps
  }
}
service pop3-login {
  inet_listener pop3 {
    port = $dovecot_pop3
  }
  inet_listener pop3s {
    port = $dovecot_pop3s
  }
}
service submission-login {
  inet_listener submission {
    port = $dovecot_submission
  }
}
service lmtp {
  inet_listener lmtp {
    port = $dovecot_lmtp
  }
}
C
  for line in "$@"; do echo "$line" >>"$dir/dovecot.conf"; done
  dovecot -c "$dir/dovecot.conf" >"$dir/start.log" 2>&1 || { cat "$dir/start.log"; return 1; }
  stoppers+=("doveadm -c $dir/dovecot.conf stop")
  soon listens "$dovecot_imap" && soon listens "$dovecot_pop3" && soon listens "$dovecot_lmtp"
}

# start_knot: sets knot_dns. Serves a few domains below example; broken.test gives SERVFAIL.
start_knot() {
  local dir=$WORK/knot
  knot_dns=$(free_port)
  mkdir -p "$dir"/{run,db}
  cat >"$dir/example.zone" <<'Z'
$ORIGIN example.
$TTL 300
@         SOA ns hostmaster 1 3600 600 86400 60
@         NS  ns
ns        A   127.0.0.1
hamburger MX  20 backup.hamburger
hamburger MX  10 mx.hamburger
mx.hamburger     A    127.0.0.1
backup.hamburger A    127.0.0.2
backup.hamburger AAAA ::1
implicit  A   127.0.0.1
nothing   TXT "no mail here"
refusing  MX  0 .
alias     CNAME hamburger
xn--bcher-kva MX 10 mx.hamburger
Z
  # More than a datagram takes.
  { printf 'bigtxt TXT ('; printf ' "%0200d"' {0..11}; echo ')'; } >>"$dir/example.zone"
  cat >"$dir/knot.conf" <<C
server:
    listen: 127.0.0.1@$knot_dns
    rundir: "$dir/run"
    udp-workers: 1
    tcp-workers: 1
database:
    storage: "$dir/db"
log:
  - target: "$dir/log"
    any: info
template:
  - id: default
    storage: "$dir"
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: example
    file: "example.zone"
  - domain: broken.test
    file: "no-such-file"
C
  knotd -c "$dir/knot.conf" >"$dir/start.log" 2>&1 &
  running+=($!)
  soon eval 'kdig @127.0.0.1 -p "$knot_dns" +short +time=1 +retry=0 example SOA 2>/dev/null | grep -q .'
}
