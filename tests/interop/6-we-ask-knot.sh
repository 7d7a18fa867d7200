# mailkit mx lookup asks Knot. Sourced by run.

start_knot
lookup() {
  "$MAILKIT" mx lookup --private "@127.0.0.1:$knot_dns" "$@"
}
short() {
  lookup --short "$1" | diff - <(printf '%s\n' "${@:2}")
}
check "exchangers come in order" short hamburger.example '10 mx.hamburger.example.' '20 backup.hamburger.example.'
check "exactly as Knot has them" eval \
  'diff <(lookup --short hamburger.example) <(kdig @127.0.0.1 -p "$knot_dns" +short hamburger.example MX | sort -n)'
check "all addresses are shown" eval 'shows 127.0.0.1 lookup hamburger.example && shows ::1 lookup hamburger.example'
check "an address means its domain, an alias what it stands for" eval \
  'shows mx.hamburger.example lookup bob@hamburger.example && shows mx.hamburger.example lookup alias.example'
check "a name with umlauts is asked for in its other form" shows mx.hamburger.example lookup bücher.example
check "a domain without MX is its own exchanger" shows 127.0.0.1 lookup implicit.example
check "a null MX takes no mail" ends_with 68 lookup refusing.example
check "a domain that does not exist" ends_with 68 lookup gone.example
check "a domain without addresses" ends_with 68 lookup nothing.example
check "a name server that fails is temporary" ends_with 75 lookup broken.test
check "a name server that does not check DNSSEC is not enough for DANE" ends_with 69 "$MAILKIT" send --mx --tls dane \
  --resolver "127.0.0.1:$knot_dns" -f alice@crepes.example -m hello bob@hamburger.example
check "over TCP alone the answers are the same" eval \
  'diff <(lookup --short --tcp hamburger.example) <(kdig @127.0.0.1 -p "$knot_dns" +tcp +short hamburger.example MX | sort -n)'
check "with -vv each reply is shown" eval 'lookup -vv --tcp hamburger.example 2>&1 >/dev/null | grep -q "flags qr aa rd"'
