
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'squares-server' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'squares-server'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'squares-server' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where to listen, on all addresses of a name; port 0 picks a free one')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Where the ledger lives; made if missing [default: squares in the user''s data directory]')
            [CompletionResult]::new('--roster', '--roster', [CompletionResultType]::ParameterName, 'The students: JSON or CSV')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Who may join: anyone, or those on the roster [default: roster with a roster, else open]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Squares a second for one student; 0 lifts the limit')
            [CompletionResult]::new('--burst', '--burst', [CompletionResultType]::ParameterName, 'Squares at once for one student before the rate counts')
            [CompletionResult]::new('--digit-rate', '--digit-rate', [CompletionResultType]::ParameterName, 'Digits a second for one student, ten seconds'' worth at once; 0, and --rate 0, lift the limit')
            [CompletionResult]::new('--max-digits', '--max-digits', [CompletionResultType]::ParameterName, 'The most digits of a number')
            [CompletionResult]::new('--max-line', '--max-line', [CompletionResultType]::ParameterName, 'The most bytes of a line')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'The most connections in all')
            [CompletionResult]::new('--max-per-address', '--max-per-address', [CompletionResultType]::ParameterName, 'The most connections from one address (IPv6: from one network of 64 bits); 0: no limit')
            [CompletionResult]::new('--max-per-student', '--max-per-student', [CompletionResultType]::ParameterName, 'The most terminals of one student; 0: no limit')
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Where to serve metrics (/metrics, for Prometheus) and health (/healthz) over HTTP [default: nowhere]')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Speak TLS with this certificate (PEM, with what leads from it to its root)')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'The key of the certificate (PEM)')
            [CompletionResult]::new('--ssh', '--ssh', [CompletionResultType]::ParameterName, 'The account that shows the room to students who have nothing but ssh, as USER, USER@HOST or USER@HOST:PORT: the log and the room tell students of it (docs/ssh.md says how to set it up)')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS with a certificate of the server''s own, made once and kept in the data directory; its fingerprint is in the log')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Share one log with the other servers that name the same: NATS servers with JetStream, as nats://HOST:PORT or tls://HOST:PORT; only in a program built with the feature ''cluster''')
            [CompletionResult]::new('--cluster-name', '--cluster-name', [CompletionResultType]::ParameterName, 'Which room of that NATS system: 1 to 32 of a-z, 0-9 and -')
            [CompletionResult]::new('--cluster-credentials', '--cluster-credentials', [CompletionResultType]::ParameterName, 'A NATS .creds file')
            [CompletionResult]::new('--cluster-replicas', '--cluster-replicas', [CompletionResultType]::ParameterName, 'On how many NATS servers the log is kept, 1, 3 or 5 [default: 3, or 1 where the NATS server is alone]')
            [CompletionResult]::new('--leave-cluster', '--leave-cluster', [CompletionResultType]::ParameterName, 'Go on alone, and for good, with the data of a server that was one of a cluster; its ledger gets a new name')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy the ledger to FILE, also while a server is running on it')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the ledger: its file, gaps, duplicates, and every square anew')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print completions for a shell')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write all results as CSV or JSON lines, or who took part, to FILE or standard output')
            [CompletionResult]::new('pin', 'pin', [CompletionResultType]::ParameterValue, 'Read one PIN, unseen, and print its hash for the roster')
            [CompletionResult]::new('roster', 'roster', [CompletionResultType]::ParameterValue, 'Give every student of a roster without a PIN a random one')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'squares-server;backup' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Where the ledger lives [env: SQUARES_DATA] [default: squares in the user''s data directory]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'squares-server;check' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Where the ledger lives [env: SQUARES_DATA] [default: squares in the user''s data directory]')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Share one log with the other servers that name the same: NATS servers with JetStream, as nats://HOST:PORT or tls://HOST:PORT; only in a program built with the feature ''cluster''')
            [CompletionResult]::new('--cluster-name', '--cluster-name', [CompletionResultType]::ParameterName, 'Which room of that NATS system: 1 to 32 of a-z, 0-9 and -')
            [CompletionResult]::new('--cluster-credentials', '--cluster-credentials', [CompletionResultType]::ParameterName, 'A NATS .creds file')
            [CompletionResult]::new('--cluster-replicas', '--cluster-replicas', [CompletionResultType]::ParameterName, 'On how many NATS servers the log is kept, 1, 3 or 5 [default: 3, or 1 where the NATS server is alone]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'squares-server;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'squares-server;export' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Where the ledger lives [env: SQUARES_DATA] [default: squares in the user''s data directory]')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'A table for spreadsheets: seq, at, student, name, number, square, id; a text that a spreadsheet would take for a formula gets a '' before it')
            [CompletionResult]::new('--jsonl', '--jsonl', [CompletionResultType]::ParameterName, 'The results as clients get them, a JSON object on each line')
            [CompletionResult]::new('--students', '--students', [CompletionResultType]::ParameterName, 'Who took part, as a table for spreadsheets: id, name, squares, and the times of the first and the last one')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'squares-server;pin' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'squares-server;roster' {
            [CompletionResult]::new('--make-pins', '--make-pins', [CompletionResultType]::ParameterName, 'The roster to read and the roster to write, of the same kind (JSON or CSV)')
            [CompletionResult]::new('--sheet', '--sheet', [CompletionResultType]::ParameterName, 'Where the new PINs go, as CSV')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'squares-server;help' {
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy the ledger to FILE, also while a server is running on it')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the ledger: its file, gaps, duplicates, and every square anew')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print completions for a shell')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write all results as CSV or JSON lines, or who took part, to FILE or standard output')
            [CompletionResult]::new('pin', 'pin', [CompletionResultType]::ParameterValue, 'Read one PIN, unseen, and print its hash for the roster')
            [CompletionResult]::new('roster', 'roster', [CompletionResultType]::ParameterValue, 'Give every student of a roster without a PIN a random one')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'squares-server;help;backup' {
            break
        }
        'squares-server;help;check' {
            break
        }
        'squares-server;help;completions' {
            break
        }
        'squares-server;help;export' {
            break
        }
        'squares-server;help;pin' {
            break
        }
        'squares-server;help;roster' {
            break
        }
        'squares-server;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
