# curl, mpop, fetchmail and Python's poplib read what our server holds. Sourced by run.

start_serve drop --user bob:secret
fill() {
  local name
  for name in one two three; do
    curl -sS --mail-from alice@crepes.example --mail-rcpt bob@hamburger.example --upload-file "$WORK/$name.eml" \
      "smtp://127.0.0.1:$drop_smtp/crepes.example"
    # Acceptance comes before delivery, so the next one could overtake it.
    soon one_holds "$WORK/drop" "$name"
  done
}
check "three messages wait" fill

by_curl() {
  curl -sS --user bob:secret "$@"
}
check "curl lists them" eval '[ "$(by_curl "pop3://127.0.0.1:$drop_pop3/" | wc -l)" -eq 3 ]'
check "curl reads one" eval 'by_curl "pop3://127.0.0.1:$drop_pop3/1" >"$WORK/curl.eml" && holds "$WORK/curl.eml" one'
check "curl reads one over TLS" eval \
  'by_curl --cacert "$WORK/ca.pem" "pop3s://localhost:$drop_pop3s/2" >"$WORK/curl.eml" && holds "$WORK/curl.eml" two'
check "curl reads one over STLS" eval \
  'by_curl --cacert "$WORK/ca.pem" --ssl-reqd "pop3://localhost:$drop_pop3/3" >"$WORK/curl.eml" && holds "$WORK/curl.eml" three'
check "curl is refused with a wrong password" ends_with 67 by_curl --user bob:wrong "pop3://127.0.0.1:$drop_pop3/"

by_poplib() {
  python3 - "$drop_pop3" "$WORK/one.eml" <<'P'
import poplib, sys
port, path = sys.argv[1:]
sent = open(path, "rb").read().split(b"\r\n")[:-1]
box = poplib.POP3("127.0.0.1", int(port), timeout=10)
capabilities = box.capa()
assert "UIDL" in capabilities and "TOP" in capabilities, capabilities
box.user("bob"); box.pass_("secret")
count, size = box.stat()
assert count == 3, count
sizes = [int(line.split()[1]) for line in box.list()[1]]
assert sum(sizes) == size, (sizes, size)
_, lines, _ = box.retr(1)
assert lines[-len(sent):] == sent, lines
assert sum(len(line) + 2 for line in lines) == sizes[0], (lines, sizes)
_, top, _ = box.top(1, 2)
assert top[-2:] == sent[9:11], top
first = [line.split()[1] for line in box.uidl()[1]]
box.dele(2)
box.rset()
box.dele(3)
box.quit()
box = poplib.POP3("127.0.0.1", int(port), timeout=10)
box.user("bob"); box.pass_("secret")
assert [line.split()[1] for line in box.uidl()[1]] == first[:2]
box.quit()
P
}
check "poplib reads, counts, deletes, and finds the same ids again" by_poplib

by_mpop() {
  mkdir -p "$WORK/mpop"/{new,cur,tmp}
  mpop --host=127.0.0.1 --port="$drop_pop3" --tls=off --auth=user --user=bob --passwordeval='echo secret' --keep=on \
    --uidls-file="$WORK/mpop-uidls" --delivery="maildir,$WORK/mpop"
}
check "mpop fetches both that are left" eval 'by_mpop && [ "$(count "$WORK/mpop")" -eq 2 ] && one_holds "$WORK/mpop" two'
check "mpop fetches nothing a second time" eval 'by_mpop && [ "$(count "$WORK/mpop")" -eq 2 ]'

by_fetchmail() {
  mkdir -p "$WORK/fetchmail"
  cat >"$WORK/fetchmailrc" <<C
poll 127.0.0.1 service $drop_pop3 protocol pop3 uidl
  user bob password secret sslproto '' no rewrite fetchall
  mda "tee -a $WORK/fetchmail/mail"
C
  chmod 600 "$WORK/fetchmailrc"
  FETCHMAILHOME=$WORK/fetchmail fetchmail -f "$WORK/fetchmailrc" --pidfile "$WORK/fetchmail/pid" --nosyslog
}
check "fetchmail fetches and deletes" eval 'by_fetchmail && holds "$WORK/fetchmail/mail" two && grep -q "^Subject: one" "$WORK/fetchmail/mail"'
check "then nothing is left" ends_with 1 by_fetchmail
