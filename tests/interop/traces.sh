# Traces are recorded anew, into the source tree: not one of the chapters that always run. Sourced by run, for record.

start_knot
RELAY=127.0.0.1:25 start_dovecot 'protocols = imap pop3 lmtp sieve' "service managesieve-login {
 inet_listener sieve {
 port = ${sieve_port:=$(free_port)}
 }
}"
soon listens "$sieve_port"
export MAILKIT_RECORD_DNS=127.0.0.1:$knot_dns MAILKIT_RECORD_LMTP=127.0.0.1:$dovecot_lmtp
export MAILKIT_RECORD_SIEVE=127.0.0.1:$sieve_port
check "every trace is recorded" cargo test --manifest-path "$here/../../Cargo.toml" --test replay -- --ignored
check "every one of them is played" cargo test --manifest-path "$here/../../Cargo.toml" --test replay
