# Encryption that must be refused, shown by OpenSSL's own server: old versions, ciphers that hide nothing, keys that are
# too short, certificates that are not for us. Sourced by run.

# make_leaf NAME KEY EXTENSION [OPTION...]: a certificate by the authority that we trust, and its key.
make_leaf() {
  local name=$1 key=$2 extension=$3
  shift 3
  (
    cd "$WORK"
    # shellcheck disable=SC2086
    openssl req -newkey $key -nodes -subj /CN=localhost -keyout "$name.key" -out "$name.csr"
    openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out "$name.crt" "$@" \
      -extfile <(printf '%s\nbasicConstraints=CA:FALSE\n' "$extension")
  ) >>"$WORK/openssl.log" 2>&1
}

# meets CODE SENTENCE CERTIFICATE [OPTION...]: each of our clients ends so at such a server. What they say is shown.
meets() {
  local code=$1 sentence=$2 certificate=$3 port server client out=$WORK/said result=0
  shift 3
  port=$(free_port)
  # It turns round each line it hears, which nobody takes for a greeting.
  timeout 60 openssl s_server -accept "127.0.0.1:$port" -cert "$WORK/$certificate.crt" -key "$WORK/$certificate.key" \
    -rev "$@" >"$WORK/s_server.log" 2>&1 &
  server=$!
  soon listens "$port"
  for client in send pop imap; do
    ends_with "$code" "as_$client" "$port" >"$out" 2>&1 && grep -qF -e "$sentence" "$out" || { result=1; cat "$out"; }
  done
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  return $result
}

trusting=(--ca "$WORK/ca.pem" --timeout 1s --password-env SECRET)
as_send() {
  "$MAILKIT" send --message "$WORK/one.eml" -r alice@crepes.example "${trusting[@]}" --server "smtps://bob@localhost:$1" \
    bob@hamburger.example
}
as_pop() { "$MAILKIT" pop "pop3s://bob@localhost:$1" "${trusting[@]}" --to "maildir:$WORK/never"; }
as_imap() { "$MAILKIT" imap sync "imaps://bob@localhost:$1" "${trusting[@]}" --maildir "$WORK/never"; }

export SECRET=secret
ec='ec -pkeyopt ec_paramgen_curve:prime256v1'
names='subjectAltName=DNS:localhost'
make_leaf good "$ec" "$names" -days 2
make_leaf rsa rsa:2048 "$names" -days 2
make_leaf rsa1024 rsa:1024 "$names" -days 2
make_leaf rsa512 rsa:512 "$names" -days 2
make_leaf expired "$ec" "$names" -days -1
make_leaf other "$ec" subjectAltName=DNS:mail.hamburger.example -days 2
make_leaf nameless "$ec" keyUsage=digitalSignature -days 2
make_leaf client "$ec" "$names
extendedKeyUsage=clientAuth" -days 2

old='the server speaks no version of TLS that is still safe'
no_cipher='the server refused the TLS handshake: it knows none of our ways of encryption'
weak=@SECLEVEL=0
for version in 1_2 1_3; do
  check "TLS $version is spoken, and then a greeting is missed" meets 75 'no answer within 1 second' good "-tls$version"
done
check "TLS 1.0 is refused" meets 69 "$old" good -tls1 -cipher "ALL:$weak"
check "TLS 1.1 is refused" meets 69 "$old" good -tls1_1 -cipher "ALL:$weak"
check "a cipher that hides nothing is refused" meets 69 "$no_cipher" rsa -tls1_2 -cipher "NULL-SHA256:$weak"
check "a cipher that proves nothing is refused" meets 69 "$no_cipher" rsa -tls1_2 -cipher "ADH:$weak"
check "a cipher without forward secrecy is refused" meets 69 "$no_cipher" rsa -tls1_2 -cipher "AES128-SHA:$weak"
check "a key of 512 bits is refused" meets 69 "$no_cipher" rsa512 -cipher "ALL:$weak"
check "a key of 1024 bits is refused" meets 69 'a key is too short to be safe' rsa1024 -cipher "ALL:$weak"
check "an expired certificate is refused" meets 69 'has expired' expired
check "a certificate for another name is refused" meets 69 'it is for another name' other
check "a common name is no name" meets 69 'it is for another name' nameless
check "a client's certificate is refused" meets 69 'it is not made for servers' client
