# Secrets in a real Secret Service: gnome-keyring on a D-Bus of its own, unlocked, locked and absent. Sourced by run.
#
# Its home, its runtime directory and its bus are private, so that no keyring of whoever runs this is touched.

keyring_home=$WORK/keyring
mkdir -p "$keyring_home/run" "$keyring_home/config/mailkit" "$keyring_home/services"
chmod 700 "$keyring_home/run"
cat >"$keyring_home/config/mailkit/config.toml" <<'T'
[accounts.work]
email = "bob@hamburger.example"
secret = { keyring = true }
T

# A bus that starts nothing by itself but what stands in our own directory: else it would start a keyring when asked.
cat >"$keyring_home/bus.conf" <<X
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=$keyring_home/run</listen>
  <servicedir>$keyring_home/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
X

# in_session WHICH COMMAND...: the command on a bus where the keyring is open, locked or absent; its code.
# An open one is unlocked with a passphrase at its start; a locked one is the same keyring, started without.
in_session() {
  env -u DISPLAY -u WAYLAND_DISPLAY -u DBUS_SESSION_BUS_ADDRESS HOME="$keyring_home" XDG_RUNTIME_DIR="$keyring_home/run" \
    XDG_CONFIG_HOME="$keyring_home/config" XDG_DATA_HOME="$keyring_home/data" XDG_CACHE_HOME="$keyring_home/cache" \
    timeout 30 dbus-run-session --config-file="$keyring_home/bus.conf" -- bash -c '
      start() {
        case $1 in
          open) printf passphrase | gnome-keyring-daemon --unlock --components=secrets ;;
          locked) gnome-keyring-daemon --start --components=secrets ;;
        esac >/dev/null 2>&1
      }
      is_there() {
        dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
          string:org.freedesktop.secrets 2>/dev/null | grep -q "boolean true"
      }
      # The daemon of the session before may still be about to end, and answer in the place of a new one.
      for try in 1 2 3 4 5; do
        [ "$1" != absent ] || break
        start "$1"
        for moment in {1..20}; do
          ! is_there || break 2
          sleep 0.05
        done
      done
      shift
      # The bus goes afterwards, and the daemon with it.
      "$@"' in_session "$@"
}

# In the open keyring: kept, found by others and by us, replaced, forgotten.
set_and_get() {
  in_session open bash -ec '
    printf "first\nsecond\n" | "$0" auth set work --stdin
    [ "$(secret-tool lookup service mailkit username work)" = first ]
    printf "canary\n" | "$0" auth set work --stdin
    [ "$(secret-tool lookup service mailkit username work)" = canary ]' "$MAILKIT" </dev/null
}
# What the server says about the login is no concern here: that it is asked for one shows that there was a password.
logs_in() {
  in_session open "$MAILKIT" --trace="$WORK/keyring.trace" send --server work -s x bob@hamburger.example </dev/null
}
forget() {
  in_session open bash -ec '
    "$0" auth forget work
    code=0; "$0" auth forget work || code=$?
    [ $code -eq 1 ]
    ! secret-tool lookup service mailkit username work' "$MAILKIT" </dev/null
}
keeps() {
  in_session open bash -ec 'printf "canary\n" | "$0" auth set work --stdin' "$MAILKIT" </dev/null
}
# says PATTERN SESSION COMMAND...: ends with 78 within six seconds and says so.
says() {
  local pattern=$1 begin code=0 out=$WORK/says.out
  shift
  begin=$(date +%s%N)
  in_session "$@" >"$out" 2>&1 </dev/null || code=$?
  local taken=$((($(date +%s%N) - begin) / 1000000))
  cat "$out"
  echo "ended with $code after $taken ms"
  [ $code -eq 78 ] && [ $taken -lt 6500 ] && grep -q -e "$pattern" "$out" && ! grep -q canary "$out"
}
try_to_send() {
  says "$2" "$1" "$MAILKIT" send --server work -s x bob@hamburger.example
}

start_serve keyring --user bob:canary
printf 'smtp = "smtp://bob@127.0.0.1:%s"\n' "$keyring_submission" >>"$keyring_home/config/mailkit/config.toml"

check "a password is kept in the keyring, and replaced" set_and_get
check "the password from the keyring logs in" logs_in
check "it stands in no trace" eval '! grep -q canary "$WORK/keyring.trace"'
check "it is forgotten, and no longer there" forget
check "without it, there is a sentence" try_to_send open 'the keyring has no secret for work'
check "kept once more" keeps
check "a locked keyring without a terminal ends with 78 in time" try_to_send locked 'locked'
check "nothing can be kept there either" says 'locked' locked bash -c 'echo canary | "$0" auth set work --stdin' "$MAILKIT"
# Whoever should ask for the passphrase never does: as on a screen that nobody looks at.
printf '[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=/bin/sleep 20\n' \
  >"$keyring_home/services/prompter.service"
check "a prompt that nobody answers is not waited for" try_to_send locked 'did not answer within 5 seconds'
rm "$keyring_home/services/prompter.service"
check "no keyring at all ends with 78" try_to_send absent 'there is no keyring here: no Secret Service answers'
check "and says what to do instead" says 'auth set --file' absent bash -c 'echo canary | "$0" auth set work --stdin' "$MAILKIT"
check "a file keeps it where no keyring is" eval \
  'in_session absent bash -ec "echo canary | \"\$0\" auth set work --stdin --file" "$MAILKIT" </dev/null &&
   in_session absent "$MAILKIT" send --server work -s x bob@hamburger.example </dev/null'
