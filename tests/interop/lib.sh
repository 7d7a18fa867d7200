# What every chapter uses: checks, waiting, sample messages, and our own server. Sourced by run.

passed=0 failed=0
# Process ids of what runs now, and commands that stop what no process id stops.
running=() stoppers=()

# check NAME COMMAND...: the command must succeed; what it printed is shown if it does not.
check() {
  local name=$1 out=$WORK/check.out code
  shift
  # In a condition, bash would go on after a failed command of a function.
  set +e
  (set -e; "$@") >"$out" 2>&1
  code=$?
  set -e
  if [ "$code" -eq 0 ]; then
    passed=$((passed + 1))
    echo "ok   $name"
  else
    failed=$((failed + 1))
    echo "FAIL $name"
    sed 's/^/     | /' "$out" | tail -n 30
  fi
}

# soon COMMAND...: tries for ten seconds until the command succeeds.
soon() {
  local end=$((SECONDS + 10))
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}

# ends_with CODE COMMAND...: the command must end with exactly this code.
ends_with() {
  local wanted=$1 code=0
  shift
  "$@" || code=$?
  [ "$code" -eq "$wanted" ] || { echo "ended with $code, not $wanted: $*"; return 1; }
}

# shows PATTERN COMMAND...: the command succeeds and prints a line that matches.
shows() {
  local pattern=$1 out=$WORK/shows.out
  shift
  "$@" >"$out" || return
  cat "$out"
  grep -q -e "$pattern" "$out"
}

# answer COMMAND...: the first paragraph of what it prints as one line, and its code: where an answer is broken at the edge
# of the page is no matter.
answer() {
  local code=0
  "$@" >"$WORK/answer.out" || code=$?
  awk '/^$/ { exit } { sub(/^ +/, ""); line = line (NR > 1 ? " " : "") $0 } END { print line }' "$WORK/answer.out"
  return "$code"
}

stop_all() {
  local stop pid
  for stop in "${stoppers[@]}"; do $stop || true; done
  for pid in "${running[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${running[@]}"; do wait "$pid" 2>/dev/null || true; done
  running=() stoppers=()
}

# free_port: a port that nobody listens at, whatever the address, and that nobody was given before. It lies below those that
# the system gives to connections, so that none of them takes it before its server does.
free_port() {
  python3 - "$WORK/ports" <<'P'
import os, random, socket, sys
path = sys.argv[1]
port = int(open(path).read()) if os.path.exists(path) else random.randrange(20000, 30000)
while True:
    port = port + 1 if port < 32000 else 20000
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))
            break
        except OSError:
            pass
with open(path, "w") as file:
    file.write(str(port))
print(port)
P
}

listens() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# start_serve NAME OPTION...: our server in $WORK/NAME, every listener on a port of its own choice.
# Sets NAME_smtp, NAME_submission, ... to the ports.
start_serve() {
  local name=$1 ready=$WORK/$1.ready
  shift
  : >"$ready"
  "$MAILKIT" serve --data "$WORK/$name" --hostname mail.hamburger.example --domain hamburger.example \
    --tls-cert "$WORK/cert.pem" --tls-key "$WORK/key.pem" \
    --smtp 127.0.0.1:0 --submission 127.0.0.1:0 --submissions 127.0.0.1:0 --pop3 127.0.0.1:0 --pop3s 127.0.0.1:0 \
    --imap 127.0.0.1:0 --imaps 127.0.0.1:0 "$@" >"$ready" 2>"$WORK/$name.log" &
  running+=($!)
  soon grep -q '"ready":true' "$ready" || { cat "$WORK/$name.log"; return 1; }
  local service address
  while IFS='=' read -r service address; do
    printf -v "${name}_$service" %s "${address##*:}"
  done < <(python3 -c '
import json, sys
for service, address in json.loads(sys.stdin.readline())["listen"].items():
    print(f"{service}={address}")' <"$ready")
}

# A certificate authority that only we trust, and a certificate for this host.
make_certificates() {
  (
    cd "$WORK"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=Interop CA' \
      -keyout ca-key.pem -out ca.pem
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
      -keyout key.pem -out request.pem
    openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -out cert.pem \
      -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n')
  ) >"$WORK/openssl.log" 2>&1
}

# message NAME: a complete message with what breaks careless programs, CRLF, in $WORK/NAME.eml.
message() {
  python3 - "$1" "$WORK/$1.eml" <<'P'
import sys
name, path = sys.argv[1:]
lines = [
    "From: Alice <alice@crepes.example>",
    "To: Bob <bob@hamburger.example>",
    f"Subject: {name}",
    "Date: Sat, 21 Nov 2026 10:00:00 +0000",
    f"Message-ID: <{name}@crepes.example>",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    "Do you like ketchup? Crêpes, naïve ☃.",
    ".",
    "..",
    ".hidden",
    "From here on nothing is quoted.",
    "",
    "x" * 990,
    "trailing blanks  \t",
    "",
    "the end",
]
open(path, "wb").write("".join(line + "\r\n" for line in lines).encode())
P
}

make_messages() {
  local name
  for name in one two three; do message "$name"; done
}

# holds FILE NAME: the file is the message, perhaps with more trace fields above; line ends do not matter,
# nor does the mark that mbsync writes into each message it carries.
holds() {
  python3 - "$1" "$WORK/$2.eml" <<'P'
import re, sys
found, sent = (open(path, "rb").read().replace(b"\r\n", b"\n") for path in sys.argv[1:])
found = re.sub(rb"^X-TUID: .*\n", b"", found, flags=re.MULTILINE)
if not found.rstrip(b"\n").endswith(sent.rstrip(b"\n")):
    sys.exit(f"not the message that was sent: ...{found[-300:]!r}")
P
}

# one_holds DIR NAME: one of the files below the directory is the message.
one_holds() {
  local file
  while IFS= read -r file; do
    if holds "$file" "$2" >/dev/null 2>&1; then return 0; fi
  done < <(find "$1" -type f \( -path '*/new/*' -o -path '*/cur/*' \))
  return 1
}

# count DIR: how many messages a Maildir holds.
count() {
  find "$1" -type f \( -path '*/new/*' -o -path '*/cur/*' \) | wc -l
}
