# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mailkit_global_optspecs
    string join \n config= A/account= trace= trace-data= trace-hex trace-secrets json q/quiet v/verbose color= no-input h/help V/version
end

function __fish_mailkit_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mailkit_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mailkit_using_subcommand
    set -l cmd (__fish_mailkit_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mailkit -n "__fish_mailkit_needs_command" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_needs_command" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_needs_command" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_needs_command" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_needs_command" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_needs_command" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_needs_command" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_needs_command" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_needs_command" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_needs_command" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_needs_command" -s V -l version -d 'Print version'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "send" -d 'Send a message'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "relay" -d 'Relay mail: work on the queue, list it, hurry it'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "serve" -d 'Run a mail server: SMTP, submission, POP3, IMAP, and a relay inside'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "user" -d 'Manage the users of a server'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "pop" -d 'Retrieve messages from maildrops by POP3'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "imap" -d 'Work with mailboxes on an IMAP server'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "auth" -d 'Keep passwords, or log in with tokens instead of them (OAuth 2.0)'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "mx" -d 'Ask where the mail of a domain goes, and look at the servers there'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "parse" -d 'Show what a message consists of: header fields, parts with their IMAP numbers, defects'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "unsubscribe" -d 'Take oneself off the mailing list that a message came from'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "account" -d 'Find, add, check and change accounts'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "config" -d 'Look into the configuration'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "trace" -d 'Show, replay, compare and share what --trace has written down'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "schema" -d 'Print the JSON Schema of what a command prints with --json'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "demo" -d 'Watch a mail travel from Alice to Bob and back, over two real servers in this process'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "generate" -d 'Writes man pages, completions and the table of exit codes below a directory'
complete -c mailkit -n "__fish_mailkit_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s m -l body -d 'Send this text' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s F -l body-file -d 'Send the text in this file; - is standard input, which it comes from anyway if nothing else is said' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l message -d 'Send this complete message; - is standard input' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s s -l subject -d 'The subject' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l to -d 'Send it to these too' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s c -l cc -d 'Send a copy to these too' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s b -l bcc -d 'Send a copy to these too, unseen by the others' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s a -l attach -d 'Attach a file; - is standard input. What it is and what it is called may be added, as in \'scan.bin;type=image/png;name=page 1.png;disposition=inline\'' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s H -l header -d 'Add a header field: \'Name: value\'' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s f -l from -d 'Who the message is from' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l reply-to -d 'Who gets the answers, if not the sender' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s r -l envelope-from -d 'Where bounces go; <> for nowhere' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l qualify -d 'Put this domain behind names without one, in the envelope and in address fields: root becomes root@DOMAIN' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l alias-file -d 'Send to whom this file says that such names stand for, in the form of /etc/aliases' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l server -d 'The server to submit to: a URL such as smtps://alice@smtp.example.org, or an account of the configuration' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l helo -d 'The name to say in EHLO; the name of this machine if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l final-timeout -d 'Wait no longer than this for the answer to the whole message; 10m if not given. Who gives up too early does not know whether the message was taken' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l tls -d 'The least encryption that will do on the way to exchangers: opportunistic (where offered, and as signed DNS says where it says something), require (any certificate), verify (an authority vouches for it), dane (signed DNS names it), mta-sts (as the domain\'s policy says)' -r -f -a "none\t''
opportunistic\t''
require\t''
verify\t''
dane\t''
mta-sts\t''"
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l resolver -d 'Ask this name server for exchangers: an address or a name, perhaps with a port, or tcp://, tls://, https:// and where it is; one on this machine may name private and loopback addresses' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l mx-port -d 'Connect to exchangers at this port; those at private and loopback addresses are then allowed' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l trust-anchor -d 'Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of the root' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l resolver-ca -d 'Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s N -l notify -d 'Ask for reports: never, or any of success,failure,delay' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s R -l return -d 'With a report of failure, ask for the full message or for its header section (hdrs) back' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s V -l envid -d 'What reports are to call this message' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l require -d 'Send nothing unless the server offers these extensions, such as dsn, smtputf8 or starttls' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l partial -d 'When only some recipients are accepted: deliver to those, or abort and send nothing to anybody' -r -f -a "deliver\t''
abort\t''"
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s n -l dry-run -d 'Send nothing: print the message, and on standard error its envelope and route; with =connect, go as far as the login' -r -f -a "message\t'Connect to nobody'
connect\t'Connect, secure the connection, log in, and say goodbye'"
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l print -d 'Print this when the message was taken, one line on standard output' -r -f -a "message-id\t'Its Message-ID, without brackets'
queue-id\t'What the server calls it in its queue, if it says so, or the queue of this machine'"
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l queue -d 'When to put the message into the queue of this machine, from where it is sent later' -r -f -a "never\t'Not at all'
tempfail\t'For those whom the server does not take it for now, or when it cannot be reached'
always\t'At once, without a word to the server'"
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l data -d 'The data directory of that queue; as configured for serve, else the user\'s own if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l idempotency-key -d 'Remember under this key who has the message, and send it to nobody twice' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l save -d 'Where a copy goes when the message was taken: auto, none, or a mailbox; as the account says if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l log -d 'Add a line on this run to a file: who, how large, what came of it' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s t -l read-recipients -d 'Take the recipients from the To, Cc and Bcc fields of a complete message; those among the arguments get it too'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l undisclosed -d 'Name none of the recipients in the message'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l no-fixups -d 'Leave a complete message as it is, but for its line ends and Bcc'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l fix -d 'Make line ends of octets that are half of one, instead of refusing the message'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l strict -d 'Take for a mistake what is only likely to be one: a body that looks like a complete message, lines that are too long for some servers, a text without subject or without the attachment that it mentions'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l mx -d 'Send to the mail exchangers of each recipient\'s domain, without a server of your own'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l private-exchangers -d 'Send to exchangers at private and loopback addresses too: for tests and closed networks'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l chunking -d 'Send the message in counted chunks (BDAT) if the server takes them'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l once -d 'The same, the key being what the message says and to whom'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l resend-unknown -d 'Send also where an earlier run with the same key does not know whether the message arrived'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l keep-bcc -d 'Name in that copy, and nowhere else, those who got the message unseen'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s y -l yes -d 'Answer yes where it would be asked'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -f -a "run" -d 'Deliver what is in the queue to other hosts, until stopped'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -f -a "queue" -d 'List the messages that wait, whether or not a daemon is at work'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -f -a "flush" -d 'Try what waits in the queue now'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and not __fish_seen_subcommand_from run queue flush help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l data -d 'The data directory; as configured for serve, else the user\'s own if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l hostname -d 'The name this host gives in EHLO and in reports; the name of the machine if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l local-domain -d 'Leave mail for this domain alone: it belongs into mailboxes here, and `mailkit serve` delivers it' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l resolver -d 'Ask this name server, not the system\'s: an address or a name, perhaps with a port, or tcp://, tls://, https:// and where it is; if it is on loopback, exchangers may be too' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l trust-anchor -d 'Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of the root' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l resolver-ca -d 'Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l relay-port -d 'Connect to exchangers at this port; those at loopback addresses are then allowed' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l tls -d 'The least encryption that will do on the way to exchangers; what a domain cannot give waits until it can. The same words as for send --mx; opportunistic if not given' -r -f -a "none\t''
opportunistic\t''
require\t''
verify\t''
dane\t''
mta-sts\t''"
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l smarthost -d 'Give all mail to this server: smtps://alice@smtp.example.org' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l smarthost-password-cmd -d 'Take the smarthost\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l smarthost-password-env -d 'Take the smarthost\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l smarthost-password-file -d 'Take the smarthost\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l smarthost-ca -d 'Trust the certificate authorities in this PEM file, and no others, at the smarthost' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l retry -d 'The waits between attempts, such as 1m,5m,15m,30m*8,x1.5<4h' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l lifetime -d 'Give a message up after this time, such as 5d or 12h' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l private-exchangers -d 'Deliver to exchangers at private and loopback addresses too: for tests and closed networks'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l mta-sts -d 'Keep to the policies of domains that publish one (MTA-STS), whatever the level'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -l data -d 'The data directory; as configured for serve, else the user\'s own if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from queue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l domain -d 'Only recipients in this domain' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l data -d 'The data directory; as configured for serve, else the user\'s own if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l hostname -d 'The name this host gives in EHLO and in reports; the name of the machine if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l local-domain -d 'Leave mail for this domain alone: it belongs into mailboxes here, and `mailkit serve` delivers it' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l resolver -d 'Ask this name server, not the system\'s: an address or a name, perhaps with a port, or tcp://, tls://, https:// and where it is; if it is on loopback, exchangers may be too' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l trust-anchor -d 'Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of the root' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l resolver-ca -d 'Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l relay-port -d 'Connect to exchangers at this port; those at loopback addresses are then allowed' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l tls -d 'The least encryption that will do on the way to exchangers; what a domain cannot give waits until it can. The same words as for send --mx; opportunistic if not given' -r -f -a "none\t''
opportunistic\t''
require\t''
verify\t''
dane\t''
mta-sts\t''"
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l smarthost -d 'Give all mail to this server: smtps://alice@smtp.example.org' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l smarthost-password-cmd -d 'Take the smarthost\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l smarthost-password-env -d 'Take the smarthost\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l smarthost-password-file -d 'Take the smarthost\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l smarthost-ca -d 'Trust the certificate authorities in this PEM file, and no others, at the smarthost' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l retry -d 'The waits between attempts, such as 1m,5m,15m,30m*8,x1.5<4h' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l lifetime -d 'Give a message up after this time, such as 5d or 12h' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l private-exchangers -d 'Deliver to exchangers at private and loopback addresses too: for tests and closed networks'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l mta-sts -d 'Keep to the policies of domains that publish one (MTA-STS), whatever the level'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from flush" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from help" -f -a "run" -d 'Deliver what is in the queue to other hosts, until stopped'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from help" -f -a "queue" -d 'List the messages that wait, whether or not a daemon is at work'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from help" -f -a "flush" -d 'Try what waits in the queue now'
complete -c mailkit -n "__fish_mailkit_using_subcommand relay; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l data -d 'The directory for queue and mailboxes, made if missing' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l hostname -d 'The server\'s name in greetings and trace fields' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l domain -d 'A domain whose mail ends here; may be repeated' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l smtp -d 'Accept mail by SMTP here [default: 127.0.0.1:1025]' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l submission -d 'Accept mail from user agents here [default: 127.0.0.1:1587]' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l submissions -d 'The same, with TLS from the first octet [default: 127.0.0.1:1465]' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l pop3 -d 'Serve mailboxes by POP3 here [default: 127.0.0.1:1110]' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l pop3s -d 'The same, with TLS from the first octet [default: 127.0.0.1:1995]' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l imap -d 'Serve mailboxes by IMAP here [default: 127.0.0.1:1143]' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l imaps -d 'The same, with TLS from the first octet [default: 127.0.0.1:1993]' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l user -d 'A user and their password, for tests: others can see it in the list of processes' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l users -d 'A file of users, a line `name:hash` each' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l tls-cert -d 'The certificate chain for TLS, PEM; one is made on first start if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l tls-key -d 'Its key, PEM' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l resolver -d 'Ask this name server, not the system\'s: an address or a name, perhaps with a port, or tcp://, tls://, https:// and where it is; if it is on loopback, exchangers may be too' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l trust-anchor -d 'Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of the root' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l resolver-ca -d 'Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l relay-port -d 'Connect to exchangers at this port; those at loopback addresses are then allowed' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l tls -d 'The least encryption that will do on the way to exchangers; what a domain cannot give waits until it can. The same words as for send --mx; opportunistic if not given' -r -f -a "none\t''
opportunistic\t''
require\t''
verify\t''
dane\t''
mta-sts\t''"
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l smarthost -d 'Give all mail to this server: smtps://alice@smtp.example.org' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l smarthost-password-cmd -d 'Take the smarthost\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l smarthost-password-env -d 'Take the smarthost\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l smarthost-password-file -d 'Take the smarthost\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l smarthost-ca -d 'Trust the certificate authorities in this PEM file, and no others, at the smarthost' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l retry -d 'The waits between attempts, such as 1m,5m,15m,30m*8,x1.5<4h' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l lifetime -d 'Give a message up after this time, such as 5d or 12h' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l private-exchangers -d 'Deliver to exchangers at private and loopback addresses too: for tests and closed networks'
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l mta-sts -d 'Keep to the policies of domains that publish one (MTA-STS), whatever the level'
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -f -a "add" -d 'Add a user to a users file, or give one a new password'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -f -a "remove" -d 'Take a user out of a users file; their mail stays'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -f -a "list" -d 'List the names in a users file'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and not __fish_seen_subcommand_from add remove list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l users -d 'The users file, made if missing' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -l users -d 'The users file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -l users -d 'The users file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a user to a users file, or give one a new password'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Take a user out of a users file; their mail stays'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the names in a users file'
complete -c mailkit -n "__fish_mailkit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l to -d 'Where messages go: maildir:PATH, mbox:FILE, mda:COMMAND, lmtp:HOST, smtp:HOST, imap:MAILBOX, or - to print them' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l keep -d 'Which messages stay on the server: all, none once they are safe here, or those that came within a time such as 7d' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l recipient -d 'For whom messages are handed over with lmtp: and smtp:; the account\'s address if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l max-size -d 'Leave messages there that are larger than this' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l limit-messages -d 'Retrieve no more than so many messages in one run' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l limit-bytes -d 'Retrieve no more than so much in one run; but one message, whatever its size' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l where -d 'Retrieve only messages that this expression of the filter language means; it may ask for header fields and size' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l filter -d 'Give the header section to a shell command first: 0 retrieves the message, 1 leaves it there, 2 deletes it unread' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l every -d 'Retrieve again and again, with this time in between; longer and longer while a server fails' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l only-new -d 'Only those that were not retrieved before; - alone prints all if this is not given'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l all -d 'Those that were retrieved before too'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l delete-larger -d 'Delete them there, unread'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l headers-only -d 'Print header sections only, with --to -'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l rebuild-state -d 'Forget what was retrieved, and find out from what is in the Maildir'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -s n -l dry-run -d 'Retrieve and delete nothing: say what would be done'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand pop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "sync" -d 'Bring the mailboxes of an IMAP server and a Maildir into agreement'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "ls" -d 'List the mailboxes of an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "scan" -d 'Show a mailbox on an IMAP server: UID, flags, date, from, subject and size of each message in one line'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "fetch" -d 'Fetch messages from a mailbox on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "search" -d 'Search a mailbox on an IMAP server, and print the UIDs of what is found as a set'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "append" -d 'Put messages into a mailbox on an IMAP server, and print their UIDs'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "flag" -d 'Set and clear flags of messages on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "move" -d 'Move messages into another mailbox on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "copy" -d 'Copy messages into another mailbox on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "rm" -d 'Put messages on an IMAP server into the trash, or remove them'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "mkdir" -d 'Make mailboxes on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "rename" -d 'Rename a mailbox on an IMAP server, and with it those below it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "rmdir" -d 'Remove mailboxes from an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "idle" -d 'Wait for news of a mailbox on an IMAP server, and print them as they come'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "caps" -d 'Show what an IMAP server offers behind the login, and what of it mailkit uses'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "raw" -d 'Talk to an IMAP server by hand, logged in: what is typed is said as it stands, and all that is heard is shown'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and not __fish_seen_subcommand_from sync ls scan fetch search append flag move copy rm mkdir rename rmdir idle caps raw help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l maildir -d 'The root of the Maildirs; an account\'s own if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l layout -d 'How folders lie in a Maildir that is made: .A.B, A/B, or A/B with what a file system may not like escaped' -r -f -a "maildir++\t''
verbatim\t''
escaped\t''"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l state -d 'Where it is remembered what both sides agreed on; a file of the user\'s state directory if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l only -d 'Only these kinds of changes' -r -f -a "new\t'New messages, and moved ones'
flags\t'Flags and keywords'
deletions\t'Removals'
folders\t'Folders that were made, renamed or removed'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l on-delete -d 'What becomes of a message on the server whose file was removed' -r -f -a "trash\t'It goes where the server keeps removed mail'
expunge\t'It is removed for good'
flag\t'It is flagged as deleted'
ignore\t'Nothing'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l expunge -d 'Where messages that are flagged as deleted are removed for good' -r -f -a "none\t''
here\t''
there\t''
both\t''"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l conflict -d 'What wins if one side removed a message that the other has changed' -r -f -a "delete-wins\t'The removal'
edits-keep\t'A change that says that somebody wants the message'
keep-wins\t'The message stays in any case'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l allow-mass-delete -d 'Remove even if it looks like an accident; with a number, up to so many messages of a folder' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l pull -d 'Change nothing on the server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l push -d 'Change nothing here'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l no-delete -d 'Remove nothing on either side'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l full -d 'Look at all messages, whatever the server\'s counters say'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l status -d 'Show how many messages there are, and how many of them are unseen'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l special-use -d 'Show what the server says a mailbox is for, as \\Sent'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l subscribed -d 'Only mailboxes that are subscribed to'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l tree -d 'Show names below each other as a tree'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -s n -l limit -d 'Only the newest N messages' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from scan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -s p -l part -d 'Only the part of this number, as 1.2, decoded; 1.2.MIME is its header, 1.2.HEADER that of a message within' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l save -d 'Save each message as UID.eml, or each part under its own name, in this directory, and print the path of each; never overwrites a file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l headers -d 'Only the header section'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l structure -d 'Show the parts with their numbers, types, sizes and names; no content is fetched'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l raw -d 'Octets as they are: several messages without anything between them, a part in its transfer encoding'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l mark-seen -d 'Let the messages count as seen'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from fetch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l imap -d 'The same in IMAP\'s own words' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l gmail-raw -d 'The same as it is typed at Gmail' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from search" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l flags -d 'Give them these flags and no others: seen, answered, flagged, deleted, draft, or any keyword' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l date -d 'When they came, as 2026-01-31T12:00:00Z or as in a Date field; header stands for the Date field of each message' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l create -d 'Make the mailbox first if there is none'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l dry-run -d 'Only say what would be done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from append" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l dry-run -d 'Only say what would be done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from flag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l dry-run -d 'Only say what would be done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l dry-run -d 'Only say what would be done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l expunge -d 'Remove them for good'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l dry-run -d 'Only say what would be done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l subscribe -d 'Subscribe to them too'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l dry-run -d 'Only say what would be done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from mkdir" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l dry-run -d 'Only say what would be done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l force -d 'Remove the messages in them too'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l dry-run -d 'Only say what would be done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from rmdir" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l exec -d 'Run this shell command for each event, with MAILKIT_EVENT, MAILKIT_MAILBOX, MAILKIT_UID, MAILKIT_NUMBER and MAILKIT_FLAGS in its environment' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l until -d 'End when this comes: new, flags or gone' -r -f -a "new\t'A message came'
flags\t'The flags of a message changed'
gone\t'A message went away'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l for -d 'End after this time, as 10m or 1h' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from idle" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -s s -l server -d 'The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the account that --account names, or the default one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from caps" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l script -d 'Say the lines of this file, - for standard input' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l expect -d 'End with 1 if the last answer does not begin so, as OK or NO' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l times -d 'Show when each line was said or heard'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from raw" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "sync" -d 'Bring the mailboxes of an IMAP server and a Maildir into agreement'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List the mailboxes of an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "scan" -d 'Show a mailbox on an IMAP server: UID, flags, date, from, subject and size of each message in one line'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "fetch" -d 'Fetch messages from a mailbox on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "search" -d 'Search a mailbox on an IMAP server, and print the UIDs of what is found as a set'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "append" -d 'Put messages into a mailbox on an IMAP server, and print their UIDs'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "flag" -d 'Set and clear flags of messages on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "move" -d 'Move messages into another mailbox on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "copy" -d 'Copy messages into another mailbox on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "rm" -d 'Put messages on an IMAP server into the trash, or remove them'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "mkdir" -d 'Make mailboxes on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "rename" -d 'Rename a mailbox on an IMAP server, and with it those below it'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "rmdir" -d 'Remove mailboxes from an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "idle" -d 'Wait for news of a mailbox on an IMAP server, and print them as they come'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "caps" -d 'Show what an IMAP server offers behind the login, and what of it mailkit uses'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "raw" -d 'Talk to an IMAP server by hand, logged in: what is typed is said as it stands, and all that is heard is shown'
complete -c mailkit -n "__fish_mailkit_using_subcommand imap; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -f -a "login" -d 'Get the user\'s consent and keep the tokens'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -f -a "status" -d 'Show which accounts are logged in with tokens, and until when'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -f -a "token" -d 'Print an account\'s token, renewed if it has to be'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -f -a "refresh" -d 'Renew an account\'s token now, although it may still be good'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -f -a "set" -d 'Keep the password of an account, where the account says it is'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -f -a "forget" -d 'Forget the password of an account, in the keyring or in its file'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and not __fish_seen_subcommand_from login status token refresh set forget help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l client-id -d 'What the provider calls this client, if the configuration does not say it' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l device -d 'Consent on another device, with a code to type there'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l paste -d 'Consent in any browser, and paste the address it ends at'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l browser -d 'Consent in a browser on this machine, even if there seems to be no screen'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -l format -d 'How to print it: the token alone, an answer for one of the two mechanisms, or with its end as JSON' -r -f -a "raw\t'The token alone'
sasl-xoauth2\t'The answer of the mechanism XOAUTH2, in base64'
oauthbearer\t'The answer of the mechanism OAUTHBEARER (RFC 7628), in base64'
json\t'An object with user, token and end'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -l min-valid -d 'Renew a token that ends sooner than this, such as 10m; fail if the provider gives none that lasts so long' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from refresh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -l stdin -d 'Take the first line of standard input, and ask nobody'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -l file -d 'Keep it in a file below the state directory: for machines without a keyring'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "login" -d 'Get the user\'s consent and keep the tokens'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show which accounts are logged in with tokens, and until when'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "token" -d 'Print an account\'s token, renewed if it has to be'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "refresh" -d 'Renew an account\'s token now, although it may still be good'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "set" -d 'Keep the password of an account, where the account says it is'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "forget" -d 'Forget the password of an account, in the keyring or in its file'
complete -c mailkit -n "__fish_mailkit_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -f -a "check" -d 'Judge what a domain publishes about its mail: SPF, DKIM, DMARC, MTA-STS, TLS-RPT, BIMI, DANE, names of addresses'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -f -a "lookup" -d 'Say where a domain\'s mail goes, how it is protected, and why not'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -f -a "probe" -d 'Look at a mail server: greeting, extensions, encryption, certificate, and whom it takes mail for'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -f -a "talk" -d 'Talk to a mail server by hand: what is typed is said as it stands, and all that is heard is shown'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and not __fish_seen_subcommand_from check lookup probe talk help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l selector -d 'Look at the DKIM key of this selector; may be given several times; without it the usual ones are tried' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l fail-on -d 'End with 1 if something this bad was found; error if not given' -r -f -a "info\t'Everything that is remarkable'
warn\t'What does not work with all senders'
error\t'What is broken'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l diff -d 'Say what has changed since an earlier report on the same domains, in a file that --json wrote; 1 if anything has' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l ca -d 'Trust the certificate authorities in this PEM file, and no others, where a policy is fetched' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l ip -d 'Look at this address as a sender of the domain\'s mail, instead of those of this machine; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l helo -d 'What the sender says in EHLO; the name of this machine if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l dnsbl -d 'Ask this list of addresses about the sender; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l jobs -d 'How many domains to check at once' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l resolver-timeout -d 'Give a name server no more than this for each try; 5s if not given, or what /etc/resolv.conf says' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l trust-anchor -d 'Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of the root' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l resolver-ca -d 'Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l jsonl -d 'Print one JSON object a line, as --json does'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l sender -d 'Look at this machine as a sender of the domain\'s mail'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l unordered -d 'Print what is known first, not in the order of the names'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l tcp -d 'Ask name servers over TCP only'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l no-cache -d 'Ask each question anew, though its answer is known and still good'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l diff -d 'Say what has changed since an earlier report on the same domains, in a file that --json wrote; 1 if anything has' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l fail-on -d 'End with 1 if there is a finding of this level, or a worse one; error if not given' -r -f -a "info\t'Everything that is remarkable'
warn\t'What does not work with all senders'
error\t'What is broken'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l rcpt -d 'Visit them, and ask whether mail for this address would be taken; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l from -d 'From whom that mail would come; the null reverse-path, from which reports come, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l at -d 'Judge certificates as of then: +14d from now, a date, or a time as 2026-12-01T00:00:00Z' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l min-days -d 'Warn of certificates with fewer days left; 14 if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l port -d 'The ports to visit; TLSA records are looked up for the first' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l helo -d 'The name to say in EHLO; the name of this machine if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l ca -d 'Trust the certificate authorities in this PEM file, and no others; also those of web servers that give policies' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l connect-timeout -d 'Give up an address that has not answered by then; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l timeout -d 'Wait no longer than this for each answer; 30s if not given, 10m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l jobs -d 'How many domains to look up at once, and servers to visit' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l rate -d 'Begin no more than this many in a second: visits, 2 if not given, or without visits domains; 0 for no limit' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l resolver-timeout -d 'Give a name server no more than this for each try; 5s if not given, or what /etc/resolv.conf says' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l trust-anchor -d 'Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of the root' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l resolver-ca -d 'Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l short -d 'Print only the MX records, one `10 mx.example.org.` a line'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l first -d 'Print only the name of the host to use, of several domains behind each one\'s own name'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l cert -d 'Print the certificates that the servers show, as PEM'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l jsonl -d 'Print one JSON object a line, as --json does'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l dane -d 'Look at the TLSA records of the exchangers, and at DNSSEC'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l mta-sts -d 'Look at the domain\'s policy for those who send to it, and whether it names the exchangers'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l services -d 'Look for the servers of the domain\'s own users: SRV records, autoconfig and others'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l probe -d 'Visit every address of the exchangers'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l catch-all -d 'Ask, too, about a name that nobody can have, to find out whether any name is taken'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -s 4 -l ipv4 -d 'Visit IPv4 addresses only'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -s 6 -l ipv6 -d 'Visit IPv6 addresses only'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l private -d 'Visit private and loopback addresses too, and find nothing wrong with them: where the network is one\'s own'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l unordered -d 'Print what is known first, not in the order of the names'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l tcp -d 'Ask name servers over TCP only'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l no-cache -d 'Ask each question anew, though its answer is known and still good'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from lookup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l rcpt -d 'Ask whether mail for this address would be taken; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l from -d 'From whom that mail would come; the null reverse-path, from which reports come, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l helo -d 'The name to say in EHLO; the name of this machine if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l xclient -d 'Say this of the client, by XCLIENT, and greet anew: NAME, REVERSE_NAME, ADDR, PORT, PROTO, HELO, LOGIN, DESTADDR or DESTPORT, with [UNAVAILABLE] as a possible value; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l proxy-protocol -d 'Begin the connection with a PROXY header of this version, before any TLS; of our own connection (LOCAL, in version 1 UNKNOWN) unless told whose' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l proxy-from -d 'Whose connection the PROXY header passes on: an address, perhaps with a port, the path of a socket, or unknown' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l proxy-to -d 'Where that connection led to; to the server if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from probe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l script -d 'Say the lines of this file, - for standard input' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l until -d 'First say what everybody says, up to this phase: greeting, ehlo, tls, auth, mail, rcpt or data' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l drop-after -d 'The same, and then hang up without a word, as a client that crashes' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l from -d 'The reverse-path for --until and --drop-after; the null one if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l rcpt -d 'A recipient for --until and --drop-after; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l xclient -d 'Ask to be taken for another client on the way to --until or --drop-after, as Postfix allows those it trusts: NAME, ADDR, PORT, PROTO, HELO, LOGIN and others; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l expect -d 'End with 1 if the last answer does not begin so, as 250, +OK or NO' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l helo -d 'The name to say in EHLO; the name of this machine if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l proxy-protocol -d 'Begin the connection with a PROXY header of this version, before any TLS; of our own connection (LOCAL, in version 1 UNKNOWN) unless told whose' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l proxy-from -d 'Whose connection the PROXY header passes on: an address, perhaps with a port, the path of a socket, or unknown' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l proxy-to -d 'Where that connection led to; to the server if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l user -d 'Log in as this user' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l password-cmd -d 'Take the password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l password-env -d 'Take the password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l password-file -d 'Take the password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l auth -d 'Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l lf -d 'End each line with LF alone, as no mail program should'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l times -d 'Show when each line was said or heard'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l auth-insecure -d 'Say a password or a token even where others can read it'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from talk" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from help" -f -a "check" -d 'Judge what a domain publishes about its mail: SPF, DKIM, DMARC, MTA-STS, TLS-RPT, BIMI, DANE, names of addresses'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from help" -f -a "lookup" -d 'Say where a domain\'s mail goes, how it is protected, and why not'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from help" -f -a "probe" -d 'Look at a mail server: greeting, extensions, encryption, certificate, and whom it takes mail for'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from help" -f -a "talk" -d 'Talk to a mail server by hand: what is typed is said as it stands, and all that is heard is shown'
complete -c mailkit -n "__fish_mailkit_using_subcommand mx; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l files-from -d 'Read what this file names, one path a line; `-` means standard input' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l mbox -d 'How lines that begin with "From " are quoted in an mbox; unless it is said they are left as they are' -r -f -a "mboxo\t''
mboxrd\t''
mboxcl\t''
mboxcl2\t''"
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l part -d 'Of each message only the part of this number, as the tree shows it; exit code 1 if there is none' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l max-depth -d 'Multiparts and messages within each other that are looked into' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l max-size -d 'Octets of one message, as 10M: what is larger is an error, and the next one follows' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l max-parts -d 'Parts of a message that are looked at' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l jobs -d 'Threads that work at the same time; without it, one for each processor' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l bodies -d 'What the JSON form holds of bodies: nothing, texts as with --text, or all, files in base64' -r -f -a "none\t'Nothing of it'
text\t'Texts, as people read them'
all\t'Texts, and all other contents in base64'"
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -s H -l header -d 'Print this header field, decoded; can be given several times. Exit code 1 if one is absent' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l param -d 'With -H, print only this parameter of the field: `-H Content-Type --param charset`. Exit code 1 if it is absent' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l raw -d 'Print the message as it came, or only the part of this number, header section and all; with -H, the fields as they came' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -s O -l stdout -d 'Print the content of the part of this number, decoded' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -s x -l extract -d 'Save the attachments in this directory and print the path of each; never overwrites a file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l match -d 'With -x or -l, only what is called so; `*` and `?` as in a shell, in any case' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l type -d 'With -x or -l, every part of this type, attachment or not: `application/pdf`, `image/*`' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l to -d 'Write the message in this form; several messages become one mbox, text, Markdown or JSON, or files with --output' -r -f -a "eml\t'As it is'
mbox\t'In a stream of many'
text\t'What people would read'
html\t'A page that stands alone'
md\t'Markdown'
json\t'As --json, with texts'"
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l strip -d 'Take parts and files within texts out and leave a note with name, type, size and hash: `attachments`, a type like `image/*`, the number of a part, each perhaps with a size: `application/*>1M`; can be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l redact-key-cmd -d 'With --redact, the same fakes in every run with the key on the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l redact-key-env -d 'With --redact, the same fakes in every run with the key in this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l redact-key-file -d 'With --redact, the same fakes in every run with the key on the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l line-ends -d 'With --to eml, --strip or --redact, what lines end with' -r -f -a "keep\t'As they came'
crlf\t'CRLF, as on the wire'
lf\t'LF, as in files'"
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l output -d 'Write each message to a file of its own in this directory, and print the paths' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l own -d 'With --auth or --route, a server of one\'s own, by the name it writes or by the domain it stands in: what it wrote on top of the message is true. Can be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l verify -d 'Verify signatures and say who made them and what they cover: of dkim one that is good is enough, of pgp and smime all have to be, and together about every part. Exit code 1 if one of these fails or people signed only some of the message, or if there is none of a domain (dkim, arc) or none of a person (pgp, smime) where that was asked for, 75 if DNS does not answer. dkim and arc ask DNS for keys, pgp and smime run gpg and gpgsm, which ask nobody' -r -f -a "dkim\t'The domains a message passed, over header fields and body'
arc\t'The servers that passed it on, over what each of them found'
pgp\t'A person, with OpenPGP'
smime\t'A person, with S/MIME'"
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l resolver -d 'With --verify, ask this name server, not the system\'s: an address or a name, perhaps with a port, or tcp://, tls://, https:// and where it is' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l trust-anchor -d 'Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of the root' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l resolver-ca -d 'Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l where -d 'Do it only with messages that this filter means, as in \'from:@crepes.example size>1M not is:read\'; exit code 1 if there are none' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l addresses -d 'Print the addresses in these header fields, one a line and each once for a message; without fields, in all that name people. Exit code 1 if there are none' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l dates -d 'Print the dates in these header fields, one a line: in UTC, in seconds since 1970, and the field; without fields, in all that have one. Exit code 1 if there are none' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l thread -d 'Show which message answers which, as threads: by what they name, or also by their subjects. Messages that are named and not there are shown as gaps' -r -f -a "references\t''
subjects\t''"
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l lint -d 'Print what is wrong with the message, one defect a line with the standard it offends; with =send, what its sender should mend, with reason and remedy' -r -f -a "read\t'Defects that readers meet'
send\t'What its sender should mend'"
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -s 0 -l null -d 'Paths end with NUL instead of a line end: those that --files-from reads, as find -print0 writes them, and those that -x and --output print'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l recursive -d 'Of a Maildir or an MH folder, read also the folders in it'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l jsonl -d 'Print one JSON value a line, one for each message; with --json, several become one array'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l text -d 'Print the text of the message; HTML is reduced to words and links, and nothing is ever fetched'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l scan -d 'Print one line for each message: flags (N is new, R answered, F flagged, D draft, T deleted), date, from, subject, size'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l all -d 'With -H, print each field of that name instead of the first'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l force -d 'With --raw or -O, even if standard output is a terminal, which the octets may drive'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -s l -l list -d 'List what -x would save: number, type, size, the name it gets, and the sender\'s name if that is another'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l inline -d 'With -x or -l, also texts, and pictures that the text shows'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l overwrite -d 'With -x, put files in the place of those of the same name that were there before'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l html -d 'The same as --to html: a page that loads nothing, runs nothing and holds nothing of the sender\'s markup'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l redact -d 'Replace addresses, names and texts by fakes of the same shape, for a report; structure and defects stay'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l report -d 'Decode a report (delivery, abuse, disposition, DMARC, TLS; compressed or not) and print a line for each thing it tells: status, address, diagnostic. Exit code 1 if it is none'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l calendar -d 'Print the appointments and tasks that came along, with who is invited. Exit code 1 if there are none'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l links -d 'Print each link with its words, and what should make one wary of it; nothing is ever fetched. Exit code 1 if there is none'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l unsubscribe -d 'Print how to get off the mailing list, the best way first: one-click, mail or web, and where. Exit code 1 if the message does not say'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l route -d 'Print the servers that the message passed, the first one first: delay, who took it, from whom, the protocol and TLS; clocks that run backwards are pointed out. What --own servers wrote is marked *; all else is what strangers say. Exit code 1 if none is told'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l auth -d 'Print what servers say about the message in Authentication-Results and Received-SPF, and whether that can be trusted because an --own server wrote it; nothing is checked anew. Exit code 1 if there is nothing'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l decrypt -d 'Take out what is encrypted with OpenPGP or S/MIME, by gpg and gpgsm, and show, save or verify that instead of the message around it. Exit code 1 if nothing is encrypted'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l strict -d 'Exit code 65 if there are defects, whatever else is done with the message; with --lint=send also if its sender should mend something'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand parse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l method -d 'Take this way and no other' -r -f -a "one-click\t'One request by https'
mail\t'A message'"
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l resolver -d 'Ask this name server for keys of signatures, not the system\'s: an address or a name, perhaps with a port, or tcp://, tls://, https:// and where it is' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l trust-anchor -d 'Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of the root' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l resolver-ca -d 'Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l ca -d 'Trust the certificate authorities in this PEM file for the web server, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l server -d 'The server that takes a message to the list: a URL, or an account of the configuration' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -s f -l from -d 'Who is on the list, and writes to it' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -s y -l yes -d 'Do it'
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l allow-unsigned -d 'Make the request even if no good DKIM signature is about it, and do not ask DNS for keys'
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l allow-private -d 'Ask a web server in a private network too, or on this machine'
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand unsubscribe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "add" -d 'Add an account'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "discover" -d 'Find the servers of an address'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "check" -d 'Check whether an account works'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "trust" -d 'Show a server\'s certificates, and trust its own from now on'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "list" -d 'List the accounts of the configuration'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "show" -d 'Show all that is known of an account, with what it inherits; secrets are left out'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "edit" -d 'Change an account: key by key, or in an editor if no change is named'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "default" -d 'Say which account is meant when none is named'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "remove" -d 'Take an account out of the configuration; mail and secrets stay where they are'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "import" -d 'Take over accounts from another mail program'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "export" -d 'Print an account in the words of another mail program'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and not __fish_seen_subcommand_from add discover check trust list show edit default remove import export help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l email -d 'The address' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l name -d 'What the account is called in the configuration; the first part of the domain if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l real-name -d 'The name in front of the address, as recipients see it' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l user -d 'The name to log in with, if it is not the address' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l imap-url -d 'Where the mailboxes are: imaps://host' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l pop-url -d 'Where the maildrop is: pop3s://host' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l smtp-url -d 'Where messages are submitted: smtps://host' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l provider -d 'Take the servers of this provider: gmail, outlook, yahoo, icloud, fastmail and others' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l resolver -d 'Ask this DNS server, not those of the system: an address or a name, perhaps with a port, or tcp://, tls://, https:// and where it is' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l trust-anchor -d 'Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of the root' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l resolver-ca -d 'Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l pin -d 'Trust the certificate, or the key, with this SHA-256 fingerprint, and no other; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l auth -d 'How to log in: password, oauth, none, or a mechanism by its name' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l client-id -d 'What the provider calls your client, for oauth' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l secret-cmd -d 'A command prints the password' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l secret-env -d 'The password is in this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l secret-file -d 'The password is the first line of this file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l secret-keyring -d 'The password is in the keyring, or will be put there'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l secret-prompt -d 'Ask for the password each time'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l default -d 'Make it the account that is meant when none is named; the first one is so anyhow'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l print -d 'Print the section and write nothing'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l no-test -d 'Do not try whether it works'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l yes -d 'Take what was found, even servers that only unsigned DNS names; ask for nothing but a password'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l resolver -d 'Ask this DNS server, not those of the system: an address or a name, perhaps with a port, or tcp://, tls://, https:// and where it is' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l trust-anchor -d 'Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of the root' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l resolver-ca -d 'Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from discover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -l all -d 'Check all accounts'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -l send -d 'If all that is before it works, send a message from the account to its own address'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -l yes -d 'Do not ask'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -l certificate -d 'Trust this very certificate, not every one with the same key'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -l origin -d 'Say where each value was written'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -l set -d 'Set a key; tls.name leads into a table' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -l unset -d 'Take a key away' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from default" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -l yes -d 'Do not ask'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -l name -d 'The account\'s name, if the file has one account only' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -l print -d 'Print what would be written, and write nothing'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add an account'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "discover" -d 'Find the servers of an address'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "check" -d 'Check whether an account works'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "trust" -d 'Show a server\'s certificates, and trust its own from now on'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the accounts of the configuration'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show all that is known of an account, with what it inherits; secrets are left out'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "edit" -d 'Change an account: key by key, or in an editor if no change is named'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "default" -d 'Say which account is meant when none is named'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Take an account out of the configuration; mail and secrets stay where they are'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "import" -d 'Take over accounts from another mail program'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "export" -d 'Print an account in the words of another mail program'
complete -c mailkit -n "__fish_mailkit_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -f -a "path" -d 'Print the files that are read, in this order'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -f -a "check" -d 'Tell all that is wrong, each with its file and line'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -f -a "show" -d 'Print what the configuration says, accounts with all that they inherit; secrets are left out'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -f -a "schema" -d 'Print the JSON Schema of the configuration, for editors that complete and check'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -f -a "edit" -d 'Open the configuration in $VISUAL or $EDITOR, and check it afterwards'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and not __fish_seen_subcommand_from path check show schema edit help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -l all -d 'Print those too that could be there and are not'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -l origin -d 'Say where each value was written'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "path" -d 'Print the files that are read, in this order'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "check" -d 'Tell all that is wrong, each with its file and line'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print what the configuration says, accounts with all that they inherit; secrets are left out'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "schema" -d 'Print the JSON Schema of the configuration, for editors that complete and check'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "edit" -d 'Open the configuration in $VISUAL or $EDITOR, and check it afterwards'
complete -c mailkit -n "__fish_mailkit_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -f -a "show" -d 'Show a trace, or the part of it that is asked for'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -f -a "scrub" -d 'Print a trace with fakes for addresses, hosts, IP addresses, ids, users and mailboxes, for a report about it'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -f -a "diff" -d 'Say how two traces differ, but for times, dates, ids and tags'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -f -a "replay" -d 'Have a conversation again: play the server of a trace for a client, or its client for a server'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and not __fish_seen_subcommand_from show scrub diff replay help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l conn -d 'Only the connection of this number; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l proto -d 'Only what was said in this protocol: smtp, lmtp, pop3, imap, managesieve, http, dns; only JSON tells it' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l dir -d 'Only what the client said, or the server, or what happened besides words' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l times -d 'Show the column too: when it was, how long a reply took, and whether it is one that nobody hopes for'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from scrub" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l listen -d 'Play the server, at this address; port 0 takes a free one' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l connect -d 'Play the client, with this server' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l dns -d 'Play the name servers, at this address' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l ask -d 'Ask this name server all that was asked: 192.0.2.53, tcp://, tls://, https://; --ca says who vouches for the latter two' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l tls-cert -d 'As a server, show this certificate chain, PEM, where the trace has TLS; without it one is made that nobody vouches for' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l tls-key -d 'Its key, PEM' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l conn -d 'Only the conversation of this number; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l secrets -d 'Say what stands in this file where the trace has {secret}: a line for each of them, as it went over the connection' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l wait -d 'Wait no longer than this for a connection, and for each line' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l ca -d 'Trust the certificate authorities in this PEM file, and no others' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l pin -d 'Accept the server\'s certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever name it carries, and no other certificate; may be given several times' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l tls-name -d 'Expect this name in the server\'s certificate, instead of the one that is dialled' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l cert -d 'Show the server the certificate in this PEM file' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l key -d 'The certificate\'s key, a PEM file that others cannot read; in the certificate\'s file if not given' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l proxy -d 'Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l proxy-password-cmd -d 'Take the proxy\'s password from the first line that this shell command prints' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l proxy-password-env -d 'Take the proxy\'s password from this environment variable' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l proxy-password-file -d 'Take the proxy\'s password from the first line of a file that nobody else may read' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l source -d 'Connect from this address of this machine' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l connect-timeout -d 'Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l timeout -d 'Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as the standards ask for, if not given' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l exact -d 'Let dates, ids, tags and sizes differ no more than anything else; of answers of DNS, order and TTLs'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l times -d 'Pause before each line as long as it took when it was recorded, but never longer than a minute'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a trace, or the part of it that is asked for'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from help" -f -a "scrub" -d 'Print a trace with fakes for addresses, hosts, IP addresses, ids, users and mailboxes, for a report about it'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Say how two traces differ, but for times, dates, ids and tags'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from help" -f -a "replay" -d 'Have a conversation again: play the server of a trace for a client, or its client for a server'
complete -c mailkit -n "__fish_mailkit_using_subcommand trace; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -l config -d 'Read this configuration file, not those in the usual places; may be given several times' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -s A -l account -d 'The account of the configuration that is meant' -r
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -l trace -d 'Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out' -r -F
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -l trace-data -d 'How much a trace shows of messages' -r -f -a "none\t'That there was one, and its size'
headers\t'The header section'
full\t'All of it'"
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -l trace-hex -d 'Show the octets too, in hexadecimal'
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -l trace-secrets -d 'Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so'
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -l json -d 'Print results and errors as JSON'
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -s q -l quiet -d 'Print no notes and no warnings; errors are still printed'
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -s v -l verbose -d 'Say more about what is being done'
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -l no-input -d 'Never ask; fail where an answer would be needed'
complete -c mailkit -n "__fish_mailkit_using_subcommand generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "send" -d 'Send a message'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "relay" -d 'Relay mail: work on the queue, list it, hurry it'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "serve" -d 'Run a mail server: SMTP, submission, POP3, IMAP, and a relay inside'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "user" -d 'Manage the users of a server'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "pop" -d 'Retrieve messages from maildrops by POP3'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "imap" -d 'Work with mailboxes on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "auth" -d 'Keep passwords, or log in with tokens instead of them (OAuth 2.0)'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "mx" -d 'Ask where the mail of a domain goes, and look at the servers there'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "parse" -d 'Show what a message consists of: header fields, parts with their IMAP numbers, defects'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "unsubscribe" -d 'Take oneself off the mailing list that a message came from'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "account" -d 'Find, add, check and change accounts'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "config" -d 'Look into the configuration'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "trace" -d 'Show, replay, compare and share what --trace has written down'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "schema" -d 'Print the JSON Schema of what a command prints with --json'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "demo" -d 'Watch a mail travel from Alice to Bob and back, over two real servers in this process'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "generate" -d 'Writes man pages, completions and the table of exit codes below a directory'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and not __fish_seen_subcommand_from send relay serve user pop imap auth mx parse unsubscribe account config trace schema demo generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from relay" -f -a "run" -d 'Deliver what is in the queue to other hosts, until stopped'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from relay" -f -a "queue" -d 'List the messages that wait, whether or not a daemon is at work'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from relay" -f -a "flush" -d 'Try what waits in the queue now'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "add" -d 'Add a user to a users file, or give one a new password'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "remove" -d 'Take a user out of a users file; their mail stays'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "list" -d 'List the names in a users file'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "sync" -d 'Bring the mailboxes of an IMAP server and a Maildir into agreement'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "ls" -d 'List the mailboxes of an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "scan" -d 'Show a mailbox on an IMAP server: UID, flags, date, from, subject and size of each message in one line'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "fetch" -d 'Fetch messages from a mailbox on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "search" -d 'Search a mailbox on an IMAP server, and print the UIDs of what is found as a set'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "append" -d 'Put messages into a mailbox on an IMAP server, and print their UIDs'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "flag" -d 'Set and clear flags of messages on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "move" -d 'Move messages into another mailbox on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "copy" -d 'Copy messages into another mailbox on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "rm" -d 'Put messages on an IMAP server into the trash, or remove them'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "mkdir" -d 'Make mailboxes on an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "rename" -d 'Rename a mailbox on an IMAP server, and with it those below it'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "rmdir" -d 'Remove mailboxes from an IMAP server'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "idle" -d 'Wait for news of a mailbox on an IMAP server, and print them as they come'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "caps" -d 'Show what an IMAP server offers behind the login, and what of it mailkit uses'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from imap" -f -a "raw" -d 'Talk to an IMAP server by hand, logged in: what is typed is said as it stands, and all that is heard is shown'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "login" -d 'Get the user\'s consent and keep the tokens'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "status" -d 'Show which accounts are logged in with tokens, and until when'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "token" -d 'Print an account\'s token, renewed if it has to be'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "refresh" -d 'Renew an account\'s token now, although it may still be good'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "set" -d 'Keep the password of an account, where the account says it is'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "forget" -d 'Forget the password of an account, in the keyring or in its file'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from mx" -f -a "check" -d 'Judge what a domain publishes about its mail: SPF, DKIM, DMARC, MTA-STS, TLS-RPT, BIMI, DANE, names of addresses'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from mx" -f -a "lookup" -d 'Say where a domain\'s mail goes, how it is protected, and why not'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from mx" -f -a "probe" -d 'Look at a mail server: greeting, extensions, encryption, certificate, and whom it takes mail for'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from mx" -f -a "talk" -d 'Talk to a mail server by hand: what is typed is said as it stands, and all that is heard is shown'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "add" -d 'Add an account'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "discover" -d 'Find the servers of an address'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "check" -d 'Check whether an account works'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "trust" -d 'Show a server\'s certificates, and trust its own from now on'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "list" -d 'List the accounts of the configuration'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "show" -d 'Show all that is known of an account, with what it inherits; secrets are left out'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "edit" -d 'Change an account: key by key, or in an editor if no change is named'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "default" -d 'Say which account is meant when none is named'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "remove" -d 'Take an account out of the configuration; mail and secrets stay where they are'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "import" -d 'Take over accounts from another mail program'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "export" -d 'Print an account in the words of another mail program'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "path" -d 'Print the files that are read, in this order'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "check" -d 'Tell all that is wrong, each with its file and line'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Print what the configuration says, accounts with all that they inherit; secrets are left out'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "schema" -d 'Print the JSON Schema of the configuration, for editors that complete and check'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "edit" -d 'Open the configuration in $VISUAL or $EDITOR, and check it afterwards'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from trace" -f -a "show" -d 'Show a trace, or the part of it that is asked for'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from trace" -f -a "scrub" -d 'Print a trace with fakes for addresses, hosts, IP addresses, ids, users and mailboxes, for a report about it'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from trace" -f -a "diff" -d 'Say how two traces differ, but for times, dates, ids and tags'
complete -c mailkit -n "__fish_mailkit_using_subcommand help; and __fish_seen_subcommand_from trace" -f -a "replay" -d 'Have a conversation again: play the server of a trace for a client, or its client for a server'
