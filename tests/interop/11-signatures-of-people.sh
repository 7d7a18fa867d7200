# mailkit parse verifies and decrypts with the real gpg and gpgsm, what they and openssl signed and encrypted. Sourced by run.

export GNUPGHOME=$WORK/gnupg
mkdir -p -m 700 "$GNUPGHOME"
stop_gnupg() { gpgconf --kill all; }
stoppers+=(stop_gnupg)
mail=$WORK/signed
mkdir -p "$mail"

# letter NAME CONTENT-TYPE: a message of Alice with what comes on standard input.
letter() {
  { printf 'From: Alice <alice@crepes.example>\nSubject: x\nMIME-Version: 1.0\nContent-Type: %s\n' "$2"; cat; } >"$mail/$1.eml"
}
# with_signature PART SIGNATURE TYPE: the two parts of a multipart/signed.
with_signature() {
  printf '\n--s\n'
  cat "$1"
  printf '\n--s\nContent-Type: application/%s-signature\n' "$3"
  cat "$2"
  printf '\n--s--\n'
}
# verify KIND FILE, decrypt FILE OPTION...
verify() { "$MAILKIT" parse --verify "$1" "$mail/$2.eml"; }
decrypt() { "$MAILKIT" parse --decrypt "$mail/$1.eml" "${@:2}"; }
# lacks PATTERN COMMAND...: whatever the command ends with, it prints no such line.
lacks() {
  local pattern=$1
  shift
  ! { "$@" 2>&1 || true; } | grep -e "$pattern"
}

make_people() {
  gpg --batch --quiet --passphrase '' --quick-gen-key 'Alice <alice@crepes.example>' ed25519 sign,cert 2d
  fingerprint=$(gpg --batch --list-keys --with-colons alice@crepes.example | awk -F: '/^fpr/ { print $10; exit }')
  gpg --batch --quiet --passphrase '' --quick-add-key "$fingerprint" cv25519 encr 2d
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$mail/ca.key" -out "$mail/ca.pem" -days 2 -subj '/CN=Test CA' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
  openssl req -newkey rsa:2048 -nodes -keyout "$mail/alice.key" -out "$mail/alice.csr" -subj '/CN=Alice/emailAddress=alice@crepes.example'
  printf 'keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=emailProtection\n' >"$mail/extensions"
  openssl x509 -req -in "$mail/alice.csr" -CA "$mail/ca.pem" -CAkey "$mail/ca.key" -CAcreateserial -days 2 \
    -extfile "$mail/extensions" -out "$mail/alice.pem"
  openssl pkcs12 -export -legacy -inkey "$mail/alice.key" -in "$mail/alice.pem" -certfile "$mail/ca.pem" -passout pass: \
    -out "$mail/alice.p12"
  gpgsm --batch --pinentry-mode loopback --passphrase-fd 3 --import "$mail/alice.p12" 3< <(echo)
}

make_mail() {
  # What is signed ends without a line end: that belongs to the boundary.
  printf 'Content-Type: text/plain\r\n\r\nAre you hungry?' >"$mail/part"
  printf 'Content-Type: multipart/mixed; boundary=i\n\n--i\n\nthe secret\n--i\nContent-Type: application/pdf; name=a.pdf\n\npdf\n--i--\n' \
    >"$mail/inner"
  local signed='multipart/signed; boundary=s; protocol="application'
  { echo; gpg --batch --armor --detach-sign <"$mail/part"; } >"$mail/part.asc"
  with_signature "$mail/part" "$mail/part.asc" pgp | letter pgp "$signed/pgp-signature\""
  sed 's/hungry/angry/' "$mail/pgp.eml" >"$mail/pgp-changed.eml"
  sed 's/$/\r/; s/\r\r$/\r/' "$mail/pgp.eml" >"$mail/pgp-crlf.eml"
  { echo; echo hello | gpg --batch --clearsign; } | letter inline text/plain
  {
    printf '\n--e\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--e\nContent-Type: application/octet-stream\n\n'
    gpg --batch --armor --sign --encrypt --trust-model always -r alice@crepes.example <"$mail/inner"
    printf '\n--e--\n'
  } | letter pgp-encrypted 'multipart/encrypted; boundary=e; protocol="application/pgp-encrypted"'
  local with=(-signer "$mail/alice.pem" -inkey "$mail/alice.key" -certfile "$mail/ca.pem" -outform DER -binary)
  local base64='\nContent-Transfer-Encoding: base64\n\n'
  { printf 'Content-Transfer-Encoding: base64\n\n'; openssl smime -sign "${with[@]}" -in "$mail/part" | base64; } >"$mail/part.p7s"
  with_signature "$mail/part" "$mail/part.p7s" pkcs7 | letter smime "$signed/pkcs7-signature\""
  { printf 'Content-Transfer-Encoding: base64\n\n'; openssl smime -sign -nodetach "${with[@]}" -in "$mail/part" | base64; } |
    letter smime-whole 'application/pkcs7-mime; smime-type=signed-data'
  { printf 'Content-Transfer-Encoding: base64\n\n'; openssl cms -encrypt -aes256 -binary -outform DER -in "$mail/inner" "$mail/alice.pem" | base64; } |
    letter smime-encrypted 'application/pkcs7-mime; smime-type=enveloped-data'
}

check "there are keys of Alice" make_people
check "and what she signed and encrypted" make_mail
fingerprint=$(gpg --batch --list-keys --with-colons alice@crepes.example | awk -F: '/^fpr/ { print $10; exit }')
check "gpg: a good signature, by whom" shows "signed by Alice <alice@crepes.example>, key $fingerprint" verify pgp pgp
check "whatever the line ends" shows '^pgp: pass, part 1' verify pgp pgp-crlf
check "a changed text" ends_with 1 verify pgp pgp-changed
check "signed lines" shows '^pgp: pass, part 1' verify pgp inline
check "a key that is not here" ends_with 1 env GNUPGHOME="$WORK/nobody" bash -c 'mkdir -p -m 700 "$GNUPGHOME"; "$0" parse --verify pgp "$1"' \
  "$MAILKIT" "$mail/pgp.eml"
check "an envelope is opened" shows '^the secret$' decrypt pgp-encrypted --text
check "who signed what was in it" shows '^pgp: pass, what was encrypted in part 2' decrypt pgp-encrypted --verify pgp
check "attachments from an envelope" shows '/a.pdf$' decrypt pgp-encrypted -x "$WORK/unsealed"
check "an envelope for others stays closed" ends_with 78 env GNUPGHOME="$WORK/nobody" "$MAILKIT" parse --decrypt "$mail/pgp-encrypted.eml"
sed 's/^\([A-Za-z0-9+/]\{20\}\)[A-Za-z0-9]\{4\}/\1AAAA/' "$mail/pgp-encrypted.eml" >"$mail/pgp-spoilt.eml"
check "one that was changed shows nothing" lacks 'the secret' decrypt pgp-spoilt --text
check "gpgsm: a certificate that nobody vouches for" ends_with 1 verify smime smime
openssl x509 -in "$mail/ca.pem" -noout -fingerprint -sha1 | sed 's/.*=//; s/$/ S relax/' >"$GNUPGHOME/trustlist.txt"
gpgconf --kill gpg-agent
check "and one that is trusted" shows 'signed by /CN=Alice/EMail=alice@crepes.example' verify smime smime
check "signature and text in one" shows '^smime: pass, part 1' verify smime smime-whole
check "taken apart" shows '^Are you hungry?$' decrypt smime-whole --text
check "an envelope of openssl is opened" shows '^the secret$' decrypt smime-encrypted --text
