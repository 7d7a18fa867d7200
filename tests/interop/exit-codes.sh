#!/usr/bin/env bash
# What the sending programs of others end with, in the ten situations that each of them meets: measured, not believed.
#
#   tests/interop/exit-codes.sh [BINARY]        compares with docs/exit-codes-of-others.tsv; ends with 1 if it differs
#   BLESS=1 tests/interop/exit-codes.sh [...]   writes that file; the page docs/exit-codes.md is made of it
#
# One server, scripted, on loopback; every program gets the same message. A program that is not installed is passed
# over: its column stays as it was. Needs python3 and bash.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
MAILKIT=$(realpath "${1:-$root/target/release/mailkit}")
TABLE=$root/docs/exit-codes-of-others.tsv
WORK=$(mktemp -d /tmp/mailkit-exit-codes.XXXXXX)
export HOME=$WORK/home XDG_CONFIG_HOME=$WORK/home XDG_STATE_HOME=$WORK/home MAILKIT_NO_INPUT=1 LC_ALL=C.UTF-8
mkdir -p "$HOME"
server=
end() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$WORK"
}
trap end EXIT

# The server: does what the situation says at its moment, else what a server does. It writes its port, then, for each
# message that is complete, the recipients it accepted.
cat >"$WORK/server.py" <<'P'
import socket, sys
moment, words, seen = sys.argv[1:]
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    lines = connection.makefile("rb")
    recipients, accepted, login = 0, 0, None
    def say(at, usual):
        if at != moment:
            text = usual
        elif words == "close":
            raise EOFError
        else:
            text = words
        connection.sendall(text.encode() + b"\r\n")
        return text
    try:
        say("greeting", "220 mx.hamburger.example ESMTP")
        for line in lines:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"EHLO":
                offers = "250-AUTH PLAIN LOGIN\r\n" if moment == "auth" else ""
                say("ehlo", f"250-mx.hamburger.example\r\n{offers}250 8BITMIME")
            elif verb == b"AUTH":
                if len(line.split()) == 2:
                    connection.sendall(b"334 VXNlcm5hbWU6\r\n")
                    lines.readline()
                    if line.split()[1].upper() == b"LOGIN":
                        connection.sendall(b"334 UGFzc3dvcmQ6\r\n")
                        lines.readline()
                say("auth", "235 2.7.0 Welcome")
            elif verb == b"RCPT":
                recipients += 1
                if say("rcpt2" if recipients == 2 else "rcpt", "250 2.1.5 Recipient ok").startswith("2"):
                    accepted += 1
            elif verb == b"DATA":
                if say("data", "354 Go ahead").startswith("3"):
                    while lines.readline().strip(b"\r\n") != b".":
                        pass
                    with open(seen, "a") as file:
                        print(accepted, file=file)
                    say("dot", "250 2.0.0 Queued")
            elif verb == b"QUIT":
                say("quit", "221 2.0.0 Bye")
                break
            else:
                say(verb.decode().lower(), "250 2.0.0 Ok")
    except (EOFError, OSError):
        pass
    lines.close()
    connection.close()
P

cat >"$WORK/message" <<'M'
From: alice@crepes.example
To: bob@hamburger.example
Subject: Crepes

Do you like ketchup?
M

# Name, moment, words.
situations=(
  "accepted|never|"
  "connection refused|connect|"
  "RCPT 450|rcpt|450 4.2.1 Mailbox busy"
  "RCPT 550 5.1.1|rcpt|550 5.1.1 No such user"
  "DATA 554 5.7.1|data|554 5.7.1 Not from you"
  "final 452 4.2.2|dot|452 4.2.2 Mailbox full"
  "final 554 5.6.0|dot|554 5.6.0 Content refused"
  "lost after the final dot|dot|close"
  "one of two refused|rcpt2|550 5.1.1 No such user"
  "AUTH 535|auth|535 5.7.8 Wrong password"
)

# Each takes the port, "login" or nothing, and the recipients.
by_mailkit() {
  local login=
  [ -z "$2" ] || login=bob@
  SECRET=secret "$MAILKIT" send -r alice@crepes.example --message "$WORK/message" \
    --server "smtp://${login}127.0.0.1:$1?tls=none" ${2:+--password-env SECRET} "${@:3}"
}
by_msmtp() {
  msmtp --host=127.0.0.1 --port="$1" --tls=off --from=alice@crepes.example --timeout=10 \
    ${2:+--auth=plain --user=bob --passwordeval="echo secret"} "${@:3}" <"$WORK/message"
}
by_swaks() {
  local to
  to=$(IFS=,; echo "${*:3}")
  swaks --server 127.0.0.1 --port "$1" --from alice@crepes.example --to "$to" --data "@$WORK/message" --timeout 10 \
    ${2:+--auth PLAIN --auth-user bob --auth-password secret}
}
by_curl() {
  local to=() one
  for one in "${@:3}"; do to+=(--mail-rcpt "$one"); done
  curl -sS --url "smtp://127.0.0.1:$1" --mail-from alice@crepes.example "${to[@]}" --upload-file "$WORK/message" \
    --max-time 10 --crlf ${2:+--user bob:secret}
}
by_s-nail() {
  local login=
  [ -z "$2" ] || login=bob:secret@
  s-nail -:/ -Sv15-compat -SDEAD=/dev/null -Smta="smtp://${login}127.0.0.1:$1" -Ssmtp-auth="$([ -n "$2" ] && echo plain || echo none)" -Sfrom=alice@crepes.example \
    -Shostname=crepes.example -Ssendwait -s Crepes "${@:3}" <"$WORK/message"
}
by_mutt() {
  local login=
  [ -z "$2" ] || login=bob:secret@
  mutt -n -F /dev/null -e "set smtp_url=smtp://${login}127.0.0.1:$1/ ssl_starttls=no ssl_force_tls=no from=alice@crepes.example copy=no hostname=crepes.example" \
    -s Crepes -- "${@:3}" <"$WORK/message"
}

# What came of it: the exit code, and for how many recipients the server has the message if that is not plain.
measure() {
  local program=$1 moment=$2 words=$3 port code=0 to=(bob@hamburger.example) login= sent
  [ "$moment" != rcpt2 ] || to+=(carol@hamburger.example)
  [ "$moment" != auth ] || login=login
  : >"$WORK/seen"
  rm -f "$WORK/port"
  mkfifo "$WORK/port"
  python3 "$WORK/server.py" "$moment" "$words" "$WORK/seen" >"$WORK/port" 2>"$WORK/server.err" &
  server=$!
  read -r port <"$WORK/port"
  if [ "$moment" = connect ]; then
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
  fi
  timeout 30 bash -c "$(declare -f "by_$program"); WORK=$WORK MAILKIT=$MAILKIT; by_$program \"\$@\"" - "$port" "$login" "${to[@]}" \
    >"$WORK/out" 2>&1 </dev/null || code=$?
  if [ -n "$server" ]; then
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
  fi
  sent=$(tail -n 1 "$WORK/seen")
  if [ "$moment" = rcpt2 ]; then
    echo "$code, sent to ${sent:-nobody}"
  else
    echo "$code"
  fi
}

programs=(msmtp swaks curl s-nail mutt)
column() {
  awk -F '\t' -v name="$1" -v row="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } $1 == row && at { print $at }' \
    "$TABLE" 2>/dev/null || true
}
{
  printf 'situation\tmailkit'
  printf '\t%s' "${programs[@]}"
  echo
  for situation in "${situations[@]}"; do
    IFS='|' read -r name moment words <<<"$situation"
    printf '%s\t%s' "$name" "$(measure mailkit "$moment" "$words")"
    for program in "${programs[@]}"; do
      if command -v "$program" >/dev/null; then
        printf '\t%s' "$(measure "$program" "$moment" "$words")"
      else
        printf '\t%s' "$(column "$program" "$name")"
      fi
    done
    echo
  done
} >"$WORK/table"
cat "$WORK/table"
if [ -n "${BLESS:-}" ]; then
  cp "$WORK/table" "$TABLE"
elif ! diff "$TABLE" "$WORK/table"; then
  echo "docs/exit-codes-of-others.tsv is not what was measured; BLESS=1 writes it" >&2
  exit 1
fi
