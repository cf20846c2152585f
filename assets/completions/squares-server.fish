# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_squares_server_global_optspecs
    string join \n listen= data= roster= auth= rate= burst= digit-rate= max-digits= max-line= max-connections= max-per-address= max-per-student= metrics= tls-cert= tls-key= ssh= tls= cluster= cluster-name= cluster-credentials= cluster-replicas= leave-cluster h/help V/version
end

function __fish_squares_server_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_squares_server_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_squares_server_using_subcommand
    set -l cmd (__fish_squares_server_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c squares-server -n "__fish_squares_server_needs_command" -l listen -d 'Where to listen, on all addresses of a name; port 0 picks a free one' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l data -d 'Where the ledger lives; made if missing [default: squares in the user\'s data directory]' -r -F
complete -c squares-server -n "__fish_squares_server_needs_command" -l roster -d 'The students: JSON or CSV' -r -F
complete -c squares-server -n "__fish_squares_server_needs_command" -l auth -d 'Who may join: anyone, or those on the roster [default: roster with a roster, else open]' -r -f -a "open\t''
roster\t''
pin\t''"
complete -c squares-server -n "__fish_squares_server_needs_command" -l rate -d 'Squares a second for one student; 0 lifts the limit' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l burst -d 'Squares at once for one student before the rate counts' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l digit-rate -d 'Digits a second for one student, ten seconds\' worth at once; 0, and --rate 0, lift the limit' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l max-digits -d 'The most digits of a number' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l max-line -d 'The most bytes of a line' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l max-connections -d 'The most connections in all' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l max-per-address -d 'The most connections from one address (IPv6: from one network of 64 bits); 0: no limit' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l max-per-student -d 'The most terminals of one student; 0: no limit' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l metrics -d 'Where to serve metrics (/metrics, for Prometheus) and health (/healthz) over HTTP [default: nowhere]' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l tls-cert -d 'Speak TLS with this certificate (PEM, with what leads from it to its root)' -r -F
complete -c squares-server -n "__fish_squares_server_needs_command" -l tls-key -d 'The key of the certificate (PEM)' -r -F
complete -c squares-server -n "__fish_squares_server_needs_command" -l ssh -d 'The account that shows the room to students who have nothing but ssh, as USER, USER@HOST or USER@HOST:PORT: the log and the room tell students of it (docs/ssh.md says how to set it up)' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l tls -d 'Speak TLS with a certificate of the server\'s own, made once and kept in the data directory; its fingerprint is in the log' -r -f -a "self\t''"
complete -c squares-server -n "__fish_squares_server_needs_command" -l cluster -d 'Share one log with the other servers that name the same: NATS servers with JetStream, as nats://HOST:PORT or tls://HOST:PORT; only in a program built with the feature \'cluster\'' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l cluster-name -d 'Which room of that NATS system: 1 to 32 of a-z, 0-9 and -' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l cluster-credentials -d 'A NATS .creds file' -r -F
complete -c squares-server -n "__fish_squares_server_needs_command" -l cluster-replicas -d 'On how many NATS servers the log is kept, 1, 3 or 5 [default: 3, or 1 where the NATS server is alone]' -r
complete -c squares-server -n "__fish_squares_server_needs_command" -l leave-cluster -d 'Go on alone, and for good, with the data of a server that was one of a cluster; its ledger gets a new name'
complete -c squares-server -n "__fish_squares_server_needs_command" -s h -l help -d 'Print help'
complete -c squares-server -n "__fish_squares_server_needs_command" -s V -l version -d 'Print version'
complete -c squares-server -n "__fish_squares_server_needs_command" -f -a "backup" -d 'Copy the ledger to FILE, also while a server is running on it'
complete -c squares-server -n "__fish_squares_server_needs_command" -f -a "check" -d 'Check the ledger: its file, gaps, duplicates, and every square anew'
complete -c squares-server -n "__fish_squares_server_needs_command" -f -a "completions" -d 'Print completions for a shell'
complete -c squares-server -n "__fish_squares_server_needs_command" -f -a "export" -d 'Write all results as CSV or JSON lines, or who took part, to FILE or standard output'
complete -c squares-server -n "__fish_squares_server_needs_command" -f -a "pin" -d 'Read one PIN, unseen, and print its hash for the roster'
complete -c squares-server -n "__fish_squares_server_needs_command" -f -a "roster" -d 'Give every student of a roster without a PIN a random one'
complete -c squares-server -n "__fish_squares_server_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c squares-server -n "__fish_squares_server_using_subcommand backup" -l data -d 'Where the ledger lives [env: SQUARES_DATA] [default: squares in the user\'s data directory]' -r -F
complete -c squares-server -n "__fish_squares_server_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c squares-server -n "__fish_squares_server_using_subcommand check" -l data -d 'Where the ledger lives [env: SQUARES_DATA] [default: squares in the user\'s data directory]' -r -F
complete -c squares-server -n "__fish_squares_server_using_subcommand check" -l cluster -d 'Share one log with the other servers that name the same: NATS servers with JetStream, as nats://HOST:PORT or tls://HOST:PORT; only in a program built with the feature \'cluster\'' -r
complete -c squares-server -n "__fish_squares_server_using_subcommand check" -l cluster-name -d 'Which room of that NATS system: 1 to 32 of a-z, 0-9 and -' -r
complete -c squares-server -n "__fish_squares_server_using_subcommand check" -l cluster-credentials -d 'A NATS .creds file' -r -F
complete -c squares-server -n "__fish_squares_server_using_subcommand check" -l cluster-replicas -d 'On how many NATS servers the log is kept, 1, 3 or 5 [default: 3, or 1 where the NATS server is alone]' -r
complete -c squares-server -n "__fish_squares_server_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c squares-server -n "__fish_squares_server_using_subcommand completions" -s h -l help -d 'Print help'
complete -c squares-server -n "__fish_squares_server_using_subcommand export" -l data -d 'Where the ledger lives [env: SQUARES_DATA] [default: squares in the user\'s data directory]' -r -F
complete -c squares-server -n "__fish_squares_server_using_subcommand export" -l csv -d 'A table for spreadsheets: seq, at, student, name, number, square, id; a text that a spreadsheet would take for a formula gets a \' before it'
complete -c squares-server -n "__fish_squares_server_using_subcommand export" -l jsonl -d 'The results as clients get them, a JSON object on each line'
complete -c squares-server -n "__fish_squares_server_using_subcommand export" -l students -d 'Who took part, as a table for spreadsheets: id, name, squares, and the times of the first and the last one'
complete -c squares-server -n "__fish_squares_server_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c squares-server -n "__fish_squares_server_using_subcommand pin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c squares-server -n "__fish_squares_server_using_subcommand roster" -l make-pins -d 'The roster to read and the roster to write, of the same kind (JSON or CSV)' -r -F
complete -c squares-server -n "__fish_squares_server_using_subcommand roster" -l sheet -d 'Where the new PINs go, as CSV' -r -F
complete -c squares-server -n "__fish_squares_server_using_subcommand roster" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c squares-server -n "__fish_squares_server_using_subcommand help; and not __fish_seen_subcommand_from backup check completions export pin roster help" -f -a "backup" -d 'Copy the ledger to FILE, also while a server is running on it'
complete -c squares-server -n "__fish_squares_server_using_subcommand help; and not __fish_seen_subcommand_from backup check completions export pin roster help" -f -a "check" -d 'Check the ledger: its file, gaps, duplicates, and every square anew'
complete -c squares-server -n "__fish_squares_server_using_subcommand help; and not __fish_seen_subcommand_from backup check completions export pin roster help" -f -a "completions" -d 'Print completions for a shell'
complete -c squares-server -n "__fish_squares_server_using_subcommand help; and not __fish_seen_subcommand_from backup check completions export pin roster help" -f -a "export" -d 'Write all results as CSV or JSON lines, or who took part, to FILE or standard output'
complete -c squares-server -n "__fish_squares_server_using_subcommand help; and not __fish_seen_subcommand_from backup check completions export pin roster help" -f -a "pin" -d 'Read one PIN, unseen, and print its hash for the roster'
complete -c squares-server -n "__fish_squares_server_using_subcommand help; and not __fish_seen_subcommand_from backup check completions export pin roster help" -f -a "roster" -d 'Give every student of a roster without a PIN a random one'
complete -c squares-server -n "__fish_squares_server_using_subcommand help; and not __fish_seen_subcommand_from backup check completions export pin roster help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
